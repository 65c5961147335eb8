//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::Value;
using ptx::Type;

static Value *combine(FunctionTranslator &t, Value *result) {
  llvm::StringRef op = t.get("bool");
  if (op.empty())
    return result;
  Value *predicate = t.readPredicate(3);
  return op == "and"  ? t.b.CreateAnd(result, predicate)
         : op == "or" ? t.b.CreateOr(result, predicate)
                      : t.b.CreateXor(result, predicate);
}

/// What `set` writes for true: 1.0, or all ones.
static Value *toNumber(FunctionTranslator &t, Value *result, Type type) {
  llvm::IntegerType *bits = t.getIntType(type);
  uint64_t one = type == Type::F32    ? 0x3f800000
                 : type == Type::F16  ? 0x3c00
                 : type == Type::BF16 ? 0x3f80
                                      : ~0ull;
  return t.b.CreateSelect(result,
                          llvm::ConstantInt::get(bits, one, false, true),
                          llvm::ConstantInt::get(bits, 0));
}

void emulator::writeComparison(FunctionTranslator &t, Value *result) {
  const ptx::Operand &destination = t.getOperand(0);
  if (t.getInstruction().opcode == "set")
    return t.write(destination,
                   toNumber(t, combine(t, result), t.getType("dtype")));
  if (!destination.is(ptx::Operand::Kind::Pair))
    return t.write(destination, combine(t, result));
  Value *opposite = combine(t, t.b.CreateNot(result));
  result = combine(t, result);
  t.write(destination.elements[0], result);
  t.write(destination.elements[1], opposite);
}

void emulator::writePackedComparison(FunctionTranslator &t, Value *low,
                                     Value *high) {
  low = combine(t, low);
  high = combine(t, high);
  const ptx::Operand &destination = t.getOperand(0);
  if (t.getInstruction().opcode == "setp") {
    t.write(destination.elements[0], low);
    t.write(destination.elements[1], high);
    return;
  }
  Type element = t.getType("dtype") == Type::F16x2 ? Type::F16 : Type::BF16;
  llvm::Type *word = t.b.getInt32Ty();
  Value *lowBits = t.b.CreateZExt(toNumber(t, low, element), word);
  Value *highBits = t.b.CreateZExt(toNumber(t, high, element), word);
  t.write(destination, t.b.CreateOr(lowBits, t.b.CreateShl(highBits, 16)));
}
