//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionTranslator.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::StringRef;
using llvm::Value;
using ptx::Operand;
using ptx::Type;

namespace {
struct Shape {
  unsigned m = 0, n = 0, k = 0;
};
} // namespace

/// `m16n8k16`.
static Shape parseShape(StringRef text) {
  Shape shape;
  text.consume_front("m");
  text.consumeInteger(10, shape.m);
  text.consume_front("n");
  text.consumeInteger(10, shape.n);
  text.consume_front("k");
  text.consumeInteger(10, shape.k);
  return shape;
}

/// A constant of 32-bit words, which MmaForm and WgmmaForm consist of.
static Value *createForm(FunctionTranslator &t,
                         llvm::ArrayRef<uint32_t> words) {
  llvm::Constant *data = llvm::ConstantDataArray::get(t.b.getContext(), words);
  auto *form = new llvm::GlobalVariable(
      *t.module.llvmModule, data->getType(), /*isConstant=*/true,
      llvm::GlobalValue::PrivateLinkage, data);
  form->setAlignment(llvm::Align(4));
  return form;
}

static uint32_t getKind(FunctionTranslator &t, StringRef slot) {
  return static_cast<uint32_t>(getElementKind(t.getType(slot)));
}

static size_t getNumRegisters(const Operand &operand) {
  return operand.is(Operand::Kind::List) ? operand.elements.size() : 1;
}

/// Complains unless the operand has as many registers as its fragment needs.
static bool checkFragment(FunctionTranslator &t, unsigned index,
                          unsigned needed) {
  const Operand &operand = t.getOperand(index);
  if (getNumRegisters(operand) == needed)
    return true;
  t.fail(operand.loc, "this fragment has " + llvm::Twine(needed) +
                          " registers, not " +
                          llvm::Twine(getNumRegisters(operand)));
  return false;
}

static void translateLoadMatrix(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  unsigned count = t.get("num")[1] - '0';
  if (!checkFragment(t, 0, count))
    return;
  llvm::AllocaInst *words = t.getScratch("ldmatrix", b.getInt32Ty(), count);
  t.call("bpt_emu_ldmatrix", b.getVoidTy(),
         {t.getInt32(count), t.getInt32(t.has("trans")), t.readAddress(1),
          words, t.getSite()});
  t.writeList(t.getOperand(0), t.loadScratch(words, b.getInt32Ty(), count));
}

static void translateStoreMatrix(FunctionTranslator &t) {
  unsigned count = t.get("num")[1] - '0';
  if (!checkFragment(t, 1, count))
    return;
  Value *words =
      t.storeScratch("stmatrix", t.readList(t.getOperand(1), Type::B32));
  t.call("bpt_emu_stmatrix", t.b.getVoidTy(),
         {t.getInt32(count), t.getInt32(t.has("trans")), t.readAddress(0u),
          words, t.getSite()});
}

static void translateMoveMatrix(FunctionTranslator &t) {
  t.write(0, t.call("bpt_emu_movmatrix", t.b.getInt32Ty(),
                    {t.read(1, Type::B32), t.getSite()}));
}

/// How many registers of a lane hold its share of an R x C matrix.
static unsigned countFragmentRegisters(unsigned numElements, Type type) {
  if (type == Type::F64)
    return numElements / 32;
  return numElements * getBitWidth(type) / (32 * 32);
}

static void translateMma(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Shape shape = parseShape(t.get("shape"));
  Type aType = t.getType("atype"), bType = t.getType("btype");
  Type cType = t.getType("ctype"), dType = t.getType("dtype");
  unsigned dCount = countFragmentRegisters(shape.m * shape.n, dType);
  if (!checkFragment(t, 0, dCount) ||
      !checkFragment(t, 1, countFragmentRegisters(shape.m * shape.k, aType)) ||
      !checkFragment(t, 2, countFragmentRegisters(shape.n * shape.k, bType)) ||
      !checkFragment(t, 3, countFragmentRegisters(shape.m * shape.n, cType)))
    return;
  Value *form = createForm(
      t,
      {shape.m, shape.n, shape.k, getKind(t, "atype"), getKind(t, "btype"),
       getKind(t, "ctype"), getKind(t, "dtype"),
       static_cast<uint32_t>(MatrixLayout::Row),
       static_cast<uint32_t>(MatrixLayout::Column), t.has("satfinite"),
       static_cast<uint32_t>(t.get("op") == "and" ? BitOp::And : BitOp::Xor)});
  Type word = dType == Type::F64 ? Type::F64 : Type::B32;
  auto store = [&](StringRef name, unsigned index) {
    return t.storeScratch(name, t.readList(t.getOperand(index), word));
  };
  llvm::AllocaInst *result = t.getScratch("mma.d", t.getIntType(word), dCount);
  t.call("bpt_emu_mma", b.getVoidTy(),
         {form, store("mma.a", 1), store("mma.b", 2), store("mma.c", 3), result,
          t.getSite()});
  t.writeList(t.getOperand(0),
              t.loadScratch(result, t.getIntType(word), dCount));
}

/// An immediate of mma_async that may be one of two numbers.
static bool readChoice(FunctionTranslator &t, unsigned index, int64_t first,
                       int64_t second, uint32_t &value) {
  const Operand &operand = t.getOperand(index);
  value = static_cast<uint32_t>(operand.value);
  if (operand.value == first || operand.value == second)
    return true;
  t.fail(operand.loc, "this operand is " + llvm::Twine(first) + " or " +
                          llvm::Twine(second));
  return false;
}

static void translateProduct(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Shape shape = parseShape(t.get("shape"));
  bool aInRegisters = t.getOperand(1).is(Operand::Kind::List);
  unsigned count = t.getType("dtype") == Type::F16 ? shape.n / 4 : shape.n / 2;
  if (!checkFragment(t, 0, count) || (aInRegisters && !checkFragment(t, 1, 4)))
    return;

  uint32_t scaleA = 1, scaleB = 1, transposeA = 0, transposeB = 0;
  unsigned next = 4;
  if (next < t.getNumOperands() && (!readChoice(t, next++, -1, 1, scaleA) ||
                                    !readChoice(t, next++, -1, 1, scaleB)))
    return;
  if (next < t.getNumOperands() && !aInRegisters &&
      !readChoice(t, next++, 0, 1, transposeA))
    return;
  if (next < t.getNumOperands() && !readChoice(t, next++, 0, 1, transposeB))
    return;
  Value *form =
      createForm(t, {shape.n, shape.k, getKind(t, "atype"), getKind(t, "btype"),
                     getKind(t, "dtype"), scaleA, scaleB, transposeA,
                     transposeB, t.has("satfinite")});

  Value *a = llvm::ConstantPointerNull::get(b.getPtrTy());
  Value *descriptor = t.getInt64(0);
  if (aInRegisters)
    a = t.storeScratch("wgmma.a", t.readList(t.getOperand(1), Type::B32));
  else
    descriptor = t.read(1, Type::B64);
  Value *scaleD = b.CreateZExt(t.readPredicate(3), b.getInt32Ty());
  Value *accumulators =
      t.storeScratch("wgmma.d", t.readList(t.getOperand(0), Type::B32));
  t.call("bpt_emu_wgmma_mma_async", b.getVoidTy(),
         {form, a, descriptor, t.read(2, Type::B64), scaleD, accumulators,
          t.getSite()});
  t.writeList(t.getOperand(0),
              t.loadScratch(accumulators, b.getInt32Ty(), count));
}

static void translateWgmma(FunctionTranslator &t) {
  llvm::Type *none = t.b.getVoidTy();
  StringRef op = t.get("op");
  if (op == "mma_async")
    return translateProduct(t);
  if (op == "wait_group") {
    int64_t pending = t.getOperand(0).value;
    if (pending < 0 || pending > 7)
      return t.fail(t.getOperand(0).loc, "wgmma.wait_group takes 0 to 7");
    t.call("bpt_emu_wgmma_wait_group", none,
           {t.getInt32(pending), t.getSite()});
    return;
  }
  t.call(("bpt_emu_wgmma_" + op).str(), none, {t.getSite()});
}

void emulator::addMatrixHandlers(HandlerMap &handlers) {
  handlers["ldmatrix"] = translateLoadMatrix;
  handlers["stmatrix"] = translateStoreMatrix;
  handlers["movmatrix"] = translateMoveMatrix;
  handlers["mma"] = translateMma;
  handlers["wgmma"] = translateWgmma;
}
