//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/ElementType.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace mlir;
using namespace mlir::bpt;

namespace {
struct ElementTypeInfo {
  llvm::StringLiteral name;
  unsigned byteWidth;
};
// In the order of the enumeration.
constexpr ElementTypeInfo kInfo[] = {
    {"f64", 8},  {"f32", 4},  {"f16", 2},  {"bf16", 2},    {"i1", 1},
    {"i8", 1},   {"i16", 2},  {"i32", 4},  {"i64", 8},     {"ui8", 1},
    {"ui16", 2}, {"ui32", 4}, {"ui64", 8}, {"f8E4M3FN", 1}};

template <typename T> T load(const void *data) {
  T value;
  std::memcpy(&value, data, sizeof(T));
  return value;
}

template <typename T> void store(void *data, T value) {
  std::memcpy(data, &value, sizeof(T));
}

/// Rounds to float so that a second rounding to fewer bits is correct: towards
/// zero, with the last bit set if anything was lost ("round to odd").
float roundToOdd(double value) {
  float rounded = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(rounded) == value)
    return rounded;
  if (std::fabs(static_cast<double>(rounded)) > std::fabs(value))
    rounded = std::nextafter(rounded, 0.0f);
  return llvm::bit_cast<float>(llvm::bit_cast<uint32_t>(rounded) | 1u);
}

float halfToFloat(uint16_t half) {
  uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  uint32_t exponent = (half >> 10) & 0x1fu;
  uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0x1f)
    return llvm::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  return llvm::bit_cast<float>(sign | ((exponent + 112) << 23) |
                               (mantissa << 13));
}

uint16_t floatToHalf(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint16_t sign = (bits >> 16) & 0x8000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return sign | 0x7e00u;
  // 65520, halfway between the largest half and the next power of two.
  if (magnitude >= 0x477ff000u)
    return sign | 0x7c00u;
  if (magnitude < 0x38800000u) {
    // A subnormal half is a multiple of 2^-24.
    float scaled = std::ldexp(llvm::bit_cast<float>(magnitude), 24);
    return sign | static_cast<uint16_t>(std::nearbyint(scaled));
  }
  uint32_t roundBit = (magnitude >> 13) & 1u;
  return sign | ((magnitude - 0x38000000u + 0xfffu + roundBit) >> 13);
}

float bfloatToFloat(uint16_t value) {
  return llvm::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

uint16_t floatToBfloat(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

double float8ToDouble(uint8_t bits) {
  return llvm::APFloat(llvm::APFloat::Float8E4M3FN(), llvm::APInt(8, bits))
      .convertToDouble();
}

uint8_t doubleToFloat8(double value) {
  constexpr double largest = 448;
  if (std::fabs(value) > largest)
    value = std::copysign(largest, value);
  llvm::APFloat rounded(value);
  bool losesInfo = false;
  rounded.convert(llvm::APFloat::Float8E4M3FN(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return rounded.bitcastToAPInt().getZExtValue();
}

template <typename T> T saturate(double value) {
  // 2^bits is exact in double where the largest integer is not.
  constexpr double low = static_cast<double>(std::numeric_limits<T>::min());
  const double high = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (std::isnan(value))
    return 0;
  if (value <= low)
    return std::numeric_limits<T>::min();
  if (value >= high)
    return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}
} // namespace

unsigned bpt::getByteWidth(ElementType type) {
  return kInfo[static_cast<unsigned>(type)].byteWidth;
}

bool bpt::isFloat(ElementType type) {
  return type <= ElementType::BF16 || type == ElementType::F8E4M3FN;
}

bool bpt::isUnsigned(ElementType type) {
  return type >= ElementType::UI8 && type <= ElementType::UI64;
}

llvm::StringRef bpt::getName(ElementType type) {
  return kInfo[static_cast<unsigned>(type)].name;
}

std::optional<ElementType> bpt::parseElementType(llvm::StringRef name) {
  for (auto [index, info] : llvm::enumerate(kInfo))
    if (info.name == name)
      return static_cast<ElementType>(index);
  return std::nullopt;
}

std::optional<ElementType> bpt::getElementType(Type type) {
  if (type.isF64())
    return ElementType::F64;
  if (type.isF32())
    return ElementType::F32;
  if (type.isF16())
    return ElementType::F16;
  if (type.isBF16())
    return ElementType::BF16;
  if (llvm::isa<Float8E4M3FNType>(type))
    return ElementType::F8E4M3FN;
  auto integer = llvm::dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsignedType = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return ElementType::I1;
  case 8:
    return isUnsignedType ? ElementType::UI8 : ElementType::I8;
  case 16:
    return isUnsignedType ? ElementType::UI16 : ElementType::I16;
  case 32:
    return isUnsignedType ? ElementType::UI32 : ElementType::I32;
  case 64:
    return isUnsignedType ? ElementType::UI64 : ElementType::I64;
  default:
    return std::nullopt;
  }
}

bool bpt::isCompatible(ElementType actual, ElementType expected) {
  if (actual == expected)
    return true;
  return isUnsigned(actual) && !isUnsigned(expected) && !isFloat(expected) &&
         expected != ElementType::I1 &&
         getByteWidth(actual) == getByteWidth(expected);
}

double bpt::loadElement(ElementType type, const void *data) {
  switch (type) {
  case ElementType::F64:
    return load<double>(data);
  case ElementType::F32:
    return load<float>(data);
  case ElementType::F16:
    return halfToFloat(load<uint16_t>(data));
  case ElementType::BF16:
    return bfloatToFloat(load<uint16_t>(data));
  case ElementType::F8E4M3FN:
    return float8ToDouble(load<uint8_t>(data));
  case ElementType::UI64:
    return static_cast<double>(load<uint64_t>(data));
  default:
    return static_cast<double>(loadInteger(type, data));
  }
}

void bpt::storeElement(ElementType type, void *data, double value) {
  switch (type) {
  case ElementType::F64:
    return store<double>(data, value);
  case ElementType::F32:
    return store<float>(data, static_cast<float>(value));
  case ElementType::F16:
    return store<uint16_t>(data, floatToHalf(roundToOdd(value)));
  case ElementType::BF16:
    return store<uint16_t>(data, floatToBfloat(roundToOdd(value)));
  case ElementType::F8E4M3FN:
    return store<uint8_t>(data, doubleToFloat8(value));
  case ElementType::I1:
    return store<uint8_t>(data, value != 0);
  case ElementType::I8:
    return store(data, saturate<int8_t>(value));
  case ElementType::I16:
    return store(data, saturate<int16_t>(value));
  case ElementType::I32:
    return store(data, saturate<int32_t>(value));
  case ElementType::I64:
    return store(data, saturate<int64_t>(value));
  case ElementType::UI8:
    return store(data, saturate<uint8_t>(value));
  case ElementType::UI16:
    return store(data, saturate<uint16_t>(value));
  case ElementType::UI32:
    return store(data, saturate<uint32_t>(value));
  case ElementType::UI64:
    return store(data, saturate<uint64_t>(value));
  }
}

int64_t bpt::loadInteger(ElementType type, const void *data) {
  switch (type) {
  case ElementType::I8:
    return load<int8_t>(data);
  case ElementType::I16:
    return load<int16_t>(data);
  case ElementType::I32:
    return load<int32_t>(data);
  case ElementType::I1:
  case ElementType::UI8:
    return load<uint8_t>(data);
  case ElementType::UI16:
    return load<uint16_t>(data);
  case ElementType::UI32:
    return load<uint32_t>(data);
  case ElementType::I64:
  case ElementType::UI64:
    return load<int64_t>(data);
  default:
    return saturate<int64_t>(loadElement(type, data));
  }
}

void bpt::storeInteger(ElementType type, void *data, int64_t value) {
  if (isFloat(type))
    return storeElement(type, data, static_cast<double>(value));
  if (type == ElementType::I1)
    return store<uint8_t>(data, value != 0);
  // The low bytes, on a little-endian machine.
  std::memcpy(data, &value, getByteWidth(type));
}
