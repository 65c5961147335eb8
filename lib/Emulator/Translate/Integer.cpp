//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"
#include "IntegerBuilder.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
using llvm::Value;
using llvm::Intrinsic::ID;
using ptx::Type;

/// The hardware divides by zero without a trap: quotient and remainder have all
/// bits set. The least integer divided by -1 wraps.
Value *IntegerBuilder::divide(Value *x, Value *y, bool remainder) {
  Value *isZero = b.CreateICmpEQ(y, constant(0));
  Value *safe = b.CreateSelect(isZero, constant(1), y);
  Value *result;
  if (!isSigned) {
    result = remainder ? b.CreateURem(x, safe) : b.CreateUDiv(x, safe);
  } else {
    Value *isMinusOne = b.CreateICmpEQ(y, constant(-1));
    safe = b.CreateSelect(isMinusOne, constant(1), safe);
    result = remainder ? b.CreateSRem(x, safe)
                       : b.CreateSelect(isMinusOne, b.CreateNeg(x),
                                        b.CreateSDiv(x, safe));
  }
  return b.CreateSelect(isZero, constant(-1), result);
}

/// Applies a function to the two 16-bit halves of packed operands.
template <typename Function>
static Value *mapHalves(FunctionTranslator &t, Value *x, Value *y,
                        Function function) {
  llvm::IRBuilder<> &b = t.b;
  Value *result = t.getInt32(0);
  for (unsigned shift : {0, 16}) {
    Value *low = b.CreateTrunc(b.CreateLShr(x, shift), b.getInt16Ty());
    Value *high = b.CreateTrunc(b.CreateLShr(y, shift), b.getInt16Ty());
    Value *half = b.CreateZExt(function(low, high), b.getInt32Ty());
    result = b.CreateOr(result, b.CreateShl(half, shift));
  }
  return result;
}

static void translatePacked(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  StringRef opcode = t.getInstruction().opcode;
  bool isSigned = t.getType() == Type::S16x2;
  Value *x = t.read(1, Type::B32), *y = t.read(2, Type::B32);
  t.write(
      0, mapHalves(t, x, y, [&](Value *low, Value *high) -> Value * {
        if (opcode == "add")
          return b.CreateAdd(low, high);
        bool isMin = opcode == "min";
        ID id =
            isMin ? (isSigned ? llvm::Intrinsic::smin : llvm::Intrinsic::umin)
                  : (isSigned ? llvm::Intrinsic::smax : llvm::Intrinsic::umax);
        Value *result = b.CreateBinaryIntrinsic(id, low, high);
        if (t.has("relu"))
          result = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, result,
                                           b.getInt16(0));
        return result;
      }));
}

/// add.cc, addc, sub.cc, subc: computed with one bit more, which is the carry.
/// A subtraction's flag is the borrow.
static Value *addWithCarry(FunctionTranslator &t, Value *x, Value *y,
                           bool isSubtraction, bool readsCarry,
                           bool writesCarry) {
  llvm::IRBuilder<> &b = t.b;
  unsigned bits = x->getType()->getIntegerBitWidth();
  llvm::Type *wide = b.getIntNTy(bits * 2);
  Value *wideX = b.CreateZExt(x, wide), *wideY = b.CreateZExt(y, wide);
  Value *result =
      isSubtraction ? b.CreateSub(wideX, wideY) : b.CreateAdd(wideX, wideY);
  if (readsCarry) {
    Value *carry =
        b.CreateZExt(b.CreateLoad(b.getInt1Ty(), t.getCarryFlag()), wide);
    result =
        isSubtraction ? b.CreateSub(result, carry) : b.CreateAdd(result, carry);
  }
  if (writesCarry)
    b.CreateStore(b.CreateTrunc(b.CreateLShr(result, bits), b.getInt1Ty()),
                  t.getCarryFlag());
  return b.CreateTrunc(result, x->getType());
}

static Value *multiply(IntegerBuilder &i, StringRef mode) {
  Value *x = i.operand(1), *y = i.operand(2);
  if (mode == "lo")
    return i.b.CreateMul(x, y);
  Value *wide = i.multiplyWide(x, y);
  return mode == "wide" ? wide : i.high(wide);
}

static void translateMultiplyAdd(IntegerBuilder &i) {
  FunctionTranslator &t = i.t;
  StringRef mode = t.get("mode");
  Value *product = multiply(i, mode);
  Value *addend = t.read(3, mode == "wide" ? getWideType(i.type) : i.type);
  Value *sum;
  bool readsCarry = t.getInstruction().opcode == "madc";
  if (readsCarry || t.has("cc"))
    sum = addWithCarry(t, product, addend, false, readsCarry, t.has("cc"));
  else if (t.has("sat"))
    sum = i.saturatingAdd(product, addend);
  else
    sum = i.b.CreateAdd(product, addend);
  t.write(0, sum);
}

static void translateAbs(IntegerBuilder &i) {
  i.t.write(0, i.b.CreateBinaryIntrinsic(llvm::Intrinsic::abs, i.operand(1),
                                         i.b.getFalse()));
}

void emulator::translateIntegerArithmetic(FunctionTranslator &t) {
  if (t.getType() == Type::U16x2 || t.getType() == Type::S16x2)
    return translatePacked(t);
  IntegerBuilder i(t);
  llvm::IRBuilder<> &b = t.b;
  StringRef opcode = t.getInstruction().opcode;
  if (opcode == "mad" || opcode == "madc")
    return translateMultiplyAdd(i);
  if (opcode == "mul")
    return t.write(0, multiply(i, t.get("mode")));
  if (opcode == "abs")
    return translateAbs(i);
  Value *x = i.operand(1);
  if (opcode == "neg")
    return t.write(0, b.CreateNeg(x));

  Value *y = i.operand(2);
  bool isSubtraction = opcode.starts_with("sub");
  if (opcode == "addc" || opcode == "subc" || t.has("cc"))
    return t.write(0, addWithCarry(t, x, y, isSubtraction,
                                   opcode.ends_with("c"), t.has("cc")));
  if (opcode == "add" || opcode == "sub") {
    if (t.has("sat"))
      return t.write(0, b.CreateBinaryIntrinsic(isSubtraction
                                                    ? llvm::Intrinsic::ssub_sat
                                                    : llvm::Intrinsic::sadd_sat,
                                                x, y));
    return t.write(0, isSubtraction ? b.CreateSub(x, y) : b.CreateAdd(x, y));
  }
  if (opcode == "div" || opcode == "rem")
    return t.write(0, i.divide(x, y, opcode == "rem"));
  Value *result = i.minMax(opcode == "min", x, y);
  if (t.has("relu"))
    result =
        b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, result, i.constant(0));
  t.write(0, result);
}

/// The low 24 bits of the operands; the product's low or high 32 of 48 bits.
static void translateMultiply24(FunctionTranslator &t) {
  IntegerBuilder i(t);
  llvm::IRBuilder<> &b = t.b;
  auto take24 = [&](unsigned index) {
    Value *value = b.CreateShl(i.operand(index), 8);
    value = i.isSigned ? b.CreateAShr(value, 8) : b.CreateLShr(value, 8);
    return i.extend(value, 64);
  };
  Value *product = b.CreateMul(take24(1), take24(2));
  if (t.get("mode") == "hi")
    product = b.CreateLShr(product, 16);
  Value *result = b.CreateTrunc(product, b.getInt32Ty());
  if (t.getInstruction().opcode == "mad24") {
    Value *addend = i.operand(3);
    result = t.has("sat") ? i.saturatingAdd(result, addend)
                          : b.CreateAdd(result, addend);
  }
  t.write(0, result);
}

static void translateSad(FunctionTranslator &t) {
  IntegerBuilder i(t);
  Value *x = i.operand(1), *y = i.operand(2);
  Value *difference =
      i.b.CreateSub(i.minMax(false, x, y), i.minMax(true, x, y));
  t.write(0, i.b.CreateAdd(difference, i.operand(3)));
}

/// The sums of products of bytes (dp4a) or of halves and bytes (dp2a).
static void translateDotProduct(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  bool isFour = t.getInstruction().opcode == "dp4a";
  bool aSigned = t.getType("atype") == Type::S32;
  bool bSigned = t.getType("btype") == Type::S32;
  Value *x = t.read(1, Type::B32), *y = t.read(2, Type::B32);
  Value *sum = t.read(3, Type::B32);
  auto part = [&](Value *word, unsigned shift, unsigned bits, bool isSigned) {
    Value *value = b.CreateTrunc(b.CreateLShr(word, shift), b.getIntNTy(bits));
    return isSigned ? b.CreateSExt(value, b.getInt32Ty())
                    : b.CreateZExt(value, b.getInt32Ty());
  };
  unsigned first = !isFour && t.get("mode") == "hi" ? 16 : 0;
  for (unsigned k = 0; k != (isFour ? 4 : 2); ++k) {
    Value *left =
        isFour ? part(x, 8 * k, 8, aSigned) : part(x, 16 * k, 16, aSigned);
    Value *right = part(y, first + 8 * k, 8, bSigned);
    sum = b.CreateAdd(sum, b.CreateMul(left, right));
  }
  t.write(0, sum);
}

void emulator::translateIntegerComparison(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  StringRef cmp = t.get("cmp");
  bool isSigned = ptx::isSigned(type);
  using Predicate = llvm::CmpInst::Predicate;
  Predicate predicate =
      llvm::StringSwitch<Predicate>(cmp)
          .Case("eq", Predicate::ICMP_EQ)
          .Case("ne", Predicate::ICMP_NE)
          .Case("lt", isSigned ? Predicate::ICMP_SLT : Predicate::ICMP_ULT)
          .Case("le", isSigned ? Predicate::ICMP_SLE : Predicate::ICMP_ULE)
          .Case("gt", isSigned ? Predicate::ICMP_SGT : Predicate::ICMP_UGT)
          .Case("ge", isSigned ? Predicate::ICMP_SGE : Predicate::ICMP_UGE)
          .Case("lo", Predicate::ICMP_ULT)
          .Case("ls", Predicate::ICMP_ULE)
          .Case("hi", Predicate::ICMP_UGT)
          .Default(Predicate::ICMP_UGE);
  writeComparison(t, b.CreateICmp(predicate, t.read(1, type), t.read(2, type)));
}

static void translateSelect(FunctionTranslator &t) {
  Type type = t.getType();
  t.write(0, t.b.CreateSelect(t.readPredicate(3), t.read(1, type),
                              t.read(2, type)));
}

/// slct: the first if the third is not negative. NaN is; -0 is not.
static void translateSignSelect(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  Value *control = t.read(3, t.getType("ctype"));
  Value *takesFirst;
  if (t.getType("ctype") == Type::F32) {
    Value *value = b.CreateBitCast(control, b.getFloatTy());
    Value *zero = llvm::ConstantFP::get(b.getFloatTy(), 0.0);
    takesFirst = b.CreateFCmpOGE(value, zero);
    // Flushed to -0, which is not negative.
    if (t.has("ftz")) {
      Value *magnitude = b.CreateAnd(control, t.getInt32(0x7fffffff));
      takesFirst = b.CreateOr(
          takesFirst, b.CreateICmpULT(magnitude, t.getInt32(0x00800000)));
    }
  } else {
    takesFirst = b.CreateICmpSGE(control, t.getInt32(0));
  }
  t.write(0, b.CreateSelect(takesFirst, t.read(1, type), t.read(2, type)));
}

void emulator::addIntegerHandlers(HandlerMap &handlers) {
  for (StringRef opcode : {"addc", "subc", "madc"})
    handlers[opcode] = translateIntegerArithmetic;
  handlers["mul24"] = handlers["mad24"] = translateMultiply24;
  handlers["sad"] = translateSad;
  handlers["dp4a"] = handlers["dp2a"] = translateDotProduct;
  handlers["selp"] = translateSelect;
  handlers["slct"] = translateSignSelect;
}
