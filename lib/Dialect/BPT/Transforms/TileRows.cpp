//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TILEROWSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// Tile sizes that cut the batch into entries and the rows into blocks, and
/// leave all else whole.
static SmallVector<OpFoldResult>
getTileSizes(OpBuilder &builder, TilingInterface root, int64_t rows) {
  SmallVector<OpFoldResult> sizes(root.getLoopIteratorTypes().size(),
                                  builder.getIndexAttr(0));
  unsigned batchLoop = 0, rowLoop = kRowLoop;
  if (auto op = dyn_cast<linalg::LinalgOp>(root.getOperation())) {
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    batchLoop = map.getDimPosition(0);
    rowLoop = map.getDimPosition(kRowLoop);
  }
  SmallVector<Range> domain = root.getIterationDomain(builder);
  auto extent = [&](unsigned loop) {
    return getConstantIntValue(domain[loop].size).value_or(-1);
  };
  if (extent(batchLoop) != 1)
    sizes[batchLoop] = builder.getIndexAttr(1);
  if (int64_t known = extent(rowLoop); known < 0 || known > rows)
    sizes[rowLoop] = builder.getIndexAttr(rows);
  return sizes;
}

/// Operations that tiling `root` fuses.
static SetVector<Operation *> getFused(Operation *root, const RowPlan &plan) {
  SetVector<Operation *> fused;
  fused.insert(root);
  for (unsigned i = 0; i < fused.size(); ++i)
    for (Value operand : fused[i]->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        if (plan.members.contains(producer) && !plan.roots.contains(producer))
          fused.insert(producer);
  return fused;
}

FailureOr<RowLoop> bpt::tileRows(RewriterBase &rewriter, Operation *root,
                                 int64_t rows, const RowPlan &plan) {
  SetVector<Operation *> fused = getFused(root, plan);
  for (Operation *op : fused)
    if (StrategyAttr strategy = getStrategy(op);
        strategy && strategy.getRows() > 0 && strategy.getRows() != rows) {
      InFlightDiagnostic diagnostic =
          op->emitOpError("asks for blocks of ")
          << strategy.getRows()
          << " rows, but is fused into a loop over blocks of " << rows
          << "; give both the same 'rows', or this one 'fuse = false'";
      diagnostic.attachNote(root->getLoc()) << "the loop computes this result";
      return failure();
    }

  auto tilingRoot = cast<TilingInterface>(root);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(root);
  SmallVector<OpFoldResult> sizes = getTileSizes(rewriter, tilingRoot, rows);
  RowLoop result;
  result.numFused = fused.size();
  if (llvm::all_of(
          sizes, [](OpFoldResult size) { return isConstantIntValue(size, 0); }))
    return result;

  scf::SCFTilingOptions tiling;
  tiling.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  tiling.setTileSizes(sizes);
  scf::SCFTileAndFuseOptions options;
  options.setTilingOptions(tiling);
  options.setFusionControlFn(
      [&](tensor::ExtractSliceOp, OpResult producer,
          bool) -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
        if (!fused.contains(producer.getOwner()))
          return std::nullopt;
        return scf::SCFTileAndFuseOptions::ControlFnResult{};
      });
  FailureOr<scf::SCFTileAndFuseResult> tiled =
      scf::tileConsumerAndFuseProducersUsingSCF(rewriter, tilingRoot, options);
  if (failed(tiled))
    return root->emitOpError("cannot be cut into blocks of rows"), failure();
  for (OpResult value : root->getResults())
    rewriter.replaceAllUsesWith(value, tiled->replacements.lookup(value));
  rewriter.eraseOp(root);
  if (!tiled->loops.empty())
    result.loop = tiled->loops.front();
  return result;
}

FailureOr<RowTilingStatistics> bpt::tileAllRows(RewriterBase &rewriter,
                                                FunctionOpInterface function) {
  RowTilingStatistics statistics;
  SmallVector<Block *> blocks;
  function.walk([&](Block *block) { blocks.push_back(block); });
  for (Block *block : blocks) {
    RowPlan plan = planRows(*block);
    // The last root first: operations that several loops repeat must be there
    // until the last of them is made. All decisions are taken beforehand.
    SmallVector<std::pair<Operation *, int64_t>> work;
    for (Operation *root : plan.roots)
      work.push_back({root, getRowsOf(root, plan)});
    for (auto [root, rows] : work) {
      if (rows == 0)
        continue;
      Location loc = root->getLoc();
      FailureOr<RowLoop> loop = tileRows(rewriter, root, rows, plan);
      if (failed(loop))
        return failure();
      if (!loop->loop)
        continue;
      ++statistics.numLoops;
      statistics.numFused += loop->numFused;
      remark::passed(
          loc, remark::RemarkOpts::name("row-loop").category("bpt-tile-rows"))
          << "one loop over blocks of " << std::to_string(rows)
          << " rows computes " << std::to_string(loop->numFused)
          << " operations";
    }
  }
  // Values read several times were fused once per use: make them one again.
  DominanceInfo dominance(function);
  eliminateCommonSubExpressions(rewriter, dominance, function);
  (void)runRegionDCE(rewriter, function->getRegions());
  return statistics;
}

namespace {
struct TileRowsPass : bpt::impl::TileRowsPassBase<TileRowsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    FailureOr<RowTilingStatistics> statistics =
        tileAllRows(rewriter, getOperation());
    if (failed(statistics))
      return signalPassFailure();
    numLoops += statistics->numLoops;
    numFused += statistics->numFused;
  }
};
} // namespace
