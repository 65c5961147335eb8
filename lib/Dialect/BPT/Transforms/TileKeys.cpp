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
/// Makes the loops over key blocks of one head's attention.
class KeyLoops {
public:
  KeyLoops(RewriterBase &rewriter, AttentionOp op, int64_t step)
      : rewriter(rewriter), op(op), loc(op.getLoc()), step(step) {}

  SmallVector<Value> emit(SmallVectorImpl<Operation *> &steps) {
    keys = tensor::getMixedSize(rewriter, loc, op.getKey(), 1);
    rows = tensor::getMixedSize(rewriter, loc, op.getQuery(), 1);
    SmallVector<Value> state = startOnlineAttention(rewriter, op);
    // The whole of which every step is a tile.
    whole = createOnlineAttention(rewriter, op, state);
    std::optional<int64_t> known = getConstantIntValue(keys);
    if (step == 0 || (known && *known <= step)) {
      steps.push_back(whole);
      return SmallVector<Value>(whole.getResults());
    }

    // Key ranges: [first, end) holds what any row sees, [wholeFirst, wholeEnd)
    // what every row sees. All but 'end' are rounded to the grid of blocks.
    OpFoldResult zero = rewriter.getIndexAttr(0);
    OpFoldResult first = zero, wholeFirst = zero, end = keys, wholeEnd = keys;
    bool masked = op.getCausal() || op.getWindow();
    if (masked) {
      // Key aligned with the tile's first row, and with the row past its last.
      OpFoldResult top = whole.getDiagonal();
      top = sum(top, whole.getPositions()[1]);
      OpFoldResult bottom = sum(top, rows);
      if (op.getCausal()) {
        end = least(keys, bottom);
        wholeEnd = least(keys, sum(top, rewriter.getIndexAttr(1)));
      }
      if (std::optional<int64_t> window = op.getWindow()) {
        OpFoldResult reach = rewriter.getIndexAttr(*window);
        first = floorToBlock(
            most(zero, difference(sum(top, rewriter.getIndexAttr(1)), reach)));
        wholeFirst = ceilToBlock(most(zero, difference(bottom, reach)));
        if (!op.getCausal()) {
          end = least(keys,
                      difference(sum(bottom, reach), rewriter.getIndexAttr(1)));
          wholeEnd = least(keys, sum(top, reach));
        }
      }
      end = most(zero, end);
      wholeEnd = most(zero, wholeEnd);
    }
    wholeEnd = floorToBlock(wholeEnd);
    if (op.getWindow()) {
      // The three ranges follow each other also where the middle one is empty.
      wholeFirst = most(first, least(wholeFirst, ceilToBlock(end)));
      wholeEnd = most(wholeFirst, wholeEnd);
    }

    if (op.getWindow())
      state = loop(first, wholeFirst, /*isWhole=*/false, state, steps);
    state = loop(wholeFirst, wholeEnd, /*isWhole=*/true, state, steps);
    state = loop(wholeEnd, end, /*isWhole=*/false, state, steps);
    rewriter.eraseOp(whole);
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
    FailureOr<TilingResult> tiled =
        cast<TilingInterface>(whole.getOperation())
            .getTiledImplementation(rewriter, offsets, sizes);
    assert(succeeded(tiled) && "a range of keys is always a tile");
    auto tile = cast<OnlineAttentionOp>(tiled->tiledOps.front());
    // The tile adds to what the loop carries, not to the start.
    rewriter.modifyOpInPlace(tile, [&] {
      for (auto [init, carried] :
           llvm::zip(tile.getDpsInitsMutable(), forOp.getRegionIterArgs()))
        init.set(carried);
      for (auto [result, carried] :
           llvm::zip(tile.getResults(), forOp.getRegionIterArgs()))
        result.setType(cast<RankedTensorType>(carried.getType()));
      if (isWhole) {
        tile.setCausal(false);
        tile.removeWindowAttr();
      }
    });
    steps.push_back(tile);
    scf::YieldOp::create(rewriter, loc, tile.getResults());
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
  AttentionOp op;
  Location loc;
  int64_t step;
  OnlineAttentionOp whole;
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
  SmallVector<Value> state = KeyLoops(rewriter, *oneHead, keys).emit(steps);
  rewriter.replaceOp(*oneHead,
                     finishOnlineAttention(rewriter, *oneHead, state));
  return steps;
}

namespace {
struct TileKeysPass : bpt::impl::TileKeysPassBase<TileKeysPass> {
  void runOnOperation() override {
    SmallVector<AttentionOp> ops;
    getOperation()->walk([&](AttentionOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (AttentionOp op : ops) {
      StrategyAttr strategy = getStrategy(op);
      if (failed(tileKeys(rewriter, op, strategy ? strategy.getKeys() : 0)))
        return signalPassFailure();
    }
  }
};
} // namespace
