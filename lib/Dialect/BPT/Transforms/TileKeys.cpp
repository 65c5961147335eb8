//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/AttentionForms.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Remarks.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TILEKEYSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

using LoopType = scf::SCFTilingOptions::LoopType;

namespace {
/// The loops of operations of attention.
enum AttentionLoop : unsigned { Batch, Rows, Heads, Keys };

/// Replaces an operation that sums over keys, or over rows, by loops over
/// blocks of them, which carry its destinations and leave out what masks
/// exclude. Where it sums over heads as well, a loop takes a block head by
/// head: one loop is scheduled as a whole, one in another is not.
template <typename OpTy> class MaskedLoops {
public:
  /// Blocks that a mask cuts are of `maskedStep`, which divides `step`, and is
  /// equal to it where there are several heads.
  MaskedLoops(RewriterBase &rewriter, OpTy whole, AttentionLoop which,
              int64_t step, int64_t maskedStep, int64_t numHeads = 1)
      : rewriter(rewriter), whole(whole), loc(whole.getLoc()), which(which),
        step(step), maskedStep(maskedStep), numHeads(numHeads) {}

  /// Returns what the loops carry in the end.
  SmallVector<Value> emit(SmallVectorImpl<Operation *> &steps) {
    keys = tensor::getMixedSize(rewriter, loc, whole.getKey(), 1);
    rows = tensor::getMixedSize(rewriter, loc, whole.getQuery(), 1);
    extent = which == Keys ? keys : rows;
    SmallVector<Value> state(whole.getDpsInits());
    std::optional<int64_t> known = getConstantIntValue(extent);
    if (step == 0 || (known && *known <= step && numHeads == 1)) {
      steps.push_back(whole);
      return SmallVector<Value>(whole.getResults());
    }

    OpFoldResult zero = rewriter.getIndexAttr(0);
    Ranges ranges{zero, zero, extent, extent};
    if (whole.getCausal() || whole.getWindow()) {
      which == Keys ? limitKeys(ranges) : limitRows(ranges);
      for (OpFoldResult *bound :
           {&ranges.first, &ranges.wholeFirst, &ranges.wholeEnd, &ranges.end})
        *bound = most(zero, *bound);
    }
    ranges.wholeEnd = floorToBlock(ranges.wholeEnd);
    bool hasFirst = !isConstantIntValue(ranges.wholeFirst, 0);
    std::optional<int64_t> end = getConstantIntValue(ranges.end);
    bool hasLast = !end || end != getConstantIntValue(ranges.wholeEnd);
    if (hasFirst) {
      // The three ranges follow each other also where the middle one is empty.
      ranges.first = floorToBlock(ranges.first);
      ranges.wholeFirst =
          most(ranges.first,
               least(ceilToBlock(ranges.wholeFirst), ceilToBlock(ranges.end)));
      if (hasLast)
        ranges.wholeEnd = most(ranges.wholeFirst, ranges.wholeEnd);
      // Smaller blocks could start past the end before they reach the next.
      OpFoldResult wholeFirst = maskedStep == step
                                    ? ranges.wholeFirst
                                    : least(ranges.wholeFirst, ranges.end);
      state = loop(ranges.first, wholeFirst, /*isWhole=*/false, state, steps);
    }
    state = loop(ranges.wholeFirst, ranges.wholeEnd, /*isWhole=*/true, state,
                 steps);
    // Every head takes the last block, of however few rows it is.
    if (hasLast)
      state = loop(ranges.wholeEnd,
                   numHeads > 1 ? ceilToBlock(ranges.end) : ranges.end,
                   /*isWhole=*/false, state, steps);
    return state;
  }

private:
  /// [first, end) holds what any pair of the tile sees, [wholeFirst, wholeEnd)
  /// what every one sees.
  struct Ranges {
    OpFoldResult first, wholeFirst, wholeEnd, end;
  };

  /// To the keys that the rows of the tile see.
  void limitKeys(Ranges &ranges) {
    OpFoldResult one = rewriter.getIndexAttr(1);
    // Key aligned with the tile's first row, and with the row past its last.
    OpFoldResult top = whole.getDiagonal();
    top = sum(top, whole.getPositions()[Rows]);
    OpFoldResult bottom = sum(top, rows);
    if (whole.getCausal()) {
      ranges.end = least(keys, bottom);
      ranges.wholeEnd = least(keys, sum(top, one));
    }
    if (std::optional<int64_t> window = whole.getWindow()) {
      OpFoldResult reach = rewriter.getIndexAttr(*window);
      ranges.first = difference(sum(top, one), reach);
      ranges.wholeFirst = difference(bottom, reach);
      if (!whole.getCausal()) {
        ranges.end = least(keys, difference(sum(bottom, reach), one));
        ranges.wholeEnd = least(keys, sum(top, reach));
      }
    }
  }

  /// To the rows that see keys of the tile.
  void limitRows(Ranges &ranges) {
    OpFoldResult one = rewriter.getIndexAttr(1);
    // Row aligned with the tile's first key, and with the key past its last.
    OpFoldResult top = whole.getPositions()[Keys];
    top = difference(difference(top, whole.getDiagonal()),
                     whole.getPositions()[Rows]);
    OpFoldResult bottom = sum(top, keys);
    if (whole.getCausal()) {
      ranges.first = top;
      ranges.wholeFirst = difference(bottom, one);
    }
    if (std::optional<int64_t> window = whole.getWindow()) {
      OpFoldResult reach = rewriter.getIndexAttr(*window);
      ranges.end = least(rows, difference(sum(bottom, reach), one));
      ranges.wholeEnd = least(rows, sum(top, reach));
      if (!whole.getCausal()) {
        ranges.first = difference(sum(top, one), reach);
        ranges.wholeFirst = difference(bottom, reach);
      }
    }
  }

  SmallVector<Value> loop(OpFoldResult first, OpFoldResult end, bool isWhole,
                          SmallVector<Value> state,
                          SmallVectorImpl<Operation *> &steps) {
    std::optional<int64_t> firstKnown = getConstantIntValue(first),
                           endKnown = getConstantIntValue(end);
    if (firstKnown && endKnown && *firstKnown >= *endKnown)
      return state;
    auto value = [&](OpFoldResult v) {
      return getValueOrCreateConstantIndexOp(rewriter, loc, v);
    };
    bool isMasked = !isWhole && (whole.getCausal() || whole.getWindow());
    int64_t block = isMasked ? maskedStep : step;
    OpFoldResult lower = first, upper = end;
    if (numHeads > 1) {
      lower = apply(d0() * numHeads, {first});
      upper = apply(d0() * numHeads, {end});
    }
    auto forOp = scf::ForOp::create(rewriter, loc, value(lower), value(upper),
                                    value(rewriter.getIndexAttr(block)), state);
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(forOp.getBody());
    OpFoldResult position = forOp.getInductionVar(), head;
    if (numHeads > 1) {
      head = apply(d0().floorDiv(block) % numHeads, {position});
      bool isOnlyBlock =
          firstKnown && endKnown && *endKnown - *firstKnown <= block;
      position = isOnlyBlock ? first
                             : apply(d0().floorDiv(block * numHeads) * block,
                                     {position});
    }
    OpFoldResult size = rewriter.getIndexAttr(block);
    std::optional<int64_t> known = getConstantIntValue(extent);
    if (!isWhole && !(known && *known % block == 0))
      size = least(size, difference(extent, position));

    SmallVector<OpFoldResult> offsets, sizes;
    for (Range range : cast<TilingInterface>(whole.getOperation())
                           .getIterationDomain(rewriter)) {
      offsets.push_back(range.offset);
      sizes.push_back(range.size);
    }
    offsets[which] = position;
    sizes[which] = size;
    if (numHeads > 1) {
      offsets[Heads] = head;
      sizes[Heads] = rewriter.getIndexAttr(1);
    }
    FailureOr<CarriedTile> tiled =
        tileInto(rewriter, whole, offsets, sizes, forOp.getRegionIterArgs());
    assert(succeeded(tiled) && "a range of keys or rows is always a tile");
    auto tile = cast<OpTy>(tiled->op);
    if (isWhole)
      rewriter.modifyOpInPlace(tile, [&] {
        tile.setCausal(false);
        tile.removeWindowAttr();
      });
    steps.push_back(tile);
    scf::YieldOp::create(rewriter, loc, tiled->carried);
    return SmallVector<Value>(forOp.getResults());
  }

  OpFoldResult apply(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(rewriter, loc, expr, operands);
  }
  OpFoldResult sum(OpFoldResult a, OpFoldResult b) {
    return apply(d0() + d1(), {a, b});
  }
  OpFoldResult difference(OpFoldResult a, OpFoldResult b) {
    return apply(d0() - d1(), {a, b});
  }
  OpFoldResult floorToBlock(OpFoldResult a) {
    return apply(d0().floorDiv(step) * step, {a});
  }
  OpFoldResult ceilToBlock(OpFoldResult a) {
    return apply(d0().ceilDiv(step) * step, {a});
  }
  OpFoldResult least(OpFoldResult a, OpFoldResult b) {
    return affine::makeComposedFoldedAffineMin(rewriter, loc, both(), {a, b});
  }
  OpFoldResult most(OpFoldResult a, OpFoldResult b) {
    return affine::makeComposedFoldedAffineMax(rewriter, loc, both(), {a, b});
  }
  AffineMap both() {
    return AffineMap::get(2, 0, {d0(), d1()}, rewriter.getContext());
  }
  AffineExpr d0() { return rewriter.getAffineDimExpr(0); }
  AffineExpr d1() { return rewriter.getAffineDimExpr(1); }

  RewriterBase &rewriter;
  /// The operation of which every step is a tile.
  OpTy whole;
  Location loc;
  /// That over keys, or over rows.
  AttentionLoop which;
  int64_t step, maskedStep, numHeads;
  OpFoldResult keys, rows, extent;
};
} // namespace

/// Cuts the rows of steps over keys into blocks of `scoreRows`, which leave out
/// what masks exclude.
template <typename OpTy>
static SmallVector<Operation *> tileScores(RewriterBase &rewriter,
                                           ArrayRef<Operation *> steps,
                                           int64_t scoreRows) {
  OpBuilder::InsertionGuard guard(rewriter);
  SmallVector<Operation *> blocks;
  for (Operation *step : steps) {
    rewriter.setInsertionPoint(step);
    SmallVector<Value> state =
        MaskedLoops(rewriter, cast<OpTy>(step), Rows, scoreRows, scoreRows)
            .emit(blocks);
    if (!llvm::is_contained(blocks, step))
      rewriter.replaceOp(step, state);
  }
  return blocks;
}

FailureOr<SmallVector<Operation *>> bpt::tileKeys(RewriterBase &rewriter,
                                                  AttentionOp op, int64_t keys,
                                                  int64_t scoreRows,
                                                  bool groupHeads) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  // What is left of a batch entry and a head, or of one row of several heads,
  // is one matrix each.
  bool isOneRow = op.getQuery().getType().getDimSize(1) == 1;
  int64_t heads = groupHeads && isOneRow ? op.getGroupSize() : 1;
  if (heads > 1)
    remark::passed(
        op.getLoc(),
        remark::RemarkOpts::name("grouped-heads").category("bpt-tile-keys"))
        << (Twine(heads) + " heads of one row multiply the keys that they "
                           "share as rows of one matrix")
               .str();
  FailureOr<Operation *> tile =
      tileLoops(rewriter, op, {{Batch, 1}, {Heads, heads}}, LoopType::ForOp);
  if (failed(tile))
    return failure();
  auto oneHead = cast<AttentionOp>(*tile);
  rewriter.setInsertionPoint(oneHead);
  SmallVector<Operation *> steps;
  OnlineAttentionOp whole = createOnlineAttention(
      rewriter, oneHead, startOnlineAttention(rewriter, oneHead));
  // Of a block that a mask cuts, rows compute what they do not see: fewer keys
  // are less of that. Twice the rows keep the products' panels whole.
  int64_t maskedKeys = 2 * scoreRows;
  if (scoreRows == 0 || keys % maskedKeys != 0)
    maskedKeys = keys;
  SmallVector<Value> state =
      MaskedLoops(rewriter, whole, Keys, keys, maskedKeys).emit(steps);
  if (!llvm::is_contained(steps, whole.getOperation()))
    rewriter.eraseOp(whole);
  rewriter.replaceOp(oneHead, finishOnlineAttention(rewriter, oneHead, state));
  return tileScores<OnlineAttentionOp>(rewriter, steps, scoreRows);
}

FailureOr<SmallVector<Operation *>>
bpt::tileKeysBackward(RewriterBase &rewriter, AttentionBackwardOp op,
                      int64_t rows, int64_t keys, int64_t scoreRows) {
  OpBuilder::InsertionGuard guard(rewriter);
  locateWhole(rewriter, op);
  // Batch entries and key heads are independent, unless they share a gradient
  // of the bias; rows and keys, if only gradients of theirs are asked for.
  auto tiling = cast<TilingInterface>(op.getOperation());
  SmallVector<utils::IteratorType> kinds = tiling.getLoopIteratorTypes();
  bool keysInOrder = kinds[Keys] == utils::IteratorType::reduction;
  int64_t heads =
      op.getGradients() == AttentionGradients::Query ? 1 : op.getGroupSize();
  using LoopBlock = std::pair<unsigned, int64_t>;
  SmallVector<LoopBlock> parallel, sequential;
  for (LoopBlock loop :
       {LoopBlock{Batch, 1}, LoopBlock{Heads, heads},
        keysInOrder ? LoopBlock{Rows, rows} : LoopBlock{Keys, keys}})
    (kinds[loop.first] == utils::IteratorType::parallel ? parallel : sequential)
        .push_back(loop);
  FailureOr<Operation *> block =
      tileLoops(rewriter, op, parallel, LoopType::ForallOp);
  if (succeeded(block))
    block = tileLoops(rewriter, *block, sequential, LoopType::ForOp);
  if (failed(block))
    return failure();
  auto tile = cast<AttentionBackwardOp>(*block);
  rewriter.setInsertionPoint(tile);
  SmallVector<Operation *> steps;
  SmallVector<Value> sums =
      MaskedLoops(rewriter, tile, keysInOrder ? Keys : Rows,
                  keysInOrder ? keys : rows, keysInOrder ? keys : rows,
                  keysInOrder ? 1 : heads)
          .emit(steps);
  if (!llvm::is_contained(steps, tile.getOperation()))
    rewriter.replaceOp(tile, sums);
  if (!keysInOrder)
    return steps;
  return tileScores<AttentionBackwardOp>(rewriter, steps, scoreRows);
}

namespace {
struct TileKeysPass : bpt::impl::TileKeysPassBase<TileKeysPass> {
  void runOnOperation() override {
    SmallVector<AttentionOp> ops;
    SmallVector<AttentionBackwardOp> backwardOps;
    getOperation()->walk([&](AttentionOp op) { ops.push_back(op); });
    getOperation()->walk(
        [&](AttentionBackwardOp op) { backwardOps.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (AttentionOp op : ops) {
      StrategyAttr strategy = getStrategy(op);
      if (failed(tileKeys(rewriter, op, strategy ? strategy.getKeys() : 0,
                          strategy ? strategy.getScoreRows() : 0,
                          strategy && strategy.getGroupHeads())))
        return signalPassFailure();
    }
    for (AttentionBackwardOp op : backwardOps) {
      StrategyAttr strategy = getStrategy(op);
      if (failed(tileKeysBackward(rewriter, op,
                                  strategy ? strategy.getRows() : 0,
                                  strategy ? strategy.getKeys() : 0,
                                  strategy ? strategy.getScoreRows() : 0)))
        return signalPassFailure();
    }
  }
};
} // namespace
