//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/CPU/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_LOWERPACKPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

namespace {

/// Writes the panels of a pack with one tiled dimension, and of a matrix whose
/// other dimension is taken in pairs. A panel is the destination at one index
/// of the tiled dimension.
class PanelWriter {
public:
  static bool canWrite(linalg::PackOp pack) {
    ArrayRef<int64_t> tiles = pack.getStaticInnerTiles();
    if (ShapedType::isDynamic(tiles.front()))
      return false;
    return tiles.size() == 1 || (tiles.size() == 2 && tiles.back() == 2 &&
                                 pack.getSourceType().getRank() == 2);
  }

  PanelWriter(linalg::PackOp pack)
      : pack(pack), loc(pack.getLoc()), rank(pack.getSourceType().getRank()),
        tiled(pack.getInnerDimsPos().front()),
        width(pack.getStaticInnerTiles().front()),
        inPairs(pack.getStaticInnerTiles().size() == 2),
        perm(pack.getOuterDimsPerm()) {
    if (perm.empty())
      llvm::append_range(perm, llvm::seq<int64_t>(0, rank));
    outerPos = llvm::find(perm, tiled) - perm.begin();
  }

  /// Replaces the pack by loops over its panels.
  void run(RewriterBase &rewriter) {
    OpFoldResult size =
        tensor::getMixedSize(rewriter, loc, pack.getSource(), tiled);
    std::optional<int64_t> known = getConstantIntValue(size);
    AffineExpr s = rewriter.getAffineSymbolExpr(0);
    OpFoldResult full = affine::makeComposedFoldedAffineApply(
        rewriter, loc, s.floorDiv(width), {size});
    OpFoldResult rest =
        affine::makeComposedFoldedAffineApply(rewriter, loc, s % width, {size});

    Value dest = writeFullPanels(rewriter, pack.getDest(), full);
    bool mayBePartial =
        pack.getPaddingValue() && !(known && *known % width == 0);
    if (!mayBePartial)
      return rewriter.replaceOp(pack, dest);
    if (known)
      return rewriter.replaceOp(
          pack,
          insert(rewriter, compute(rewriter, dest, full, rest), dest, full));
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
    Value any = arith::CmpIOp::create(
        rewriter, loc, arith::CmpIPredicate::ne,
        getValueOrCreateConstantIndexOp(rewriter, loc, rest), zero);
    auto ifOp = scf::IfOp::create(
        rewriter, loc, any,
        [&](OpBuilder &b, Location loc) {
          scf::YieldOp::create(
              b, loc, insert(b, compute(b, dest, full, rest), dest, full));
        },
        [&](OpBuilder &b, Location loc) {
          scf::YieldOp::create(b, loc, dest);
        });
    rewriter.replaceOp(pack, ifOp);
  }

private:
  Value writeFullPanels(RewriterBase &rewriter, Value dest,
                        OpFoldResult count) {
    OpFoldResult valid = rewriter.getIndexAttr(width);
    bool nested = pack->getParentOfType<LoopLikeOpInterface>() != nullptr;
    if (!nested) {
      // Weights are packed once, on all threads.
      auto forall = scf::ForallOp::create(rewriter, loc, ArrayRef{count}, dest,
                                          std::nullopt);
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(forall.getBody());
      Value shared = forall.getRegionIterArgs().front();
      OpFoldResult panel = forall.getInductionVar(0);
      Value value = compute(rewriter, shared, panel, valid);
      SmallVector<OpFoldResult> offsets, sizes, strides;
      place(rewriter, shared, panel, offsets, sizes, strides);
      rewriter.setInsertionPointToStart(forall.getTerminator().getBody());
      tensor::ParallelInsertSliceOp::create(rewriter, loc, value, shared,
                                            offsets, sizes, strides);
      return forall.getResult(0);
    }
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
    Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    Value limit = getValueOrCreateConstantIndexOp(rewriter, loc, count);
    auto loop = scf::ForOp::create(
        rewriter, loc, zero, limit, one, dest,
        [&](OpBuilder &b, Location loc, Value iv, ValueRange args) {
          Value value = compute(b, args[0], iv, valid);
          scf::YieldOp::create(b, loc, insert(b, value, args[0], iv));
        });
    return loop.getResult(0);
  }

  /// Where panel `panel` lies in the destination.
  void place(OpBuilder &b, Value dest, OpFoldResult panel,
             SmallVectorImpl<OpFoldResult> &offsets,
             SmallVectorImpl<OpFoldResult> &sizes,
             SmallVectorImpl<OpFoldResult> &strides) {
    sizes = tensor::getMixedSizes(b, loc, dest);
    offsets.assign(sizes.size(), b.getIndexAttr(0));
    strides.assign(sizes.size(), b.getIndexAttr(1));
    offsets[outerPos] = panel;
    sizes[outerPos] = b.getIndexAttr(1);
  }

  Value insert(OpBuilder &b, Value value, Value dest, OpFoldResult panel) {
    SmallVector<OpFoldResult> offsets, sizes, strides;
    place(b, dest, panel, offsets, sizes, strides);
    return tensor::InsertSliceOp::create(b, loc, value, dest, offsets, sizes,
                                         strides);
  }

  /// The panel's values: `valid` columns of the source, the rest padding.
  Value compute(OpBuilder &b, Value dest, OpFoldResult panel,
                OpFoldResult valid) {
    SmallVector<OpFoldResult> offsets, sizes, strides;
    place(b, dest, panel, offsets, sizes, strides);
    auto destType = cast<RankedTensorType>(dest.getType());
    SmallVector<int64_t> shape(destType.getShape());
    shape.erase(shape.begin() + outerPos);
    Value slot = tensor::ExtractSliceOp::create(
        b, loc, RankedTensorType::get(shape, destType.getElementType()), dest,
        offsets, sizes, strides);

    SmallVector<OpFoldResult> srcOffsets(rank, b.getIndexAttr(0)),
        unit(rank, b.getIndexAttr(1));
    SmallVector<OpFoldResult> srcSizes =
        tensor::getMixedSizes(b, loc, pack.getSource());
    srcOffsets[tiled] = affine::makeComposedFoldedAffineApply(
        b, loc, b.getAffineDimExpr(0) * width, {panel});
    srcSizes[tiled] = valid;
    Value source = tensor::ExtractSliceOp::create(b, loc, pack.getSource(),
                                                  srcOffsets, srcSizes, unit);

    if (getConstantIntValue(valid) == width)
      return copy(b, source, slot);
    Value filled = linalg::FillOp::create(b, loc, pack.getPaddingValue(), slot)
                       .getResult(0);
    SmallVector<OpFoldResult> partSizes(sizes);
    partSizes.erase(partSizes.begin() + outerPos);
    partSizes[rank - 1] = valid;
    SmallVector<OpFoldResult> partOffsets(partSizes.size(), b.getIndexAttr(0)),
        partStrides(partSizes.size(), b.getIndexAttr(1));
    Value part = tensor::ExtractSliceOp::create(b, loc, filled, partOffsets,
                                                partSizes, partStrides);
    return tensor::InsertSliceOp::create(b, loc, copy(b, source, part), filled,
                                         partOffsets, partSizes, partStrides);
  }

  /// Copies `source` to `target`, whose dimensions are the source's in the
  /// order of `perm` with the tiled one last.
  Value copy(OpBuilder &b, Value source, Value target) {
    if (inPairs)
      return copyPairs(b, source, target);
    SmallVector<AffineExpr> reads(rank);
    int64_t next = 0;
    for (int64_t dim : perm)
      if (dim != tiled)
        reads[dim] = b.getAffineDimExpr(next++);
    reads[tiled] = b.getAffineDimExpr(rank - 1);
    return createCopy(b, source, reads, target);
  }

  /// Copies the matrix `source` to `target`, [K / 2, columns, 2]: whole pairs,
  /// then the row that an odd K leaves over, with padding beside it.
  Value copyPairs(OpBuilder &b, Value source, Value target) {
    int64_t depthDim = 1 - tiled;
    OpFoldResult depth = tensor::getMixedSize(b, loc, source, depthDim),
                 columns = tensor::getMixedSize(b, loc, source, tiled);
    AffineExpr s = b.getAffineSymbolExpr(0);
    auto apply = [&](AffineExpr expr) {
      return affine::makeComposedFoldedAffineApply(b, loc, expr, {depth});
    };
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1),
                 two = b.getIndexAttr(2), pairs = apply(s.floorDiv(2)),
                 even = apply(s - s % 2), odd = apply(s % 2);
    AffineExpr pair = b.getAffineDimExpr(0), column = b.getAffineDimExpr(1),
               inPair = b.getAffineDimExpr(2);

    Value rows = sliceRows(b, source, depthDim, zero, even);
    SmallVector<ReassociationIndices> groups =
        depthDim == 0 ? SmallVector<ReassociationIndices>{{0, 1}, {2}}
                      : SmallVector<ReassociationIndices>{{0}, {1, 2}};
    SmallVector<OpFoldResult> shape{columns};
    shape.insert(shape.begin() + depthDim, {pairs, two});
    SmallVector<int64_t> staticShape;
    for (OpFoldResult size : shape)
      staticShape.push_back(
          getConstantIntValue(size).value_or(ShapedType::kDynamic));
    rows = tensor::ExpandShapeOp::create(
        b, loc,
        RankedTensorType::get(staticShape,
                              pack.getSourceType().getElementType()),
        rows, groups, shape);
    SmallVector<AffineExpr> reads{column};
    reads.insert(reads.begin() + depthDim, {pair, inPair});
    target = insertCopy(b, rows, reads, target, {zero, zero, zero},
                        {pairs, columns, two});
    if (getConstantIntValue(odd) == 0 || !pack.getPaddingValue())
      return target;

    SmallVector<OpFoldResult> offsets{pairs, zero, zero},
        sizes{odd, columns, two}, unit(3, one);
    Value last =
        tensor::ExtractSliceOp::create(b, loc, target, offsets, sizes, unit);
    last = linalg::FillOp::create(b, loc, pack.getPaddingValue(), last)
               .getResult(0);
    target = tensor::InsertSliceOp::create(b, loc, last, target, offsets, sizes,
                                           unit);
    reads.assign({column});
    reads.insert(reads.begin() + depthDim, pair);
    return insertCopy(b, sliceRows(b, source, depthDim, even, odd), reads,
                      target, offsets, {odd, columns, one});
  }

  Value sliceRows(OpBuilder &b, Value matrix, int64_t dim, OpFoldResult first,
                  OpFoldResult count) {
    SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0)),
        unit(2, b.getIndexAttr(1)),
        sizes = tensor::getMixedSizes(b, loc, matrix);
    offsets[dim] = first;
    sizes[dim] = count;
    return tensor::ExtractSliceOp::create(b, loc, matrix, offsets, sizes, unit);
  }

  /// Copies `source` to a block of `target`.
  Value insertCopy(OpBuilder &b, Value source, ArrayRef<AffineExpr> reads,
                   Value target, ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes) {
    SmallVector<OpFoldResult> unit(sizes.size(), b.getIndexAttr(1));
    Value block =
        tensor::ExtractSliceOp::create(b, loc, target, offsets, sizes, unit);
    return tensor::InsertSliceOp::create(b, loc,
                                         createCopy(b, source, reads, block),
                                         target, offsets, sizes, unit);
  }

  /// Copies `source` to `target`, reading at `reads` of the target's indices.
  Value createCopy(OpBuilder &b, Value source, ArrayRef<AffineExpr> reads,
                   Value target) {
    int64_t numLoops = cast<RankedTensorType>(target.getType()).getRank();
    SmallVector<AffineMap> maps = {
        AffineMap::get(numLoops, 0, reads, b.getContext()),
        b.getMultiDimIdentityMap(numLoops)};
    SmallVector<utils::IteratorType> parallel(numLoops,
                                              utils::IteratorType::parallel);
    return linalg::GenericOp::create(
               b, loc, target.getType(), source, target, maps, parallel,
               [](OpBuilder &b, Location loc, ValueRange args) {
                 linalg::YieldOp::create(b, loc, args[0]);
               })
        .getResult(0);
  }

  linalg::PackOp pack;
  Location loc;
  int64_t rank, tiled, width, outerPos;
  bool inPairs;
  SmallVector<int64_t> perm;
};

struct LowerPackPass : bpt::impl::LowerPackPassBase<LowerPackPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<linalg::PackOp, linalg::UnPackOp>(op))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : ops) {
      rewriter.setInsertionPoint(op);
      if (auto unpack = dyn_cast<linalg::UnPackOp>(op)) {
        if (failed(linalg::lowerUnPack(rewriter, unpack)))
          return fail(op);
        continue;
      }
      auto pack = cast<linalg::PackOp>(op);
      if (PanelWriter::canWrite(pack))
        PanelWriter(pack).run(rewriter);
      else if (failed(linalg::lowerPack(rewriter, pack)))
        return fail(op);
    }
  }

  void fail(Operation *op) {
    op->emitOpError("cannot be lowered for the CPU: its inner tiles must be "
                    "static");
    signalPassFailure();
  }
};
} // namespace
