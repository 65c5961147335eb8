//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_BULKGROUPS_H
#define BPT_LIB_EMULATOR_RUNTIME_BULKGROUPS_H

#include "Access.h"
#include "State.h"

namespace mlir::bpt::emulator {

/// Checks what an asynchronous operation of a bulk group reads from the own
/// shared memory: bounds, initialisation, races.
SharedPlace checkBulkSource(Thread &thread, uint64_t address, uint32_t bytes,
                            uint32_t alignment, const char *what,
                            uint32_t site);
/// Adds the operation to the thread's open group; it is carried out when the
/// thread waits.
void addToBulkGroup(Thread &thread, Delivery delivery);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_BULKGROUPS_H
