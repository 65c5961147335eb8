//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"
#include "FloatBuilder.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/Intrinsics.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
using llvm::Value;
using ptx::Type;

using Values = llvm::ArrayRef<Value *>;

namespace {
/// A floating-point instruction whose operands after the first are all of type
/// `type`.
class FloatInstruction {
public:
  explicit FloatInstruction(FunctionTranslator &t)
      : t(t), b(t.b), f(t), type(t.getType()), element(getElementType(type)),
        flush(t.has("ftz")) {}

  /// Computes the result from decoded operands, for both halves of packed
  /// ones, and writes it.
  template <typename Function> void compute(Function function);
  /// The same on the undecoded bits of elements.
  template <typename Function> void computeBits(Function function);

  Value *callMath(StringRef name, Value *x);
  /// Calls the helper of that name for f32 or f64 with a rounding mode.
  Value *callRounded(StringRef name, Values operands, Rounding rounding);

  FunctionTranslator &t;
  llvm::IRBuilder<> &b;
  FloatBuilder f;
  Type type, element;
  bool flush;
};
} // namespace

template <typename Function>
void FloatInstruction::computeBits(Function function) {
  llvm::SmallVector<Value *> words;
  for (unsigned i = 1; i != t.getNumOperands(); ++i)
    words.push_back(t.read(i, type));
  if (!isPacked(type))
    return t.write(0, function(Values(words)));
  Value *result = t.getInt32(0);
  for (unsigned shift : {0, 16}) {
    llvm::SmallVector<Value *> halves;
    for (Value *word : words)
      halves.push_back(
          b.CreateTrunc(b.CreateLShr(word, shift), b.getInt16Ty()));
    Value *half = b.CreateZExt(function(Values(halves)), b.getInt32Ty());
    result = b.CreateOr(result, b.CreateShl(half, shift));
  }
  t.write(0, result);
}

template <typename Function> void FloatInstruction::compute(Function function) {
  computeBits([&](Values words) {
    llvm::SmallVector<Value *> operands;
    for (Value *word : words)
      operands.push_back(f.decode(word, element, flush));
    Value *result = function(Values(operands));
    if (flush)
      result = f.flushSubnormal(result);
    if (t.has("sat"))
      result = f.saturate(result);
    if (t.has("relu"))
      result = f.relu(result);
    result = f.encode(result, element);
    // A subnormal f16 is a normal float, so it is flushed once it is encoded.
    if (flush && element == Type::F16)
      result = f.encode(f.decode(result, element, true), element);
    return result;
  });
}

Value *FloatInstruction::callMath(StringRef name, Value *x) {
  return t.callPure(name, b.getFloatTy(), {x});
}

Value *FloatInstruction::callRounded(StringRef name, Values operands,
                                     Rounding rounding) {
  llvm::Type *floatType = operands[0]->getType();
  llvm::SmallVector<Value *> arguments(operands);
  arguments.push_back(t.getEnum(rounding));
  std::string symbol =
      ("bpt_emu_" + name + (floatType->isDoubleTy() ? "_f64" : "_f32")).str();
  return t.callPure(symbol, floatType, arguments);
}

static Value *addOrMultiply(FloatInstruction &i, StringRef opcode,
                            Values operands) {
  Rounding rounding = parseRounding(i.t.get("rnd"));
  Value *x = operands[0], *y = operands[1];
  // x - y is x + (-y), in every rounding mode.
  if (rounding != Rounding::NearestEven) {
    if (opcode == "sub")
      y = i.b.CreateFNeg(y);
    return i.callRounded(opcode == "mul" ? "mul" : "add", {x, y}, rounding);
  }
  return opcode == "add"   ? i.b.CreateFAdd(x, y)
         : opcode == "sub" ? i.b.CreateFSub(x, y)
                           : i.b.CreateFMul(x, y);
}

static Value *multiplyAdd(FloatInstruction &i, Values operands) {
  llvm::IRBuilder<> &b = i.b;
  Rounding rounding = parseRounding(i.t.get("rnd"));
  if (rounding != Rounding::NearestEven)
    return i.callRounded("fma", operands, rounding);
  if (i.element == Type::BF16 || i.element == Type::F16) {
    llvm::SmallVector<Value *> arguments;
    for (Value *operand : operands)
      arguments.push_back(
          b.CreateZExt(i.f.encode(operand, i.element), b.getInt32Ty()));
    arguments.push_back(i.t.getEnum(getElementKind(i.element)));
    Value *bits = i.t.callPure("bpt_emu_fma_narrow", b.getInt32Ty(), arguments);
    return i.f.decode(b.CreateTrunc(bits, b.getInt16Ty()), i.element);
  }
  return b.CreateIntrinsic(llvm::Intrinsic::fma, {operands[0]->getType()},
                           operands);
}

/// min and max: of a number and a NaN the number, unless `.NaN` is there. -0 is
/// less than +0.
static Value *minMax(FloatInstruction &i, bool isMin, Values operands) {
  llvm::IRBuilder<> &b = i.b;
  bool propagatesNaN = i.t.has("NaN");
  llvm::Intrinsic::ID id = isMin
                               ? (propagatesNaN ? llvm::Intrinsic::minimum
                                                : llvm::Intrinsic::minimumnum)
                               : (propagatesNaN ? llvm::Intrinsic::maximum
                                                : llvm::Intrinsic::maximumnum);
  Value *x = operands[0], *y = operands[1];
  if (!i.t.has("xorsign"))
    return i.f.canonicalizeNaN(b.CreateBinaryIntrinsic(id, x, y));
  Value *magnitude = b.CreateBinaryIntrinsic(
      id, b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x),
      b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, y));
  llvm::Type *bits = b.getInt32Ty();
  Value *sign = b.CreateXor(b.CreateBitCast(x, bits), b.CreateBitCast(y, bits));
  Value *result =
      b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, magnitude,
                              b.CreateBitCast(sign, b.getFloatTy()));
  return i.f.canonicalizeNaN(result);
}

/// abs and neg change the sign bit alone.
static void translateSign(FloatInstruction &i, bool isAbs) {
  i.computeBits([&](Values words) {
    Value *bits = words[0];
    if (i.flush)
      bits = i.f.encode(i.f.decode(bits, i.element, true), i.element);
    unsigned width = bits->getType()->getIntegerBitWidth();
    Value *signBit =
        llvm::ConstantInt::get(bits->getType(), 1ull << (width - 1));
    return isAbs ? i.b.CreateAnd(bits, i.b.CreateNot(signBit))
                 : i.b.CreateXor(bits, signBit);
  });
}

void emulator::translateFloatArithmetic(FunctionTranslator &t) {
  FloatInstruction i(t);
  StringRef opcode = t.getInstruction().opcode;
  if (opcode == "abs" || opcode == "neg")
    return translateSign(i, opcode == "abs");
  i.compute([&](Values operands) -> Value * {
    if (opcode == "fma" || opcode == "mad")
      return multiplyAdd(i, operands);
    if (opcode == "min" || opcode == "max")
      return minMax(i, opcode == "min", operands);
    return addOrMultiply(i, opcode, operands);
  });
}

/// `approx` and `full` may differ from the quotient in the last bits; here they
/// do not. But `approx` gives 0 for divisors beyond 2^126.
static void translateDivide(FunctionTranslator &t) {
  FloatInstruction i(t);
  llvm::IRBuilder<> &b = t.b;
  StringRef mode = t.get("mode");
  i.compute([&](Values operands) -> Value * {
    Rounding rounding = parseRounding(mode);
    if (rounding != Rounding::NearestEven)
      return i.callRounded("div", operands, rounding);
    Value *quotient = b.CreateFDiv(operands[0], operands[1]);
    if (mode != "approx")
      return quotient;
    Value *magnitude =
        b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, operands[1]);
    Value *isHuge = b.CreateAnd(
        b.CreateFCmpOGT(magnitude, i.f.constant(magnitude, 0x1p126)),
        b.CreateFCmpONE(magnitude, i.f.constant(magnitude, INFINITY)));
    // Infinity times 0 is NaN.
    Value *product = b.CreateFMul(operands[0], i.f.constant(magnitude, 0.0));
    return b.CreateSelect(isHuge, product, quotient);
  });
}

/// rcp, sqrt, rsqrt of f32 and the exact ones of f64. Approximations are
/// rounded to nearest.
static void translateRoots(FunctionTranslator &t) {
  FloatInstruction i(t);
  llvm::IRBuilder<> &b = t.b;
  StringRef opcode = t.getInstruction().opcode;
  i.compute([&](Values operands) -> Value * {
    Value *x = operands[0];
    Rounding rounding = parseRounding(t.get("mode"));
    if (rounding != Rounding::NearestEven) {
      if (opcode == "rcp")
        return i.callRounded("div", {i.f.constant(x, 1.0), x}, rounding);
      return i.callRounded("sqrt", {x}, rounding);
    }
    if (opcode == "rcp")
      return b.CreateFDiv(i.f.constant(x, 1.0), x);
    if (opcode == "sqrt")
      return b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x);
    bool isDouble = x->getType()->isDoubleTy();
    return t.callPure(isDouble ? "bpt_emu_rsqrt_f64" : "bpt_emu_rsqrt_f32",
                      x->getType(), {x});
  });
}

/// rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64 look at the upper words alone.
static void translateUpperWord(FunctionTranslator &t) {
  FloatInstruction i(t);
  llvm::IRBuilder<> &b = t.b;
  Value *upper = t.getInt64(~0ull << 32);
  Value *bits = b.CreateAnd(t.read(1, Type::F64), upper);
  Value *exponent = b.CreateAnd(bits, t.getInt64(0x7ffull << 52));
  Value *sign = b.CreateAnd(bits, t.getInt64(1ull << 63));
  bits = b.CreateSelect(b.CreateIsNull(exponent), sign, bits);
  Value *x = i.f.decode(bits, Type::F64);
  if (t.getInstruction().opcode == "rsqrt")
    x = b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x);
  Value *result = i.f.canonicalizeNaN(b.CreateFDiv(i.f.constant(x, 1.0), x));
  bits = b.CreateAnd(i.f.encode(result, Type::F64), upper);
  exponent = b.CreateAnd(bits, t.getInt64(0x7ffull << 52));
  sign = b.CreateAnd(bits, t.getInt64(1ull << 63));
  t.write(0, b.CreateSelect(b.CreateIsNull(exponent), sign, bits));
}

static void translateReciprocal(FunctionTranslator &t) {
  if (t.getType() == Type::F64 && t.has("approx") && t.has("ftz"))
    return translateUpperWord(t);
  translateRoots(t);
}

static void translateTranscendental(FunctionTranslator &t) {
  FloatInstruction i(t);
  std::string symbol = "bpt_emu_" + t.getInstruction().opcode.str() + "_f32";
  i.compute([&](Values operands) { return i.callMath(symbol, operands[0]); });
}

static void translateTest(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  StringRef op = t.get("op");
  FloatBuilder f(t);
  Value *x = f.read(1, type);
  double least = type == Type::F32 ? 0x1p-126 : 0x1p-1022;
  Value *magnitude = b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x);
  Value *infinity = f.constant(x, INFINITY);
  Value *isFinite = b.CreateFCmpOLT(magnitude, infinity);
  Value *isLarge = b.CreateFCmpOGE(magnitude, f.constant(x, least));
  Value *isSmall = b.CreateFCmpOLT(magnitude, f.constant(x, least));
  Value *isNonZero = b.CreateFCmpOGT(magnitude, f.constant(x, 0.0));
  Value *result;
  if (op == "finite")
    result = isFinite;
  else if (op == "infinite")
    result = b.CreateFCmpOEQ(magnitude, infinity);
  else if (op == "number")
    result = b.CreateNot(f.isNaN(x));
  else if (op == "notanumber")
    result = f.isNaN(x);
  else if (op == "normal")
    result = b.CreateAnd(isFinite, isLarge);
  else
    result = b.CreateAnd(isSmall, isNonZero);
  t.write(0, result);
}

/// The sign of the first operand, the magnitude of the second.
static void translateCopySign(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  Value *signBit = llvm::ConstantInt::get(t.getIntType(type),
                                          1ull << (getBitWidth(type) - 1));
  Value *sign = b.CreateAnd(t.read(1, type), signBit);
  Value *magnitude = b.CreateAnd(t.read(2, type), b.CreateNot(signBit));
  t.write(0, b.CreateOr(sign, magnitude));
}

void emulator::translateFloatComparison(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  using Predicate = llvm::CmpInst::Predicate;
  Predicate predicate = llvm::StringSwitch<Predicate>(t.get("cmp"))
                            .Case("eq", Predicate::FCMP_OEQ)
                            .Case("ne", Predicate::FCMP_ONE)
                            .Case("lt", Predicate::FCMP_OLT)
                            .Case("le", Predicate::FCMP_OLE)
                            .Case("gt", Predicate::FCMP_OGT)
                            .Case("ge", Predicate::FCMP_OGE)
                            .Case("equ", Predicate::FCMP_UEQ)
                            .Case("neu", Predicate::FCMP_UNE)
                            .Case("ltu", Predicate::FCMP_ULT)
                            .Case("leu", Predicate::FCMP_ULE)
                            .Case("gtu", Predicate::FCMP_UGT)
                            .Case("geu", Predicate::FCMP_UGE)
                            .Case("num", Predicate::FCMP_ORD)
                            .Default(Predicate::FCMP_UNO);
  FloatBuilder f(t);
  Type type = t.getType(), element = getElementType(type);
  bool flush = t.has("ftz");
  Value *x = t.read(1, type), *y = t.read(2, type);
  auto compare = [&](Value *left, Value *right) {
    return b.CreateFCmp(predicate, f.decode(left, element, flush),
                        f.decode(right, element, flush));
  };
  if (!isPacked(type))
    return writeComparison(t, compare(x, y));
  auto half = [&](Value *word, unsigned shift) {
    return b.CreateTrunc(b.CreateLShr(word, shift), b.getInt16Ty());
  };
  writePackedComparison(t, compare(half(x, 0), half(y, 0)),
                        compare(half(x, 16), half(y, 16)));
}

/// Opcodes that integers and floats share are told apart by the type.
static void translateArithmetic(FunctionTranslator &t) {
  if (isFloat(t.getType()))
    translateFloatArithmetic(t);
  else
    translateIntegerArithmetic(t);
}

static void translateDivision(FunctionTranslator &t) {
  if (isFloat(t.getType()))
    translateDivide(t);
  else
    translateIntegerArithmetic(t);
}

static void translateComparison(FunctionTranslator &t) {
  if (isFloat(t.getType()))
    translateFloatComparison(t);
  else
    translateIntegerComparison(t);
}

void emulator::addFloatHandlers(HandlerMap &handlers) {
  for (StringRef opcode :
       {"add", "sub", "mul", "mad", "fma", "abs", "neg", "min", "max"})
    handlers[opcode] = translateArithmetic;
  handlers["div"] = handlers["rem"] = translateDivision;
  handlers["rcp"] = handlers["rsqrt"] = translateReciprocal;
  handlers["sqrt"] = translateRoots;
  for (StringRef opcode : {"sin", "cos", "lg2", "ex2", "tanh"})
    handlers[opcode] = translateTranscendental;
  handlers["testp"] = translateTest;
  handlers["copysign"] = translateCopySign;
  handlers["setp"] = handlers["set"] = translateComparison;
}
