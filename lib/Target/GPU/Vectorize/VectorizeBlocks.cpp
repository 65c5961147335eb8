//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CarryTiles.h"
#include "DropMasks.h"
#include "FoldFills.h"
#include "FoldMasks.h"
#include "FoldScales.h"
#include "FoldTransfers.h"
#include "NameSizes.h"
#include "SimplifyTransfers.h"
#include "TilePlan.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_VECTORIZEBLOCKSPASS
#include "bpt/Target/GPU/Vectorize/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

static LogicalResult vectorize(RewriterBase &rewriter, const PlannedOp &plan) {
  linalg::LinalgOp op = plan.op;
  // Sizes ask for masks, which a tile that is the tensor does not need.
  SmallVector<int64_t> sizes = plan.sizes;
  if (op.getStaticLoopRanges() == sizes)
    sizes.clear();
  SmallVector<bool> scalable(sizes.size(), false);
  rewriter.setInsertionPoint(op);
  FailureOr<linalg::VectorizationResult> vectorized = linalg::vectorize(
      rewriter, op, sizes, scalable, /*vectorizeNDExtract=*/false,
      /*flatten1DDepthwiseConv=*/false,
      /*assumeDynamicDimsMatchVecSizes=*/false,
      /*createNamedContraction=*/true);
  if (failed(vectorized))
    return op->emitOpError("has no vector form, which its plan promised");
  rewriter.replaceOp(op, vectorized->replacements);
  return success();
}

/// Tiles have two dimensions: those of one batch entry and one head go away.
static LogicalResult dropUnitDims(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  linalg::ControlDropUnitDims control;
  control.rankReductionStrategy =
      linalg::ControlDropUnitDims::RankReductionStrategy::ExtractInsertSlice;
  linalg::populateFoldUnitExtentDimsPatterns(patterns, control);
  // Where heads were split or merged, the one of the block is a unit dimension.
  tensor::populateReassociativeReshapeFoldingPatterns(patterns);
  populateFoldFillsPatterns(patterns);
  return applyPatternsGreedily(root, std::move(patterns));
}

/// Lets values flow from where they are computed to where they are used.
static LogicalResult fold(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  tensor::populateFoldTensorSubsetIntoVectorTransferPatterns(patterns);
  vector::TransferReadOp::getCanonicalizationPatterns(patterns,
                                                      root->getContext());
  vector::TransferWriteOp::getCanonicalizationPatterns(patterns,
                                                       root->getContext());
  scf::ForOp::getCanonicalizationPatterns(patterns, root->getContext());
  populateFoldMasksPatterns(patterns);
  populateFoldTransfersPatterns(patterns);
  vector::ShapeCastOp::getCanonicalizationPatterns(patterns,
                                                   root->getContext());
  if (failed(applyPatternsGreedily(root, std::move(patterns))))
    return failure();
  IRRewriter rewriter(root->getContext());
  DominanceInfo dominance(root);
  eliminateCommonSubExpressions(rewriter, dominance, root);
  return success();
}

static LogicalResult foldScales(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  populateFoldScalesPatterns(patterns);
  return applyPatternsGreedily(root, std::move(patterns));
}

/// Brings the transfers that are left into the form that copies of tiles take.
static LogicalResult simplify(RewriterBase &rewriter, Operation *root) {
  replaceMasksByBounds(rewriter, root);
  definePadding(rewriter, root);
  RewritePatternSet slices(root->getContext());
  populateSliceTransfersPatterns(slices);
  return applyPatternsGreedily(root, std::move(slices));
}

/// Whether the loop comes back to a place that is known only when it runs, such
/// as the row of an id. If it runs zero times, there may be no such place.
static bool mayMissPlaces(scf::ForOp loop) {
  return loop
      .walk([&](OffsetSizeAndStrideOpInterface slice) {
        return llvm::any_of(slice.getOffsets(),
                            [&](Value offset) {
                              return loop.isDefinedOutsideOfLoop(offset);
                            })
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
struct VectorizeBlocksPass
    : bpt::impl::VectorizeBlocksPassBase<VectorizeBlocksPass> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    MLIRContext *context = &getContext();
    IRRewriter rewriter(context);
    if (failed(dropUnitDims(function)) || failed(nameSizes(rewriter, function)))
      return signalPassFailure();

    // Bounds are derived from what defines the operands: all blocks are planned
    // before the first operation is replaced.
    SmallVector<PlannedOp> plan;
    function.walk([&](scf::ForallOp block) {
      if (getTileBlock(block) != block)
        return;
      auto ofBlock = planTiles(block, maxTileElements, float8);
      if (succeeded(ofBlock))
        llvm::append_range(plan, *ofBlock);
    });
    for (const PlannedOp &planned : plan)
      if (failed(vectorize(rewriter, planned)))
        return signalPassFailure();

    RewritePatternSet maskTransfers(context);
    vector::populateVectorMaskLoweringPatternsForSideEffectingOps(
        maskTransfers);
    if (failed(applyPatternsGreedily(function, std::move(maskTransfers))) ||
        failed(nameSizes(rewriter, function)))
      return signalPassFailure();

    if (failed(fold(function)))
      return signalPassFailure();

    // What a loop reads first and writes last, it carries.
    SmallVector<scf::ForOp> loops, left;
    function.walk([&](scf::ForOp loop) { loops.push_back(loop); });
    for (scf::ForOp loop : loops) {
      moveLoopInvariantCode(loop);
      // Inner loops come first; upstream takes them to carry what they can.
      if (!getTileBlock(loop) &&
          (mayMissPlaces(loop) || llvm::any_of(left, [&](scf::ForOp inner) {
             return loop->isAncestor(inner);
           }))) {
        left.push_back(loop);
        continue;
      }
      loop = carryMaskedTiles(rewriter, loop);
      hoistLoopInvariantSubsets(rewriter, loop);
    }
    if (failed(fold(function)))
      return signalPassFailure();
    dropUnseenMasks(rewriter, function, dropKnownEdges);
    if (failed(foldScales(function)) || failed(simplify(rewriter, function)))
      return signalPassFailure();
  }
};
} // namespace
