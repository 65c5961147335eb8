//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/CPU/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/ShapedOpInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SmallVectorExtras.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_BINDARGUMENTSPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

/// Whether the result is an operand seen in another form, which costs nothing.
static bool isView(Operation *op) {
  return isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ExtractSliceOp>(op);
}

/// Whether functions that are called from outside can pass the type.
static bool canPass(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getEncoding())
    return false;
  Type element = tensor.getElementType();
  auto integer = dyn_cast<IntegerType>(element);
  return isa<Float64Type, Float32Type, Float16Type, BFloat16Type>(element) ||
         (integer && llvm::is_contained({1, 8, 16, 32, 64},
                                        static_cast<int>(integer.getWidth())));
}

namespace {
/// Splits a function into what only bound arguments determine and the rest.
class Splitter {
public:
  Splitter(func::FuncOp function, const BitVector &bound)
      : function(function), entry(function.front()), bound(bound) {}

  void run(SymbolTable &symbols) {
    findEarly();
    place();
    func::FuncOp bind = makeBind();
    symbols.insert(bind, std::next(function->getIterator()));
    rewriteFunction(bind);
  }

private:
  /// Everything of the entry block that is known when the arguments are bound.
  void findEarly();
  /// Chooses for every operation of the entry block which function has it.
  void place();
  /// Whether what the operation computes for the function can be passed to it.
  bool canKeep(Operation *op) const;
  func::FuncOp makeBind();
  void rewriteFunction(func::FuncOp bind);

  bool isInFunction(Operation *user) const {
    Operation *op = entry.findAncestorOpInBlock(*user);
    return !op || inFunction.contains(op);
  }
  bool isReadByFunction(Value value) const {
    return llvm::any_of(value.getUsers(),
                        [&](Operation *user) { return isInFunction(user); });
  }
  bool isReadByBind(Value value) const {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      return inBind.contains(entry.findAncestorOpInBlock(*user));
    });
  }
  bool isUpdatedByFunction(Value value) const;

  func::FuncOp function;
  Block &entry;
  const BitVector &bound;
  DenseSet<Value> early;
  /// Of these, those that elements of bound arguments determine, not only sizes
  /// of them.
  DenseSet<Value> ofElements;
  DenseSet<Operation *> earlyOps, inFunction, inBind;
  /// Results of the bind function.
  SmallVector<Value> kept;
};
} // namespace

void Splitter::findEarly() {
  for (BlockArgument argument : entry.getArguments())
    if (bound[argument.getArgNumber()]) {
      early.insert(argument);
      ofElements.insert(argument);
    }
  for (Operation &op : entry.without_terminator()) {
    // Sizes that do not fit are found before anything relies on them.
    if (!isMemoryEffectFree(&op) && !isa<cf::AssertOp>(op))
      continue;
    llvm::SetVector<Value> inputs;
    getUsedValuesDefinedAbove(op.getRegions(), inputs);
    inputs.insert(op.operand_begin(), op.operand_end());
    if (!llvm::all_of(inputs, [&](Value v) { return early.contains(v); }))
      continue;
    earlyOps.insert(&op);
    early.insert(op.result_begin(), op.result_end());
    if (!isa<ShapedDimOpInterface>(op) &&
        llvm::any_of(inputs, [&](Value v) { return ofElements.contains(v); }))
      ofElements.insert(op.result_begin(), op.result_end());
  }
}

bool Splitter::isUpdatedByFunction(Value value) const {
  return llvm::any_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (!isInFunction(user))
      return false;
    if (auto destinations = dyn_cast<DestinationStyleOpInterface>(user))
      return destinations.isDpsInit(&use);
    if (auto loop = dyn_cast<LoopLikeOpInterface>(user))
      return llvm::is_contained(loop.getInits(), value);
    return isView(user) && isUpdatedByFunction(user->getResult(0));
  });
}

bool Splitter::canKeep(Operation *op) const {
  return !isView(op) && llvm::all_of(op->getResults(), [&](Value result) {
    return !isReadByFunction(result) ||
           (canPass(result.getType()) && ofElements.contains(result) &&
            !isUpdatedByFunction(result));
  });
}

void Splitter::place() {
  // Users come before what they use.
  for (Operation &op : llvm::reverse(entry)) {
    if (!earlyOps.contains(&op)) {
      inFunction.insert(&op);
      continue;
    }
    SmallVector<Value> read;
    llvm::copy_if(op.getResults(), std::back_inserter(read),
                  [&](Value v) { return isReadByFunction(v); });
    bool isKept = !read.empty() && canKeep(&op);
    if (isKept)
      kept.append(read.rbegin(), read.rend());
    else if (!read.empty())
      inFunction.insert(&op);
    if (isKept || isa<cf::AssertOp>(op) ||
        llvm::any_of(op.getResults(), [&](Value v) { return isReadByBind(v); }))
      inBind.insert(&op);
  }
  std::reverse(kept.begin(), kept.end());
}

func::FuncOp Splitter::makeBind() {
  OpBuilder builder(function.getContext());
  SmallVector<Type> inputs;
  SmallVector<DictionaryAttr> attributes;
  for (unsigned i : bound.set_bits()) {
    inputs.push_back(function.getArgument(i).getType());
    attributes.push_back(function.getArgAttrDict(i));
  }
  auto bind = func::FuncOp::create(
      function.getLoc(), (function.getName() + "_bind").str(),
      builder.getFunctionType(inputs,
                              llvm::to_vector(ValueRange(kept).getTypes())));
  bind.setAllArgAttrs(attributes);
  Block *body = bind.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  for (auto [i, argument] : llvm::zip(bound.set_bits(), body->getArguments())) {
    argument.setLoc(function.getArgument(i).getLoc());
    mapping.map(function.getArgument(i), argument);
  }
  for (Operation &op : entry)
    if (inBind.contains(&op))
      builder.clone(op, mapping);
  func::ReturnOp::create(
      builder, function.getLoc(),
      llvm::map_to_vector(kept, [&](Value v) { return mapping.lookup(v); }));
  return bind;
}

void Splitter::rewriteFunction(func::FuncOp bind) {
  auto append = [&](Value value, DictionaryAttr attributes) {
    unsigned end = function.getNumArguments();
    // Function types of any arguments are valid.
    (void)function.insertArgument(end, value.getType(), attributes,
                                  value.getLoc());
    value.replaceAllUsesWith(function.getArgument(end));
  };
  // What the function is left with, so that bound arguments that it does not
  // read have no uses.
  SmallVector<Value> keptArguments;
  SmallVector<int64_t> keptNumbers;
  for (auto [number, i] : llvm::enumerate(bound.set_bits()))
    if (Value argument = function.getArgument(i); isReadByFunction(argument)) {
      keptArguments.push_back(argument);
      keptNumbers.push_back(static_cast<int64_t>(number));
    }
  BitVector erased = bound;
  for (Value argument : keptArguments)
    append(argument, function.getArgAttrDict(
                         cast<BlockArgument>(argument).getArgNumber()));
  for (Value value : kept)
    append(value, DictionaryAttr());
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(entry)))
    if (!inFunction.contains(&op))
      op.erase();
  erased.resize(function.getNumArguments());
  (void)function.eraseArguments(erased);

  Builder builder(function.getContext());
  // It is that of other arguments.
  function->removeAttr("bpt.signature");
  function->setAttr(
      "bpt.binding",
      builder.getDictionaryAttr(
          {builder.getNamedAttr("function", FlatSymbolRefAttr::get(bind)),
           builder.getNamedAttr("arguments",
                                builder.getDenseI64ArrayAttr(keptNumbers))}));
}

namespace {
struct BindArgumentsPass : bpt::impl::BindArgumentsPassBase<BindArgumentsPass> {
  using BindArgumentsPassBase::BindArgumentsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = module.lookupSymbol<func::FuncOp>(function);
    if (!target || target.isExternal()) {
      module.emitError() << "there is no function '" << function
                         << "' with a body";
      return signalPassFailure();
    }
    FailureOr<BitVector> bound = findBound(target);
    if (failed(bound))
      return signalPassFailure();
    if (!SymbolTable::symbolKnownUseEmpty(target, module)) {
      target.emitError() << "function '" << function
                         << "' is called in the module, with all of its "
                            "arguments; none of them can be bound";
      return signalPassFailure();
    }
    SymbolTable symbols(module);
    Splitter(target, *bound).run(symbols);
  }

private:
  FailureOr<BitVector> findBound(func::FuncOp target) {
    unsigned count = target.getNumArguments();
    BitVector bound(count);
    for (unsigned number : arguments) {
      if (number >= count)
        return target.emitError()
               << "function '" << function << "' has no argument " << number
               << " to bind; it takes " << count;
      Type type = target.getArgumentTypes()[number];
      if (!isa<RankedTensorType>(type))
        return target.emitError()
               << "argument " << number << " is of type " << type
               << "; only tensors can be bound, which no call changes";
      bound.set(number);
    }
    return bound;
  }
};
} // namespace
