//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_MATRIXDESCRIPTOR_H
#define BPT_LIB_EMULATOR_RUNTIME_MATRIXDESCRIPTOR_H

#include <cstdint>

namespace mlir::bpt::emulator {

/// The 64-bit descriptor of a wgmma operand in shared memory: where its 16-byte
/// chunks lie. Along K an instruction's operand has 32 bytes, two chunks.
struct MatrixDescriptor {
  /// Bytes; the start is an offset in the CTA's window.
  uint32_t start, leadingOffset, strideOffset;
  uint32_t swizzleBytes;
  uint32_t baseOffset;

  explicit MatrixDescriptor(uint64_t bits);

  /// K-major: the chunk of row (or column) `mn` that holds bytes [16 * chunk,
  /// 16 * chunk + 16) along K; an offset in the window.
  uint32_t getKMajorChunk(uint32_t mn, uint32_t chunk) const;
  /// MN-major: the chunk of eight 16-bit elements [mn, mn + 8) at `k`.
  uint32_t getMNMajorChunk(uint32_t mn, uint32_t k) const;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_MATRIXDESCRIPTOR_H
