//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerBuilder.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
using llvm::Value;
using ptx::Type;

static void translateCount(FunctionTranslator &t) {
  IntegerBuilder i(t);
  Value *x = i.operand(1);
  Value *count =
      t.getInstruction().opcode == "popc"
          ? i.b.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, x)
          : i.b.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, x, i.b.getFalse());
  t.write(0, i.b.CreateZExtOrTrunc(count, i.b.getInt32Ty()));
}

static void translateReverse(FunctionTranslator &t) {
  IntegerBuilder i(t);
  t.write(0,
          i.b.CreateUnaryIntrinsic(llvm::Intrinsic::bitreverse, i.operand(1)));
}

/// The position of the highest bit that differs from the sign; all ones if
/// there is none.
static void translateFindBit(FunctionTranslator &t) {
  IntegerBuilder i(t);
  llvm::IRBuilder<> &b = t.b;
  Value *x = i.operand(1);
  if (i.isSigned)
    x = b.CreateXor(x, b.CreateAShr(x, i.bits - 1));
  Value *zeros =
      b.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, x, b.getFalse());
  Value *result =
      t.has("shiftamt") ? zeros : b.CreateSub(i.constant(i.bits - 1), zeros);
  result = b.CreateZExtOrTrunc(result, b.getInt32Ty());
  t.write(0, b.CreateSelect(b.CreateICmpEQ(x, i.constant(0)), t.getInt32(~0u),
                            result));
}

/// Clamps a 32-bit count to what a shift of that width takes without being
/// undefined. `isOut` is whether it was out of range.
static Value *clampShift(FunctionTranslator &t, Value *amount, unsigned bits,
                         Value *&isOut) {
  llvm::IRBuilder<> &b = t.b;
  isOut = b.CreateICmpUGE(amount, t.getInt32(bits));
  amount = b.CreateSelect(isOut, t.getInt32(bits - 1), amount);
  return b.CreateZExtOrTrunc(amount, b.getIntNTy(bits));
}

static void translateShift(FunctionTranslator &t) {
  IntegerBuilder i(t);
  llvm::IRBuilder<> &b = t.b;
  Value *isOut;
  Value *x = i.operand(1);
  Value *amount = clampShift(t, t.read(2, Type::U32), i.bits, isOut);
  if (t.getInstruction().opcode == "shr" && i.isSigned)
    return t.write(0, b.CreateAShr(x, amount));
  Value *shifted = t.getInstruction().opcode == "shl" ? b.CreateShl(x, amount)
                                                      : b.CreateLShr(x, amount);
  t.write(0, b.CreateSelect(isOut, i.constant(0), shifted));
}

static void translateFunnelShift(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Value *low = t.read(1, Type::B32), *high = t.read(2, Type::B32);
  Value *amount = t.read(3, Type::U32);
  llvm::Type *i64 = b.getInt64Ty();
  Value *both = b.CreateOr(b.CreateShl(b.CreateZExt(high, i64), 32),
                           b.CreateZExt(low, i64));
  amount = t.get("mode") == "wrap"
               ? b.CreateAnd(amount, t.getInt32(31))
               : b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, amount,
                                         t.getInt32(32));
  amount = b.CreateZExt(amount, i64);
  Value *result = t.get("direction") == "l"
                      ? b.CreateLShr(b.CreateShl(both, amount), 32)
                      : b.CreateLShr(both, amount);
  t.write(0, b.CreateTrunc(result, b.getInt32Ty()));
}

/// The low 8 bits of a position or a length, which is all that counts.
static Value *readByte(FunctionTranslator &t, unsigned index) {
  return t.b.CreateAnd(t.read(index, Type::U32), t.getInt32(0xff));
}

/// bfe: bits [pos, pos+len), zeros or copies of the sign above them. The sign
/// is the field's highest bit that lies in the word.
static void translateExtract(FunctionTranslator &t) {
  IntegerBuilder i(t);
  llvm::IRBuilder<> &b = t.b;
  Value *x = i.operand(1);
  Value *position = readByte(t, 2), *length = readByte(t, 3);
  // 512 bits would do for the sum of two bytes; a word twice as wide with
  // clamped shifts does as well.
  llvm::Type *wide = b.getIntNTy(i.bits * 2);
  auto clamp = [&](Value *value) {
    value = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, value,
                                    t.getInt32(i.bits));
    return b.CreateZExtOrTrunc(value, wide);
  };
  Value *wideX = i.extend(x, i.bits * 2);
  Value *shifted = b.CreateLShr(wideX, clamp(position));
  if (i.isSigned)
    shifted = b.CreateAShr(wideX, clamp(position));
  // Of the field `length` bits are kept: shifted up to the top and down again.
  Value *unused =
      b.CreateSub(llvm::ConstantInt::get(wide, i.bits * 2), clamp(length));
  unused =
      b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, unused,
                              llvm::ConstantInt::get(wide, i.bits * 2 - 1));
  Value *top = b.CreateShl(shifted, unused);
  Value *field =
      i.isSigned ? b.CreateAShr(top, unused) : b.CreateLShr(top, unused);
  Value *isEmpty = b.CreateICmpEQ(length, t.getInt32(0));
  t.write(0, b.CreateSelect(isEmpty, i.constant(0),
                            b.CreateTrunc(field, x->getType())));
}

/// bfi: the low `len` bits of the first operand replace those of the second
/// from `pos` on; what would lie above the word is dropped.
static void translateInsert(FunctionTranslator &t) {
  IntegerBuilder i(t);
  llvm::IRBuilder<> &b = t.b;
  Value *field = i.operand(1), *base = i.operand(2);
  Value *position = readByte(t, 3), *length = readByte(t, 4);
  llvm::Type *wide = b.getIntNTy(i.bits * 2);
  auto clamp = [&](Value *value) {
    value = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, value,
                                    t.getInt32(i.bits));
    return b.CreateZExtOrTrunc(value, wide);
  };
  Value *one = llvm::ConstantInt::get(wide, 1);
  Value *mask = b.CreateSub(b.CreateShl(one, clamp(length)), one);
  mask = b.CreateShl(mask, clamp(position));
  Value *inserted = b.CreateShl(b.CreateZExt(field, wide), clamp(position));
  mask = b.CreateTrunc(mask, base->getType());
  inserted = b.CreateTrunc(inserted, base->getType());
  t.write(0, b.CreateOr(b.CreateAnd(inserted, mask),
                        b.CreateAnd(base, b.CreateNot(mask))));
}

/// szext: the low n bits, extended to the word.
static void translateSignExtend(FunctionTranslator &t) {
  IntegerBuilder i(t);
  llvm::IRBuilder<> &b = t.b;
  Value *x = i.operand(1), *n = t.read(2, Type::U32);
  bool wraps = t.get("mode") == "wrap";
  n = wraps ? b.CreateAnd(n, t.getInt32(31))
            : b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, n, t.getInt32(32));
  Value *isZero = b.CreateICmpEQ(n, t.getInt32(0));
  Value *unused = b.CreateAnd(b.CreateSub(t.getInt32(32), n), t.getInt32(31));
  Value *top = b.CreateShl(x, unused);
  Value *result =
      i.isSigned ? b.CreateAShr(top, unused) : b.CreateLShr(top, unused);
  t.write(0, b.CreateSelect(isZero, t.getInt32(0), result));
}

/// bmsk: b ones from position a on.
static void translateBitMask(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Value *position = t.read(1, Type::B32), *width = t.read(2, Type::B32);
  auto limit = [&](Value *value) {
    value = t.get("mode") == "wrap"
                ? b.CreateAnd(value, t.getInt32(31))
                : b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, value,
                                          t.getInt32(32));
    return b.CreateZExt(value, b.getInt64Ty());
  };
  Value *ones =
      b.CreateSub(b.CreateShl(t.getInt64(1), limit(width)), t.getInt64(1));
  t.write(0, b.CreateTrunc(b.CreateShl(ones, limit(position)), b.getInt32Ty()));
}

static void translateLogic(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  StringRef opcode = t.getInstruction().opcode;
  Type type = t.getType();
  auto operand = [&](unsigned index) {
    return type == Type::Pred ? t.readPredicate(index) : t.read(index, type);
  };
  Value *x = operand(1);
  if (opcode == "not")
    return t.write(0, b.CreateNot(x));
  if (opcode == "cnot")
    return t.write(0, b.CreateZExt(b.CreateIsNull(x), x->getType()));
  Value *y = operand(2);
  t.write(0, opcode == "and"  ? b.CreateAnd(x, y)
             : opcode == "or" ? b.CreateOr(x, y)
                              : b.CreateXor(x, y));
}

/// The table gives the result for every combination of three bits.
static void translateLogic3(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Value *operands[] = {t.read(1, Type::B32), t.read(2, Type::B32),
                       t.read(3, Type::B32)};
  uint64_t table = t.getOperand(4).value;
  if (table > 0xff)
    return t.fail(t.getOperand(4).loc, "the table of lop3 has 8 bits");
  Value *result = t.getInt32(0);
  for (unsigned row = 0; row != 8; ++row) {
    if (!(table >> row & 1))
      continue;
    Value *term = t.getInt32(~0u);
    for (unsigned k = 0; k != 3; ++k) {
      bool isSet = row >> (2 - k) & 1;
      term = b.CreateAnd(term, isSet ? operands[k] : b.CreateNot(operands[k]));
    }
    result = b.CreateOr(result, term);
  }
  if (t.get("bool").empty())
    return t.write(0, result);
  Value *isNonZero = b.CreateIsNotNull(result);
  Value *predicate = t.readPredicate(5);
  const ptx::Operand &pair = t.getOperand(0);
  t.write(pair.elements[0], result);
  t.write(pair.elements[1], t.get("bool") == "or"
                                ? b.CreateOr(isNonZero, predicate)
                                : b.CreateAnd(isNonZero, predicate));
}

/// Takes bytes out of the eight of two words.
static void translatePermute(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  llvm::Type *i64 = b.getInt64Ty();
  Value *both =
      b.CreateOr(b.CreateZExt(t.read(1, Type::B32), i64),
                 b.CreateShl(b.CreateZExt(t.read(2, Type::B32), i64), 32));
  Value *selector = b.CreateZExt(t.read(3, Type::B32), i64);
  StringRef mode = t.get("mode");
  Value *low2 = b.CreateAnd(selector, t.getInt64(3));
  Value *result = t.getInt64(0);
  for (unsigned k = 0; k != 4; ++k) {
    Value *index;
    Value *isSign = nullptr;
    if (mode.empty()) {
      Value *nibble = b.CreateLShr(selector, 4 * k);
      index = b.CreateAnd(nibble, t.getInt64(7));
      isSign = b.CreateIsNotNull(b.CreateAnd(nibble, t.getInt64(8)));
    } else if (mode == "f4e") {
      index = b.CreateAdd(low2, t.getInt64(k));
    } else if (mode == "b4e") {
      index = b.CreateAnd(b.CreateSub(low2, t.getInt64(k)), t.getInt64(7));
    } else if (mode == "rc8") {
      index = low2;
    } else if (mode == "ecl") {
      index =
          b.CreateBinaryIntrinsic(llvm::Intrinsic::umax, low2, t.getInt64(k));
    } else if (mode == "ecr") {
      index =
          b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, low2, t.getInt64(k));
    } else {
      // rc16: the half that the lowest bit of the selector names, twice.
      index = b.CreateOr(b.CreateShl(b.CreateAnd(selector, t.getInt64(1)), 1),
                         t.getInt64(k & 1));
    }
    Value *byte = b.CreateAnd(b.CreateLShr(both, b.CreateShl(index, 3)),
                              t.getInt64(0xff));
    if (isSign) {
      Value *sign = b.CreateICmpUGE(byte, t.getInt64(0x80));
      Value *copies = b.CreateSelect(sign, t.getInt64(0xff), t.getInt64(0));
      byte = b.CreateSelect(isSign, copies, byte);
    }
    result = b.CreateOr(result, b.CreateShl(byte, 8 * k));
  }
  t.write(0, b.CreateTrunc(result, b.getInt32Ty()));
}

/// The position of the n-th set bit from `base` on: upwards for a positive
/// offset, downwards for a negative one, `base` itself for 0.
static void translateFindNthSet(FunctionTranslator &t) {
  t.write(0, t.callPure("bpt_emu_fns", t.b.getInt32Ty(),
                        {t.read(1, Type::B32), t.read(2, Type::B32),
                         t.read(3, Type::S32)}));
}

void emulator::addBitHandlers(HandlerMap &handlers) {
  handlers["popc"] = handlers["clz"] = translateCount;
  handlers["bfind"] = translateFindBit;
  handlers["fns"] = translateFindNthSet;
  handlers["brev"] = translateReverse;
  handlers["bfe"] = translateExtract;
  handlers["bfi"] = translateInsert;
  handlers["szext"] = translateSignExtend;
  handlers["bmsk"] = translateBitMask;
  for (StringRef opcode : {"and", "or", "xor", "not", "cnot"})
    handlers[opcode] = translateLogic;
  handlers["lop3"] = translateLogic3;
  handlers["shl"] = handlers["shr"] = translateShift;
  handlers["shf"] = translateFunnelShift;
  handlers["prmt"] = translatePermute;
}
