//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Emulator/PTX/Type.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir::bpt::ptx;

namespace {
struct TypeInfo {
  llvm::StringLiteral name;
  uint16_t bits;
  TypeKind kind;
};
} // namespace

/// In the order of the enumeration.
static constexpr TypeInfo kTypes[] = {
    {"pred", 1, TypeKind::Predicate}, {"b1", 1, TypeKind::Bits},
    {"b4", 4, TypeKind::Bits},        {"b8", 8, TypeKind::Bits},
    {"b16", 16, TypeKind::Bits},      {"b32", 32, TypeKind::Bits},
    {"b64", 64, TypeKind::Bits},      {"b128", 128, TypeKind::Bits},
    {"b1024", 1024, TypeKind::Bits},  {"u4", 4, TypeKind::Unsigned},
    {"u8", 8, TypeKind::Unsigned},    {"u16", 16, TypeKind::Unsigned},
    {"u32", 32, TypeKind::Unsigned},  {"u64", 64, TypeKind::Unsigned},
    {"s4", 4, TypeKind::Signed},      {"s8", 8, TypeKind::Signed},
    {"s16", 16, TypeKind::Signed},    {"s32", 32, TypeKind::Signed},
    {"s64", 64, TypeKind::Signed},    {"f16", 16, TypeKind::Float},
    {"f32", 32, TypeKind::Float},     {"f64", 64, TypeKind::Float},
    {"bf16", 16, TypeKind::Float},    {"tf32", 32, TypeKind::Float},
    {"e4m3", 8, TypeKind::Float},     {"e5m2", 8, TypeKind::Float},
    {"u16x2", 32, TypeKind::Bits},    {"s16x2", 32, TypeKind::Bits},
    {"f16x2", 32, TypeKind::Float},   {"bf16x2", 32, TypeKind::Float},
    {"e4m3x2", 16, TypeKind::Float},  {"e5m2x2", 16, TypeKind::Float},
};

static const TypeInfo &getInfo(Type type) {
  return kTypes[static_cast<unsigned>(type)];
}

std::optional<Type> mlir::bpt::ptx::parseType(llvm::StringRef name) {
  for (auto [i, info] : llvm::enumerate(kTypes))
    if (info.name == name)
      return static_cast<Type>(i);
  return std::nullopt;
}

llvm::StringRef mlir::bpt::ptx::getName(Type type) {
  return getInfo(type).name;
}

unsigned mlir::bpt::ptx::getBitWidth(Type type) { return getInfo(type).bits; }

TypeKind mlir::bpt::ptx::getKind(Type type) { return getInfo(type).kind; }

bool mlir::bpt::ptx::isFundamental(Type type) {
  switch (type) {
  case Type::B1:
  case Type::B4:
  case Type::B1024:
  case Type::U4:
  case Type::S4:
  case Type::BF16:
  case Type::TF32:
  case Type::E4M3:
  case Type::E5M2:
  case Type::U16x2:
  case Type::S16x2:
  case Type::BF16x2:
  case Type::E4M3x2:
  case Type::E5M2x2:
    return false;
  default:
    return true;
  }
}

bool mlir::bpt::ptx::agrees(Type operand, Type instruction) {
  if (operand == instruction)
    return true;
  TypeKind a = getKind(operand), b = getKind(instruction);
  if (a == TypeKind::Predicate || b == TypeKind::Predicate ||
      getBitWidth(operand) != getBitWidth(instruction))
    return false;
  if (a == TypeKind::Bits || b == TypeKind::Bits)
    return true;
  return a != TypeKind::Float && b != TypeKind::Float;
}

Type mlir::bpt::ptx::getWideType(Type type) {
  switch (type) {
  case Type::U16:
    return Type::U32;
  case Type::S16:
    return Type::S32;
  case Type::U32:
    return Type::U64;
  case Type::S32:
    return Type::S64;
  default:
    llvm_unreachable("only 16 and 32-bit integers are widened");
  }
}
