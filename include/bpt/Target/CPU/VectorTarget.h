//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_CPU_VECTORTARGET_H
#define BPT_TARGET_CPU_VECTORTARGET_H

#include <cstdint>

namespace mlir::bpt {

/// What code generation has to know of a CPU's vector unit. Wider vectors than
/// the host's stay correct (LLVM splits them), they only cost speed.
struct VectorTarget {
  /// Width of a vector register in bits: 512 for AVX-512, 256 for AVX2.
  int64_t bits = 512;

  /// Whether it adds the products of pairs of bf16 to f32 in one instruction:
  /// AVX512-BF16.
  bool bf16Dot = false;

  /// Whether there are registers of that width (128, 256, 512).
  static bool isKnownWidth(int64_t bits) {
    return bits == 128 || bits == 256 || bits == 512;
  }

  /// The number of architectural vector registers: AVX-512 doubles them.
  int64_t getNumRegisters() const { return bits >= 512 ? 32 : 16; }

  /// The number of elements of `elementBits` bits that fill one register.
  int64_t getLanes(int64_t elementBits) const {
    return bits / (elementBits < 8 ? 8 : elementBits);
  }
};

/// The width of the column panels into which the right-hand matrix of a
/// contraction is packed: two registers of f32, so that one broadcast of the
/// left-hand element feeds two multiply-adds.
inline int64_t getPanelWidth(const VectorTarget &target) {
  return 2 * target.getLanes(32);
}

/// The number of rows of the register tile whose accumulators, with one row of
/// the panel and a broadcast, still fit the register file.
inline int64_t getRegisterTileRows(const VectorTarget &target,
                                   int64_t vectorsPerRow) {
  int64_t rows = (target.getNumRegisters() - vectorsPerRow - 2) / vectorsPerRow;
  int64_t cap = vectorsPerRow == 1 ? 12 : 8;
  return rows < 1 ? 1 : rows > cap ? cap : rows;
}

} // namespace mlir::bpt

#endif // BPT_TARGET_CPU_VECTORTARGET_H
