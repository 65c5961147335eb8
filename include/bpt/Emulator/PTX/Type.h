//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_TYPE_H
#define BPT_EMULATOR_PTX_TYPE_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace mlir::bpt::ptx {

/// What the type of a register, a variable or an instruction's operand says
/// about the bits.
enum class TypeKind : uint8_t { Predicate, Bits, Unsigned, Signed, Float };

/// The types of PTX. Packed types are wholes: an f16x2 is one 32-bit value.
enum class Type : uint8_t {
  Pred,
  B1,
  B4,
  B8,
  B16,
  B32,
  B64,
  B128,
  B1024,
  U4,
  U8,
  U16,
  U32,
  U64,
  S4,
  S8,
  S16,
  S32,
  S64,
  F16,
  F32,
  F64,
  BF16,
  TF32,
  E4M3,
  E5M2,
  U16x2,
  S16x2,
  F16x2,
  BF16x2,
  E4M3x2,
  E5M2x2
};

/// The type of that name, without its dot.
std::optional<Type> parseType(llvm::StringRef name);

llvm::StringRef getName(Type type);
unsigned getBitWidth(Type type);
TypeKind getKind(Type type);

inline unsigned getByteWidth(Type type) { return (getBitWidth(type) + 7) / 8; }
inline bool isSigned(Type type) { return getKind(type) == TypeKind::Signed; }
inline bool isFloat(Type type) { return getKind(type) == TypeKind::Float; }

/// The types that registers and variables are declared with.
bool isFundamental(Type type);

/// Whether an operand of type `operand` may stand where an instruction of type
/// `instruction` reads or writes it: bits agree with everything of their width,
/// integers with integers, floats with floats of the same format.
bool agrees(Type operand, Type instruction);

/// The integer of twice the width, what a `.wide` multiplication gives.
Type getWideType(Type type);

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_TYPE_H
