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

namespace mlir::bpt {
#define GEN_PASS_DEF_TILEKEYSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Replaces an operation whose last loop runs over the keys by loops over
/// blocks of them, which carry its destinations.
template <typename OpTy> class KeyLoops {
public:
  KeyLoops(RewriterBase &rewriter, OpTy whole, int64_t step)
      : rewriter(rewriter), whole(whole), loc(whole.getLoc()), step(step) {}

  /// Returns what the loops carry in the end.
  SmallVector<Value> emit(SmallVectorImpl<Operation *> &steps) {
    keys = tensor::getMixedSize(rewriter, loc, whole.getKey(), 1);
    rows = tensor::getMixedSize(rewriter, loc, whole.getQuery(), 1);
    SmallVector<Value> state(whole.getDpsInits());
    std::optional<int64_t> known = getConstantIntValue(keys);
    if (step == 0 || (known && *known <= step)) {
      steps.push_back(whole);
      return SmallVector<Value>(whole.getResults());
    }

    // Key ranges: [first, end) holds what any row sees, [wholeFirst, wholeEnd)
    // what every row sees. All but 'end' are rounded to the grid of blocks.
    OpFoldResult zero = rewriter.getIndexAttr(0);
    OpFoldResult first = zero, wholeFirst = zero, end = keys, wholeEnd = keys;
    bool masked = whole.getCausal() || whole.getWindow();
    if (masked) {
      // Key aligned with the tile's first row, and with the row past its last.
      OpFoldResult top = whole.getDiagonal();
      top = sum(top, whole.getPositions()[1]);
      OpFoldResult bottom = sum(top, rows);
      if (whole.getCausal()) {
        end = least(keys, bottom);
        wholeEnd = least(keys, sum(top, rewriter.getIndexAttr(1)));
      }
      if (std::optional<int64_t> window = whole.getWindow()) {
        OpFoldResult reach = rewriter.getIndexAttr(*window);
        first = floorToBlock(
            most(zero, difference(sum(top, rewriter.getIndexAttr(1)), reach)));
        wholeFirst = ceilToBlock(most(zero, difference(bottom, reach)));
        if (!whole.getCausal()) {
          end = least(keys,
                      difference(sum(bottom, reach), rewriter.getIndexAttr(1)));
          wholeEnd = least(keys, sum(top, reach));
        }
      }
      end = most(zero, end);
      wholeEnd = most(zero, wholeEnd);
    }
    wholeEnd = floorToBlock(wholeEnd);
    if (whole.getWindow()) {
      // The three ranges follow each other also where the middle one is empty.
      wholeFirst = most(first, least(wholeFirst, ceilToBlock(end)));
      wholeEnd = most(wholeFirst, wholeEnd);
    }

    if (whole.getWindow())
      state = loop(first, wholeFirst, /*isWhole=*/false, state, steps);
    state = loop(wholeFirst, wholeEnd, /*isWhole=*/true, state, steps);
    state = loop(wholeEnd, end, /*isWhole=*/false, state, steps);
    return state;
  }

private:
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
    auto forOp = scf::ForOp::create(rewriter, loc, value(first), value(end),
                                    value(rewriter.getIndexAttr(step)), state);
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(forOp.getBody());
    OpFoldResult position = forOp.getInductionVar();
    OpFoldResult size = rewriter.getIndexAttr(step);
    std::optional<int64_t> known = getConstantIntValue(keys);
    if (!isWhole && !(known && *known % step == 0))
      size = least(size, difference(keys, position));

    SmallVector<OpFoldResult> offsets, sizes;
    for (Range range : cast<TilingInterface>(whole.getOperation())
                           .getIterationDomain(rewriter)) {
      offsets.push_back(range.offset);
      sizes.push_back(range.size);
    }
    offsets.back() = position;
    sizes.back() = size;
    FailureOr<CarriedTile> tiled =
        tileInto(rewriter, whole, offsets, sizes, forOp.getRegionIterArgs());
    assert(succeeded(tiled) && "a range of keys is always a tile");
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
  int64_t step;
  OpFoldResult keys, rows;
};
} // namespace

/// Loops over batch entries and heads, so that what is left is one matrix each.
static FailureOr<AttentionOp> tileToOneHead(RewriterBase &rewriter,
                                            AttentionOp op) {
  auto type = cast<RankedTensorType>(op.getQuery().getType());
  SmallVector<OpFoldResult> sizes(3, rewriter.getIndexAttr(0));
  for (unsigned dim : {0, 2})
    if (type.getDimSize(dim) != 1)
      sizes[dim] = rewriter.getIndexAttr(1);
  if (llvm::all_of(
          sizes, [](OpFoldResult size) { return isConstantIntValue(size, 0); }))
    return op;
  scf::SCFTilingOptions options;
  options.setTileSizes(sizes);
  FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
      rewriter, cast<TilingInterface>(op.getOperation()), options);
  if (failed(tiled))
    return failure();
  rewriter.replaceOp(op, tiled->replacements);
  return cast<AttentionOp>(tiled->tiledOps.front());
}

FailureOr<SmallVector<Operation *>>
bpt::tileKeys(RewriterBase &rewriter, AttentionOp op, int64_t keys) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  FailureOr<AttentionOp> oneHead = tileToOneHead(rewriter, op);
  if (failed(oneHead))
    return failure();
  rewriter.setInsertionPoint(*oneHead);
  SmallVector<Operation *> steps;
  OnlineAttentionOp whole = createOnlineAttention(
      rewriter, *oneHead, startOnlineAttention(rewriter, *oneHead));
  SmallVector<Value> state = KeyLoops(rewriter, whole, keys).emit(steps);
  if (!llvm::is_contained(steps, whole.getOperation()))
    rewriter.eraseOp(whole);
  rewriter.replaceOp(*oneHead,
                     finishOnlineAttention(rewriter, *oneHead, state));
  return steps;
}

/// Cuts one loop of an operation; without effect where one block holds all.
static FailureOr<AttentionBackwardOp>
cut(RewriterBase &rewriter, AttentionBackwardOp op,
    ArrayRef<std::pair<unsigned, int64_t>> loops,
    scf::SCFTilingOptions::LoopType type) {
  rewriter.setInsertionPoint(op);
  auto tiling = cast<TilingInterface>(op.getOperation());
  SmallVector<Range> domain = tiling.getIterationDomain(rewriter);
  SmallVector<OpFoldResult> sizes(domain.size(), rewriter.getIndexAttr(0));
  bool any = false;
  for (auto [loop, size] : loops) {
    std::optional<int64_t> extent = getConstantIntValue(domain[loop].size);
    if (size == 0 || (extent && *extent <= size))
      continue;
    sizes[loop] = rewriter.getIndexAttr(size);
    any = true;
  }
  if (!any)
    return op;
  scf::SCFTilingOptions options;
  options.setTileSizes(sizes);
  options.setLoopType(type);
  FailureOr<scf::SCFTilingResult> tiled =
      scf::tileUsingSCF(rewriter, tiling, options);
  if (failed(tiled))
    return failure();
  rewriter.replaceOp(op, tiled->replacements);
  return cast<AttentionBackwardOp>(tiled->tiledOps.front());
}

FailureOr<SmallVector<Operation *>>
bpt::tileKeysBackward(RewriterBase &rewriter, AttentionBackwardOp op,
                      int64_t rows, int64_t keys) {
  OpBuilder::InsertionGuard guard(rewriter);
  locateWhole(rewriter, op);
  // Batch entries and key heads are independent, unless they share a gradient.
  auto tiling = cast<TilingInterface>(op.getOperation());
  SmallVector<utils::IteratorType> kinds = tiling.getLoopIteratorTypes();
  enum : unsigned { Batch, Rows, Heads };
  SmallVector<std::pair<unsigned, int64_t>> parallel, sequential;
  for (auto [loop, size] :
       {std::pair<unsigned, int64_t>{Batch, 1}, {Heads, op.getGroupSize()}})
    (kinds[loop] == utils::IteratorType::parallel ? parallel : sequential)
        .push_back({loop, size});
  sequential.push_back({Rows, rows});
  using LoopType = scf::SCFTilingOptions::LoopType;
  FailureOr<AttentionBackwardOp> tile =
      cut(rewriter, op, parallel, LoopType::ForallOp);
  if (succeeded(tile))
    tile = cut(rewriter, *tile, sequential, LoopType::ForOp);
  if (failed(tile))
    return failure();
  rewriter.setInsertionPoint(*tile);
  SmallVector<Operation *> steps;
  SmallVector<Value> sums = KeyLoops(rewriter, *tile, keys).emit(steps);
  if (!llvm::is_contained(steps, tile->getOperation()))
    rewriter.replaceOp(*tile, sums);
  return steps;
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
      if (failed(tileKeys(rewriter, op, strategy ? strategy.getKeys() : 0)))
        return signalPassFailure();
    }
    for (AttentionBackwardOp op : backwardOps) {
      StrategyAttr strategy = getStrategy(op);
      if (failed(tileKeysBackward(rewriter, op,
                                  strategy ? strategy.getRows() : 0,
                                  strategy ? strategy.getKeys() : 0)))
        return signalPassFailure();
    }
  }
};
} // namespace
