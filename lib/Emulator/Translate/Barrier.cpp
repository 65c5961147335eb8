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
using ptx::Operand;
using ptx::Type;

static void translateClusterBarrier(FunctionTranslator &t) {
  Value *aligned = t.getInt32(t.has("aligned"));
  if (t.has("wait")) {
    t.call("bpt_emu_cluster_wait", t.b.getVoidTy(), {aligned, t.getSite()});
    return;
  }
  Semantics semantics =
      t.has("relaxed") ? Semantics::Relaxed : Semantics::Release;
  t.call("bpt_emu_cluster_arrive", t.b.getVoidTy(),
         {t.getEnum(semantics), aligned, t.getSite()});
}

/// `bar.red d, id, [count,] predicate`.
static void translateBarrierReduction(FunctionTranslator &t, Value *aligned) {
  llvm::IRBuilder<> &b = t.b;
  StringRef name = t.get("op");
  BarrierReduction op = name == "popc"  ? BarrierReduction::Popc
                        : name == "and" ? BarrierReduction::And
                                        : BarrierReduction::Or;
  bool hasCount = t.getNumOperands() == 4;
  Value *predicate =
      b.CreateZExt(t.readPredicate(hasCount ? 3 : 2), b.getInt32Ty());
  Value *count = hasCount ? t.read(2, Type::U32) : t.getInt32(0);
  Value *result = t.call("bpt_emu_barrier_red", b.getInt32Ty(),
                         {t.getEnum(op), predicate, t.read(1, Type::U32), count,
                          aligned, t.getSite()});
  t.write(0, op == BarrierReduction::Popc ? result : b.CreateIsNotNull(result));
}

static void translateBarrier(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  if (t.has("warp")) {
    t.call("bpt_emu_bar_warp_sync", b.getVoidTy(),
           {t.read(0u, Type::B32), t.getSite()});
    return;
  }
  if (t.has("cluster"))
    return translateClusterBarrier(t);
  bool isAligned = t.getInstruction().opcode == "bar" || t.has("aligned");
  Value *aligned = t.getInt32(isAligned);
  if (t.has("red"))
    return translateBarrierReduction(t, aligned);
  Value *count = t.getNumOperands() == 2 ? t.read(1, Type::U32) : t.getInt32(0);
  t.call(t.has("arrive") ? "bpt_emu_barrier_arrive" : "bpt_emu_barrier_sync",
         b.getVoidTy(), {t.read(0u, Type::U32), count, aligned, t.getSite()});
}

static void translateMemoryBarrier(FunctionTranslator &t) {
  StringRef level = t.get("scope");
  Scope scope = level == "cta"   ? Scope::Cta
                : level == "sys" ? Scope::Sys
                                 : Scope::Gpu;
  t.call("bpt_emu_fence", t.b.getVoidTy(),
         {t.getEnum(Semantics::SequentiallyConsistent), t.getEnum(scope),
          t.getSite()});
}

static void translateProxyFence(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  StringRef kind = t.get("kind");
  if (kind == "alias") {
    t.call("bpt_emu_fence_proxy_alias", b.getVoidTy(), {t.getSite()});
    return;
  }
  if (kind == "tensormap::generic") {
    if (t.getNumOperands() == 2 && t.getOperand(1).value != 128)
      return t.fail(t.getOperand(1).loc, "the size of a tensor map is 128");
    Value *map = t.getNumOperands() ? t.readAddress(0u) : t.getInt64(0);
    t.call("bpt_emu_fence_proxy_tensormap", b.getVoidTy(),
           {t.getEnum(parseSemantics(t.get("sem"))),
            t.getEnum(parseScope(t.get("scope"))), map, t.getSite()});
    return;
  }
  StringRef space = kind == "async.global" ? "global" : t.get("space");
  uint32_t spaces = space == "global" ? kProxyGlobal
                    : space.empty()   ? kProxyGlobal | kProxyShared
                                      : kProxyShared;
  t.call("bpt_emu_fence_proxy_async", b.getVoidTy(),
         {t.getInt32(spaces), t.getSite()});
}

static void translateFence(FunctionTranslator &t) {
  if (t.has("proxy"))
    return translateProxyFence(t);
  if (t.has("mbarrier_init")) {
    t.call("bpt_emu_fence_mbarrier_init", t.b.getVoidTy(), {t.getSite()});
    return;
  }
  Semantics semantics = t.get("sem").empty() ? Semantics::AcquireRelease
                                             : parseSemantics(t.get("sem"));
  t.call("bpt_emu_fence", t.b.getVoidTy(),
         {t.getEnum(semantics), t.getEnum(parseScope(t.get("scope"))),
          t.getSite()});
}

static uint32_t getMbarrierFlags(FunctionTranslator &t) {
  uint32_t flags = 0;
  if (t.get("op") == "arrive_drop")
    flags |= kMbarrierDrop;
  if (t.has("noComplete"))
    flags |= kMbarrierNoComplete;
  if (t.has("relaxed"))
    flags |= kMbarrierRelaxed;
  if (t.get("scope") == "cluster")
    flags |= kMbarrierCluster;
  if (t.has("parity"))
    flags |= kMbarrierParity;
  if (t.get("op") == "try_wait")
    flags |= kMbarrierTry;
  return flags;
}

static void translateArrival(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  bool hasState = !t.getOperand(0).is(Operand::Kind::Address);
  Value *address = t.readAddress(hasState);
  unsigned next = hasState + 1;
  Value *argument =
      next < t.getNumOperands() ? t.read(next, Type::U32) : t.getInt32(1);
  Value *state =
      t.call(t.has("expect_tx") ? "bpt_emu_mbarrier_arrive_expect_tx"
                                : "bpt_emu_mbarrier_arrive",
             b.getInt64Ty(),
             {address, argument, t.getInt32(getMbarrierFlags(t)), t.getSite()});
  if (hasState)
    t.write(0, state);
}

static void translateMbarrierWait(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Value *state = t.has("parity")
                     ? b.CreateZExt(t.read(2, Type::U32), b.getInt64Ty())
                     : t.read(2, Type::B64);
  Value *result = t.call(
      "bpt_emu_mbarrier_wait", b.getInt32Ty(),
      {t.readAddress(1), state, t.getInt32(getMbarrierFlags(t)), t.getSite()});
  t.write(0, b.CreateIsNotNull(result));
}

static void translateMbarrier(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  StringRef op = t.get("op");
  if (op.starts_with("arrive"))
    return translateArrival(t);
  if (op.ends_with("wait"))
    return translateMbarrierWait(t);
  if (op == "pending_count")
    return t.write(0, t.callPure("bpt_emu_mbarrier_pending_count",
                                 b.getInt32Ty(), {t.read(1, Type::B64)}));
  Value *address = t.readAddress(0u);
  if (op == "inval") {
    t.call("bpt_emu_mbarrier_inval", b.getVoidTy(), {address, t.getSite()});
    return;
  }
  t.call(("bpt_emu_mbarrier_" + op).str(), b.getVoidTy(),
         {address, t.read(1, Type::U32), t.getSite()});
}

void emulator::addBarrierHandlers(HandlerMap &handlers) {
  handlers["bar"] = handlers["barrier"] = translateBarrier;
  handlers["membar"] = translateMemoryBarrier;
  handlers["fence"] = translateFence;
  handlers["mbarrier"] = translateMbarrier;
}
