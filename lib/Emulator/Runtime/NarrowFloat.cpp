//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/Runtime/ABI.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include <algorithm>
#include <cmath>
#include <vector>

using namespace mlir::bpt::emulator;

namespace {
/// A binary format narrower than double.
struct Format {
  int exponentBits, mantissaBits;
  bool hasInfinity;

  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  int width() const { return 1 + exponentBits + mantissaBits; }
  uint32_t signBit() const { return 1u << (exponentBits + mantissaBits); }
  uint32_t infinity() const {
    return ((1u << exponentBits) - 1) << mantissaBits;
  }
  uint32_t largestFinite() const {
    // e4m3 has no infinity: only the last code of its top exponent is NaN.
    return hasInfinity ? infinity() - 1 : infinity() + (1u << mantissaBits) - 2;
  }
  /// The NaN that the hardware makes.
  uint32_t nan() const { return signBit() - 1; }
};
} // namespace

static constexpr Format kF16 = {5, 10, true};
static constexpr Format kBF16 = {8, 7, true};
static constexpr Format kTF32 = {8, 10, true};
static constexpr Format kF32 = {8, 23, true};
static constexpr Format kE4M3 = {4, 3, false};
static constexpr Format kE5M2 = {5, 2, true};
/// A tf32 value's bits are the upper ones of an f32.
static constexpr int kTF32Shift = 13;

static const Format &getFormat(ElementKind kind) {
  switch (kind) {
  case ElementKind::F16:
    return kF16;
  case ElementKind::BF16:
    return kBF16;
  case ElementKind::TF32:
    return kTF32;
  case ElementKind::F32:
    return kF32;
  case ElementKind::E4M3:
    return kE4M3;
  case ElementKind::E5M2:
    return kE5M2;
  default:
    llvm_unreachable("not a narrow float");
  }
}

/// Whether a magnitude is to be rounded away from zero, by the bits that are
/// cut off: `half` is the highest of them, `rest` whether others are set.
static bool roundsUp(Rounding rounding, bool isNegative, bool isOdd, bool half,
                     bool rest) {
  switch (rounding) {
  case Rounding::NearestEven:
    return half && (rest || isOdd);
  case Rounding::NearestAway:
    return half;
  case Rounding::TowardZero:
    return false;
  case Rounding::Down:
    return isNegative && (half || rest);
  case Rounding::Up:
    return !isNegative && (half || rest);
  }
  llvm_unreachable("rounding");
}

/// The magnitude's code: an integer significand `significand` (its top bit at
/// `kTopBit`) times 2^(exponent - kTopBit), and `sticky` bits below.
static constexpr int kTopBit = 62;

static uint32_t encodeMagnitude(uint64_t significand, int exponent, bool sticky,
                                bool isNegative, const Format &format,
                                Rounding rounding, bool saturates) {
  int biased = exponent + format.bias();
  int dropped = kTopBit - format.mantissaBits;
  if (biased < 1) {
    // Subnormal: no implicit bit, the exponent of 1.
    dropped += 1 - biased;
    biased = 0;
  }
  uint64_t kept = 0;
  bool half = false, rest = sticky;
  if (dropped <= 63) {
    kept = significand >> dropped;
    half = significand >> (dropped - 1) & 1;
    rest |= (significand & ((uint64_t(1) << (dropped - 1)) - 1)) != 0;
  } else {
    rest |= significand != 0;
  }
  // The implicit bit of a normal number adds one to the exponent field.
  uint64_t code =
      kept + (biased > 0 ? uint64_t(biased - 1) << format.mantissaBits : 0);
  if (roundsUp(rounding, isNegative, kept & 1, half, rest))
    ++code;
  if (code <= format.largestFinite())
    return static_cast<uint32_t>(code);
  if (saturates)
    return format.largestFinite();
  bool staysFinite = rounding == Rounding::TowardZero ||
                     rounding == (isNegative ? Rounding::Up : Rounding::Down);
  if (staysFinite)
    return format.largestFinite();
  return format.hasInfinity ? format.infinity() : format.nan();
}

static uint32_t encode(double value, const Format &format, Rounding rounding,
                       uint32_t flags) {
  bool saturates = flags & kConvertSaturateFinite;
  auto bits = llvm::bit_cast<uint64_t>(value);
  bool isNegative = bits >> 63;
  uint32_t sign = isNegative ? format.signBit() : 0;
  if (std::isnan(value))
    return format.nan();
  if (std::isinf(value)) {
    if (saturates)
      return sign | format.largestFinite();
    return sign | (format.hasInfinity ? format.infinity() : format.nan());
  }
  if (value == 0)
    return sign;
  uint64_t significand = bits & ((uint64_t(1) << 52) - 1);
  int exponent = static_cast<int>(bits >> 52 & 0x7FF) - 1023;
  if (exponent == -1023) {
    int shift = llvm::countl_zero(significand) - 11;
    significand <<= shift;
    exponent = -1022 - shift;
  } else {
    significand |= uint64_t(1) << 52;
  }
  return sign | encodeMagnitude(significand << (kTopBit - 52), exponent,
                                /*sticky=*/false, isNegative, format, rounding,
                                saturates);
}

/// bf16 and f16 to nearest even are what kernels convert to most.
static uint32_t encodeBF16(float value) {
  auto bits = llvm::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000)
    return kBF16.nan();
  return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

uint32_t bpt_emu_cvt_to_narrow(double value, ElementKind format, Rounding r,
                               uint32_t flags) {
  if (format == ElementKind::BF16 && flags == 0 && r == Rounding::NearestEven &&
      double(float(value)) == value)
    return encodeBF16(float(value));
  if (flags & kConvertSaturate)
    value = value > 0 ? std::min(value, 1.0) : 0.0;
  if ((flags & kConvertRelu) && std::signbit(value) && !std::isnan(value))
    value = 0;
  uint32_t bits = encode(value, getFormat(format), r, flags);
  return format == ElementKind::TF32 ? bits << kTF32Shift : bits;
}

static float decode(uint32_t bits, const Format &format) {
  bool isNegative = bits & format.signBit();
  uint32_t magnitude = bits & (format.signBit() - 1);
  uint32_t mantissa = magnitude & ((1u << format.mantissaBits) - 1);
  int exponent = static_cast<int>(magnitude >> format.mantissaBits);
  float value;
  if (magnitude > format.largestFinite())
    value = format.hasInfinity && magnitude == format.infinity()
                ? INFINITY
                : std::nanf("");
  else if (exponent == 0)
    value = std::ldexp(static_cast<float>(mantissa),
                       1 - format.bias() - format.mantissaBits);
  else
    value = std::ldexp(static_cast<float>(mantissa | 1u << format.mantissaBits),
                       exponent - format.bias() - format.mantissaBits);
  return isNegative ? -value : value;
}

float bpt_emu_cvt_from_narrow(uint32_t bits, ElementKind format) {
  switch (format) {
  case ElementKind::BF16:
    return llvm::bit_cast<float>(bits << 16);
  case ElementKind::TF32:
    // The lower bits of the register are not looked at.
    return llvm::bit_cast<float>(bits & ~((1u << kTF32Shift) - 1));
  case ElementKind::F32:
    return llvm::bit_cast<float>(bits);
  case ElementKind::F16: {
    static const std::vector<float> *table = [] {
      auto *values = new std::vector<float>(1 << 16);
      for (uint32_t code = 0; code < values->size(); ++code)
        (*values)[code] = decode(code, kF16);
      return values;
    }();
    return (*table)[bits & 0xFFFF];
  }
  default:
    return decode(bits & 0xFF, getFormat(format));
  }
}

uint32_t bpt_emu_fma_narrow(uint32_t a, uint32_t b, uint32_t c,
                            ElementKind format) {
  // The product is exact in double. The sum is rounded to odd, which a further
  // rounding to far fewer bits cannot tell from the exact sum.
  double product = double(bpt_emu_cvt_from_narrow(a, format)) *
                   double(bpt_emu_cvt_from_narrow(b, format));
  double addend = bpt_emu_cvt_from_narrow(c, format);
  double sum = product + addend;
  if (std::isfinite(sum)) {
    double rest = sum - product;
    double error = (product - (sum - rest)) + (addend - rest);
    auto bits = llvm::bit_cast<uint64_t>(sum);
    if (error != 0 && !(bits & 1)) {
      bool awayFromZero = (error > 0) == (sum > 0);
      bits += awayFromZero ? 1 : -1;
      sum = llvm::bit_cast<double>(bits);
    }
  }
  return encode(sum, getFormat(format), Rounding::NearestEven, 0);
}

/// Rounds to f64: the same arithmetic as `encodeMagnitude`, for 52 bits.
static uint64_t integerToDouble(uint64_t magnitude, bool isNegative,
                                Rounding rounding) {
  int exponent = 63 - llvm::countl_zero(magnitude);
  int dropped = exponent - 52;
  uint64_t kept = dropped <= 0 ? magnitude << -dropped : magnitude >> dropped;
  if (dropped > 0) {
    bool half = magnitude >> (dropped - 1) & 1;
    bool rest = (magnitude & ((uint64_t(1) << (dropped - 1)) - 1)) != 0;
    kept += roundsUp(rounding, isNegative, kept & 1, half, rest);
  }
  // A carry out of the significand lands in the exponent, as it should.
  uint64_t code = (uint64_t(exponent + 1022) << 52) + kept;
  return code | uint64_t(isNegative) << 63;
}

uint64_t bpt_emu_cvt_int_to_float(uint64_t value, uint32_t isSigned,
                                  ElementKind format, Rounding r) {
  bool isNegative = isSigned && static_cast<int64_t>(value) < 0;
  uint64_t magnitude = isNegative ? 0 - value : value;
  if (magnitude == 0)
    return 0;
  if (format == ElementKind::F64)
    return integerToDouble(magnitude, isNegative, r);
  const Format &target = getFormat(format);
  int exponent = 63 - llvm::countl_zero(magnitude);
  bool sticky = exponent > kTopBit && (magnitude & 1);
  uint64_t significand =
      exponent > kTopBit ? magnitude >> 1 : magnitude << (kTopBit - exponent);
  return (isNegative ? target.signBit() : 0) |
         encodeMagnitude(significand, exponent, sticky, isNegative, target, r,
                         /*saturates=*/false);
}

double bpt_emu_round_to_integral(double value, Rounding r) {
  switch (r) {
  case Rounding::NearestEven: {
    // Independent of the host's rounding mode.
    double truncated = std::trunc(value);
    double fraction = std::fabs(value - truncated);
    if (fraction < 0.5)
      return truncated;
    bool isOdd = std::fmod(truncated, 2.0) != 0;
    if (fraction == 0.5 && !isOdd)
      return truncated;
    return truncated + std::copysign(1.0, value);
  }
  case Rounding::TowardZero:
    return std::trunc(value);
  case Rounding::Down:
    return std::floor(value);
  case Rounding::Up:
    return std::ceil(value);
  case Rounding::NearestAway:
    return std::round(value);
  }
  llvm_unreachable("rounding");
}

uint64_t bpt_emu_cvt_float_to_int(double value, ElementKind source,
                                  uint32_t bits, uint32_t isSigned,
                                  Rounding r) {
  if (std::isnan(value)) {
    if (source != ElementKind::F64 && bits != 64)
      return 0;
    uint64_t top = uint64_t(1) << (bits - 1);
    return isSigned ? ~uint64_t(0) << (bits - 1) : top;
  }
  double integral = bpt_emu_round_to_integral(value, r);
  double limit = std::ldexp(1.0, isSigned ? bits - 1 : bits);
  uint64_t largest = ~uint64_t(0) >> (64 - (isSigned ? bits - 1 : bits));
  if (integral >= limit)
    return largest;
  if (!isSigned)
    return integral <= 0 ? 0 : static_cast<uint64_t>(integral);
  if (integral <= -limit)
    return ~uint64_t(0) << (bits - 1);
  return static_cast<uint64_t>(static_cast<int64_t>(integral));
}
