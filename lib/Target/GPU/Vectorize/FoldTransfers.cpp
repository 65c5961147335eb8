//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FoldTransfers.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::bpt;

/// Indices and map of a transfer to a slice, as one to what it was cut from.
static void composeWithSlice(PatternRewriter &rewriter, Location loc,
                             ArrayRef<OpFoldResult> offsets,
                             const llvm::SmallBitVector &dropped,
                             ValueRange inner, AffineMap innerMap,
                             SmallVector<Value> &indices, AffineMap &map) {
  SmallVector<AffineExpr> dims;
  AffineExpr d0 = rewriter.getAffineDimExpr(0),
             d1 = rewriter.getAffineDimExpr(1);
  unsigned next = 0;
  for (auto [dim, offset] : llvm::enumerate(offsets)) {
    OpFoldResult index = offset;
    if (!dropped.test(dim)) {
      index = affine::makeComposedFoldedAffineApply(
          rewriter, loc, d0 + d1, {offset, getAsOpFoldResult(inner[next++])});
      dims.push_back(rewriter.getAffineDimExpr(dim));
    }
    indices.push_back(getValueOrCreateConstantIndexOp(rewriter, loc, index));
  }
  map = innerMap.replaceDimsAndSymbols(dims, {}, offsets.size(), 0);
}

namespace {
/// transfer_read(extract_slice(t)) = transfer_read(t), masked or in bounds.
struct FoldReadOfSlice : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferReadOp read,
                                PatternRewriter &rewriter) const override {
    auto slice = read.getBase().getDefiningOp<tensor::ExtractSliceOp>();
    // A slice outside of the block is the tensor as the block knows it.
    if (!slice || !slice.hasUnitStride() || read.hasOutOfBoundsDim() ||
        !slice->getParentOfType<scf::ForallOp>())
      return failure();
    SmallVector<Value> indices;
    AffineMap map;
    composeWithSlice(rewriter, read.getLoc(), slice.getMixedOffsets(),
                     slice.getDroppedDims(), read.getIndices(),
                     read.getPermutationMap(), indices, map);
    rewriter.replaceOpWithNewOp<vector::TransferReadOp>(
        read, read.getVectorType(), slice.getSource(), indices,
        AffineMapAttr::get(map), read.getPadding(), read.getMask(),
        read.getInBoundsAttr());
    return success();
  }
};

/// insert_slice(transfer_write(v, extract_slice(t)), t) = transfer_write(v, t).
/// Upstream folds writes whose map is a minor identity; a slice that drops unit
/// dimensions in the middle leads to others.
struct FoldInsertOfWrite : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::InsertSliceOp insert,
                                PatternRewriter &rewriter) const override {
    auto write = insert.getSource().getDefiningOp<vector::TransferWriteOp>();
    if (!write || !write->hasOneUse() || !insert.hasUnitStride())
      return failure();
    auto slice = write.getBase().getDefiningOp<tensor::ExtractSliceOp>();
    if (!slice || slice.getSource() != insert.getDest() ||
        slice.getMixedOffsets() != insert.getMixedOffsets() ||
        slice.getMixedSizes() != insert.getMixedSizes() ||
        !slice.hasUnitStride() ||
        slice.getDroppedDims() != insert.getDroppedDims())
      return failure();
    SmallVector<Value> indices;
    AffineMap map;
    composeWithSlice(rewriter, insert.getLoc(), insert.getMixedOffsets(),
                     insert.getDroppedDims(), write.getIndices(),
                     write.getPermutationMap(), indices, map);
    rewriter.replaceOpWithNewOp<vector::TransferWriteOp>(
        insert, insert.getType(), write.getVector(), insert.getDest(), indices,
        AffineMapAttr::get(map), write.getMask(), write.getInBoundsAttr());
    return success();
  }
};

/// Reads that repeat a line read it once.
struct ReadLine : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferReadOp read,
                                PatternRewriter &rewriter) const override {
    AffineMap map = read.getPermutationMap();
    if (map.getNumResults() != 2)
      return failure();
    bool isColumn = isa<AffineDimExpr>(map.getResult(0)) &&
                    isa<AffineConstantExpr>(map.getResult(1));
    bool isRow = isa<AffineConstantExpr>(map.getResult(0)) &&
                 isa<AffineDimExpr>(map.getResult(1));
    if (!isColumn && !isRow)
      return failure();
    unsigned kept = isColumn ? 0 : 1;
    VectorType type = read.getVectorType();
    int64_t length = type.getDimSize(kept);
    auto line = VectorType::get({length}, type.getElementType());
    Location loc = read.getLoc();
    Value value = vector::TransferReadOp::create(
        rewriter, loc, line, read.getBase(), read.getIndices(),
        AffineMapAttr::get(map.getSubMap({kept})), read.getPadding(),
        read.getMask(),
        rewriter.getBoolArrayAttr({read.getInBoundsValues()[kept]}));
    if (isColumn)
      value = vector::ShapeCastOp::create(
          rewriter, loc, VectorType::get({length, 1}, type.getElementType()),
          value);
    rewriter.replaceOpWithNewOp<vector::BroadcastOp>(read, type, value);
    return success();
  }
};

/// Reads that repeat a number load it once.
struct ReadNumber : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferReadOp read,
                                PatternRewriter &rewriter) const override {
    if (!isa<RankedTensorType>(read.getBase().getType()) || read.getMask() ||
        !llvm::all_of(read.getPermutationMap().getResults(),
                      llvm::IsaPred<AffineConstantExpr>))
      return failure();
    Value number = tensor::ExtractOp::create(rewriter, read.getLoc(),
                                             read.getBase(), read.getIndices());
    rewriter.replaceOpWithNewOp<vector::BroadcastOp>(read, read.getVectorType(),
                                                     number);
    return success();
  }
};

/// Writes of tiles with unit dimensions are writes of tiles without.
struct DropUnitDimsOfWrite : OpRewritePattern<vector::TransferWriteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferWriteOp write,
                                PatternRewriter &rewriter) const override {
    VectorType type = write.getVectorType();
    if (!llvm::is_contained(type.getShape(), 1) || write.hasOutOfBoundsDim() ||
        !write.getPermutationMap().isProjectedPermutation())
      return failure();
    vector::CreateMaskOp mask;
    if (write.getMask() &&
        !(mask = write.getMask().getDefiningOp<vector::CreateMaskOp>()))
      return failure();
    SmallVector<int64_t> shape;
    SmallVector<AffineExpr> exprs;
    SmallVector<Value> extents;
    for (auto [dim, size] : llvm::enumerate(type.getShape())) {
      if (size == 1) {
        if (mask && getConstantIntValue(mask.getOperand(dim)) != 1)
          return failure();
        continue;
      }
      shape.push_back(size);
      exprs.push_back(write.getPermutationMap().getResult(dim));
      if (mask)
        extents.push_back(mask.getOperand(dim));
    }
    if (shape.empty())
      return failure();
    Location loc = write.getLoc();
    auto reduced = VectorType::get(shape, type.getElementType());
    Value value =
        vector::ShapeCastOp::create(rewriter, loc, reduced, write.getVector());
    Value newMask;
    if (mask)
      newMask = vector::CreateMaskOp::create(
          rewriter, loc, reduced.clone(rewriter.getI1Type()), extents);
    auto map = AffineMap::get(write.getPermutationMap().getNumDims(), 0, exprs,
                              rewriter.getContext());
    rewriter.replaceOpWithNewOp<vector::TransferWriteOp>(
        write, value, write.getBase(), write.getIndices(),
        AffineMapAttr::get(map), newMask,
        rewriter.getBoolArrayAttr(SmallVector<bool>(shape.size(), true)));
    return success();
  }
};

/// transpose(broadcast(line)) = broadcast(column).
struct BroadcastColumn : OpRewritePattern<vector::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransposeOp transpose,
                                PatternRewriter &rewriter) const override {
    auto broadcast = transpose.getVector().getDefiningOp<vector::BroadcastOp>();
    if (!broadcast || transpose.getPermutation() != ArrayRef<int64_t>({1, 0}))
      return failure();
    auto line = dyn_cast<VectorType>(broadcast.getSourceType());
    if (!line || line.getRank() != 1)
      return failure();
    auto column =
        VectorType::get({line.getDimSize(0), 1}, line.getElementType());
    Value cast = vector::ShapeCastOp::create(rewriter, transpose.getLoc(),
                                             column, broadcast.getSource());
    rewriter.replaceOpWithNewOp<vector::BroadcastOp>(
        transpose, transpose.getResultVectorType(), cast);
    return success();
  }
};
} // namespace

void bpt::populateFoldTransfersPatterns(RewritePatternSet &patterns) {
  patterns.add<ReadNumber, ReadLine, FoldReadOfSlice, FoldInsertOfWrite,
               DropUnitDimsOfWrite, BroadcastColumn>(patterns.getContext());
}
