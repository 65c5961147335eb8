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
using llvm::StringRef;
using llvm::Value;
using ptx::Type;

namespace {
/// What ld and st have in common.
struct Access {
  Access(FunctionTranslator &t, AccessKind kind, unsigned addressIndex)
      : t(t), type(t.getType()), bytes(getByteWidth(type)),
        space(parseSpace(t.get("space"))),
        semantics(t.has("volatile") || t.has("mmio")
                      ? Semantics::Relaxed
                      : parseSemantics(t.get("sem"))),
        address(t.readAddress(addressIndex)) {
    StringRef vector = t.get("vec");
    count = vector.empty() ? 1 : vector[1] - '0';
    if (space == StateSpace::Param)
      return;
    Scope scope = t.has("volatile") ? Scope::Sys : parseScope(t.get("scope"));
    uint32_t access = encodeAccess(kind, space, semantics, scope);
    if (t.has("nc") || t.getInstruction().opcode == "ldu")
      access |= kNonCoherentAccess;
    t.call(
        "bpt_emu_access", t.b.getVoidTy(),
        {address, t.getInt32(bytes * count), t.getInt32(access), t.getSite()});
  }

  Value *getPointer(unsigned index) {
    Value *element = t.b.CreateAdd(address, t.getInt64(index * bytes));
    return t.b.CreateIntToPtr(element, t.b.getPtrTy());
  }

  /// Parameters of calls may be packed; everything else has been checked.
  llvm::Align getAlign() const {
    return llvm::Align(space == StateSpace::Param ? 1 : bytes);
  }

  /// CTAs run in parallel on host threads, so what other threads may see needs
  /// the host's atomic accesses.
  template <typename Instruction>
  void setSemantics(Instruction *instruction, llvm::AtomicOrdering strong) {
    if (semantics == Semantics::Weak)
      return;
    instruction->setVolatile(true);
    if (bytes <= 8)
      instruction->setAtomic(semantics == Semantics::Relaxed
                                 ? llvm::AtomicOrdering::Monotonic
                                 : strong);
  }

  FunctionTranslator &t;
  Type type;
  unsigned bytes;
  unsigned count = 1;
  StateSpace space;
  Semantics semantics;
  Value *address;
};
} // namespace

static void translateLoad(FunctionTranslator &t) {
  Access access(t, AccessKind::Load, 1);
  llvm::SmallVector<Value *> values;
  for (unsigned i = 0; i != access.count; ++i) {
    llvm::LoadInst *load = t.b.CreateAlignedLoad(
        t.getIntType(access.type), access.getPointer(i), access.getAlign());
    access.setSemantics(load, llvm::AtomicOrdering::Acquire);
    values.push_back(load);
  }
  t.writeList(t.getOperand(0), values, ptx::isSigned(access.type));
}

/// st.async: the data go to another CTA, with a signal to a barrier there.
static void translateAsyncStore(FunctionTranslator &t) {
  Type type = t.getType();
  auto values = t.readList(t.getOperand(1), type);
  Value *data = t.storeScratch("st.async", values);
  t.call("bpt_emu_st_async", t.b.getVoidTy(),
         {t.readAddress(0), data,
          t.getInt32(values.size() * getByteWidth(type)), t.readAddress(2),
          t.getSite()});
}

static void translateStore(FunctionTranslator &t) {
  if (t.has("async"))
    return translateAsyncStore(t);
  auto values = t.readList(t.getOperand(1), t.getType());
  Access access(t, AccessKind::Store, 0);
  for (auto [i, value] : llvm::enumerate(values)) {
    llvm::StoreInst *store =
        t.b.CreateAlignedStore(value, access.getPointer(i), access.getAlign());
    access.setSemantics(store, llvm::AtomicOrdering::Release);
  }
}

static void translatePrefetch(FunctionTranslator &t) {
  t.call(
      "bpt_emu_prefetch", t.b.getVoidTy(),
      {t.readAddress(0u), t.getEnum(parseSpace(t.get("space"))), t.getSite()});
}

/// The bytes of discard and applypriority: a line of the cache.
static bool checkLine(FunctionTranslator &t) {
  if (t.getOperand(1).value == 128)
    return true;
  t.fail(t.getOperand(1).loc,
         "the size of '" + t.getInstruction().opcode + "' must be 128");
  return false;
}

static void translateApplyPriority(FunctionTranslator &t) {
  if (checkLine(t))
    translatePrefetch(t);
}

static void translateDiscard(FunctionTranslator &t) {
  if (checkLine(t))
    t.call("bpt_emu_discard", t.b.getVoidTy(),
           {t.readAddress(0u), t.getInt32(128), t.getSite()});
}

/// A policy is only handed to `.L2::cache_hint`, which changes no value.
static void translateCreatePolicy(FunctionTranslator &t) {
  t.write(0, t.getInt64(0));
}

static void translateIsSpace(FunctionTranslator &t) {
  Value *result =
      t.callPure("bpt_emu_isspacep", t.b.getInt32Ty(),
                 {t.read(1, Type::U64), t.getEnum(parseSpace(t.get("space")))});
  t.write(0, t.b.CreateIsNotNull(result));
}

static void translateMapRank(FunctionTranslator &t) {
  Type type = t.getType();
  Value *address = t.b.CreateZExt(t.read(1, type), t.b.getInt64Ty());
  Value *result = t.call("bpt_emu_mapa", t.b.getInt64Ty(),
                         {address, t.read(2, Type::U32), t.getSite()});
  t.write(0, t.b.CreateTrunc(result, t.getIntType(type)));
}

static void translateGetRank(FunctionTranslator &t) {
  Value *address = t.b.CreateZExt(t.read(1, t.getType()), t.b.getInt64Ty());
  t.write(0, t.call("bpt_emu_getctarank", t.b.getInt32Ty(),
                    {address, t.getSite()}));
}

void emulator::addMemoryHandlers(HandlerMap &handlers) {
  handlers["ld"] = handlers["ldu"] = translateLoad;
  handlers["st"] = translateStore;
  handlers["prefetch"] = handlers["prefetchu"] = translatePrefetch;
  handlers["applypriority"] = translateApplyPriority;
  handlers["discard"] = translateDiscard;
  handlers["createpolicy"] = translateCreatePolicy;
  handlers["isspacep"] = translateIsSpace;
  handlers["mapa"] = translateMapRank;
  handlers["getctarank"] = translateGetRank;
}
