//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Common/MathExpansion.h"
#include "bpt/Target/GPU/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_EXPANDDEVICEMATHPASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// sin or cos of an f64: x = k · π/2 + r with |r| ≤ π/4, and the series of r.
class Circular {
public:
  Circular(OpBuilder &builder, Location loc) : b(loc, builder) {}

  Value emit(Value x, bool isCosine) {
    // π/2 in three parts. The multiply-add rounds once, so that nothing is lost
    // when x and k · π/2 cancel.
    constexpr double parts[] = {1.5707963267948966, 6.123233995736766e-17,
                                -1.4973849048591833e-33};
    constexpr double inverse = 0.6366197723675814;
    Value k = math::RoundEvenOp::create(
        b, arith::MulFOp::create(b, x, constant(inverse)));
    Value r = x;
    for (double part : parts)
      r = math::FmaOp::create(b, k, constant(-part), r);
    Value quadrant = arith::FPToSIOp::create(b, b.getI64Type(), k);
    if (isCosine)
      quadrant = arith::AddIOp::create(b, quadrant, integer(1));

    // r^17 / 17! and r^18 / 18! are below the last bit for |r| ≤ π/4.
    Value square = arith::MulFOp::create(b, r, r);
    Value sine = arith::MulFOp::create(b, r, series(square, 1));
    Value cosine = series(square, 0);
    Value result =
        arith::SelectOp::create(b, hasBit(quadrant, 1), cosine, sine);
    Value negated = arith::NegFOp::create(b, result);
    return arith::SelectOp::create(b, hasBit(quadrant, 2), negated, result);
  }

private:
  Value constant(double value) {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
  }
  Value integer(int64_t value) {
    return arith::ConstantOp::create(b, b.getI64IntegerAttr(value));
  }
  Value hasBit(Value x, int64_t bit) {
    Value masked = arith::AndIOp::create(b, x, integer(bit));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, masked,
                                 integer(0));
  }

  /// Σ (−1)^n z^n / (2n + first)!, n = 0 … 8.
  Value series(Value z, unsigned first) {
    double factors[9];
    double factor = 1;
    for (unsigned n = 0; n <= 8; ++n) {
      factors[n] = factor;
      factor /= -static_cast<double>((2 * n + first + 1) * (2 * n + first + 2));
    }
    Value sum = constant(factors[8]);
    for (unsigned n = 8; n-- > 0;)
      sum = math::FmaOp::create(b, sum, z, constant(factors[n]));
    return sum;
  }

  ImplicitLocOpBuilder b;
};

template <typename OpTy> struct ExpandCircular : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type type = op.getType();
    if (!type.isF32() && !type.isF64())
      return rewriter.notifyMatchFailure(op, "is neither f32 nor f64");
    Value x = op.getOperand();
    if (type.isF32())
      x = arith::ExtFOp::create(rewriter, loc, rewriter.getF64Type(), x);
    Value result =
        Circular(rewriter, loc).emit(x, std::is_same_v<OpTy, math::CosOp>);
    if (type.isF32())
      result = arith::TruncFOp::create(rewriter, loc, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// What is an instruction, or a few that LLVM knows.
bool isInstruction(Operation *op) {
  if (isa<math::Exp2Op>(op))
    return op->getResult(0).getType().isF32();
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp,
             math::CountLeadingZerosOp, math::CountTrailingZerosOp,
             math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
             math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::RoundOp,
             math::RoundEvenOp, math::SqrtOp, math::TruncOp>(op);
}

struct ExpandDeviceMathPass
    : bpt::impl::ExpandDeviceMathPassBase<ExpandDeviceMathPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateMathExpansionPatterns(set, /*expandExp2=*/false);
    set.add<ExpandCircular<math::SinOp>, ExpandCircular<math::CosOp>>(
        context, /*benefit=*/10);
    populateMathPolynomialApproximationPatterns(set, [](StringRef name) {
      return llvm::is_contained({"math.atan", "math.atan2", "math.asin",
                                 "math.acos", "math.cbrt", "math.erfc"},
                                name);
    });
    math::populateExpansionPatterns(set, {"sinh", "cosh", "tan", "asinh",
                                          "acosh", "atanh", "powf", "fpowi",
                                          "ipowi", "rsqrt"});
    patterns = FrozenRewritePatternSet(std::move(set));
    return success();
  }

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa_and_present<math::MathDialect>(op->getDialect()))
        ops.push_back(op);
    });
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps)
        .enableFolding(false);
    (void)applyOpPatternsGreedily(ops, patterns, config);
    WalkResult result = getOperation()->walk([](Operation *op) {
      if (!isa_and_present<math::MathDialect>(op->getDialect()) ||
          isInstruction(op))
        return WalkResult::advance();
      op->emitOpError("on ") << op->getResult(0).getType()
                             << " cannot be computed on a GPU; compute it in "
                                "f32";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
