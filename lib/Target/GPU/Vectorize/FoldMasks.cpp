//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FoldMasks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether two masks are known to be the same.
static bool areSameMask(Value a, Value b) {
  if (a == b)
    return true;
  auto left = a.getDefiningOp<vector::CreateMaskOp>(),
       right = b.getDefiningOp<vector::CreateMaskOp>();
  return left && right && left.getType() == right.getType() &&
         llvm::all_of(llvm::zip(left.getOperands(), right.getOperands()),
                      [](auto pair) {
                        auto [x, y] = pair;
                        return isEqualConstantIntOrValue(getAsOpFoldResult(x),
                                                         getAsOpFoldResult(y));
                      });
}

static bool haveSameIndices(vector::TransferReadOp read,
                            vector::TransferWriteOp write) {
  return llvm::equal(read.getIndices(), write.getIndices(),
                     [](Value a, Value b) {
                       return isEqualConstantIntOrValue(getAsOpFoldResult(a),
                                                        getAsOpFoldResult(b));
                     });
}

static Value select(OpBuilder &builder, Location loc, Value mask, Value value,
                    TypedAttr elsewhere) {
  auto type = cast<VectorType>(value.getType());
  Value splat = arith::ConstantOp::create(
      builder, loc, SplatElementsAttr::get(type, elsewhere));
  return arith::SelectOp::create(builder, loc, mask, value, splat);
}

/// The element that leaves a reduction as it is.
static FailureOr<TypedAttr> getNeutral(vector::CombiningKind kind, Type type) {
  using Kind = vector::CombiningKind;
  if (auto floatType = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = floatType.getFloatSemantics();
    switch (kind) {
    case Kind::ADD:
      // −0 + x is x for every x.
      return TypedAttr(
          FloatAttr::get(type, APFloat::getZero(semantics, /*Negative=*/true)));
    case Kind::MUL:
      return TypedAttr(FloatAttr::get(type, APFloat::getOne(semantics)));
    case Kind::MAXNUMF:
    case Kind::MAXIMUMF:
      return TypedAttr(
          FloatAttr::get(type, APFloat::getInf(semantics, /*Negative=*/true)));
    case Kind::MINNUMF:
    case Kind::MINIMUMF:
      return TypedAttr(FloatAttr::get(type, APFloat::getInf(semantics)));
    default:
      return failure();
    }
  }
  if (!type.isInteger() || (kind != Kind::ADD && kind != Kind::OR))
    return failure();
  return TypedAttr(IntegerAttr::get(type, 0));
}

namespace {
/// mask { reduce v } = reduce select(mask, v, neutral).
struct UnmaskReduction : OpRewritePattern<vector::MaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::MaskOp op,
                                PatternRewriter &rewriter) const override {
    auto reduction =
        dyn_cast_or_null<vector::MultiDimReductionOp>(op.getMaskableOp());
    if (!reduction || op.hasPassthru())
      return failure();
    FailureOr<TypedAttr> neutral = getNeutral(
        reduction.getKind(), reduction.getSourceVectorType().getElementType());
    if (failed(neutral))
      return failure();
    Value source = select(rewriter, op.getLoc(), op.getMask(),
                          reduction.getSource(), *neutral);
    rewriter.replaceOpWithNewOp<vector::MultiDimReductionOp>(
        op, reduction.getKind(), source, reduction.getAcc(),
        reduction.getReductionDims());
    return success();
  }
};

/// mask { a · b + c } = a' · b' + c with zeros past the edge of a and b. Rows
/// and columns past the edge are left as they are: what reads them is masked.
struct UnmaskContraction : OpRewritePattern<vector::MaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::MaskOp op,
                                PatternRewriter &rewriter) const override {
    auto contraction =
        dyn_cast_or_null<vector::ContractionOp>(op.getMaskableOp());
    auto mask = op.getMask().getDefiningOp<vector::CreateMaskOp>();
    if (!contraction || !mask || op.hasPassthru() ||
        contraction.getKind() != vector::CombiningKind::ADD)
      return failure();
    SmallVector<AffineMap> maps = contraction.getIndexingMapsArray();
    auto zeroOutside = [&](Value operand, AffineMap map) {
      SmallVector<Value> extents;
      for (AffineExpr expr : map.getResults())
        extents.push_back(
            mask.getOperand(cast<AffineDimExpr>(expr).getPosition()));
      auto type = cast<VectorType>(operand.getType());
      Value inside = vector::CreateMaskOp::create(
          rewriter, op.getLoc(), type.clone(rewriter.getI1Type()), extents);
      return select(rewriter, op.getLoc(), inside, operand,
                    rewriter.getZeroAttr(type.getElementType()));
    };
    Value lhs = zeroOutside(contraction.getLhs(), maps[0]);
    Value rhs = zeroOutside(contraction.getRhs(), maps[1]);
    rewriter.replaceOpWithNewOp<vector::ContractionOp>(
        op, lhs, rhs, contraction.getAcc(), contraction.getIndexingMaps(),
        contraction.getIteratorTypes(), contraction.getKind());
    return success();
  }
};

/// read(write(v) under m) under m = select(m, v, pad).
struct ForwardMaskedWrite : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferReadOp read,
                                PatternRewriter &rewriter) const override {
    auto write = read.getBase().getDefiningOp<vector::TransferWriteOp>();
    if (!write || !read.getMask() || !write.getMask() ||
        read.getVectorType() != write.getVectorType() ||
        read.getPermutationMap() != write.getPermutationMap() ||
        !areSameMask(read.getMask(), write.getMask()) ||
        !haveSameIndices(read, write))
      return failure();
    Value splat = vector::BroadcastOp::create(
        rewriter, read.getLoc(), read.getVectorType(), read.getPadding());
    rewriter.replaceOpWithNewOp<arith::SelectOp>(read, read.getMask(),
                                                 write.getVector(), splat);
    return success();
  }
};

/// read(write(line)) that repeats the line = broadcast(select(m, line, pad)).
struct ForwardMaskedLine : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferReadOp read,
                                PatternRewriter &rewriter) const override {
    auto write = read.getBase().getDefiningOp<vector::TransferWriteOp>();
    if (!write || read.getVectorType().getRank() != 2 ||
        write.getVectorType().getRank() != 1 ||
        static_cast<bool>(read.getMask()) !=
            static_cast<bool>(write.getMask()) ||
        (read.getMask() && !areSameMask(read.getMask(), write.getMask())) ||
        !haveSameIndices(read, write))
      return failure();
    // (…, d, …) -> (d, 0) repeats a column, -> (0, d) a row.
    AffineMap map = read.getPermutationMap();
    AffineExpr dim = write.getPermutationMap().getResult(0);
    auto repeats = [](AffineExpr expr) {
      auto constant = dyn_cast<AffineConstantExpr>(expr);
      return constant && constant.getValue() == 0;
    };
    bool isColumn = map.getResult(0) == dim && repeats(map.getResult(1));
    bool isRow = map.getResult(1) == dim && repeats(map.getResult(0));
    if (!isColumn && !isRow)
      return failure();
    VectorType line = write.getVectorType();
    if (read.getVectorType().getDimSize(isColumn ? 0 : 1) != line.getDimSize(0))
      return failure();
    Location loc = read.getLoc();
    Value value = write.getVector();
    if (read.getMask()) {
      Value splat =
          vector::BroadcastOp::create(rewriter, loc, line, read.getPadding());
      value =
          arith::SelectOp::create(rewriter, loc, read.getMask(), value, splat);
    }
    if (isColumn)
      value = vector::ShapeCastOp::create(
          rewriter, loc,
          VectorType::get({line.getDimSize(0), 1}, line.getElementType()),
          value);
    rewriter.replaceOpWithNewOp<vector::BroadcastOp>(read, read.getVectorType(),
                                                     value);
    return success();
  }
};

/// A masked write over one of the same elements, which nothing else reads, is
/// the only one.
struct DropOverwrittenWrite : OpRewritePattern<vector::TransferWriteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferWriteOp write,
                                PatternRewriter &rewriter) const override {
    auto first = write.getBase().getDefiningOp<vector::TransferWriteOp>();
    if (!first || !first->hasOneUse() || !first.getMask() || !write.getMask() ||
        !areSameMask(first.getMask(), write.getMask()) ||
        first.getVectorType() != write.getVectorType() ||
        first.getPermutationMap() != write.getPermutationMap() ||
        first.getInBounds() != write.getInBounds() ||
        !llvm::equal(first.getIndices(), write.getIndices()))
      return failure();
    rewriter.modifyOpInPlace(
        write, [&] { write.getBaseMutable().assign(first.getBase()); });
    return success();
  }
};

/// A tile that is zero past the edge already needs no second mask.
struct DropMaskOfMaskedRead : OpRewritePattern<arith::SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::SelectOp op,
                                PatternRewriter &rewriter) const override {
    auto read = op.getTrueValue().getDefiningOp<vector::TransferReadOp>();
    Attribute elsewhere, pad;
    if (!read || !read.getMask() ||
        !read.getPermutationMap().isMinorIdentity() ||
        !matchPattern(op.getFalseValue(), m_Constant(&elsewhere)) ||
        !matchPattern(read.getPadding(), m_Constant(&pad)) ||
        !areSameMask(op.getCondition(), read.getMask()))
      return failure();
    auto splat = dyn_cast<SplatElementsAttr>(elsewhere);
    if (!splat || splat.getSplatValue<Attribute>() != pad)
      return failure();
    rewriter.replaceOp(op, read);
    return success();
  }
};
} // namespace

void bpt::populateFoldMasksPatterns(RewritePatternSet &patterns) {
  patterns.add<UnmaskReduction, UnmaskContraction, ForwardMaskedWrite,
               ForwardMaskedLine, DropOverwrittenWrite, DropMaskOfMaskedRead>(
      patterns.getContext());
}
