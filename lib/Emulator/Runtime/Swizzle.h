//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_SWIZZLE_H
#define BPT_LIB_EMULATOR_RUNTIME_SWIZZLE_H

#include <cstdint>

namespace mlir::bpt::emulator {

/// Where tensor copies and matrix descriptors with a swizzle of 32, 64 or 128
/// bytes keep what would be at the address: bits 4 to 6 (of which a smaller
/// swizzle uses fewer) are exclusive-ored with bits 7 to 9.
inline uint32_t swizzle(uint32_t address, uint32_t swizzleBytes) {
  if (swizzleBytes == 0)
    return address;
  uint32_t mask = swizzleBytes / 16 - 1;
  return address ^ ((address >> 7 & mask) << 4);
}

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_SWIZZLE_H
