//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_ELEMENTTYPE_H
#define BPT_EXECUTIONENGINE_ELEMENTTYPE_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace mlir {
class Type;
} // namespace mlir

namespace mlir::bpt {

/// What a tensor on the host can be made of. Signless and signed integers are
/// one; an i1 takes a byte, 0 or 1, as in a memref.
enum class ElementType : uint8_t {
  F64,
  F32,
  F16,
  BF16,
  I1,
  I8,
  I16,
  I32,
  I64,
  UI8,
  UI16,
  UI32,
  UI64,
  F8E4M3FN
};

/// Bytes an element takes in memory.
unsigned getByteWidth(ElementType type);
bool isFloat(ElementType type);
bool isUnsigned(ElementType type);

/// The name as MLIR spells it: `f32`, `f8E4M3FN`, `i1`, `ui8`.
llvm::StringRef getName(ElementType type);
std::optional<ElementType> parseElementType(llvm::StringRef name);

/// The element type that holds values of an MLIR type, if there is one.
std::optional<ElementType> getElementType(Type type);

/// Whether host data of type `actual` may be passed where `expected` is asked
/// for: the same type, or the unsigned integer of the same width, whose bits a
/// signless integer takes as they are.
bool isCompatible(ElementType actual, ElementType expected);

/// Conversions of one element at `data` to and from double. Rounding is to
/// nearest even; integers are truncated towards zero and saturate, and so does
/// f8E4M3FN, which has no infinity.
double loadElement(ElementType type, const void *data);
void storeElement(ElementType type, void *data, double value);

/// The same for integers of 64 bits, which double does not hold.
int64_t loadInteger(ElementType type, const void *data);
void storeInteger(ElementType type, void *data, int64_t value);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_ELEMENTTYPE_H
