//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_SHAREDWINDOWS_H
#define BPT_LIB_EMULATOR_RUNTIME_SHAREDWINDOWS_H

#include <cstdint>

namespace mlir::bpt::emulator {

/// Maps that many windows of shared memory side by side, below 4 GiB, aligned
/// to a window; 0 if there is no room. Shared addresses are thus the same
/// numbers in 32 and 64 bits, and their low bits are offsets in the window.
uint32_t acquireSharedWindows(uint32_t count);
void releaseSharedWindows(uint32_t begin, uint32_t count);

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_SHAREDWINDOWS_H
