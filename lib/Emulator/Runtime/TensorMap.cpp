//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorMapFields.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

using namespace mlir::bpt::emulator;

namespace {
struct TypeInfo {
  llvm::StringLiteral name;
  uint8_t bytes;
  ElementKind kind;
  bool isFloat;
};
} // namespace

/// In the order of TensorMapType.
static constexpr TypeInfo kTypes[] = {
    {"u8", 1, ElementKind::U8, false},
    {"u16", 2, ElementKind::U16, false},
    {"u32", 4, ElementKind::U32, false},
    {"s32", 4, ElementKind::S32, false},
    {"u64", 8, ElementKind::U64, false},
    {"s64", 8, ElementKind::S64, false},
    {"f16", 2, ElementKind::F16, true},
    {"f32", 4, ElementKind::F32, true},
    {"f64", 8, ElementKind::F64, true},
    {"bf16", 2, ElementKind::BF16, true},
    {"f32.ftz", 4, ElementKind::F32, true},
    {"tf32", 4, ElementKind::F32, true},
    {"tf32.ftz", 4, ElementKind::F32, true},
};

static const TypeInfo &getInfo(TensorMapType type) {
  return kTypes[static_cast<unsigned>(type)];
}

unsigned mlir::bpt::emulator::getByteWidth(TensorMapType type) {
  return getInfo(type).bytes;
}

ElementKind mlir::bpt::emulator::getElementKind(TensorMapType type) {
  return getInfo(type).kind;
}

bool mlir::bpt::emulator::isFloat(TensorMapType type) {
  return getInfo(type).isFloat;
}

std::optional<TensorMapType>
mlir::bpt::emulator::parseTensorMapType(llvm::StringRef name) {
  for (auto [i, info] : llvm::enumerate(kTypes))
    if (info.name == name)
      return static_cast<TensorMapType>(i);
  // As tensors are written elsewhere.
  if (name == "i32")
    return TensorMapType::S32;
  if (name == "i64")
    return TensorMapType::S64;
  return std::nullopt;
}

unsigned mlir::bpt::emulator::getSwizzleBytes(TensorMapSwizzle swizzle) {
  switch (swizzle) {
  case TensorMapSwizzle::None:
    return 0;
  case TensorMapSwizzle::Bytes32:
    return 32;
  case TensorMapSwizzle::Bytes64:
    return 64;
  case TensorMapSwizzle::Bytes128:
    return 128;
  }
  llvm_unreachable("swizzle");
}

TensorMapFields mlir::bpt::emulator::decode(const TensorMap &map) {
  TensorMapFields fields;
  std::memcpy(&fields, map.bytes, sizeof(fields));
  return fields;
}

TensorMap mlir::bpt::emulator::encode(const TensorMapFields &fields) {
  TensorMap map = {};
  std::memcpy(map.bytes, &fields, sizeof(fields));
  return map;
}

//===----------------------------------------------------------------------===//
// The rules
//===----------------------------------------------------------------------===//

template <typename... Args>
static std::string say(const char *format, Args &&...args) {
  return llvm::formatv(format, std::forward<Args>(args)...).str();
}

static std::string findBoxProblem(const TensorMapFields &fields) {
  unsigned width = getByteWidth(fields.type);
  unsigned rowBytes = fields.box[0] * width;
  for (unsigned i = 0; i < fields.rank; ++i)
    if (fields.box[i] == 0 || fields.box[i] > 256)
      return say("box dimension {0} is {1}; it can be 1 to 256", i,
                 fields.box[i]);
  if (fields.interleave == TensorMapInterleave::None && rowBytes % 16)
    return say("a row of the box has {0} bytes; it has to have a multiple of "
               "16",
               rowBytes);
  unsigned swizzleBytes = getSwizzleBytes(fields.swizzle);
  if (swizzleBytes && fields.interleave == TensorMapInterleave::None &&
      rowBytes > swizzleBytes)
    return say("a row of the box has {0} bytes, more than the {1} of the "
               "swizzle",
               rowBytes, swizzleBytes);
  return "";
}

static std::string findStrideProblem(const TensorMapFields &fields) {
  unsigned alignment =
      fields.interleave == TensorMapInterleave::Bytes32 ? 32 : 16;
  if (fields.address % alignment)
    return say("the address has to be a multiple of {0}", alignment);
  for (unsigned i = 0; i + 1 < fields.rank; ++i) {
    if (fields.strides[i] % alignment)
      return say("stride {0} is {1} bytes; it has to be a multiple of {2}",
                 i + 1, fields.strides[i], alignment);
    if (fields.strides[i] >= uint64_t(1) << 40)
      return say("stride {0} is {1} bytes; it has to be less than 2^40", i + 1,
                 fields.strides[i]);
  }
  for (unsigned i = 0; i < fields.rank; ++i) {
    if (fields.dims[i] == 0 || fields.dims[i] > uint64_t(1) << 32)
      return say("dimension {0} is {1}; it can be 1 to 2^32", i,
                 fields.dims[i]);
    if (fields.elementStrides[i] == 0 || fields.elementStrides[i] > 8)
      return say("element stride {0} is {1}; it can be 1 to 8", i,
                 fields.elementStrides[i]);
  }
  return "";
}

std::string mlir::bpt::emulator::findProblem(const TensorMapFields &fields) {
  if (fields.rank == 0 || fields.rank > kMaxTensorRank)
    return say("the rank is {0}; it can be 1 to 5", fields.rank);
  if (fields.interleave != TensorMapInterleave::None && fields.rank < 3)
    return say("an interleaved layout needs a rank of at least 3; it is {0}",
               fields.rank);
  if (fields.interleave == TensorMapInterleave::Bytes32 &&
      fields.swizzle != TensorMapSwizzle::Bytes32)
    return "an interleaved layout of 32 bytes needs the 32-byte swizzle";
  if (fields.fill == TensorMapFill::NaN && !isFloat(fields.type))
    return "filling with NaN needs a floating-point type";
  std::string problem = findStrideProblem(fields);
  return problem.empty() ? findBoxProblem(fields) : problem;
}

//===----------------------------------------------------------------------===//
// Encoding
//===----------------------------------------------------------------------===//

static llvm::Error invalid(const llvm::Twine &problem) {
  return llvm::createStringError("invalid tensor map: " + problem);
}

llvm::Expected<TensorMap>
mlir::bpt::emulator::encodeTiled(const TensorMapDescription &description) {
  size_t rank = description.dims.size();
  if (rank == 0 || rank > kMaxTensorRank)
    return invalid(say("the rank is {0}; it can be 1 to 5", rank));
  if (description.strides.size() + 1 != rank)
    return invalid(say("there are {0} strides for {1} dimensions; there has to "
                       "be one for each but the innermost",
                       description.strides.size(), rank));
  if (description.box.size() != rank)
    return invalid(say("the box has {0} dimensions, the tensor {1}",
                       description.box.size(), rank));
  if (!description.elementStrides.empty() &&
      description.elementStrides.size() != rank)
    return invalid(say("there are {0} element strides for {1} dimensions",
                       description.elementStrides.size(), rank));
  if (description.interleave != TensorMapInterleave::None)
    return invalid("interleaved layouts are not emulated");
  if (description.type >= TensorMapType::F32FlushToZero)
    return invalid(say("the type {0}, which converts, is not emulated",
                       getInfo(description.type).name));

  TensorMapFields fields = {};
  fields.magic = TensorMapFields::kMagic;
  fields.rank = static_cast<uint8_t>(rank);
  fields.type = description.type;
  fields.interleave = description.interleave;
  fields.swizzle = description.swizzle;
  fields.l2Promotion = description.l2Promotion;
  fields.fill = description.fill;
  fields.address = reinterpret_cast<uint64_t>(description.address);
  for (size_t i = 0; i < rank; ++i) {
    // Out of range stays out of range.
    fields.box[i] =
        static_cast<uint16_t>(std::min<uint32_t>(description.box[i], 0xFFFF));
    fields.dims[i] = description.dims[i];
    uint32_t elementStride =
        description.elementStrides.empty() ? 1 : description.elementStrides[i];
    fields.elementStrides[i] =
        static_cast<uint8_t>(std::min<uint32_t>(elementStride, 0xFF));
    if (i + 1 < rank)
      fields.strides[i] = description.strides[i];
  }
  std::string problem = findProblem(fields);
  if (!problem.empty())
    return invalid(problem);
  return encode(fields);
}
