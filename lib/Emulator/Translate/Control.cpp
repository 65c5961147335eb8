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
using llvm::Value;
using ptx::Operand;
using ptx::Type;

static void translateBranch(FunctionTranslator &t) {
  t.b.CreateBr(t.getLabelBlock(t.getOperand(0).index));
}

static void translateIndexedBranch(FunctionTranslator &t) {
  llvm::IRBuilder<> &b = t.b;
  const ptx::LabelTable &table = t.function.tables[t.getOperand(1).index];
  Value *index = t.read(0u, Type::U32);
  llvm::BasicBlock *outside = t.createBlock();
  llvm::SwitchInst *branch =
      b.CreateSwitch(index, outside, table.labels.size());
  for (auto [i, label] : llvm::enumerate(table.labels))
    branch->addCase(b.getInt32(i), t.getLabelBlock(label));
  b.SetInsertPoint(outside);
  Value *message =
      b.CreateGlobalString("the index of brx.idx is beyond its branch targets",
                           "", 0, t.module.llvmModule.get());
  t.call("bpt_emu_error", b.getVoidTy(), {message, t.getSite()});
  b.CreateUnreachable();
}

static void translateReturn(FunctionTranslator &t) {
  t.b.CreateBr(t.getReturnBlock());
}

static void translateExit(FunctionTranslator &t) {
  t.call("bpt_emu_exit", t.b.getVoidTy(), {t.getSite()});
  t.b.CreateUnreachable();
}

static void translateTrap(FunctionTranslator &t) {
  t.call("bpt_emu_trap", t.b.getVoidTy(), {t.getSite()});
  t.b.CreateUnreachable();
}

namespace {
/// `call (results), target, (arguments), prototype`. Results and arguments are
/// passed by pointers to their memory.
class CallTranslator {
public:
  explicit CallTranslator(FunctionTranslator &t) : t(t), b(t.b) {}

  void run();

private:
  bool parse();
  bool addArguments(const Operand *list,
                    llvm::ArrayRef<const ptx::Variable *> formals);
  void storeResults();
  void callIndirectly();
  void callAssertFail();

  FunctionTranslator &t;
  llvm::IRBuilder<> &b;
  const Operand *results = nullptr, *target = nullptr, *arguments = nullptr,
                *table = nullptr;
  llvm::SmallVector<const ptx::Variable *> formalResults, formalParameters;
  llvm::SmallVector<Value *> pointers;
};
} // namespace

template <typename Container>
static llvm::SmallVector<const ptx::Variable *>
getPointers(const Container &variables) {
  llvm::SmallVector<const ptx::Variable *> result;
  for (const ptx::Variable &variable : variables)
    result.push_back(&variable);
  return result;
}

bool CallTranslator::parse() {
  llvm::ArrayRef<Operand> rest = t.getInstruction().operands;
  auto take = [&](Operand::Kind kind) -> const Operand * {
    if (rest.empty() || !rest.front().is(kind))
      return nullptr;
    const Operand *operand = &rest.front();
    rest = rest.drop_front();
    return operand;
  };
  results = take(Operand::Kind::List);
  target = take(Operand::Kind::Function);
  if (!target)
    target = take(Operand::Kind::Register);
  arguments = take(Operand::Kind::List);
  table = take(Operand::Kind::Table);
  if (!target || !rest.empty()) {
    t.fail("a call is written 'call (results), function, (arguments)'");
    return false;
  }
  if (target->function) {
    formalResults = getPointers(target->function->results);
    formalParameters = getPointers(target->function->parameters);
    return true;
  }
  if (!table || t.function.tables[table->index].kind !=
                    ptx::LabelTable::Kind::CallPrototype) {
    t.fail("an indirect call needs the label of a .callprototype");
    return false;
  }
  const ptx::LabelTable &prototype = t.function.tables[table->index];
  formalResults = getPointers(prototype.results);
  formalParameters = getPointers(prototype.parameters);
  return true;
}

bool CallTranslator::addArguments(
    const Operand *list, llvm::ArrayRef<const ptx::Variable *> formals) {
  size_t given = list ? list->elements.size() : 0;
  if (given != formals.size()) {
    t.fail(list ? list->loc : t.getInstruction().loc,
           "the call has " + llvm::Twine(given) +
               (list && list == results ? " results" : " arguments") +
               ", the function has " + llvm::Twine(formals.size()));
    return false;
  }
  for (auto [i, formal] : llvm::enumerate(formals)) {
    const Operand &actual = list->elements[i];
    if (actual.variable && actual.variable->space == ptx::Space::Param) {
      if (actual.variable->getByteSize() < formal->getByteSize()) {
        t.fail(actual.loc, "'" + actual.variable->name + "' has " +
                               llvm::Twine(actual.variable->getByteSize()) +
                               " bytes; the function's has " +
                               llvm::Twine(formal->getByteSize()));
        return false;
      }
      pointers.push_back(b.CreateIntToPtr(
          t.getVariableAddress(*actual.variable), b.getPtrTy()));
      continue;
    }
    // A register or a number stands for a parameter of its type.
    llvm::Type *type = t.getIntType(formal->type);
    llvm::AllocaInst *memory =
        t.getScratch("call." + std::to_string(pointers.size()), type, 1);
    if (list != results)
      b.CreateStore(t.read(actual, formal->type), memory);
    pointers.push_back(memory);
  }
  return true;
}

void CallTranslator::storeResults() {
  for (auto [i, formal] : llvm::enumerate(formalResults)) {
    const Operand &actual = results->elements[i];
    if (actual.variable)
      continue;
    t.write(actual, b.CreateLoad(t.getIntType(formal->type), pointers[i]));
  }
}

/// Compares the address with those of the functions that it may be: what is
/// none of them must not be jumped to.
void CallTranslator::callIndirectly() {
  Value *address = t.read(*target, Type::B64);
  llvm::BasicBlock *behind = t.createBlock();
  for (const ptx::Function *candidate : t.module.getAddressTaken()) {
    if (candidate->results.size() != formalResults.size() ||
        candidate->parameters.size() != formalParameters.size())
      continue;
    llvm::Function *function = t.module.getFunction(*candidate);
    llvm::BasicBlock *match = t.createBlock(), *next = t.createBlock();
    Value *isMatch =
        b.CreateICmpEQ(address, b.CreatePtrToInt(function, b.getInt64Ty()));
    b.CreateCondBr(isMatch, match, next);
    b.SetInsertPoint(match);
    b.CreateCall(function, pointers);
    b.CreateBr(behind);
    b.SetInsertPoint(next);
  }
  Value *message = b.CreateGlobalString(
      "the address that is called is not that of a function with the "
      "prototype's parameters",
      "", 0, t.module.llvmModule.get());
  t.call("bpt_emu_error", b.getVoidTy(), {message, t.getSite()});
  b.CreateUnreachable();
  b.SetInsertPoint(behind);
}

/// What `assert` in CUDA and `cf.assert` in MLIR call, with a message in the
/// device's memory: the error is reported with it.
void CallTranslator::callAssertFail() {
  Value *message = b.CreateLoad(b.getPtrTy(), pointers[0]);
  uint32_t access = encodeAccess(AccessKind::Load, StateSpace::Generic);
  t.call("bpt_emu_access", b.getVoidTy(),
         {b.CreatePtrToInt(message, b.getInt64Ty()), t.getInt32(1),
          t.getInt32(access), t.getSite()});
  t.call("bpt_emu_error", b.getVoidTy(), {message, t.getSite()});
}

void CallTranslator::run() {
  if (!parse() || !addArguments(results, formalResults) ||
      !addArguments(arguments, formalParameters))
    return;
  if (!target->function) {
    callIndirectly();
  } else if (llvm::Function *function =
                 t.module.getFunction(*target->function)) {
    b.CreateCall(function, pointers);
  } else if (target->function->name == "__assertfail" && !pointers.empty()) {
    callAssertFail();
  } else {
    return t.fail(target->loc,
                  "function '" + target->function->name + "' has no body");
  }
  storeResults();
}

static void translateCall(FunctionTranslator &t) { CallTranslator(t).run(); }

static void translateNanosleep(FunctionTranslator &t) {
  t.call("bpt_emu_nanosleep", t.b.getVoidTy(),
         {t.read(0u, Type::U32), t.getSite()});
}

/// Triggers counters of a profiler that is not here.
static void translateEvent(FunctionTranslator &) {}

static void translateSetRegisters(FunctionTranslator &t) {
  int64_t count = t.getOperand(0).value;
  if (count < 24 || count > 256 || count % 8)
    return t.fail(t.getOperand(0).loc, "the number of registers is a multiple "
                                       "of 8 from 24 to 256");
  t.call(
      "bpt_emu_setmaxnreg", t.b.getVoidTy(),
      {t.getInt32(t.get("action") == "inc"), t.getInt32(count), t.getSite()});
}

static void translateGridDependency(FunctionTranslator &t) {
  t.call(
      "bpt_emu_griddepcontrol", t.b.getVoidTy(),
      {t.getEnum(t.get("action") == "wait" ? GridDependency::Wait
                                           : GridDependency::LaunchDependents),
       t.getSite()});
}

void emulator::addControlHandlers(HandlerMap &handlers) {
  handlers["bra"] = translateBranch;
  handlers["brx"] = translateIndexedBranch;
  handlers["call"] = translateCall;
  handlers["ret"] = translateReturn;
  handlers["exit"] = translateExit;
  handlers["trap"] = handlers["brkpt"] = translateTrap;
  handlers["nanosleep"] = translateNanosleep;
  handlers["pmevent"] = translateEvent;
  handlers["setmaxnreg"] = translateSetRegisters;
  handlers["griddepcontrol"] = translateGridDependency;
}
