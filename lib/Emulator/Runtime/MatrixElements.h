//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_RUNTIME_MATRIXELEMENTS_H
#define BPT_LIB_EMULATOR_RUNTIME_MATRIXELEMENTS_H

#include "ElementTypes.h"
#include <cstring>

namespace mlir::bpt::emulator {

/// How a product computes: its operands are all of one of these.
enum class MatrixDomain { Float, Double, Integer, Bit };

MatrixDomain getMatrixDomain(ElementKind operand);

/// Bits `[index * width, ...)` of a sequence of little-endian words.
inline uint32_t getBits(const uint32_t *words, uint32_t index, uint32_t width) {
  uint32_t bit = index * width;
  uint32_t word = words[bit / 32] >> (bit % 32);
  return width == 32 ? word : word & ((1u << width) - 1);
}

/// The value of an operand's element.
float decodeFloat(uint32_t bits, ElementKind kind);
int32_t decodeInteger(uint32_t bits, ElementKind kind);

/// The sum of integer products as the accumulator keeps it.
inline int32_t wrapOrSaturate(int64_t sum, bool saturate) {
  if (!saturate)
    return static_cast<int32_t>(sum);
  if (sum > INT32_MAX)
    return INT32_MAX;
  return sum < INT32_MIN ? INT32_MIN : static_cast<int32_t>(sum);
}

inline uint16_t encodeHalf(float value) {
  return static_cast<uint16_t>(
      bpt_emu_cvt_to_narrow(value, ElementKind::F16, Rounding::NearestEven, 0));
}
inline float decodeHalf(uint32_t bits) {
  return bpt_emu_cvt_from_narrow(bits & 0xFFFF, ElementKind::F16);
}

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_RUNTIME_MATRIXELEMENTS_H
