//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Differentiator.h"
#include "RowDims.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::bpt;

struct Differentiator::Vjp : VjpBuilder {
  Vjp(Differentiator &owner, Operation *op)
      : VjpBuilder(owner.builder, op), owner(owner) {}
  Value primal(Value value) override {
    return owner.getPrimal(value, getFirstCotangent());
  }
  Value cotangent(unsigned result) override {
    return result < op->getNumResults()
               ? owner.cotangents.lookup(op->getResult(result))
               : Value();
  }
  bool isActive(Value value) override {
    return owner.varied.contains(value) && isDifferentiable(value.getType());
  }
  void add(unsigned operand, Value gradient) override {
    owner.addCotangent(op->getOperand(operand), gradient, loc);
  }
  Value getFirstCotangent() {
    for (Value result : op->getResults())
      if (Value cotangent = owner.cotangents.lookup(result))
        return cotangent;
    return {};
  }
  Differentiator &owner;
};

void Differentiator::findVaried() {
  varied.clear();
  varied.insert(wanted.begin(), wanted.end());
  for (Operation &op : block.without_terminator()) {
    auto isVaried = [&](Value value) { return varied.contains(value); };
    bool reads = llvm::any_of(op.getOperands(), isVaried);
    if (!reads && op.getNumRegions() > 0) {
      llvm::SetVector<Value> captured;
      getUsedValuesDefinedAbove(op.getRegions(), captured);
      reads = llvm::any_of(captured, isVaried);
    }
    if (reads)
      varied.insert(op.result_begin(), op.result_end());
  }
}

Value Differentiator::getPrimal(Value value, Value after) {
  if (Value known = primals.lookupOrNull(value))
    return known;
  if (plan->isKept(value)) {
    used.insert(value);
    Value again = value;
    if (plan->needsBarrier(value) && after)
      again = BarrierOp::create(builder, value.getLoc(), value.getType(), value,
                                after);
    primals.map(value, again);
    return again;
  }
  Operation *op = value.getDefiningOp();
  llvm::SetVector<Value> reads(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), reads);
  for (Value read : reads)
    getPrimal(read, after);
  builder.clone(*op, primals);
  return primals.lookup(value);
}

void Differentiator::addCotangent(Value value, Value gradient, Location loc) {
  Value &sum = cotangents[value];
  sum = sum ? addGradients(builder, loc, sum, gradient) : gradient;
}

/// Calls through which a gradient flows become calls of the callee's forward
/// pass, which also gives what its backward pass reads.
LogicalResult Differentiator::splitCalls() {
  for (auto call : llvm::make_early_inc_range(block.getOps<func::CallOp>())) {
    SmallVector<bool> active;
    for (Value operand : call.getOperands())
      active.push_back(varied.contains(operand) &&
                       isDifferentiable(operand.getType()));
    if (!llvm::is_contained(active, true) ||
        llvm::none_of(call.getResultTypes(), isDifferentiable))
      continue;
    FailureOr<func::CallOp> forward = callees.split(call, active);
    if (failed(forward))
      return failure();
    varied.insert(forward->result_begin(), forward->result_end());
  }
  return success();
}

/// The cotangents of the results come last among the arguments.
void Differentiator::addSeeds() {
  SmallVector<Value> results;
  for (Value result : block.getTerminator()->getOperands())
    if (isDifferentiable(result.getType()))
      results.push_back(result);
  SmallVector<Value> seeds;
  for (auto [number, result] : llvm::enumerate(results)) {
    std::string name = "cotangent";
    if (results.size() > 1)
      name += "." + std::to_string(number);
    seeds.push_back(
        appendArgument(function, result.getType(), name, function.getLoc()));
  }
  for (auto [result, seed] : llvm::zip_equal(results, seeds))
    if (varied.contains(result))
      addCotangent(result, seed, function.getLoc());
}

LogicalResult Differentiator::buildVjps(ArrayRef<Operation *> forward) {
  for (Operation *op : llvm::reverse(forward)) {
    Vjp vjp(*this, op);
    bool isActive = llvm::any_of(op->getResults(), [&](Value result) {
      return varied.contains(result);
    });
    if (!isActive || !vjp.getFirstCotangent())
      continue;
    if (callees.isSplit(op)) {
      callees.buildVjp(vjp);
      continue;
    }
    auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
    if (!differentiable)
      return op->emitOpError("has no gradient; implement "
                             "'DifferentiableOpInterface' for it");
    if (failed(differentiable.buildVjp(vjp)))
      return failure();
  }
  return success();
}

void Differentiator::returnGradients() {
  Operation *end = block.getTerminator();
  for (Value argument : wanted) {
    Value gradient = cotangents.lookup(argument);
    gradient = gradient
                   ? convertGradient(builder, function.getLoc(), gradient,
                                     argument.getType())
                   : createZeroGradient(builder, function.getLoc(), argument);
    end->insertOperands(end->getNumOperands(), gradient);
    (void)function.insertResult(function.getNumResults(), gradient.getType(),
                                DictionaryAttr());
  }
}

/// Of what the derivative of a body does not read, only its sizes counted.
void Differentiator::forgetUnread(ArrayRef<Operation *> forward) {
  SmallVector<Operation *> generics;
  for (Operation &op : llvm::drop_begin(block, forward.size()))
    if (isa<linalg::GenericOp>(op))
      generics.push_back(&op);
  RewritePatternSet patterns(builder.getContext());
  linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
  (void)applyOpPatternsGreedily(
      generics, std::move(patterns),
      GreedyRewriteConfig()
          .setStrictness(GreedyRewriteStrictness::ExistingOps)
          .enableFolding(false));
}

/// Lets the operation that sums up a gradient begin with `sum` in place of
/// zeros, if it can. Its result is then the new sum.
static bool beginWith(Value sum, Value gradient) {
  Operation *op = gradient.getDefiningOp();
  if (gradient.getType() != sum.getType() || !op || !isSumOverRows(op) ||
      !gradient.use_empty())
    return false;
  OpOperand &init = *cast<DestinationStyleOpInterface>(op).getTiedOpOperand(
      cast<OpResult>(gradient));
  auto fill = init.get().getDefiningOp<linalg::FillOp>();
  if (!fill || !matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
    return false;
  init.set(sum);
  return true;
}

/// Adds each gradient to what its argument holds as soon as it is there.
LogicalResult Differentiator::accumulateGradients() {
  for (BlockArgument argument : wanted) {
    unsigned number = argument.getArgNumber();
    StringRef name = getArgumentName(function, number);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return emitError(function.getLoc())
             << "the gradient of argument " << number
             << " cannot be accumulated: it is no tensor";
    Type sumType = type.getElementType().isF64() ? type.getElementType()
                                                 : builder.getF32Type();
    InPlaceTensor sum(function, type.clone(sumType),
                      "gradient." +
                          (name.empty() ? Twine(number) : Twine(name)),
                      argument.getLoc());
    Value gradient = cotangents.lookup(argument);
    if (!gradient)
      continue;
    OpBuilder::InsertionGuard guard(builder);
    if (Operation *op = gradient.getDefiningOp())
      builder.setInsertionPointAfter(op);
    Location loc = argument.getLoc();
    if (!beginWith(sum.read(), gradient))
      gradient = accumulateGradient(builder, loc, sum.read(), gradient);
    sum.write(builder, loc, gradient);
  }
  return success();
}

LogicalResult Differentiator::run() {
  IRRewriter rewriter(builder.getContext());
  for (auto loss : llvm::make_early_inc_range(block.getOps<CrossEntropyOp>()))
    expandLoss(rewriter, loss);
  for (Operation &op : llvm::make_early_inc_range(block))
    if (auto differentiable = dyn_cast<DifferentiableOpInterface>(op))
      differentiable.prepareForVjp(rewriter);
  findVaried();
  if (failed(splitCalls()))
    return failure();
  findVaried();
  plan.emplace(block, policy);

  SmallVector<Operation *> forward;
  for (Operation &op : block.without_terminator())
    forward.push_back(&op);
  builder.setInsertionPoint(block.getTerminator());
  addSeeds();
  if (failed(buildVjps(forward)))
    return failure();
  if (accumulate && failed(accumulateGradients()))
    return failure();
  if (!accumulate)
    returnGradients();
  forgetUnread(forward);
  findKept(rewriter);
  remarkKept();
  return success();
}

/// Erases what nothing reads, and finds what is left of what is used.
void Differentiator::findKept(RewriterBase &rewriter) {
  // By their operations, which may be gone afterwards.
  SmallVector<std::pair<Operation *, Value>> candidates;
  for (Value value : used)
    if (isa<RankedTensorType>(value.getType()) && !isa<BlockArgument>(value) &&
        plan->dependsOnRows(value) && !primals.lookup(value).use_empty())
      candidates.push_back({value.getDefiningOp(), value});
  (void)runRegionDCE(rewriter, function->getRegions());
  DenseSet<Operation *> left;
  for (Operation &op : block)
    left.insert(&op);
  for (auto [op, value] : candidates)
    if (left.contains(op))
      kept.push_back(value);
}

/// Says what is kept, in the units that the memory of a run is counted in.
void Differentiator::remarkKept() {
  int64_t bytes = 0;
  unsigned count = 0;
  std::string dynamic;
  for (Value value : kept) {
    auto type = cast<RankedTensorType>(value.getType());
    ++count;
    if (type.hasStaticShape()) {
      bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
      continue;
    }
    llvm::raw_string_ostream os(dynamic);
    os << (dynamic.empty() ? "" : " + ") << type;
  }
  auto remark = remark::passed(
      function.getLoc(),
      remark::RemarkOpts::name("kept").category("bpt-differentiate"));
  remark << ("keeps " + Twine(count) + " results of the forward pass, " +
             Twine(bytes) + " bytes" +
             (dynamic.empty() ? Twine("") : " + those of " + Twine(dynamic)))
                .str();
}
