//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::Value;
using ptx::Type;

/// What atom and red of every form tell the runtime about the access.
static Value *encodeAtomicAccess(FunctionTranslator &t) {
  Semantics semantics = parseSemantics(t.get("sem"));
  if (semantics == Semantics::Weak)
    semantics = Semantics::Relaxed;
  return t.getInt32(encodeAccess(AccessKind::Atomic, parseSpace(t.get("space")),
                                 semantics, parseScope(t.get("scope"))));
}

/// exch and cas of 128 bits.
static void translateAtomic128(FunctionTranslator &t, ReductionOp op) {
  llvm::IRBuilder<> &b = t.b;
  bool isCompare = op == ReductionOp::CompareAndSwap;
  Value *address = t.readAddress(1);
  Value *operand =
      t.storeScratch("atom.operand", {t.read(isCompare ? 3 : 2, Type::B128)});
  Value *compare = t.storeScratch("atom.compare", {t.read(2, Type::B128)});
  llvm::AllocaInst *old = t.getScratch("atom.old", b.getInt128Ty(), 1);
  t.call("bpt_emu_atomic128", b.getVoidTy(),
         {address, t.getEnum(op), operand, compare, old, encodeAtomicAccess(t),
          t.getSite()});
  t.write(0, b.CreateLoad(b.getInt128Ty(), old));
}

static void translateAtomicVector(FunctionTranslator &t, ReductionOp op,
                                  bool hasResult) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  Value *address = t.readAddress(hasResult);
  auto values = t.readList(t.getOperand(hasResult ? 2 : 1), type);
  Value *operands = t.storeScratch("atom.operand", values);
  llvm::Type *element = t.getIntType(type);
  Value *old = llvm::ConstantPointerNull::get(b.getPtrTy());
  if (hasResult)
    old = t.getScratch("atom.old", element, values.size());
  t.call("bpt_emu_atomic_vector", b.getVoidTy(),
         {address, t.getEnum(op), t.getEnum(getElementKind(type)),
          t.getInt32(values.size()), operands, old, encodeAtomicAccess(t),
          t.getSite()});
  if (hasResult)
    t.writeList(t.getOperand(0), t.loadScratch(old, element, values.size()));
}

/// red.async: a reduction in another CTA, with a signal to a barrier there.
static void translateAsyncReduction(FunctionTranslator &t, ReductionOp op) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  Value *operand = b.CreateZExt(t.read(1, type), b.getInt64Ty());
  t.call("bpt_emu_red_async", b.getVoidTy(),
         {t.readAddress(0u), t.getEnum(op), t.getEnum(getElementKind(type)),
          operand, t.readAddress(2), t.getSite()});
}

static void translateAtomic(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  ReductionOp op = parseReduction(t.get("op"));
  bool hasResult = t.getInstruction().opcode == "atom";
  if (t.has("async"))
    return translateAsyncReduction(t, op);
  if (!t.get("vec").empty())
    return translateAtomicVector(t, op, hasResult);
  if (type == Type::B128)
    return translateAtomic128(t, op);

  bool isCompare = op == ReductionOp::CompareAndSwap;
  auto operand = [&](unsigned index) {
    return b.CreateZExt(t.read(index, type), b.getInt64Ty());
  };
  Value *address = t.readAddress(hasResult);
  Value *value = operand(hasResult + 1 + isCompare);
  Value *compare = isCompare ? operand(2) : t.getInt64(0);
  Value *old = t.call("bpt_emu_atomic", b.getInt64Ty(),
                      {address, t.getEnum(op), t.getEnum(getElementKind(type)),
                       value, compare, encodeAtomicAccess(t), t.getSite()});
  if (hasResult)
    t.write(0, b.CreateTrunc(old, t.getIntType(type)));
}

void emulator::addAtomicHandlers(HandlerMap &handlers) {
  handlers["atom"] = handlers["red"] = translateAtomic;
}
