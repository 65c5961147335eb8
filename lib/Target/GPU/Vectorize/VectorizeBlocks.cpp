//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CarryTiles.h"
#include "FoldMasks.h"
#include "FoldTransfers.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_VECTORIZEBLOCKSPASS
#include "bpt/Target/GPU/Vectorize/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// The constant that the size of a dimension does not exceed.
static FailureOr<int64_t> getUpperBound(Value tensor, int64_t dim) {
  int64_t size = cast<RankedTensorType>(tensor.getType()).getDimSize(dim);
  if (!ShapedType::isDynamic(size))
    return size;
  return ValueBoundsConstraintSet::computeConstantBound(
      presburger::BoundType::UB, {tensor, dim}, nullptr, /*closedUB=*/true);
}

/// Extents of the loops of the operation, or of their tiles.
static FailureOr<SmallVector<int64_t>> getTileSizes(linalg::LinalgOp op) {
  SmallVector<int64_t> sizes(op.getNumLoops(), ShapedType::kDynamic);
  for (OpOperand &operand : op->getOpOperands())
    for (auto [position, expr] :
         llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim || !ShapedType::isDynamic(sizes[dim.getPosition()]))
        continue;
      if (FailureOr<int64_t> bound = getUpperBound(operand.get(), position);
          succeeded(bound))
        sizes[dim.getPosition()] = *bound;
    }
  if (llvm::any_of(sizes, ShapedType::isDynamic))
    return failure();
  return sizes;
}

static void reportMissed(Operation *op, StringRef why) {
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("NoTileProgram").category("bpt-gpu"))
      << ("'" + op->getName().getStringRef() + "' " + why).str();
}

namespace {
struct Candidate {
  linalg::LinalgOp op;
  SmallVector<int64_t> sizes;
};
} // namespace

/// Operations to vectorise. Bounds are derived from what defines the operands,
/// so all are computed before the first operation is replaced.
static SmallVector<Candidate> findCandidates(Operation *root) {
  SmallVector<Candidate> candidates;
  root->walk([&](linalg::LinalgOp op) {
    if (!op.hasPureTensorSemantics() || !op->getParentOfType<scf::ForallOp>())
      return;
    FailureOr<SmallVector<int64_t>> sizes = getTileSizes(op);
    if (failed(sizes))
      return reportMissed(op, "has a size without a constant upper bound");
    candidates.push_back({op, *sizes});
  });
  return candidates;
}

static void vectorizeAll(RewriterBase &rewriter, Operation *root) {
  for (auto &[op, sizes] : findCandidates(root)) {
    // Static shapes are vectors as they are; sizes ask for masks.
    if (!op.hasDynamicShape())
      sizes.clear();
    SmallVector<bool> scalable(sizes.size(), false);
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::VectorizationResult> vectorized = linalg::vectorize(
        rewriter, op, sizes, scalable, /*vectorizeNDExtract=*/false,
        /*flatten1DDepthwiseConv=*/false,
        /*assumeDynamicDimsMatchVecSizes=*/false,
        /*createNamedContraction=*/true);
    if (failed(vectorized)) {
      reportMissed(op, "has no vector form");
      continue;
    }
    rewriter.replaceOp(op, vectorized->replacements);
  }
}

/// The tensor that the loop-carried `value` is a changed copy of, if that is a
/// value carried by the same loop.
static std::optional<BlockArgument> traceToCarried(Value value,
                                                   scf::ForOp loop) {
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() == loop.getBody())
        return argument;
      return std::nullopt;
    }
    auto result = cast<OpResult>(value);
    Operation *op = result.getOwner();
    if (auto write = dyn_cast<vector::TransferWriteOp>(op))
      value = write.getBase();
    else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
      value = insert.getDest();
    else if (auto inner = dyn_cast<scf::ForOp>(op))
      value = inner.getInitArgs()[result.getResultNumber()];
    else if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
      value = destination.getTiedOpOperand(result)->get();
    else
      return std::nullopt;
  }
}

namespace {
/// A loop that changes a tensor in place keeps its size.
struct DimOfCarriedTensor : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::DimOp dim,
                                PatternRewriter &rewriter) const override {
    scf::ForOp loop;
    unsigned number;
    if (auto argument = dyn_cast<BlockArgument>(dim.getSource())) {
      loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
      if (!loop || argument.getArgNumber() == 0)
        return failure();
      number = argument.getArgNumber() - 1;
    } else {
      loop = dim.getSource().getDefiningOp<scf::ForOp>();
      if (!loop)
        return failure();
      number = cast<OpResult>(dim.getSource()).getResultNumber();
    }
    std::optional<BlockArgument> origin =
        traceToCarried(loop.getYieldedValues()[number], loop);
    if (origin != loop.getRegionIterArg(number))
      return failure();
    rewriter.modifyOpInPlace(dim, [&] {
      dim.getSourceMutable().assign(loop.getInitArgs()[number]);
    });
    return success();
  }
};
} // namespace

/// A size gets one name, by which masks are recognised as the same.
static LogicalResult nameSizes(RewriterBase &rewriter, Operation *root) {
  RewritePatternSet patterns(root->getContext());
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  memref::populateResolveShapedTypeResultDimsPatterns(patterns);
  tensor::DimOp::getCanonicalizationPatterns(patterns, root->getContext());
  patterns.add<DimOfCarriedTensor>(root->getContext());
  if (failed(applyPatternsGreedily(root, std::move(patterns))))
    return failure();
  DominanceInfo dominance(root);
  eliminateCommonSubExpressions(rewriter, dominance, root);
  return success();
}

/// Tiles have two dimensions: those of one batch entry and one head go away.
static LogicalResult dropUnitDims(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  linalg::ControlDropUnitDims control;
  control.rankReductionStrategy =
      linalg::ControlDropUnitDims::RankReductionStrategy::ExtractInsertSlice;
  linalg::populateFoldUnitExtentDimsPatterns(patterns, control);
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

namespace {
struct VectorizeBlocksPass
    : bpt::impl::VectorizeBlocksPassBase<VectorizeBlocksPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    MLIRContext *context = &getContext();
    IRRewriter rewriter(context);
    if (failed(dropUnitDims(function)) || failed(nameSizes(rewriter, function)))
      return signalPassFailure();
    vectorizeAll(rewriter, function);

    RewritePatternSet maskTransfers(context);
    vector::populateVectorMaskLoweringPatternsForSideEffectingOps(
        maskTransfers);
    if (failed(applyPatternsGreedily(function, std::move(maskTransfers))) ||
        failed(nameSizes(rewriter, function)))
      return signalPassFailure();

    if (failed(fold(function)))
      return signalPassFailure();

    // What a loop reads first and writes last, it carries.
    SmallVector<scf::ForOp> loops;
    function.walk([&](scf::ForOp loop) { loops.push_back(loop); });
    for (scf::ForOp loop : loops) {
      moveLoopInvariantCode(loop);
      loop = carryMaskedTiles(rewriter, loop);
      hoistLoopInvariantSubsets(rewriter, loop);
    }
    if (failed(fold(function)))
      return signalPassFailure();
  }
};
} // namespace
