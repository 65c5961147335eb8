//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatBuilder.h"
#include "llvm/IR/Intrinsics.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
using llvm::Value;
using ptx::Operand;
using ptx::Type;

/// The least and the largest value of an integer type.
static llvm::APInt getLimit(Type type, bool isLeast, unsigned width) {
  unsigned bits = getBitWidth(type);
  if (!ptx::isSigned(type))
    return isLeast ? llvm::APInt::getZero(width)
                   : llvm::APInt::getMaxValue(bits).zext(width);
  return (isLeast ? llvm::APInt::getSignedMinValue(bits)
                  : llvm::APInt::getSignedMaxValue(bits))
      .sext(width);
}

static void convertIntegers(FunctionTranslator &t, Type from, Type to) {
  llvm::IRBuilder<> &b = t.b;
  // One bit more than any of them, so that every value is itself when signed.
  constexpr unsigned kWidth = 65;
  llvm::Type *wide = b.getIntNTy(kWidth);
  Value *value = t.read(1, from);
  if (!t.has("sat")) {
    value = ptx::isSigned(from) ? b.CreateSExtOrTrunc(value, t.getIntType(to))
                                : b.CreateZExtOrTrunc(value, t.getIntType(to));
    return t.write(0, value, ptx::isSigned(to));
  }
  value = ptx::isSigned(from) ? b.CreateSExt(value, wide)
                              : b.CreateZExt(value, wide);
  auto limit = [&](bool isLeast) {
    return llvm::ConstantInt::get(wide, getLimit(to, isLeast, kWidth));
  };
  value = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, value, limit(true));
  value = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, value, limit(false));
  t.write(0, b.CreateTrunc(value, t.getIntType(to)), ptx::isSigned(to));
}

static void convertToFloat(FunctionTranslator &t, Type from, Type to) {
  llvm::IRBuilder<> &b = t.b;
  FloatBuilder f(t);
  Value *value = t.read(1, from);
  Rounding rounding = parseRounding(t.get("rnd"));
  bool isSigned = ptx::isSigned(from);
  Value *bits;
  if (rounding == Rounding::NearestEven && getBitWidth(to) >= 32) {
    llvm::Type *type = to == Type::F32 ? b.getFloatTy() : b.getDoubleTy();
    Value *result =
        isSigned ? b.CreateSIToFP(value, type) : b.CreateUIToFP(value, type);
    bits = f.encode(result, to);
  } else {
    value = isSigned ? b.CreateSExt(value, b.getInt64Ty())
                     : b.CreateZExt(value, b.getInt64Ty());
    bits = t.callPure("bpt_emu_cvt_int_to_float", b.getInt64Ty(),
                      {value, t.getInt32(isSigned),
                       t.getEnum(getElementKind(to)), t.getEnum(rounding)});
    bits = b.CreateTrunc(bits, t.getIntType(to));
  }
  if (t.has("sat"))
    bits = f.encode(f.saturate(f.decode(bits, to)), to);
  t.write(0, bits);
}

/// Rounds to an integer of the same format, by `rni`, `rzi`, `rmi`, `rpi`.
static Value *roundToInteger(FunctionTranslator &t, Value *value) {
  StringRef mode = t.get("rnd");
  llvm::Intrinsic::ID id = mode == "rni"   ? llvm::Intrinsic::roundeven
                           : mode == "rzi" ? llvm::Intrinsic::trunc
                           : mode == "rmi" ? llvm::Intrinsic::floor
                                           : llvm::Intrinsic::ceil;
  return t.b.CreateUnaryIntrinsic(id, value);
}

/// Values out of range become the nearest integer. NaN becomes 0, but in 64
/// bits the integer with the highest bit alone.
static void convertToInteger(FunctionTranslator &t, Type from, Type to) {
  llvm::IRBuilder<> &b = t.b;
  FloatBuilder f(t);
  Value *value = f.read(1, from, t.has("ftz"));
  Value *rounded = roundToInteger(t, value);
  llvm::Type *type = t.getIntType(to);
  llvm::Intrinsic::ID id = ptx::isSigned(to) ? llvm::Intrinsic::fptosi_sat
                                             : llvm::Intrinsic::fptoui_sat;
  Value *result = b.CreateIntrinsic(id, {type, rounded->getType()}, {rounded});
  bool is64 = from == Type::F64 || getBitWidth(to) == 64;
  if (is64)
    result = b.CreateSelect(
        f.isNaN(value),
        llvm::ConstantInt::get(type,
                               llvm::APInt::getSignedMinValue(getBitWidth(to))),
        result);
  t.write(0, result, ptx::isSigned(to));
}

static uint32_t getFlags(FunctionTranslator &t) {
  return (t.has("relu") ? kConvertRelu : 0) |
         (t.has("satfinite") ? kConvertSaturateFinite : 0);
}

/// The bits of a float in another format, rounded as the instruction says.
static Value *encodeRounded(FunctionTranslator &t, Value *value, Type to) {
  FloatBuilder f(t);
  Rounding rounding = parseRounding(t.get("rnd"));
  uint32_t flags = getFlags(t);
  if (rounding == Rounding::NearestEven && flags == 0 &&
      (to == Type::F16 || to == Type::F32 || to == Type::F64 ||
       (to == Type::BF16 && value->getType()->isFloatTy())))
    return f.encode(value, to);
  return f.encode(value, to, rounding, flags);
}

static void convertFloats(FunctionTranslator &t, Type from, Type to) {
  FloatBuilder f(t);
  Value *value = f.read(1, from, t.has("ftz"));
  if (t.get("rnd").ends_with("i"))
    value = roundToInteger(t, value);
  if (t.has("sat"))
    value = f.saturate(value);
  if (to == Type::F32 && from != Type::F32 && !t.get("rnd").empty() &&
      t.get("rnd") != "rn" && !t.get("rnd").ends_with("i")) {
    Value *bits = encodeRounded(t, value, to);
    if (t.has("ftz"))
      bits = f.encode(f.decode(bits, to, true), to);
    return t.write(0, bits);
  }
  if (to == Type::F32) {
    value = t.b.CreateFPTrunc(value, t.b.getFloatTy());
    if (t.has("ftz"))
      value = f.flushSubnormal(value);
    return t.write(0, f.encode(f.canonicalizeNaN(value), to));
  }
  t.write(0, encodeRounded(t, value, to));
}

/// Two floats to two of a smaller format; the first to the upper half.
static void packFloats(FunctionTranslator &t, Type from, Type to) {
  llvm::IRBuilder<> &b = t.b;
  FloatBuilder f(t);
  Value *upper, *lower;
  if (isPacked(from)) {
    Value *word = t.read(1, from);
    auto half = [&](unsigned shift) {
      Value *bits = b.CreateTrunc(b.CreateLShr(word, shift), b.getInt16Ty());
      return f.decode(bits, getElementType(from));
    };
    lower = half(0);
    upper = half(16);
  } else {
    upper = f.read(1, from);
    lower = f.read(2, from);
  }
  // Of e4m3x2 and e5m2x2 the elements have 8 bits.
  Type element = getElementType(to);
  if (element == Type::E4M3x2)
    element = Type::E4M3;
  if (element == Type::E5M2x2)
    element = Type::E5M2;
  llvm::Type *whole = t.getIntType(to);
  upper = b.CreateZExt(encodeRounded(t, upper, element), whole);
  lower = b.CreateZExt(encodeRounded(t, lower, element), whole);
  t.write(0, b.CreateOr(b.CreateShl(upper, getBitWidth(element)), lower));
}

static void unpackFloat8(FunctionTranslator &t, Type from) {
  llvm::IRBuilder<> &b = t.b;
  FloatBuilder f(t);
  Value *bytes = t.read(1, Type::B16);
  Value *result = t.getInt32(0);
  for (unsigned i : {0, 1}) {
    Value *byte =
        b.CreateAnd(b.CreateZExt(b.CreateLShr(bytes, 8 * i), b.getInt32Ty()),
                    t.getInt32(0xff));
    Value *value = t.callPure("bpt_emu_cvt_from_narrow", b.getFloatTy(),
                              {byte, t.getEnum(getElementKind(from))});
    if (t.has("relu"))
      value = f.relu(value);
    Value *half = b.CreateZExt(f.encode(value, Type::F16), b.getInt32Ty());
    result = b.CreateOr(result, b.CreateShl(half, 16 * i));
  }
  t.write(0, result);
}

/// Two integers, saturated; those of 8 bits below a third operand's low half.
static void packIntegers(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Type to = t.getType("dtype");
  unsigned bits = getBitWidth(to);
  auto saturate = [&](unsigned index) {
    Value *value = t.read(index, Type::S32);
    llvm::Type *word = value->getType();
    auto limit = [&](bool isLeast) {
      return llvm::ConstantInt::get(word, getLimit(to, isLeast, 32));
    };
    value = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, value, limit(true));
    value = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, value, limit(false));
    return b.CreateAnd(value, t.getInt32((1ull << bits) - 1));
  };
  Value *result = b.CreateOr(b.CreateShl(saturate(1), bits), saturate(2));
  if (t.getNumOperands() == 4)
    result = b.CreateOr(result, b.CreateShl(t.read(3, Type::B32), 2 * bits));
  t.write(0, result);
}

static void translateConvert(FunctionTranslator &t) {
  if (t.has("pack"))
    return packIntegers(t);
  Type to = t.getType("dtype"), from = t.getType("atype");
  if (from == Type::E4M3x2 || from == Type::E5M2x2)
    return unpackFloat8(t, from);
  if (isPacked(to) || to == Type::E4M3x2 || to == Type::E5M2x2)
    return packFloats(t, from, to);
  if (!isFloat(to))
    return isFloat(from) ? convertToInteger(t, from, to)
                         : convertIntegers(t, from, to);
  return isFloat(from) ? convertFloats(t, from, to)
                       : convertToFloat(t, from, to);
}

/// Packs and unpacks `{a, b}`; the first element has the lowest bits.
static void translateMove(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  const Operand &to = t.getOperand(0), &from = t.getOperand(1);
  if (type == Type::Pred)
    return t.write(to, t.readPredicate(from));
  unsigned bits = getBitWidth(type);
  auto getElementWidth = [&](const Operand &list) -> unsigned {
    size_t count = list.elements.size();
    if ((count != 2 && count != 4) || bits / count < 8) {
      t.fail(list.loc, "a list of 2 or 4 registers is needed, which together "
                       "have " +
                           llvm::Twine(bits) + " bits");
      return 0;
    }
    return bits / count;
  };
  auto getBitsType = [](unsigned width) {
    return width == 8    ? Type::B8
           : width == 16 ? Type::B16
           : width == 32 ? Type::B32
                         : Type::B64;
  };

  Value *value;
  if (from.is(Operand::Kind::List)) {
    unsigned width = getElementWidth(from);
    if (width == 0)
      return;
    value = llvm::ConstantInt::get(t.getIntType(type), 0);
    for (auto [i, element] : llvm::enumerate(from.elements)) {
      Value *part =
          b.CreateZExt(t.read(element, getBitsType(width)), t.getIntType(type));
      value = b.CreateOr(value, b.CreateShl(part, width * i));
    }
  } else {
    value = t.read(from, type);
  }
  if (!to.is(Operand::Kind::List))
    return t.write(to, value);
  unsigned width = getElementWidth(to);
  for (auto [i, element] : llvm::enumerate(to.elements))
    if (width)
      t.write(element, b.CreateTrunc(b.CreateLShr(value, width * i),
                                     b.getIntNTy(width)));
}

/// All spaces share one numbering of addresses.
static void translateConvertAddress(FunctionTranslator &t) {
  t.write(0, t.read(1, t.getType()));
}

void emulator::addConvertHandlers(HandlerMap &handlers) {
  handlers["cvt"] = translateConvert;
  handlers["mov"] = translateMove;
  handlers["cvta"] = translateConvertAddress;
}
