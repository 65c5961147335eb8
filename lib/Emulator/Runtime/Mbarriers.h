//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_MBARRIERS_H
#define BPT_LIB_EMULATOR_RUNTIME_MBARRIERS_H

#include "Access.h"
#include "State.h"

namespace mlir::bpt::emulator {

/// An mbarrier that an instruction of the thread names.
struct MbarrierPlace {
  SharedPlace place;
  Mbarrier *mbarrier;
};

/// Checks the address, and that mbarrier.init has happened before.
MbarrierPlace findMbarrier(Thread &thread, uint64_t address, bool ownOnly,
                           const char *what, uint32_t site);

/// Changes the running phase by arrivals and bytes, and completes it if nothing
/// is missing. `thread` and `site` are for errors.
void updateMbarrier(Thread &thread, const MbarrierPlace &where,
                    uint32_t arrivals, int64_t transactions, uint32_t site);

/// The agent and step of copies that the mbarrier's running phase tracks.
struct AsyncAccess;
AsyncAccess trackCopies(Thread &thread, Mbarrier &mbarrier, bool isAsyncProxy);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_MBARRIERS_H
