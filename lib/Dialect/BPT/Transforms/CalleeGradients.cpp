//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CalleeGradients.h"
#include "Differentiator.h"
#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::bpt;

FailureOr<func::CallOp> CalleeGradients::split(func::CallOp call,
                                               ArrayRef<bool> active) {
  FailureOr<const Pair *> pair = getPair(call, active);
  if (failed(pair))
    return failure();
  OpBuilder builder(call);
  auto forward = func::CallOp::create(builder, call.getLoc(), (*pair)->forward,
                                      call.getOperands());
  forward->setDiscardableAttrs(call->getDiscardableAttrDictionary());
  call.replaceAllUsesWith(forward.getResults().take_front((*pair)->results));
  call.erase();
  pairOf[forward] = *pair;
  return forward;
}

void CalleeGradients::buildVjp(VjpBuilder &vjp) {
  const Pair &pair = *pairOf.lookup(vjp.op);
  SmallVector<Value> operands;
  for (unsigned i : pair.arguments)
    operands.push_back(vjp.primal(vjp.op->getOperand(i)));
  for (unsigned i = 0; i < pair.results; ++i) {
    Value result = vjp.op->getResult(i);
    if (!isDifferentiable(result.getType()))
      continue;
    Value cotangent = vjp.cotangent(i);
    operands.push_back(
        cotangent
            ? convertGradient(vjp.builder, vjp.loc, cotangent, result.getType())
            : createZeroGradient(vjp.builder, vjp.loc, result));
  }
  for (unsigned i : pair.kept)
    operands.push_back(vjp.primal(vjp.op->getResult(i)));
  auto call =
      func::CallOp::create(vjp.builder, vjp.loc, pair.backward, operands);
  for (auto [argument, gradient] :
       llvm::zip_equal(pair.wanted, call.getResults()))
    vjp.add(argument, gradient);
}

FailureOr<const CalleeGradients::Pair *>
CalleeGradients::getPair(func::CallOp call, ArrayRef<bool> activeOperands) {
  auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
  auto [entry, isNew] =
      pairs.try_emplace(Key(callee, SmallVector<bool>(activeOperands)), Pair());
  if (!isNew && !llvm::is_contained(active, callee))
    return &entry->second;
  if (callee.isDeclaration())
    return call.emitOpError()
           << "has no gradient: '@" << callee.getName() << "' has no body";
  if (!callee.getBody().hasOneBlock())
    return call.emitOpError() << "has no gradient: '@" << callee.getName()
                              << "' must be one block of operations";
  if (llvm::is_contained(active, callee))
    return call.emitOpError()
           << "has no gradient: '@" << callee.getName() << "' calls itself";
  active.push_back(callee);
  LogicalResult built = build(entry->second, callee, activeOperands);
  active.pop_back();
  if (failed(built))
    return failure();
  return &entry->second;
}

LogicalResult CalleeGradients::build(Pair &pair, func::FuncOp callee,
                                     ArrayRef<bool> activeOperands) {
  func::FuncOp vjp = callee.clone();
  vjp.setPrivate();
  symbols.insert(vjp, std::next(Block::iterator(callee)));
  for (auto [i, isActive] : llvm::enumerate(activeOperands))
    if (isActive)
      pair.wanted.push_back(i);
  Differentiator differentiator(vjp, pair.wanted, policy, *this);
  LogicalResult differentiated = differentiator.run();
  if (succeeded(differentiated)) {
    pair.results = callee.getNumResults();
    SmallVector<Value> kept =
        makeBackward(pair, callee, vjp, differentiator.getKept());
    makeForward(pair, callee, vjp, kept);
  }
  symbols.erase(vjp);
  return differentiated;
}

/// Whether the operation can go when nothing reads its results.
bool CalleeGradients::hasNoEffect(Operation *op,
                                  SmallVector<Operation *> &callers) {
  auto call = dyn_cast<func::CallOp>(op);
  if (!call)
    return isMemoryEffectFree(op);
  auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
  // One that calls itself may not end.
  if (callee.isDeclaration() || llvm::is_contained(callers, callee))
    return false;
  callers.push_back(callee);
  bool result = llvm::all_of(callee.getOps(), [&](Operation &nested) {
    return nested.hasTrait<OpTrait::IsTerminator>() ||
           hasNoEffect(&nested, callers);
  });
  callers.pop_back();
  return result;
}

void CalleeGradients::eraseDeadCode(func::FuncOp function) {
  SmallVector<Operation *> callers;
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.front())))
    if (!op.hasTrait<OpTrait::IsTerminator>() && op.use_empty() &&
        hasNoEffect(&op, callers))
      op.erase();
}

// Backward pass: gradients are what is returned, and what was kept is an
// argument. What it does not need of the forward pass is dead.
SmallVector<Value> CalleeGradients::makeBackward(Pair &pair,
                                                 func::FuncOp callee,
                                                 func::FuncOp vjp,
                                                 ArrayRef<Value> candidates) {
  IRMapping mapping;
  func::FuncOp backward = vjp.clone(mapping);
  backward.setName((callee.getName() + "_backward").str());
  symbols.insert(backward, Block::iterator(vjp));
  pair.backward = backward;

  backward.front().getTerminator()->eraseOperands(0, pair.results);
  (void)backward.eraseResults(
      llvm::BitVector(backward.getNumResults()).set(0, pair.results));
  unsigned cotangentsEnd = backward.getNumArguments();
  Builder builder(callee.getContext());
  for (Value value : candidates) {
    unsigned index = backward.getNumArguments();
    (void)backward.insertArgument(index, value.getType(), DictionaryAttr(),
                                  value.getLoc());
    mapping.lookup(value).replaceAllUsesWith(backward.getArgument(index));
  }
  eraseDeadCode(backward);

  llvm::BitVector unread(backward.getNumArguments());
  SmallVector<Value> kept;
  for (auto [i, argument] : llvm::enumerate(backward.getArguments())) {
    bool isCotangent = i >= callee.getNumArguments() && i < cotangentsEnd;
    if (!isCotangent && argument.use_empty()) {
      unread.set(i);
      continue;
    }
    if (i < callee.getNumArguments())
      pair.arguments.push_back(i);
    if (i < cotangentsEnd)
      continue;
    backward.setArgAttr(
        i, BPTDialect::kNameAttrName,
        builder.getStringAttr("kept." + std::to_string(kept.size())));
    kept.push_back(candidates[i - cotangentsEnd]);
  }
  (void)backward.eraseArguments(unread);
  return kept;
}

// Forward pass: the results, then what is kept and not one of them.
void CalleeGradients::makeForward(Pair &pair, func::FuncOp callee,
                                  func::FuncOp vjp, ArrayRef<Value> kept) {
  SmallVector<Value> results(
      vjp.front().getTerminator()->getOperands().take_front(pair.results));
  for (Value value : kept) {
    auto *found = llvm::find(results, value);
    pair.kept.push_back(found - results.begin());
    if (found == results.end())
      results.push_back(value);
  }
  if (results.size() == pair.results) {
    pair.forward = callee;
    return;
  }
  IRMapping mapping;
  func::FuncOp forward = vjp.clone(mapping);
  forward.setName((callee.getName() + "_forward").str());
  symbols.insert(forward, std::next(Block::iterator(callee)));
  pair.forward = forward;

  for (Value &result : results)
    result = mapping.lookup(result);
  forward.front().getTerminator()->setOperands(results);
  llvm::BitVector gradients(forward.getNumResults());
  (void)forward.eraseResults(
      gradients.set(pair.results, forward.getNumResults()));
  for (Value value : ArrayRef(results).drop_front(pair.results))
    (void)forward.insertResult(forward.getNumResults(), value.getType(),
                               DictionaryAttr());
  eraseDeadCode(forward);
  llvm::BitVector seeds(forward.getNumArguments());
  (void)forward.eraseArguments(
      seeds.set(callee.getNumArguments(), forward.getNumArguments()));
}
