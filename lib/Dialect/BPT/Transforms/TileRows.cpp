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

/// What the strategy of an operation cuts besides batch and rows: the first
/// loop of the table that has the name, into blocks of `size` entries.
static void cutLoop(OpBuilder &builder, BlockedOpInterface op, StringRef name,
                    int64_t size, ArrayRef<Range> domain,
                    SmallVectorImpl<OpFoldResult> &sizes) {
  BlockTable table = op.getBlockTable();
  ArrayRef<StringRef> loops =
      ArrayRef(table.dims).take_front(table.iterators.size());
  const auto *first = llvm::find(loops, name);
  if (size == 0 || first == loops.end())
    return;
  unsigned loop = first - loops.begin();
  // A row of the result may be a matrix: its inner dimensions stay whole.
  for (unsigned i = loop + 1; i < loops.size() && loops[i] == name; ++i)
    if (std::optional<int64_t> inner = getConstantIntValue(domain[i].size))
      size = llvm::divideCeil(size, std::max<int64_t>(*inner, 1));
  std::optional<int64_t> extent = getConstantIntValue(domain[loop].size);
  if (!extent || *extent > size)
    sizes[loop] = builder.getIndexAttr(size);
}

/// Tile sizes that cut the batch into entries, the rows into blocks, and what
/// else the strategy names.
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
  auto blocked = dyn_cast<BlockedOpInterface>(root.getOperation());
  if (StrategyAttr strategy = getStrategy(root); blocked && strategy) {
    cutLoop(builder, blocked, "head", strategy.getHeads(), domain, sizes);
    cutLoop(builder, blocked, "output", strategy.getColumns(), domain, sizes);
  }
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

FailureOr<LoopLikeOpInterface> bpt::tileRows(RewriterBase &rewriter,
                                             Operation *root, int64_t rows,
                                             const RowPlan &plan) {
  SetVector<Operation *> fused = getFused(root, plan);
  for (Operation *op : fused)
    if (int64_t asked = plan.rows.lookup(op); asked && asked != rows) {
      InFlightDiagnostic diagnostic =
          op->emitOpError("asks for blocks of ")
          << asked << " rows, but is fused into a loop over blocks of " << rows
          << "; give both the same 'rows', or this one 'fuse = false'";
      diagnostic.attachNote(root->getLoc()) << "the loop computes this result";
      return failure();
    }

  auto tilingRoot = cast<TilingInterface>(root);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(root);
  SmallVector<OpFoldResult> sizes = getTileSizes(rewriter, tilingRoot, rows);
  if (llvm::all_of(
          sizes, [](OpFoldResult size) { return isConstantIntValue(size, 0); }))
    return LoopLikeOpInterface();

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
  return tiled->loops.front();
}

FailureOr<RowTiling>
bpt::tileAllRows(RewriterBase &rewriter, FunctionOpInterface function,
                 function_ref<int64_t(Operation *)> rowsOf) {
  RowTiling result;
  SmallVector<Block *> blocks;
  function.walk([&](Block *block) { blocks.push_back(block); });
  for (Block *block : blocks) {
    RowPlan plan = planRows(*block, rowsOf);
    // The last root first: operations that several loops repeat must be there
    // until the last of them is made. All decisions are taken beforehand.
    struct Work {
      Operation *root;
      int64_t rows;
      unsigned numFused;
    };
    SmallVector<Work> work;
    for (Operation *root : plan.roots)
      if (int64_t rows = getRowsOf(root, plan))
        work.push_back(
            {root, rows, static_cast<unsigned>(getFused(root, plan).size())});
    for (auto [root, rows, numFused] : work) {
      Location loc = root->getLoc();
      FailureOr<LoopLikeOpInterface> loop =
          tileRows(rewriter, root, rows, plan);
      if (failed(loop))
        return failure();
      if (!*loop)
        continue;
      result.loops.push_back(*loop);
      result.numFused += numFused;
      remark::passed(
          loc, remark::RemarkOpts::name("row-loop").category("bpt-tile-rows"))
          << "one loop over blocks of " << std::to_string(rows)
          << " rows computes " << std::to_string(numFused) << " operations";
    }
  }
  // Values read several times were fused once per use: make them one again.
  DominanceInfo dominance(function);
  eliminateCommonSubExpressions(rewriter, dominance, function);
  (void)runRegionDCE(rewriter, function->getRegions());
  return result;
}

namespace {
struct TileRowsPass : bpt::impl::TileRowsPassBase<TileRowsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    FailureOr<RowTiling> result =
        tileAllRows(rewriter, getOperation(), [](Operation *op) -> int64_t {
          StrategyAttr strategy = getStrategy(op);
          return strategy ? strategy.getRows() : 0;
        });
    if (failed(result))
      return signalPassFailure();
    numLoops += result->loops.size();
    numFused += result->numFused;
  }
};
} // namespace
