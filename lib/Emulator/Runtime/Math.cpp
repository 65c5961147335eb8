//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/Runtime/ABI.h"
#include <cfenv>
#include <cmath>

using namespace mlir::bpt::emulator;

//===----------------------------------------------------------------------===//
// Approximations
//===----------------------------------------------------------------------===//
//
// The host's are within an ulp or so, the hardware's within a few.

float bpt_emu_ex2_f32(float x) { return std::exp2(x); }
float bpt_emu_lg2_f32(float x) { return std::log2(x); }
float bpt_emu_sin_f32(float x) { return std::sin(x); }
float bpt_emu_cos_f32(float x) { return std::cos(x); }
float bpt_emu_tanh_f32(float x) { return std::tanh(x); }
float bpt_emu_rsqrt_f32(float x) {
  return static_cast<float>(1.0 / std::sqrt(double(x)));
}
double bpt_emu_rsqrt_f64(double x) { return 1.0 / std::sqrt(x); }

//===----------------------------------------------------------------------===//
// Rounding modes
//===----------------------------------------------------------------------===//

namespace {
/// Sets the host's rounding mode, and restores it.
class RoundingScope {
public:
  explicit RoundingScope(Rounding rounding) : previous(std::fegetround()) {
    switch (rounding) {
    case Rounding::TowardZero:
      std::fesetround(FE_TOWARDZERO);
      break;
    case Rounding::Down:
      std::fesetround(FE_DOWNWARD);
      break;
    case Rounding::Up:
      std::fesetround(FE_UPWARD);
      break;
    default:
      break;
    }
  }
  ~RoundingScope() { std::fesetround(previous); }

private:
  int previous;
};
} // namespace

/// The compiler may neither compute these beforehand nor move them out of the
/// scope: operands and result go through memory.
#define BPT_EMU_ROUNDED(TYPE, EXPRESSION)                                      \
  RoundingScope scope(r);                                                      \
  volatile TYPE result = EXPRESSION;                                           \
  return result;

float bpt_emu_add_f32(float a, float b, Rounding r) {
  volatile float x = a, y = b;
  BPT_EMU_ROUNDED(float, x + y)
}
float bpt_emu_mul_f32(float a, float b, Rounding r) {
  volatile float x = a, y = b;
  BPT_EMU_ROUNDED(float, x *y)
}
float bpt_emu_fma_f32(float a, float b, float c, Rounding r) {
  volatile float x = a, y = b, z = c;
  BPT_EMU_ROUNDED(float, std::fma(x, y, z))
}
float bpt_emu_div_f32(float a, float b, Rounding r) {
  volatile float x = a, y = b;
  BPT_EMU_ROUNDED(float, x / y)
}
float bpt_emu_sqrt_f32(float a, Rounding r) {
  volatile float x = a;
  BPT_EMU_ROUNDED(float, std::sqrt(x))
}
double bpt_emu_add_f64(double a, double b, Rounding r) {
  volatile double x = a, y = b;
  BPT_EMU_ROUNDED(double, x + y)
}
double bpt_emu_mul_f64(double a, double b, Rounding r) {
  volatile double x = a, y = b;
  BPT_EMU_ROUNDED(double, x *y)
}
double bpt_emu_fma_f64(double a, double b, double c, Rounding r) {
  volatile double x = a, y = b, z = c;
  BPT_EMU_ROUNDED(double, std::fma(x, y, z))
}
double bpt_emu_div_f64(double a, double b, Rounding r) {
  volatile double x = a, y = b;
  BPT_EMU_ROUNDED(double, x / y)
}
double bpt_emu_sqrt_f64(double a, Rounding r) {
  volatile double x = a;
  BPT_EMU_ROUNDED(double, std::sqrt(x))
}

uint32_t bpt_emu_fns(uint32_t mask, uint32_t base, int32_t offset) {
  if (offset == 0)
    return mask >> (base & 31) & 1 ? base : ~0u;
  int32_t step = offset < 0 ? -1 : 1;
  int32_t wanted = offset < 0 ? -offset : offset;
  for (auto position = static_cast<int32_t>(base);
       position >= 0 && position < 32; position += step)
    if ((mask >> position & 1) && --wanted == 0)
      return static_cast<uint32_t>(position);
  return ~0u;
}
