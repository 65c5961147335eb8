//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Common/MathExpansion.h"
#include "bpt/Target/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace mlir::bpt {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "bpt/Target/Common/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {

/// Builds scalar or vector arithmetic of one f32-based type.
class F32Builder {
public:
  F32Builder(OpBuilder &builder, Location loc, Type type)
      : b(loc, builder), type(type) {
    intType = b.getI32Type();
    if (auto vectorType = dyn_cast<VectorType>(type))
      intType = vectorType.clone(intType);
  }

  Value constant(float value) { return splat(type, b.getF32FloatAttr(value)); }
  Value constantInt(int32_t value) {
    return splat(intType, b.getI32IntegerAttr(value));
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value fma(Value x, Value y, Value z) {
    return math::FmaOp::create(b, x, y, z);
  }
  Value select(arith::CmpFPredicate predicate, Value x, Value y, Value yes,
               Value no) {
    Value condition = arith::CmpFOp::create(b, predicate, x, y);
    return arith::SelectOp::create(b, condition, yes, no);
  }
  Value shiftLeft(Value x, int32_t amount) {
    return arith::ShLIOp::create(b, x, constantInt(amount));
  }
  Value addInt(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value toBits(Value x) { return arith::BitcastOp::create(b, intType, x); }
  Value fromBits(Value x) { return arith::BitcastOp::create(b, type, x); }

private:
  Value splat(Type type, TypedAttr value) {
    if (auto vectorType = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vectorType, value);
    return arith::ConstantOp::create(b, value);
  }
  ImplicitLocOpBuilder b;
  Type type, intType;
};

/// 1.5 * 2^23: adding it rounds to the nearest integer and leaves the integer
/// in the low bits of the sum.
constexpr float kRound = 12582912.0f;

/// 2^n * 2^f, with n in the low bits of `rounded` and f in [-1/2, 1/2]. The
/// power is added to the exponent bits: 2^f in [0.7, 1.5] has room for it.
Value scaleByPower(F32Builder &b, Value rounded, Value f) {
  Value p = b.constant(kExp2Coefficients[6]);
  for (int i = 5; i >= 0; --i)
    p = b.fma(p, f, b.constant(kExp2Coefficients[i]));
  Value power = b.shiftLeft(b.toBits(rounded), 23);
  return b.fromBits(b.addInt(b.toBits(p), power));
}

/// `positive`, or 0 below `lowest`, or NaN where `x` is NaN.
Value flushBelow(F32Builder &b, Value x, float lowest, Value positive) {
  Value zero = b.constant(0.0f);
  // The maximum of 0 and x that lets a NaN through: one instruction.
  Value zeroOrNaN = b.select(arith::CmpFPredicate::OLT, x, zero, zero, x);
  return b.select(arith::CmpFPredicate::OGE, x, b.constant(lowest), positive,
                  zeroOrNaN);
}

struct ExpandExp2 : OpRewritePattern<math::Exp2Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::Exp2Op op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    F32Builder b(rewriter, op.getLoc(), op.getType());
    // At 128 the exponent bits become those of infinity by themselves.
    Value high = b.constant(128.0f);
    Value x = b.select(arith::CmpFPredicate::OGT, op.getOperand(), high, high,
                       op.getOperand());
    Value round = b.constant(kRound);
    Value rounded = b.add(x, round);
    Value f = b.sub(x, b.sub(rounded, round));
    rewriter.replaceOp(
        op, flushBelow(b, x, kLowestExp2, scaleByPower(b, rounded, f)));
    return success();
  }
};

struct ExpandExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::ExpOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    F32Builder b(rewriter, op.getLoc(), op.getType());
    // log2(e) in two floats: the product with x then has no rounding error
    // that a large x would magnify.
    constexpr float log2eHigh = 1.44269502f, log2eLow = 1.92596299e-8f;
    // The largest float whose exponential is finite.
    Value high = b.constant(88.7228317f);
    Value x = b.select(arith::CmpFPredicate::OGT, op.getOperand(), high, high,
                       op.getOperand());
    Value round = b.constant(kRound);
    Value rounded = b.fma(x, b.constant(log2eHigh), round);
    Value n = b.sub(rounded, round);
    Value f = b.fma(x, b.constant(log2eHigh), b.sub(b.constant(-0.0f), n));
    f = b.fma(x, b.constant(log2eLow), f);
    Value result = flushBelow(b, x, -87.3365402f, scaleByPower(b, rounded, f));
    result = b.select(arith::CmpFPredicate::OGT, op.getOperand(), high,
                      b.constant(INFINITY), result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void bpt::populateMathExpansionPatterns(RewritePatternSet &patterns,
                                        bool expandExp2) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandExp>(context, /*benefit=*/10);
  if (expandExp2)
    patterns.add<ExpandExp2>(context, /*benefit=*/10);
  populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
    return llvm::is_contained({"math.tanh", "math.erf", "math.log", "math.log2",
                               "math.log1p", "math.expm1"},
                              name);
  });
}

namespace {
struct ExpandMathPass : bpt::impl::ExpandMathPassBase<ExpandMathPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateMathExpansionPatterns(set, /*expandExp2=*/true);
    patterns = FrozenRewritePatternSet(std::move(set));
    return success();
  }

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_present<math::MathDialect>(op->getDialect()))
        ops.push_back(op);
    });
    if (ops.empty())
      return;
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps)
        .enableFolding(false);
    (void)applyOpPatternsGreedily(ops, patterns, config);
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
