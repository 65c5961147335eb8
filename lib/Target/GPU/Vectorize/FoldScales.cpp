//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FoldScales.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::bpt;

/// The number that all elements of a constant tile of f32 are.
static std::optional<float> getSplat(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat() ||
      !elements.getElementType().isF32())
    return std::nullopt;
  return elements.getSplatValue<float>();
}

namespace {
/// tile · factor
struct Scaled {
  Value tile;
  float factor;
};
} // namespace

static std::optional<Scaled> matchScaled(Value value) {
  auto product = value.getDefiningOp<arith::MulFOp>();
  if (!product || !isa<VectorType>(value.getType()))
    return std::nullopt;
  for (auto [tile, other] :
       {std::pair<Value, Value>{product.getLhs(), product.getRhs()},
        {product.getRhs(), product.getLhs()}})
    if (std::optional<float> factor = getSplat(other))
      return Scaled{tile, *factor};
  return std::nullopt;
}

/// A factor that keeps the order of what it scales, infinities too.
static bool keepsOrder(float factor) {
  return factor > 0 && std::isfinite(factor);
}

static Value splat(OpBuilder &b, Location loc, Type type, float value) {
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(cast<ShapedType>(type), value));
}

namespace {
/// (x · c) · d = x · (c · d).
struct FoldScaleIntoScale : OpRewritePattern<arith::MulFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::MulFOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Scaled> outer = matchScaled(op.getResult());
    if (!outer)
      return failure();
    std::optional<Scaled> inner = matchScaled(outer->tile);
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<arith::MulFOp>(
        op, inner->tile,
        splat(rewriter, op.getLoc(), op.getType(),
              inner->factor * outer->factor));
    return success();
  }
};

/// fma(x · c, d, z) = fma(x, c · d, z).
struct FoldScaleIntoFma : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Scaled> inner = matchScaled(op.getA());
    std::optional<float> factor = getSplat(op.getB());
    if (!inner || !factor)
      return failure();
    rewriter.replaceOpWithNewOp<math::FmaOp>(
        op, inner->tile,
        splat(rewriter, op.getLoc(), op.getType(), inner->factor * *factor),
        op.getC());
    return success();
  }
};

/// max(x · c) = max(x) · c for c > 0. What the maximum starts from is the
/// lowest number or −∞, which stay such.
struct ScaleMaximum : OpRewritePattern<vector::MultiDimReductionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::MultiDimReductionOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getKind() != vector::CombiningKind::MAXNUMF ||
        !isa<VectorType>(op.getType()))
      return failure();
    std::optional<Scaled> source = matchScaled(op.getSource());
    std::optional<float> start = getSplat(op.getAcc());
    if (!source || !keepsOrder(source->factor) || !start ||
        *start > std::numeric_limits<float>::lowest())
      return failure();
    Value infinity = splat(rewriter, op.getLoc(), op.getAcc().getType(),
                           -std::numeric_limits<float>::infinity());
    Value maximum = vector::MultiDimReductionOp::create(
        rewriter, op.getLoc(), source->tile, infinity, op.getReductionMask(),
        op.getKind());
    Value scaled = arith::MulFOp::create(
        rewriter, op.getLoc(), maximum,
        splat(rewriter, op.getLoc(), op.getType(), source->factor));
    rewriter.replaceOpWithNewOp<arith::MaxNumFOp>(op, scaled, op.getAcc());
    return success();
  }
};

/// select(mask, x · c, ±∞) = select(mask, x, ±∞) · c for c > 0.
struct ScaleSelected : OpRewritePattern<arith::SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::SelectOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<Scaled> kept = matchScaled(op.getTrueValue());
    std::optional<float> elsewhere = getSplat(op.getFalseValue());
    if (!kept || !keepsOrder(kept->factor) || !elsewhere ||
        !std::isinf(*elsewhere))
      return failure();
    Value selected =
        arith::SelectOp::create(rewriter, op.getLoc(), op.getCondition(),
                                kept->tile, op.getFalseValue());
    rewriter.replaceOpWithNewOp<arith::MulFOp>(
        op, selected, splat(rewriter, op.getLoc(), op.getType(), kept->factor));
    return success();
  }
};
} // namespace

void bpt::populateFoldScalesPatterns(RewritePatternSet &patterns) {
  patterns
      .add<FoldScaleIntoScale, FoldScaleIntoFma, ScaleMaximum, ScaleSelected>(
          patterns.getContext());
}
