//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element-wise operations on tiles that come back in every iteration of a loop
// around the loop over tiles.
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/ViewLikeInterfaceUtils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// What an operation reads, as a tile of a larger tensor.
struct TileOf {
  Value whole;
  SmallVector<OpFoldResult> offsets, sizes, strides;
};
} // namespace

/// Whether the operation computes a new tensor from one, element by element and
/// wherever the elements are.
static bool mapsElements(linalg::GenericOp op) {
  return op.hasPureTensorSemantics() && op.getNumDpsInputs() == 1 &&
         op.getNumDpsInits() == 1 &&
         isa<RankedTensorType>(op.getInputs()[0].getType()) &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         !op.hasIndexSemantics() &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); }) &&
         op.getOutputs()[0].getDefiningOp<tensor::EmptyOp>();
}

/// Whether something that `value` is computed from changes with the iterations
/// of `loop`: its variable, or what it carries.
static bool dependsOn(Value value, scf::ForOp loop) {
  auto isOf = [&](Value v) {
    auto argument = dyn_cast<BlockArgument>(v);
    return argument && argument.getOwner() == loop.getBody();
  };
  if (isa<BlockArgument>(value))
    return isOf(value);
  BackwardSliceOptions options;
  options.inclusive = true;
  options.omitBlockArguments = true;
  options.filter = [&](Operation *op) { return loop->isProperAncestor(op); };
  SetVector<Operation *> slice;
  if (failed(getBackwardSlice(value, &slice, options)))
    return true;
  return llvm::any_of(slice, [&](Operation *op) {
    return llvm::any_of(op->getOperands(), isOf);
  });
}

/// The outermost loop that repeats the tile: `whole`, the captured values and
/// the place of the tile are the same in all of its iterations.
static scf::ForOp getRepeatingLoop(linalg::GenericOp op, const TileOf &tile,
                                   ArrayRef<Value> captured) {
  scf::ForOp found;
  for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
       loop = loop->getParentOfType<scf::ForOp>()) {
    auto isOutside = [&](Value value) {
      return loop.isDefinedOutsideOfLoop(value);
    };
    if (!isOutside(tile.whole) || !llvm::all_of(captured, isOutside))
      break;
    bool moves = false;
    for (ArrayRef<OpFoldResult> values :
         {ArrayRef(tile.offsets), ArrayRef(tile.sizes)})
      for (OpFoldResult value : values)
        if (auto ssa = dyn_cast<Value>(value))
          moves |= dependsOn(ssa, loop);
    if (!moves)
      found = loop;
  }
  return found;
}

/// An upper bound of the elements of a tensor, if one is known.
static std::optional<int64_t> boundElements(Value tensor) {
  int64_t product = 1;
  auto type = cast<RankedTensorType>(tensor.getType());
  for (auto [dim, known] : llvm::enumerate(type.getShape())) {
    int64_t size = known;
    if (ShapedType::isDynamic(size)) {
      FailureOr<int64_t> bound = ValueBoundsConstraintSet::computeConstantBound(
          presburger::BoundType::UB, {tensor, static_cast<int64_t>(dim)},
          /*stopCondition=*/nullptr, /*closedUB=*/true);
      if (failed(bound))
        return std::nullopt;
      size = *bound;
    }
    if (llvm::MulOverflow(product, size, product))
      return std::nullopt;
  }
  return product;
}

/// Computes all of `tile.whole` before `loop`, and takes the tile of the
/// result.
static void hoist(RewriterBase &rewriter, linalg::GenericOp op,
                  const TileOf &tile, scf::ForOp loop) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(loop);
  Location loc = op.getLoc();
  auto resultType = cast<RankedTensorType>(op.getResult(0).getType());
  unsigned rank = cast<RankedTensorType>(tile.whole.getType()).getRank();
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, tile.whole),
      resultType.getElementType());
  auto whole = linalg::GenericOp::create(
      rewriter, loc, TypeRange{empty.getType()}, ValueRange{tile.whole},
      ValueRange{empty},
      SmallVector<AffineMap>(2, rewriter.getMultiDimIdentityMap(rank)),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel));
  rewriter.cloneRegionBefore(op.getRegion(), whole.getRegion(),
                             whole.getRegion().begin());
  rewriter.setInsertionPoint(op);
  rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(
      op, resultType, whole.getResult(0), tile.offsets, tile.sizes,
      tile.strides);
}

/// Hoists `op` if its input is a tile of a tensor of at most `maxElements`
/// elements that a loop repeats.
static void hoistTile(RewriterBase &rewriter, linalg::GenericOp op,
                      int64_t maxElements) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  SetVector<Value> captured;
  op->walk([&](Operation *inner) {
    for (Value value : inner->getOperands())
      if (inner != op && !op->isAncestor(value.getParentBlock()->getParentOp()))
        captured.insert(value);
  });
  auto slice = op.getInputs()[0].getDefiningOp<tensor::ExtractSliceOp>();
  if (!slice)
    return;
  TileOf tile{slice.getSource(), slice.getMixedOffsets(), slice.getMixedSizes(),
              slice.getMixedStrides()};
  while (true) {
    if (scf::ForOp loop = getRepeatingLoop(op, tile, captured.getArrayRef())) {
      std::optional<int64_t> elements = boundElements(tile.whole);
      if (elements && *elements <= maxElements)
        hoist(rewriter, op, tile, loop);
      return;
    }
    // A slice of a slice.
    slice = tile.whole.getDefiningOp<tensor::ExtractSliceOp>();
    TileOf outer;
    if (!slice || failed(affine::mergeOffsetsSizesAndStrides(
                      rewriter, op.getLoc(), slice.getMixedOffsets(),
                      slice.getMixedSizes(), slice.getMixedStrides(),
                      slice.getDroppedDims(), tile.offsets, tile.sizes,
                      tile.strides, outer.offsets, outer.sizes, outer.strides)))
      return;
    outer.whole = slice.getSource();
    tile = std::move(outer);
  }
}

void bpt::hoistTiles(RewriterBase &rewriter, Operation *root,
                     int64_t maxElements) {
  SmallVector<linalg::GenericOp> ops;
  root->walk([&](linalg::GenericOp op) {
    if (mapsElements(op))
      ops.push_back(op);
  });
  for (linalg::GenericOp op : ops)
    hoistTile(rewriter, op, maxElements);
}
