//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
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

RowLoops bpt::getRowLoops(Operation *root) {
  auto op = dyn_cast<linalg::LinalgOp>(root);
  if (!op)
    return {};
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  return {map.getDimPosition(0), map.getDimPosition(kRowLoop)};
}

/// The operation whose strategy says how a root is cut besides batch and rows:
/// the root, or the blocked operation whose epilogue the root is.
static BlockedOpInterface getCutOp(Operation *root, const RowPlan &plan) {
  if (auto blocked = dyn_cast<BlockedOpInterface>(root))
    return blocked;
  for (Value operand : root->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (producer && plan.epilogues.lookup(producer) == root &&
        !plan.roots.contains(producer))
      if (BlockedOpInterface blocked = getCutOp(producer, plan))
        return blocked;
  }
  return {};
}

/// Cuts the first dimension of a result that the table calls `name` into blocks
/// of `size` entries, unless a further result is summed over it. `domain` and
/// `sizes` are those of the root, whose loops are the dimensions of the result
/// where the root is another operation.
static void cutLoop(OpBuilder &builder, BlockedOpInterface op, bool isRoot,
                    StringRef name, int64_t size, ArrayRef<Range> domain,
                    SmallVectorImpl<OpFoldResult> &sizes) {
  if (size == 0)
    return;
  BlockTable table = op.getBlockTable();
  unsigned init = cast<DestinationStyleOpInterface>(op.getOperation())
                      .getDpsInitOperand(0)
                      ->getOperandNumber();
  SmallVector<unsigned> loops;
  for (auto [position, ref] : llvm::enumerate(table.operands[init]))
    if (table.isLoop(ref.dim) && table.dims[ref.dim] == name &&
        table.iterators[ref.dim] == utils::IteratorType::parallel)
      loops.push_back(isRoot ? ref.dim : position);
  if (loops.empty())
    return;
  // A row of the result may be a matrix: its inner dimensions stay whole.
  for (unsigned loop : ArrayRef(loops).drop_front())
    if (std::optional<int64_t> inner = getConstantIntValue(domain[loop].size))
      size = llvm::divideCeil(size, std::max<int64_t>(*inner, 1));
  std::optional<int64_t> extent =
      getConstantIntValue(domain[loops.front()].size);
  if (!extent || *extent > size)
    sizes[loops.front()] = builder.getIndexAttr(size);
}

/// Entries of the dimension that share one of an operand: heads, a head of
/// keys.
static int64_t getGroupSize(BlockedOpInterface op, StringRef name) {
  BlockTable table = op.getBlockTable();
  int64_t group = 1;
  for (ArrayRef<DimRef> operand : table.operands)
    for (DimRef ref : operand)
      if (table.dims[ref.dim] == name)
        group = std::max(group, ref.divisor);
  return group;
}

/// Tile sizes that cut the batch into entries, the rows into blocks, and what
/// else the strategy names.
static SmallVector<OpFoldResult> getTileSizes(OpBuilder &builder,
                                              TilingInterface root,
                                              int64_t rows,
                                              const RowPlan &plan) {
  SmallVector<utils::IteratorType> kinds = root.getLoopIteratorTypes();
  SmallVector<OpFoldResult> sizes(kinds.size(), builder.getIndexAttr(0));
  RowLoops loops = getRowLoops(root);
  SmallVector<Range> domain = root.getIterationDomain(builder);
  auto extent = [&](unsigned loop) {
    return getConstantIntValue(domain[loop].size).value_or(-1);
  };
  if (kinds[loops.batch] == utils::IteratorType::parallel &&
      extent(loops.batch) != 1)
    sizes[loops.batch] = builder.getIndexAttr(1);
  if (int64_t known = extent(loops.rows); known < 0 || known > rows)
    sizes[loops.rows] = builder.getIndexAttr(rows);
  BlockedOpInterface cut = getCutOp(root, plan);
  if (StrategyAttr strategy = cut ? getStrategy(cut) : StrategyAttr()) {
    bool isRoot = cut == root.getOperation();
    int64_t group = strategy.getGroupHeads() ? getGroupSize(cut, "head") : 1;
    cutLoop(builder, cut, isRoot, "head", strategy.getHeads() * group, domain,
            sizes);
    cutLoop(builder, cut, isRoot, "output", strategy.getColumns(), domain,
            sizes);
  }
  return sizes;
}

SetVector<Operation *> bpt::getFused(Operation *root, const RowPlan &plan) {
  SetVector<Operation *> fused;
  fused.insert(root);
  for (unsigned i = 0; i < fused.size(); ++i)
    for (Value operand : fused[i]->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        if (plan.members.contains(producer) && !plan.roots.contains(producer))
          fused.insert(producer);
  return fused;
}

FailureOr<SmallVector<LoopLikeOpInterface>>
bpt::tileAndFuse(RewriterBase &rewriter, Operation *root,
                 const SetVector<Operation *> &fused,
                 ArrayRef<OpFoldResult> sizes,
                 scf::SCFTilingOptions::LoopType loopType) {
  scf::SCFTilingOptions tiling;
  tiling.setLoopType(loopType);
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
  SmallVector<NamedAttribute> attributes;
  for (Operation *op : fused)
    llvm::append_range(attributes, getAttributesOfLoop(op));
  FailureOr<scf::SCFTileAndFuseResult> tiled =
      scf::tileConsumerAndFuseProducersUsingSCF(
          rewriter, cast<TilingInterface>(root), options);
  if (failed(tiled))
    return root->emitOpError("cannot be cut into blocks of rows"), failure();
  for (OpResult value : root->getResults())
    rewriter.replaceAllUsesWith(value, tiled->replacements.lookup(value));
  rewriter.eraseOp(root);
  if (!tiled->loops.empty())
    for (NamedAttribute attribute : attributes)
      tiled->loops.front()->setAttr(attribute.getName(), attribute.getValue());
  return tiled->loops;
}

FailureOr<LoopLikeOpInterface> bpt::tileRows(RewriterBase &rewriter,
                                             Operation *root, int64_t rows,
                                             const RowPlan &plan) {
  SetVector<Operation *> fused = getFused(root, plan);
  auto tiled = cast<TilingInterface>(root);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(root);
  // A block that is larger than the rows is one of all rows.
  std::optional<int64_t> extent = getConstantIntValue(
      tiled.getIterationDomain(rewriter)[getRowLoops(tiled).rows].size);
  auto limit = [&](int64_t block) {
    return extent ? std::min(block, *extent) : block;
  };
  for (Operation *op : fused)
    if (int64_t asked = plan.rows.lookup(op);
        asked && limit(asked) != limit(rows) && !followsRows(op)) {
      InFlightDiagnostic diagnostic =
          op->emitOpError("asks for blocks of ")
          << asked << " rows, but is fused into a loop over blocks of " << rows
          << "; give both the same 'rows', or this one 'fuse = false'";
      diagnostic.attachNote(root->getLoc()) << "the loop computes this result";
      return failure();
    }

  SmallVector<OpFoldResult> sizes = getTileSizes(rewriter, tiled, rows, plan);
  if (llvm::all_of(
          sizes, [](OpFoldResult size) { return isConstantIntValue(size, 0); }))
    return LoopLikeOpInterface();
  FailureOr<SmallVector<LoopLikeOpInterface>> loops = tileAndFuse(
      rewriter, root, fused, sizes, scf::SCFTilingOptions::LoopType::ForallOp);
  if (failed(loops))
    return failure();
  return loops->front();
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
