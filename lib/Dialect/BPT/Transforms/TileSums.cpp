//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops over chunks of rows that carry sums over the rows: gradients of
// weights, of keys and of values.
//
//===----------------------------------------------------------------------===//

#include "RowDims.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TILESUMSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Makes the loops of one block of IR.
class SumTiler {
public:
  SumTiler(RewriterBase &rewriter, Block &block, int64_t chunk)
      : rewriter(rewriter), block(block), chunk(chunk),
        rows(block, [](Operation *op) { return isSumOverRows(op); }) {}

  LogicalResult run();
  unsigned getNumLoops() const { return numLoops; }

private:
  void assignStages();
  void delayOperations();
  void repeatCheapOperations();
  bool canRepeat(Operation *op);
  LogicalResult tileStage(unsigned stage);
  /// What a loop has to give of a result: whether anything but the row-by-row
  /// operations of the same stage reads it.
  bool isStored(OpResult result);
  bool isReadInLoop(OpOperand &use, unsigned stage) {
    auto *found = stages.find(use.getOwner());
    return found != stages.end() && found->second == stage && rows.isCut(use);
  }

  RewriterBase &rewriter;
  Block &block;
  int64_t chunk;
  RowDims rows;
  /// Loops run one after the other; this is in which one an operation is.
  llvm::MapVector<Operation *, unsigned> stages;
  unsigned numLoops = 0;
};
} // namespace

void SumTiler::assignStages() {
  stages.clear();
  // What is not cut comes before the loops that read it.
  DenseMap<Operation *, unsigned> levels;
  for (Operation &op : block.without_terminator()) {
    unsigned level = 0;
    for (OpOperand &operand : op.getOpOperands()) {
      auto result = dyn_cast<OpResult>(operand.get());
      if (!result || result.getOwner()->getBlock() != &block)
        continue;
      Operation *producer = result.getOwner();
      if (!rows.contains(producer)) {
        level = std::max(level, levels.lookup(producer));
        continue;
      }
      bool inLoop =
          rows.contains(&op) && rows.isCut(operand) && rows.isCut(result);
      level = std::max(level, stages.lookup(producer) + (inLoop ? 0 : 1));
    }
    if (rows.contains(&op))
      stages[&op] = level;
    else
      levels[&op] = level;
  }
}

/// Computing an operation again in a later loop moves what is stored from its
/// result to its inputs, so it pays when there is at most one to store.
bool SumTiler::canRepeat(Operation *op) {
  if (auto blocked = dyn_cast<BlockedOpInterface>(op)) {
    if (!blocked.isCheapToRecompute())
      return false;
  } else if (cast<linalg::LinalgOp>(op).getNumReductionLoops() != 0) {
    return false;
  }
  llvm::SmallPtrSet<Value, 4> stored;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!rows.isCut(operand))
      continue;
    Operation *producer = operand.get().getDefiningOp();
    if (!producer || isa<tensor::EmptyOp, linalg::FillOp>(producer))
      continue;
    if (rows.contains(producer))
      stored.insert(operand.get());
  }
  return stored.size() <= 1;
}

/// Moves what only a later loop reads into that loop, unless it would have to
/// store more: queries are made where they are used.
void SumTiler::delayOperations() {
  for (Operation &op : llvm::reverse(block)) {
    if (!rows.contains(&op) || isSumOverRows(&op) || op.use_empty() ||
        !llvm::all_of(op.getResults(),
                      [&](OpResult result) { return rows.isCut(result); }))
      continue;
    unsigned own = stages.lookup(&op),
             latest = std::numeric_limits<unsigned>::max();
    for (OpOperand &use : op.getUses()) {
      Operation *user = use.getOwner();
      if (!rows.contains(user))
        latest = own;
      else
        latest =
            std::min(latest, stages.lookup(user) - (rows.isCut(use) ? 0 : 1));
    }
    bool storesMore = llvm::any_of(op.getOpOperands(), [&](OpOperand &operand) {
      auto read = dyn_cast<OpResult>(operand.get());
      return read && rows.contains(read.getOwner()) && rows.isCut(operand) &&
             !isa<linalg::FillOp>(read.getOwner()) &&
             !canRepeat(read.getOwner()) &&
             llvm::none_of(read.getUses(), [&](OpOperand &use) {
               return use.getOwner() != &op &&
                      stages.lookup(use.getOwner()) >= latest;
             });
    });
    if (latest > own && !storesMore)
      stages[&op] = latest;
  }
}

void SumTiler::repeatCheapOperations() {
  // Users first: what a repeated operation reads may be repeated as well.
  SmallVector<Operation *> members;
  for (auto &[op, stage] : stages)
    members.push_back(op);
  for (Operation *op : llvm::reverse(members)) {
    if (!canRepeat(op))
      continue;
    llvm::MapVector<unsigned, SmallVector<OpOperand *>> later;
    for (OpResult result : op->getResults())
      if (rows.isCut(result))
        for (OpOperand &use : result.getUses())
          if (rows.contains(use.getOwner()) && rows.isCut(use) &&
              stages.lookup(use.getOwner()) != stages.lookup(op))
            later[stages.lookup(use.getOwner())].push_back(&use);
    for (auto &[stage, uses] : later) {
      rewriter.setInsertionPointAfter(op);
      Operation *again = rewriter.clone(*op);
      rows.copy(op, again);
      stages[again] = stage;
      for (OpOperand *use : uses)
        use->set(
            again->getResult(cast<OpResult>(use->get()).getResultNumber()));
    }
  }
}

bool SumTiler::isStored(OpResult result) {
  unsigned stage = stages.lookup(result.getOwner());
  bool cut = rows.isCut(result);
  return llvm::any_of(result.getUses(), [&](OpOperand &use) {
    return !cut || !isReadInLoop(use, stage);
  });
}

/// Sizes of a result, as far back as they can be followed: the result itself
/// will be gone.
static SmallVector<OpFoldResult> getSizes(OpBuilder &builder, Location loc,
                                          Value value) {
  while (auto result = dyn_cast<OpResult>(value)) {
    auto dps = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
    if (!dps)
      break;
    value = dps.getTiedOpOperand(result)->get();
  }
  if (auto empty = value.getDefiningOp<tensor::EmptyOp>())
    return empty.getMixedSizes();
  return tensor::getMixedSizes(builder, loc, value);
}

/// The operands that are tensors; a tile has the positions of its own beside.
static SmallVector<OpOperand *> getTensorOperands(Operation *op) {
  SmallVector<OpOperand *> operands;
  for (OpOperand &operand : op->getOpOperands())
    if (isa<RankedTensorType>(operand.get().getType()))
      operands.push_back(&operand);
  return operands;
}

LogicalResult SumTiler::tileStage(unsigned stage) {
  SmallVector<Operation *> ops;
  for (Operation &op : block)
    if (stages.contains(&op) && stages.lookup(&op) == stage)
      ops.push_back(&op);
  // Loops are for sums, and for what comes before and after them.
  if (ops.empty())
    return success();
  Location loc = ops.front()->getLoc();
  rewriter.setInsertionPoint(block.getTerminator());

  // The extents, from an operand that stays.
  OpFoldResult batchSize, rowSize;
  for (Operation *op : ops)
    for (OpOperand &operand : op->getOpOperands())
      if (!rowSize && rows.isCut(operand)) {
        SmallVector<OpFoldResult> sizes =
            getSizes(rewriter, loc, operand.get());
        batchSize = sizes[0];
        rowSize = sizes[1];
      }
  std::optional<int64_t> knownBatch = getConstantIntValue(batchSize),
                         knownRows = getConstantIntValue(rowSize);
  // One chunk, or none, needs no loop.
  if ((knownBatch == 1 && knownRows && *knownRows <= chunk) ||
      knownBatch == 0 || knownRows == 0)
    return success();

  SmallVector<OpResult> stored;
  SmallVector<Value> start;
  for (Operation *op : ops)
    for (OpResult result : op->getResults()) {
      if (result.use_empty() || !isStored(result))
        continue;
      stored.push_back(result);
      Value init =
          cast<DestinationStyleOpInterface>(op).getTiedOpOperand(result)->get();
      if (rows.isCut(result))
        init = tensor::EmptyOp::create(
            rewriter, loc, getSizes(rewriter, loc, result),
            cast<RankedTensorType>(result.getType()).getElementType());
      start.push_back(init);
    }

  auto value = [&](OpFoldResult size) {
    return getValueOrCreateConstantIndexOp(rewriter, loc, size);
  };
  OpFoldResult zero = rewriter.getIndexAttr(0), one = rewriter.getIndexAttr(1);
  scf::ForOp outer;
  OpFoldResult batch = zero, batchExtent = batchSize;
  SmallVector<Value> carried = start;
  if (knownBatch != 1) {
    outer = scf::ForOp::create(rewriter, loc, value(zero), value(batchSize),
                               value(one), carried);
    rewriter.setInsertionPointToStart(outer.getBody());
    batch = outer.getInductionVar();
    batchExtent = one;
    carried.assign(outer.getRegionIterArgs().begin(),
                   outer.getRegionIterArgs().end());
  }
  scf::ForOp inner;
  OpFoldResult first = zero, extent = rowSize;
  if (!knownRows || *knownRows > chunk) {
    Value step = value(rewriter.getIndexAttr(chunk));
    inner = scf::ForOp::create(rewriter, loc, value(zero), value(rowSize), step,
                               carried);
    rewriter.setInsertionPointToStart(inner.getBody());
    first = inner.getInductionVar();
    extent = rewriter.getIndexAttr(chunk);
    if (!knownRows || *knownRows % chunk != 0) {
      AffineExpr d0 = rewriter.getAffineDimExpr(0),
                 d1 = rewriter.getAffineDimExpr(1);
      extent = affine::makeComposedFoldedAffineMin(
          rewriter, loc,
          AffineMap::get(2, 0, {rewriter.getAffineConstantExpr(chunk), d1 - d0},
                         rewriter.getContext()),
          {first, rowSize});
    }
    carried.assign(inner.getRegionIterArgs().begin(),
                   inner.getRegionIterArgs().end());
  }

  DenseMap<Value, Value> tiles;
  for (Operation *op : ops) {
    auto dps = cast<DestinationStyleOpInterface>(op);
    auto tiling = cast<TilingInterface>(op);
    SmallVector<OpFoldResult> offsets, sizes;
    for (Range range : tiling.getIterationDomain(rewriter)) {
      offsets.push_back(range.offset);
      sizes.push_back(range.size);
    }
    RowLoops loops = rows.lookup(op);
    offsets[loops.batch] = batch;
    sizes[loops.batch] = batchExtent;
    offsets[loops.rows] = first;
    sizes[loops.rows] = extent;
    // Sums go on from what the loop carries.
    SmallVector<Value> inits;
    SmallVector<int64_t> slots;
    for (OpResult result : op->getResults()) {
      auto *found = llvm::find(stored, result);
      int64_t slot = found == stored.end() ? -1 : found - stored.begin();
      slots.push_back(slot);
      inits.push_back(slot >= 0 && !rows.isCut(result)
                          ? carried[slot]
                          : dps.getTiedOpOperand(result)->get());
    }
    FailureOr<CarriedTile> tile = tileInto(rewriter, op, offsets, sizes, inits);
    if (failed(tile))
      return op->emitOpError("cannot be cut into chunks of rows");
    // What the loop has computed is read as it is.
    rewriter.setInsertionPoint(tile->op);
    for (auto [operand, ofTile] :
         llvm::zip_equal(getTensorOperands(op), getTensorOperands(tile->op))) {
      Value computed = tiles.lookup(operand->get());
      if (!computed || !rows.isCut(*operand))
        continue;
      if (computed.getType() != ofTile->get().getType())
        computed = tensor::CastOp::create(rewriter, loc,
                                          ofTile->get().getType(), computed);
      ofTile->set(computed);
    }
    rewriter.setInsertionPointToEnd(tile->op->getBlock());
    for (auto [i, result] : llvm::enumerate(op->getResults())) {
      if (!rows.isCut(result)) {
        if (slots[i] >= 0)
          carried[slots[i]] = tile->carried[i];
        continue;
      }
      tiles[result] = tile->op->getResult(i);
      if (slots[i] < 0)
        continue;
      SmallVector<OpFoldResult> at, shape;
      if (failed(tiling.getResultTilePosition(rewriter, i, offsets, sizes, at,
                                              shape)))
        return failure();
      SmallVector<OpFoldResult> strides(at.size(), one);
      carried[slots[i]] =
          tensor::InsertSliceOp::create(rewriter, loc, tile->op->getResult(i),
                                        carried[slots[i]], at, shape, strides);
    }
  }
  scf::YieldOp::create(rewriter, loc, carried);
  ValueRange results = inner ? inner.getResults() : ValueRange();
  if (outer) {
    rewriter.setInsertionPointToEnd(outer.getBody());
    if (inner)
      scf::YieldOp::create(rewriter, loc, inner.getResults());
    results = outer.getResults();
  }
  for (auto [result, all] : llvm::zip(stored, results))
    rewriter.replaceUsesWithIf(result, all, [&](OpOperand &use) {
      auto *found = stages.find(use.getOwner());
      bool inLoop = found != stages.end() && found->second == stage;
      return use.getOwner()->getBlock() == &block && !inLoop &&
             use.getOwner() != outer && use.getOwner() != inner;
    });
  ++numLoops;
  remark::passed(
      loc, remark::RemarkOpts::name("chunk-loop").category("bpt-tile-sums"))
      << ("one loop over chunks of " + Twine(chunk) + " rows computes " +
          Twine(ops.size()) + " operations and carries " +
          Twine(stored.size()) + " results")
             .str();
  return success();
}

LogicalResult SumTiler::run() {
  assignStages();
  if (stages.empty())
    return success();
  delayOperations();
  repeatCheapOperations();
  unsigned last = 0;
  for (auto &[op, stage] : stages)
    last = std::max(last, stage);
  for (unsigned stage = 0; stage <= last; ++stage)
    if (failed(tileStage(stage)))
      return failure();
  sortTopologically(&block);
  return success();
}

namespace {
struct TileSumsPass : bpt::impl::TileSumsPassBase<TileSumsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    FunctionOpInterface function = getOperation();
    SmallVector<Block *> blocks;
    function.walk([&](Block *block) { blocks.push_back(block); });
    unsigned loops = 0;
    for (Block *block : blocks) {
      std::optional<int64_t> chunk = getChunk(*block);
      if (!chunk)
        return signalPassFailure();
      if (*chunk == 0)
        continue;
      separateFills(rewriter, *block);
      SumTiler tiler(rewriter, *block, *chunk);
      if (failed(tiler.run()))
        return signalPassFailure();
      loops += tiler.getNumLoops();
    }
    if (loops == 0)
      return;
    numLoops += loops;
    // Sizes of what the loops replaced come from their operands.
    RewritePatternSet patterns(&getContext());
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    // A slice of what nothing has written needs no memory of the whole.
    tensor::populateFoldTensorEmptyPatterns(patterns);
    (void)applyPatternsGreedily(function, std::move(patterns));
    (void)runRegionDCE(rewriter, function->getRegions());
  }

private:
  /// Gives every user a destination of its own, to be made where it is used.
  static void separateFills(RewriterBase &rewriter, Block &block) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
      if (!isa<tensor::EmptyOp, linalg::FillOp>(op))
        continue;
      rewriter.setInsertionPoint(&op);
      for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(
               op.getResult(0).getUses(), op.use_empty() ? 0 : 1)))
        use.set(rewriter.clone(op)->getResult(0));
    }
  }

  /// The chunk that the sums of a block ask for: 0 if none does, nothing if
  /// they do not agree.
  std::optional<int64_t> getChunk(Block &block) {
    Operation *first = nullptr;
    int64_t chunk = 0;
    for (Operation &op : block) {
      StrategyAttr strategy = getStrategy(&op);
      if (!strategy || strategy.getChunk() == 0 || !isSumOverRows(&op))
        continue;
      if (first && strategy.getChunk() != chunk) {
        InFlightDiagnostic diagnostic =
            op.emitOpError("asks for chunks of ")
            << strategy.getChunk() << " rows, but is computed with sums over "
            << "chunks of " << chunk << "; give both the same 'chunk'";
        diagnostic.attachNote(first->getLoc()) << "this is one of them";
        return std::nullopt;
      }
      first = &op;
      chunk = strategy.getChunk();
    }
    return chunk;
  }
};
} // namespace
