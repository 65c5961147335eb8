//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionArguments.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/Format.h"
#include <cmath>

namespace mlir::bpt {
#define GEN_PASS_DEF_ADAMWPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// The numbers of one step, all f64 scalars but `isFinite`.
struct StepScalars {
  Value learningRate, clip, correction1, correction2, isFinite;
};

struct AdamWPass : bpt::impl::AdamWPassBase<AdamWPass> {
  using AdamWPassBase::AdamWPassBase;

  void runOnOperation() override {
    if (failed(checkOptions()) || failed(addUpdate()))
      signalPassFailure();
  }

private:
  LogicalResult checkOptions();
  LogicalResult addUpdate();
  Value buildLearningRate(ImplicitLocOpBuilder &b, Value step);
  Value buildSquaredNorm(ImplicitLocOpBuilder &b, Value gradient, Value sum);
  void buildUpdate(ImplicitLocOpBuilder &b, const StepScalars &step,
                   ArrayRef<InPlaceTensor> tensors);

  static Value f64(ImplicitLocOpBuilder &b, double value) {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
  }
};
} // namespace

LogicalResult AdamWPass::checkOptions() {
  ModuleOp module = getOperation();
  auto check = [&](bool holds, StringRef option, double value,
                   StringRef expected) -> LogicalResult {
    if (holds)
      return success();
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("%g", value);
    return module.emitError() << "option " << option << " is " << text
                              << "; it must be " << expected;
  };
  auto isRate = [](double x) { return std::isfinite(x) && x >= 0; };
  auto isDecay = [](double x) { return x >= 0 && x < 1; };
  if (failed(check(isRate(learningRate), "learning-rate", learningRate,
                   "a number of at least 0")) ||
      failed(check(minLearningRate < 0 || minLearningRate <= learningRate,
                   "min-learning-rate", minLearningRate,
                   "at most learning-rate")) ||
      failed(check(warmup >= 0, "warmup", warmup, "at least 0")) ||
      failed(check(steps == 0 || steps > warmup, "steps", steps,
                   "0, or more than warmup")) ||
      failed(check(isDecay(beta1), "beta1", beta1, "in [0, 1)")) ||
      failed(check(isDecay(beta2), "beta2", beta2, "in [0, 1)")) ||
      failed(check(isRate(epsilon) && epsilon > 0, "epsilon", epsilon,
                   "a positive number")) ||
      failed(check(isRate(weightDecay), "weight-decay", weightDecay,
                   "a number of at least 0")) ||
      failed(check(clip >= 0, "clip", clip, "at least 0")))
    return failure();
  return success();
}

/// A straight line up to the full rate, then a cosine down to the least.
Value AdamWPass::buildLearningRate(ImplicitLocOpBuilder &b, Value step) {
  double least = minLearningRate < 0 ? learningRate / 10 : minLearningRate;
  Value rate = f64(b, learningRate);
  if (steps > 0) {
    Value past = arith::SubFOp::create(b, step, f64(b, warmup));
    Value part = arith::DivFOp::create(b, past, f64(b, steps - warmup));
    part = arith::MinimumFOp::create(
        b, arith::MaximumFOp::create(b, part, f64(b, 0)), f64(b, 1));
    Value wave = math::CosOp::create(
        b, arith::MulFOp::create(b, part, f64(b, M_PI)).getResult());
    Value half = arith::MulFOp::create(
        b, f64(b, (learningRate - least) / 2),
        arith::AddFOp::create(b, f64(b, 1), wave).getResult());
    rate = arith::AddFOp::create(b, f64(b, least), half);
  }
  if (warmup == 0)
    return rate;
  Value isWarming =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, step, f64(b, warmup));
  Value warm = arith::MulFOp::create(b, f64(b, learningRate / warmup), step);
  return arith::SelectOp::create(b, isWarming, warm, rate);
}

Value AdamWPass::buildSquaredNorm(ImplicitLocOpBuilder &b, Value gradient,
                                  Value sum) {
  auto type = cast<RankedTensorType>(gradient.getType());
  unsigned rank = type.getRank();
  SmallVector<AffineMap> maps{
      b.getMultiDimIdentityMap(rank),
      AffineMap::get(rank, 0, ArrayRef<AffineExpr>(), b.getContext())};
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  return linalg::GenericOp::create(
             b, sum.getType(), gradient, sum, maps, iterators,
             [](OpBuilder &nested, Location loc, ValueRange v) {
               ImplicitLocOpBuilder b(loc, nested);
               Value wide = arith::ExtFOp::create(b, b.getF64Type(), v[0]);
               Value square = arith::MulFOp::create(b, wide, wide);
               linalg::YieldOp::create(
                   b, arith::AddFOp::create(b, v[1], square).getResult());
             })
      .getResult(0);
}

// One operation on the parameter, its gradient and both moments, in f32.
void AdamWPass::buildUpdate(ImplicitLocOpBuilder &b, const StepScalars &step,
                            ArrayRef<InPlaceTensor> tensors) {
  SmallVector<Value> inits;
  for (const InPlaceTensor &tensor : tensors)
    inits.push_back(tensor.read());
  auto type = cast<RankedTensorType>(inits.front().getType());
  auto rank = static_cast<unsigned>(type.getRank());
  bool decays = rank >= 2 && weightDecay > 0;
  SmallVector<AffineMap> maps(inits.size(), b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);

  // What is the same for all elements is computed once, in f64.
  Type f32 = b.getF32Type();
  auto narrow = [&](Value v) -> Value {
    return arith::TruncFOp::create(b, f32, v);
  };
  Value stepSize =
      narrow(arith::DivFOp::create(b, step.learningRate, step.correction1));
  Value rootCorrection = narrow(math::SqrtOp::create(b, step.correction2));
  Value keep;
  if (decays)
    keep = narrow(arith::SubFOp::create(
        b, f64(b, 1),
        arith::MulFOp::create(b, step.learningRate, f64(b, weightDecay))
            .getResult()));
  Value clipBy = narrow(step.clip);

  auto body = [&](OpBuilder &nested, Location loc, ValueRange v) {
    ImplicitLocOpBuilder b(loc, nested);
    auto constant = [&](double value) -> Value {
      return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
    };
    auto mul = [&](Value x, Value y) -> Value {
      return arith::MulFOp::create(b, x, y);
    };
    auto add = [&](Value x, Value y) -> Value {
      return arith::AddFOp::create(b, x, y);
    };
    auto select = [&](Value updated, Value old) -> Value {
      return arith::SelectOp::create(b, step.isFinite, updated, old);
    };
    Value parameter = v[0], gradient = mul(v[1], clipBy);
    bool isNarrow = parameter.getType() != f32;
    if (isNarrow)
      parameter = arith::ExtFOp::create(b, f32, parameter);
    Value first =
        add(mul(constant(beta1), v[2]), mul(constant(1 - beta1), gradient));
    Value second = add(mul(constant(beta2), v[3]),
                       mul(constant(1 - beta2), mul(gradient, gradient)));
    Value root = arith::DivFOp::create(b, math::SqrtOp::create(b, second),
                                       rootCorrection);
    Value change = arith::DivFOp::create(b, mul(stepSize, first),
                                         add(root, constant(epsilon)));
    if (decays)
      parameter = mul(parameter, keep);
    Value updated = arith::SubFOp::create(b, parameter, change);
    if (isNarrow)
      updated = arith::TruncFOp::create(b, v[0].getType(), updated);
    linalg::YieldOp::create(b, ValueRange{select(updated, v[0]), constant(0),
                                          select(first, v[2]),
                                          select(second, v[3])});
  };
  auto update = linalg::GenericOp::create(b, TypeRange(inits), ValueRange(),
                                          inits, maps, iterators, body);
  for (auto [tensor, value] : llvm::zip_equal(tensors, update.getResults()))
    tensor.write(b, b.getLoc(), value);
}

LogicalResult AdamWPass::addUpdate() {
  ModuleOp module = getOperation();
  auto main = module.lookupSymbol<func::FuncOp>(function);
  if (!main)
    return module.emitError() << "has no function '@" << function
                              << "' whose parameters could be updated";
  std::string name = function + "_adamw";
  if (Operation *taken = module.lookupSymbol(name))
    return taken->emitError()
           << "'@" << name << "' is what the update of the parameters of '@"
           << function << "' would be called; rename one";
  FailureOr<SmallVector<unsigned>> wanted = findWanted(main, wrt);
  if (failed(wanted))
    return failure();
  SmallVector<RankedTensorType> types;
  SmallVector<std::string> names;
  for (unsigned number : *wanted) {
    auto type = dyn_cast<RankedTensorType>(main.getArgumentTypes()[number]);
    if (!type || type.getElementTypeBitWidth() > 32)
      return emitError(main.getLoc()) << "argument " << number << " of type "
                                      << main.getArgumentTypes()[number]
                                      << " cannot be updated; parameters are "
                                         "tensors of f32, bf16 or f16";
    types.push_back(type);
    StringRef named = bpt::getArgumentName(main, number);
    names.push_back(named.empty() ? std::to_string(number) : named.str());
  }

  Location loc = main.getLoc();
  ImplicitLocOpBuilder b(loc, &getContext());
  b.setInsertionPointAfter(main);
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  auto update =
      func::FuncOp::create(b, name, b.getFunctionType({}, {scalar, scalar}));
  update.addEntryBlock();
  Value stepTensor = appendArgument(
      update, RankedTensorType::get({}, b.getI64Type()), "step", loc);
  SmallVector<SmallVector<InPlaceTensor, 4>> parameters(types.size());
  for (StringRef prefix : {"", "gradient.", "moment1.", "moment2."})
    for (auto [i, type] : llvm::enumerate(types))
      parameters[i].push_back(InPlaceTensor(
          update, prefix.empty() ? type : type.clone(b.getF32Type()),
          prefix + names[i], loc));

  b.setInsertionPointToEnd(&update.front());
  Value number = arith::SIToFPOp::create(
      b, b.getF64Type(),
      tensor::ExtractOp::create(b, stepTensor, ValueRange()).getResult());
  Value empty = tensor::EmptyOp::create(b, ArrayRef<int64_t>(), b.getF64Type());
  Value sum = linalg::FillOp::create(b, f64(b, 0), empty).getResult(0);
  for (ArrayRef<InPlaceTensor> tensors : parameters)
    sum = buildSquaredNorm(b, tensors[1].read(), sum);
  Value norm = math::SqrtOp::create(
      b, tensor::ExtractOp::create(b, sum, ValueRange()).getResult());

  StepScalars step;
  step.learningRate = buildLearningRate(b, number);
  step.isFinite =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, norm,
                            f64(b, std::numeric_limits<double>::infinity()));
  step.clip = f64(b, 1);
  if (clip > 0)
    step.clip = arith::MinimumFOp::create(
        b, f64(b, 1),
        arith::DivFOp::create(
            b, f64(b, clip),
            arith::AddFOp::create(b, norm, f64(b, 1e-6)).getResult())
            .getResult());
  auto correction = [&](double beta) -> Value {
    Value power = math::PowFOp::create(b, f64(b, beta), number);
    return arith::SubFOp::create(b, f64(b, 1), power);
  };
  step.correction1 = correction(beta1);
  step.correction2 = correction(beta2);
  for (ArrayRef<InPlaceTensor> tensors : parameters)
    buildUpdate(b, step, tensors);

  auto report = [&](Value value) -> Value {
    Value narrow = arith::TruncFOp::create(b, b.getF32Type(), value);
    return tensor::FromElementsOp::create(b, scalar, narrow);
  };
  func::ReturnOp::create(b,
                         ValueRange{report(norm), report(step.learningRate)});
  update.setResultAttr(0, BPTDialect::kNameAttrName,
                       b.getStringAttr("gradient_norm"));
  update.setResultAttr(1, BPTDialect::kNameAttrName,
                       b.getStringAttr("learning_rate"));
  return success();
}
