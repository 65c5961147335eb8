//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SimplifyTransfers.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Dominance.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether two numbers are equal because their difference folds to zero.
static bool isZeroDifference(RewriterBase &rewriter, Location loc,
                             OpFoldResult a, OpFoldResult b) {
  AffineExpr d0 = rewriter.getAffineDimExpr(0),
             d1 = rewriter.getAffineDimExpr(1);
  OpFoldResult difference =
      affine::makeComposedFoldedAffineApply(rewriter, loc, d0 - d1, {a, b});
  bool isZero = isConstantIntValue(difference, 0);
  // What does not fold was computed for the comparison only.
  if (auto value = dyn_cast<Value>(difference))
    if (Operation *op = value.getDefiningOp(); op && op->use_empty())
      rewriter.eraseOp(op);
  return isZero;
}

/// Whether `extent` elements from `index` on reach to the end of a dimension of
/// `size`, or as far as a tile of `tileSize` does.
static bool reachesEnd(RewriterBase &rewriter, Location loc, Value extent,
                       int64_t tileSize, OpFoldResult size,
                       OpFoldResult index) {
  AffineExpr d0 = rewriter.getAffineDimExpr(0),
             d1 = rewriter.getAffineDimExpr(1);
  OpFoldResult rest = affine::makeComposedFoldedAffineApply(
      rewriter, loc, d0 - d1, {size, index});
  if (isZeroDifference(rewriter, loc, getAsOpFoldResult(extent), rest))
    return true;
  auto least = extent.getDefiningOp<affine::AffineMinOp>();
  if (!least)
    return false;
  AffineMap map = least.getMap();
  SmallVector<OpFoldResult> operands = getAsOpFoldResult(least.getOperands());
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    if (auto constant = dyn_cast<AffineConstantExpr>(map.getResult(i))) {
      // A smaller bound than the tile would be a mask of its own.
      if (constant.getValue() < tileSize)
        return false;
      continue;
    }
    OpFoldResult bound = affine::makeComposedFoldedAffineApply(
        rewriter, loc, map.getSubMap({i}), operands);
    if (!isZeroDifference(rewriter, loc, bound, rest))
      return false;
  }
  return true;
}

/// The size of a dimension, by the value that names it already if there is one:
/// two values would not compare equal.
static OpFoldResult getNamedSize(RewriterBase &rewriter, Operation *user,
                                 Value tensor, int64_t dim) {
  DominanceInfo dominance;
  if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
    return empty.getMixedSizes()[dim];
  if (cast<RankedTensorType>(tensor.getType()).isDynamicDim(dim))
    for (Operation *other : tensor.getUsers())
      if (auto size = dyn_cast<tensor::DimOp>(other);
          size && size.getConstantIndex() == dim &&
          dominance.properlyDominates(size.getOperation(), user))
        return size.getResult();
  return tensor::getMixedSize(rewriter, user->getLoc(), tensor, dim);
}

/// What a transfer's mask keeps along a dimension of its tile. A mask has the
/// dimensions of memory, in their order there.
template <typename TransferOp>
static Value getExtent(TransferOp transfer, vector::CreateMaskOp mask,
                       unsigned dim) {
  AffineMap map = transfer.getPermutationMap();
  if (!map.isProjectedPermutation())
    return mask.getOperand(dim);
  unsigned position = map.getDimPosition(dim);
  return mask.getOperand(
      llvm::count_if(map.getResults(), [&](AffineExpr other) {
        return cast<AffineDimExpr>(other).getPosition() < position;
      }));
}

/// Reads from a slice that is as large as the mask: what the mask leaves out is
/// past its end.
static void replaceMaskBySlice(RewriterBase &rewriter,
                               vector::TransferReadOp read) {
  auto type = cast<RankedTensorType>(read.getBase().getType());
  Location loc = read.getLoc();
  VectorType tile = read.getVectorType();
  SmallVector<OpFoldResult> offsets = getAsOpFoldResult(read.getIndices()),
                            strides(type.getRank(), rewriter.getIndexAttr(1)),
                            sizes(type.getRank(), rewriter.getIndexAttr(1));
  auto mask = read.getMask().getDefiningOp<vector::CreateMaskOp>();
  for (auto [dim, expr] :
       llvm::enumerate(read.getPermutationMap().getResults())) {
    auto position = dyn_cast<AffineDimExpr>(expr);
    if (!position)
      return;
    AffineMap cut =
        AffineMap::get(1, 0,
                       {rewriter.getAffineDimExpr(0),
                        rewriter.getAffineConstantExpr(tile.getDimSize(dim))},
                       rewriter.getContext());
    sizes[position.getPosition()] = affine::makeComposedFoldedAffineMin(
        rewriter, loc, cut, {getAsOpFoldResult(getExtent(read, mask, dim))});
  }
  Value slice = tensor::ExtractSliceOp::create(rewriter, loc, read.getBase(),
                                               offsets, sizes, strides);
  Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
  SmallVector<Value> indices(type.getRank(), zero);
  SmallVector<bool> inBounds(tile.getRank(), false);
  rewriter.replaceOpWithNewOp<vector::TransferReadOp>(
      read, tile, slice, indices, read.getPermutationMapAttr(),
      read.getPadding(), /*mask=*/Value(), rewriter.getBoolArrayAttr(inBounds));
}

/// Lets the bounds of the tensor do what the mask does, where they do.
template <typename TransferOp>
static bool replaceMask(RewriterBase &rewriter, TransferOp transfer) {
  auto mask =
      transfer.getMask()
          ? transfer.getMask().template getDefiningOp<vector::CreateMaskOp>()
          : vector::CreateMaskOp();
  VectorType type = transfer.getVectorType();
  if (!mask || !isa<RankedTensorType>(transfer.getBase().getType()) ||
      mask.getType().getRank() != type.getRank())
    return true;
  Location loc = transfer.getLoc();
  rewriter.setInsertionPoint(transfer);
  SmallVector<bool> inBounds = transfer.getInBoundsValues();
  for (auto [dim, expr] :
       llvm::enumerate(transfer.getPermutationMap().getResults())) {
    Value extent = getExtent(transfer, mask, dim);
    std::optional<int64_t> known = getConstantIntValue(extent);
    if (known && *known >= type.getDimSize(dim))
      continue;
    auto position = dyn_cast<AffineDimExpr>(expr);
    if (!position)
      return false;
    OpFoldResult size = getNamedSize(rewriter, transfer, transfer.getBase(),
                                     position.getPosition());
    Value index = transfer.getIndices()[position.getPosition()];
    if (!reachesEnd(rewriter, loc, extent, type.getDimSize(dim), size,
                    getAsOpFoldResult(index)))
      return false;
    inBounds[dim] = false;
  }
  rewriter.modifyOpInPlace(transfer, [&] {
    transfer.getMaskMutable().clear();
    transfer.setInBoundsAttr(rewriter.getBoolArrayAttr(inBounds));
  });
  return true;
}

void bpt::definePadding(RewriterBase &rewriter, Operation *root) {
  root->walk([&](vector::TransferReadOp read) {
    if (!read.getPadding().getDefiningOp<ub::PoisonOp>())
      return;
    rewriter.setInsertionPoint(read);
    Value zero = arith::ConstantOp::create(
        rewriter, read.getLoc(),
        rewriter.getZeroAttr(read.getVectorType().getElementType()));
    rewriter.modifyOpInPlace(read,
                             [&] { read.getPaddingMutable().assign(zero); });
  });
}

void bpt::replaceMasksByBounds(RewriterBase &rewriter, Operation *root) {
  SmallVector<Operation *> transfers;
  root->walk([&](Operation *op) {
    if (isa<vector::TransferReadOp, vector::TransferWriteOp>(op))
      transfers.push_back(op);
  });
  for (Operation *op : transfers) {
    if (auto read = dyn_cast<vector::TransferReadOp>(op)) {
      if (!replaceMask(rewriter, read)) {
        rewriter.setInsertionPoint(read);
        replaceMaskBySlice(rewriter, read);
      }
    } else {
      replaceMask(rewriter, cast<vector::TransferWriteOp>(op));
    }
  }
}

namespace {
/// The slice of a tensor that a transfer's tile lies in.
struct TileSlice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  SmallVector<Value> indices;
  SmallVector<int64_t> shape;
  AffineMap map;
};

template <typename TransferOp>
FailureOr<TileSlice> getSlice(PatternRewriter &rewriter, TransferOp transfer) {
  auto type = dyn_cast<RankedTensorType>(transfer.getBase().getType());
  AffineMap map = transfer.getPermutationMap();
  if (!type || type.getRank() <= map.getNumResults() ||
      !map.isProjectedPermutation())
    return failure();
  TileSlice slice;
  SmallVector<AffineExpr> dims(type.getRank());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    OpFoldResult index = getAsOpFoldResult(transfer.getIndices()[dim]);
    slice.strides.push_back(rewriter.getIndexAttr(1));
    if (!map.isFunctionOfDim(dim)) {
      dims[dim] = rewriter.getAffineConstantExpr(0);
      slice.offsets.push_back(index);
      slice.sizes.push_back(rewriter.getIndexAttr(1));
      continue;
    }
    dims[dim] = rewriter.getAffineDimExpr(slice.shape.size());
    slice.offsets.push_back(rewriter.getIndexAttr(0));
    slice.sizes.push_back(tensor::getMixedSize(rewriter, transfer.getLoc(),
                                               transfer.getBase(), dim));
    slice.indices.push_back(transfer.getIndices()[dim]);
    slice.shape.push_back(type.getDimSize(dim));
  }
  slice.map = map.replaceDimsAndSymbols(dims, {}, slice.shape.size(), 0);
  return slice;
}

template <typename TransferOp>
Value extract(PatternRewriter &rewriter, TransferOp transfer,
              const TileSlice &slice) {
  auto type = cast<RankedTensorType>(transfer.getBase().getType());
  return tensor::ExtractSliceOp::create(
      rewriter, transfer.getLoc(),
      RankedTensorType::get(slice.shape, type.getElementType()),
      transfer.getBase(), slice.offsets, slice.sizes, slice.strides);
}

struct SliceRead : OpRewritePattern<vector::TransferReadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferReadOp read,
                                PatternRewriter &rewriter) const override {
    FailureOr<TileSlice> slice = getSlice(rewriter, read);
    if (failed(slice))
      return failure();
    rewriter.replaceOpWithNewOp<vector::TransferReadOp>(
        read, read.getVectorType(), extract(rewriter, read, *slice),
        slice->indices, AffineMapAttr::get(slice->map), read.getPadding(),
        read.getMask(), read.getInBoundsAttr());
    return success();
  }
};

struct SliceWrite : OpRewritePattern<vector::TransferWriteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(vector::TransferWriteOp write,
                                PatternRewriter &rewriter) const override {
    FailureOr<TileSlice> slice = getSlice(rewriter, write);
    if (failed(slice))
      return failure();
    auto inner = vector::TransferWriteOp::create(
        rewriter, write.getLoc(), write.getVector(),
        extract(rewriter, write, *slice), slice->indices,
        AffineMapAttr::get(slice->map), write.getMask(),
        write.getInBoundsAttr());
    rewriter.replaceOpWithNewOp<tensor::InsertSliceOp>(
        write, inner.getResult(), write.getBase(), slice->offsets, slice->sizes,
        slice->strides);
    return success();
  }
};

static bool isOfEmptyTensor(Value tensor) {
  while (auto slice = tensor.getDefiningOp<tensor::ExtractSliceOp>())
    tensor = slice.getSource();
  return isa_and_present<tensor::EmptyOp>(tensor.getDefiningOp());
}

/// insert_slice(transfer_write(v, e), t) = insert_slice(transfer_write(v, s),
/// t) if e is an empty tensor, or a slice of one, and s the slice of t: what
/// the write leaves out is undefined, and may be what it was.
struct WriteToDestination : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::InsertSliceOp insert,
                                PatternRewriter &rewriter) const override {
    auto write = insert.getSource().getDefiningOp<vector::TransferWriteOp>();
    if (!write || !write->hasOneUse())
      return failure();
    // What is inserted into an empty tensor has no destination yet.
    if (!isOfEmptyTensor(write.getBase()) || isOfEmptyTensor(insert.getDest()))
      return failure();
    Value slice = tensor::ExtractSliceOp::create(
        rewriter, write.getLoc(), insert.getSourceType(), insert.getDest(),
        insert.getMixedOffsets(), insert.getMixedSizes(),
        insert.getMixedStrides());
    rewriter.moveOpBefore(write, insert);
    rewriter.modifyOpInPlace(write,
                             [&] { write.getBaseMutable().assign(slice); });
    return success();
  }
};
} // namespace

void bpt::populateSliceTransfersPatterns(RewritePatternSet &patterns) {
  patterns.add<SliceRead, SliceWrite, WriteToDestination>(
      patterns.getContext());
  // A slice is seen to be what was inserted if both have the size's one name.
  tensor::EmptyOp::getCanonicalizationPatterns(patterns, patterns.getContext());
}
