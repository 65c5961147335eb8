//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::Value;
using ptx::Operand;
using ptx::Type;

/// Writes a result whose predicate is in bit 32.
static void writePair(FunctionTranslator &t, Value *packed) {
  llvm::IRBuilder<> &b = t.b;
  const Operand &destination = t.getOperand(0);
  Value *value = b.CreateTrunc(packed, b.getInt32Ty());
  if (!destination.is(Operand::Kind::Pair))
    return t.write(destination, value);
  t.write(destination.elements[0], value);
  t.write(destination.elements[1],
          b.CreateTrunc(b.CreateLShr(packed, 32), b.getInt1Ty()));
}

static void translateShuffle(FunctionTranslator &t) {
  ShuffleMode mode = llvm::StringSwitch<ShuffleMode>(t.get("mode"))
                         .Case("up", ShuffleMode::Up)
                         .Case("down", ShuffleMode::Down)
                         .Case("bfly", ShuffleMode::Butterfly)
                         .Default(ShuffleMode::Index);
  writePair(t,
            t.call("bpt_emu_shfl", t.b.getInt64Ty(),
                   {t.getEnum(mode), t.read(1, Type::B32), t.read(2, Type::B32),
                    t.read(3, Type::B32), t.read(4, Type::B32), t.getSite()}));
}

static void translateVote(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  VoteMode mode = llvm::StringSwitch<VoteMode>(t.get("mode"))
                      .Case("all", VoteMode::All)
                      .Case("any", VoteMode::Any)
                      .Case("uni", VoteMode::Uniform)
                      .Default(VoteMode::Ballot);
  Value *predicate = b.CreateZExt(t.readPredicate(1), b.getInt32Ty());
  Value *result =
      t.call("bpt_emu_vote", b.getInt32Ty(),
             {t.getEnum(mode), predicate, t.read(2, Type::B32), t.getSite()});
  t.write(0, mode == VoteMode::Ballot ? result : b.CreateIsNotNull(result));
}

static void translateMatch(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Value *value = b.CreateZExt(t.read(1, t.getType()), b.getInt64Ty());
  Value *mask = t.read(2, Type::B32);
  if (t.get("mode") == "any")
    return t.write(0, t.call("bpt_emu_match_any", b.getInt32Ty(),
                             {value, mask, t.getSite()}));
  writePair(t, t.call("bpt_emu_match_all", b.getInt64Ty(),
                      {value, mask, t.getSite()}));
}

static void translateReduction(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  Type type = t.getType();
  Value *op = t.getEnum(parseReduction(t.get("op")));
  Value *value = t.read(1, type), *mask = t.read(2, Type::B32);
  if (type == Type::F32) {
    value = b.CreateBitCast(value, b.getFloatTy());
    return t.write(
        0, t.call("bpt_emu_redux_f32", b.getFloatTy(),
                  {op, t.getInt32(t.has("abs")), t.getInt32(t.has("NaN")),
                   value, mask, t.getSite()}));
  }
  t.write(0, t.call("bpt_emu_redux", b.getInt32Ty(),
                    {op, t.getEnum(getElementKind(type)), value, mask,
                     t.getSite()}));
}

static void translateElect(FunctionTranslator &t) {
  writePair(t, t.call("bpt_emu_elect", t.b.getInt64Ty(),
                      {t.read(1, Type::B32), t.getSite()}));
}

static void translateActiveMask(FunctionTranslator &t) {
  t.write(0, t.call("bpt_emu_activemask", t.b.getInt32Ty(), {t.getSite()}));
}

void emulator::addWarpHandlers(HandlerMap &handlers) {
  handlers["shfl"] = translateShuffle;
  handlers["vote"] = translateVote;
  handlers["match"] = translateMatch;
  handlers["redux"] = translateReduction;
  handlers["elect"] = translateElect;
  handlers["activemask"] = translateActiveMask;
}
