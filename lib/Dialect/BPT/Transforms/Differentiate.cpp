//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeepPlan.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

static bool isFloat(Type type) {
  return isa<FloatType>(getElementTypeOrSelf(type));
}

namespace {
/// Appends the backward pass to a function's forward pass.
class Differentiator {
public:
  Differentiator(func::FuncOp function, ArrayRef<Value> wanted,
                 KeepPolicy policy)
      : function(function), block(function.getBody().front()), policy(policy),
        builder(function.getContext()), wanted(wanted.begin(), wanted.end()) {}

  LogicalResult run();

private:
  /// What an operation is given; all of it is the differentiator's.
  struct Vjp : VjpBuilder {
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
      return owner.varied.contains(value) && isFloat(value.getType());
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

  void findVaried();
  Value getPrimal(Value value, Value after);
  void addCotangent(Value value, Value gradient, Location loc);
  void remarkKept();

  func::FuncOp function;
  Block &block;
  KeepPolicy policy;
  std::optional<KeepPlan> plan;
  OpBuilder builder;
  SmallVector<Value> wanted;
  DenseSet<Value> varied;
  DenseMap<Value, Value> cotangents;
  /// Values of the forward pass as the backward pass sees them.
  IRMapping primals;
  SetVector<Value> used;
};
} // namespace

void Differentiator::findVaried() {
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

LogicalResult Differentiator::run() {
  IRRewriter rewriter(builder.getContext());
  for (Operation &op : llvm::make_early_inc_range(block))
    if (auto differentiable = dyn_cast<DifferentiableOpInterface>(op))
      differentiable.prepareForVjp(rewriter);
  findVaried();
  plan.emplace(block, policy);

  // The cotangents of the results come last among the arguments.
  Operation *end = block.getTerminator();
  SmallVector<Operation *> forward;
  for (Operation &op : block.without_terminator())
    forward.push_back(&op);
  builder.setInsertionPoint(end);
  SmallVector<Value> results(end->getOperands());
  auto floats = llvm::count_if(
      results, [](Value result) { return isFloat(result.getType()); });
  unsigned number = 0;
  SmallVector<std::pair<Value, Value>> seeds;
  for (Value result : results) {
    if (!isFloat(result.getType()))
      continue;
    std::string name = "cotangent";
    if (floats > 1)
      name += "." + std::to_string(number);
    ++number;
    unsigned index = function.getNumArguments();
    (void)function.insertArgument(
        index, result.getType(),
        builder.getDictionaryAttr(builder.getNamedAttr(
            BPTDialect::kNameAttrName, builder.getStringAttr(name))),
        function.getLoc());
    seeds.push_back({result, function.getArgument(index)});
  }
  for (auto [result, seed] : seeds)
    if (varied.contains(result))
      addCotangent(result, seed, function.getLoc());

  for (Operation *op : llvm::reverse(forward)) {
    Vjp vjp(*this, op);
    bool isActive = llvm::any_of(op->getResults(), [&](Value result) {
      return varied.contains(result);
    });
    if (!isActive || !vjp.getFirstCotangent())
      continue;
    auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
    if (!differentiable)
      return op->emitOpError("has no gradient; implement "
                             "'DifferentiableOpInterface' for it");
    if (failed(differentiable.buildVjp(vjp)))
      return failure();
  }

  for (Value argument : wanted) {
    Value gradient = cotangents.lookup(argument);
    results.push_back(
        gradient ? convertGradient(builder, function.getLoc(), gradient,
                                   argument.getType())
                 : createZeroGradient(builder, function.getLoc(), argument));
  }
  end->setOperands(results);
  function.setType(FunctionType::get(builder.getContext(),
                                     function.getArgumentTypes(),
                                     ValueRange(results).getTypes()));
  remarkKept();
  (void)runRegionDCE(rewriter, function->getRegions());
  return success();
}

/// Says what is kept, in the units that the memory of a run is counted in.
void Differentiator::remarkKept() {
  int64_t bytes = 0;
  unsigned count = 0;
  std::string dynamic;
  for (Value value : used) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || isa<BlockArgument>(value) || !plan->dependsOnRows(value))
      continue;
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

namespace {
struct DifferentiatePass : bpt::impl::DifferentiatePassBase<DifferentiatePass> {
  using DifferentiatePassBase::DifferentiatePassBase;

  void runOnOperation() override {
    if (failed(differentiate()))
      signalPassFailure();
  }

private:
  LogicalResult differentiate() {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>(function);
    if (!main)
      return module.emitError()
             << "has no function '@" << function << "' to differentiate";
    std::string name = function + "_vjp";
    if (Operation *taken = module.lookupSymbol(name))
      return taken->emitError()
             << "'@" << name << "' is what the gradient of '@" << function
             << "' would be called; rename one of them";
    if (main.isDeclaration() || !main.getBody().hasOneBlock())
      return emitError(main.getLoc())
             << "cannot be differentiated: it must be one block of operations";
    if (llvm::none_of(main.getResultTypes(), isFloat))
      return emitError(main.getLoc())
             << "has no floating-point result, so there is "
                "nothing to differentiate";
    for (Type type : main.getArgumentTypes())
      if (isa<UnrankedTensorType>(type))
        return emitError(main.getLoc()) << "has an argument of unknown rank";

    func::FuncOp vjp = main.clone();
    vjp.setName(name);
    OpBuilder builder(main->getContext());
    builder.setInsertionPointAfter(main);
    builder.insert(vjp);
    FailureOr<SmallVector<Value>> wanted = getWanted(vjp);
    if (failed(wanted) || failed(Differentiator(vjp, *wanted, keep).run())) {
      vjp.erase();
      return failure();
    }
    return success();
  }

  /// The arguments whose gradients are asked for: all that have one, or those
  /// that 'wrt' names.
  FailureOr<SmallVector<Value>> getWanted(func::FuncOp vjp) {
    DenseSet<StringRef> known, asked;
    SmallVector<StringRef> names;
    for (unsigned i = 0, e = vjp.getNumArguments(); i < e; ++i) {
      auto name =
          vjp.getArgAttrOfType<StringAttr>(i, BPTDialect::kNameAttrName);
      names.push_back(name ? name.getValue() : StringRef());
    }
    for (const std::string &name : wrt) {
      auto *found = llvm::find(names, StringRef(name));
      if (name.empty() || found == names.end()) {
        InFlightDiagnostic diagnostic =
            emitError(vjp.getLoc())
            << "option wrt names '" << name
            << "', but no argument is called that; there are:";
        for (StringRef other : names)
          if (!other.empty())
            diagnostic << " " << other;
        return diagnostic;
      }
      unsigned index = found - names.begin();
      if (!isFloat(vjp.getArgumentTypes()[index]))
        return emitError(vjp.getLoc())
               << "option wrt names '" << name
               << "', which is not floating-point and has no "
                  "gradient";
      asked.insert(name);
    }
    SmallVector<Value> wanted;
    for (auto [i, argument] : llvm::enumerate(vjp.getArguments()))
      if (isFloat(argument.getType()) &&
          (wrt.empty() || asked.contains(names[i])))
        wanted.push_back(argument);
    return wanted;
  }
};
} // namespace
