//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionScores.h"
#include "bpt/Dialect/BPT/IR/AttentionForms.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/IRMapping.h"

#include <limits>

using namespace mlir;
using namespace mlir::bpt;

//===----------------------------------------------------------------------===//
// attention = start, online attention, finish
//===----------------------------------------------------------------------===//

SmallVector<Value> bpt::startOnlineAttention(OpBuilder &builder,
                                             AttentionOp op) {
  TileBuilder tile(builder, op.getLoc());
  SmallVector<OpFoldResult> sizes = tile.sizes(op.getInit());
  Value acc = tile.filled(sizes, 0.0);
  sizes.pop_back();
  return {acc, tile.filled(sizes, std::numeric_limits<float>::lowest()),
          tile.filled(sizes, 0.0)};
}

OnlineAttentionOp bpt::createOnlineAttention(OpBuilder &builder, AttentionOp op,
                                             ValueRange state) {
  SmallVector<Value> positions(op.getPositions());
  Value diagonal = op.getDiagonal();
  TileBuilder tile(builder, op.getLoc());
  if (op.dependsOnPositions()) {
    if (positions.empty())
      positions.assign(3, tile.index(0));
    positions.push_back(tile.index(0));
    if (!diagonal && (op.getCausal() || op.getWindow())) {
      Value keys = getValueOrCreateConstantIndexOp(builder, op.getLoc(),
                                                   tile.sizes(op.getKey())[1]);
      Value rows = getValueOrCreateConstantIndexOp(
          builder, op.getLoc(), tile.sizes(op.getQuery())[1]);
      diagonal = arith::SubIOp::create(builder, op.getLoc(), keys, rows);
    }
  } else {
    positions.clear();
  }
  auto online = OnlineAttentionOp::create(
      builder, op.getLoc(), TypeRange(state), op.getQuery(), op.getKey(),
      op.getValue(), op.getQueryScale(), op.getKeyScale(), op.getValueScale(),
      op.getBias(), op.getQuerySegments(), op.getKeySegments(), op.getSeed(),
      positions, diagonal, state[0], state[1], state[2], op.getCausalAttr(),
      op.getWindowAttr(), op.getScaleAttr(), op.getDropoutAttr(),
      op.getValueTransposedAttr(), op.getQueryBlocksAttr(),
      op.getKeyBlocksAttr(), op.getValueBlocksAttr(), op.getScore().size());
  online->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));
  if (Region *score = op.getScoreRegion()) {
    IRMapping mapping;
    score->cloneInto(online.getScoreRegion(), mapping);
  }
  return online;
}

SmallVector<Value> bpt::finishOnlineAttention(OpBuilder &builder,
                                              AttentionOp op,
                                              ValueRange state) {
  TileBuilder tile(builder, op.getLoc());
  Value sum = state[2];
  SmallVector<Value> results = tile.generic(
      4, 0, {{state[0], {0, 1, 2, 3}}, {sum, {0, 1, 2}}},
      {{op.getInit(), {0, 1, 2, 3}}},
      [](OpBuilder &b, Location l, ValueRange v) {
        // A row that kept no key has a sum of 0 and gives 0.
        Value zero = arith::ConstantOp::create(b, l, b.getF32FloatAttr(0));
        Value one = arith::ConstantOp::create(b, l, b.getF32FloatAttr(1));
        Value empty =
            arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ, v[1], zero);
        Value divisor = arith::SelectOp::create(b, l, empty, one, v[1]);
        return SmallVector<Value>{arith::DivFOp::create(b, l, v[0], divisor)};
      });
  if (op.getLseInit())
    results.append(tile.generic(
        3, 0, {{state[1], {0, 1, 2}}, {sum, {0, 1, 2}}},
        {{op.getLseInit(), {0, 1, 2}}},
        [](OpBuilder &b, Location l, ValueRange v) {
          Value zero = arith::ConstantOp::create(b, l, b.getF32FloatAttr(0));
          Value empty = arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ,
                                              v[1], zero);
          Value log = math::Log2Op::create(b, l, v[1]);
          Value lse = arith::MulFOp::create(
              b, l, arith::AddFOp::create(b, l, v[0], log),
              arith::ConstantOp::create(b, l, b.getF32FloatAttr(kLn2)));
          Value none = arith::ConstantOp::create(
              b, l, b.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
          return SmallVector<Value>{
              arith::SelectOp::create(b, l, empty, none, lse)};
        }));
  if (op.getMaxInit()) {
    results.push_back(tile.castInto(state[1], op.getMaxInit()));
    results.push_back(tile.castInto(sum, op.getSumInit()));
  }
  return results;
}

FailureOr<SmallVector<Value>>
AttentionOp::decomposeOperation(OpBuilder &builder) {
  SmallVector<Value> state = startOnlineAttention(builder, *this);
  OnlineAttentionOp online = createOnlineAttention(builder, *this, state);
  return finishOnlineAttention(builder, *this, online.getResults());
}

//===----------------------------------------------------------------------===//
// online attention = linalg
//===----------------------------------------------------------------------===//

namespace {
/// Emits the steps of the online softmax for one head.
class OnlineStep {
public:
  OnlineStep(TileBuilder &tile, const AttentionHead &head, Value acc, Value max,
             Value sum)
      : tile(tile), head(head), acc(acc), max(max), sum(sum),
        rows(tile.sizes(head.query)[0]), keys(tile.sizes(head.key)[0]) {}

  SmallVector<Value> emit() {
    ScoreBuilder builder(tile, head);
    Value scores = tile.contract(builder.scaled(head.query), head.key,
                                 tile.filled({rows, keys}, 0.0),
                                 /*transposed=*/true);
    if (head.queryScale)
      scores = tile.generic(
          2, 0, {getScale(head.queryScale, 0), getScale(head.keyScale, 1)},
          {{scores, {0, 1}}}, [](OpBuilder &b, Location l, ValueRange v) {
            Value scaled = arith::MulFOp::create(b, l, v[2], v[0]);
            return SmallVector<Value>{
                arith::MulFOp::create(b, l, scaled, v[1])};
          })[0];
    // Bias, score region and masks, in place on the scores.
    if (head.modifiesScores())
      scores = tile.generic(2, 0, builder.operands(), {{scores, {0, 1}}},
                            [&](OpBuilder &b, Location l, ValueRange v) {
                              return SmallVector<Value>{
                                  builder
                                      .modify(b, l, v.back(), v.drop_back(),
                                              /*derive=*/false)
                                      .value};
                            })[0];

    Value blockMax = tile.generic(
        2, 1, {{scores, {0, 1}}},
        {{tile.filled({rows}, std::numeric_limits<float>::lowest()), {0}}},
        [](OpBuilder &b, Location l, ValueRange v) {
          return SmallVector<Value>{arith::MaxNumFOp::create(b, l, v[1], v[0])};
        })[0];
    // Maximum and rescaling factor in one operation, so that the maximum can
    // be updated in place. It is kept in base 2, rounded once: every score then
    // subtracts the same number exactly, by a fused multiply-add, however large
    // the scores are.
    Value log2e = tile.f32(kLog2E);
    SmallVector<Value> maxAndRescale = tile.generic(
        1, 0, {{blockMax, {0}}}, {{max, {0}}, {tile.empty({rows}), {0}}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          Value inBase2 = arith::MulFOp::create(b, l, v[0], log2e);
          Value m = arith::MaxNumFOp::create(b, l, v[1], inBase2);
          Value a =
              math::Exp2Op::create(b, l, arith::SubFOp::create(b, l, v[1], m));
          return SmallVector<Value>{m, a};
        });
    Value newMax = maxAndRescale[0], rescale = maxAndRescale[1];
    Value p = tile.generic(
        2, 0, {{newMax, {0}}}, {{scores, {0, 1}}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          Value negated = arith::NegFOp::create(b, l, v[0]);
          Value exponent = math::FmaOp::create(b, l, v[1], log2e, negated);
          return SmallVector<Value>{math::Exp2Op::create(b, l, exponent)};
        })[0];
    auto times = [](OpBuilder &b, Location l, ValueRange v) {
      return SmallVector<Value>{arith::MulFOp::create(b, l, v[0], v[1])};
    };
    Value rescaledSum =
        tile.generic(1, 0, {{rescale, {0}}}, {{sum, {0}}}, times)[0];
    Value newSum = tile.generic(2, 1, {{p, {0, 1}}}, {{rescaledSum, {0}}},
                                [](OpBuilder &b, Location l, ValueRange v) {
                                  return SmallVector<Value>{
                                      arith::AddFOp::create(b, l, v[1], v[0])};
                                })[0];
    Value rescaledAcc =
        tile.generic(2, 0, {{rescale, {0}}}, {{acc, {0, 1}}}, times)[0];
    // The sum has read p, which dropout may now overwrite.
    if (head.dropout)
      p = tile.generic(2, 0, {{head.seed, {}}}, {{p, {0, 1}}},
                       [&](OpBuilder &b, Location l, ValueRange v) {
                         return SmallVector<Value>{
                             builder.createDropout(b, l, v[0]).apply(v[1])};
                       })[0];
    bool roundsToFloat8 =
        head.valueTransposed &&
        isa<Float8E4M3FNType>(getElementTypeOrSelf(head.value.getType()));
    bool hasScales = head.valueScale && isLine(head.valueScale);
    if (head.valueScale && (hasScales || !roundsToFloat8))
      p = tile.generic(2, 0, {getScale(head.valueScale, 1)}, {{p, {0, 1}}},
                       times)[0];
    if (roundsToFloat8)
      return {addInFloat8(p, rescaledAcc,
                          hasScales ? getLargest(p) : head.valueScale),
              newMax, newSum};
    return {tile.contract(p, head.value, rescaledAcc, head.valueTransposed),
            newMax, newSum};
  }

private:
  /// What the largest probability, times a scale perhaps, becomes in f8E4M3FN.
  static constexpr double kLargestInFloat8 = 256;

  /// The largest number of each row, and not 0.
  Value getLargest(Value p) {
    return tile.generic(
        2, 1, {{p, {0, 1}}}, {{tile.filled({rows}, 0x1p-100), {0}}},
        [](OpBuilder &b, Location l, ValueRange v) {
          return SmallVector<Value>{arith::MaxNumFOp::create(b, l, v[1], v[0])};
        })[0];
  }

  /// sum + (p in f8E4M3FN) · value, times a number perhaps (`scale`, null: 1).
  /// If the scale is a line, it is the largest number of each row of p, of
  /// which f8E4M3FN keeps the digits.
  Value addInFloat8(Value p, Value sum, Value scale) {
    bool isOfRows = scale && isLine(scale);
    auto constant = [](OpBuilder &b, Location l, double value) -> Value {
      return arith::ConstantOp::create(b, l, b.getF32FloatAttr(value));
    };
    SmallVector<TileBuilder::Operand> inputs{{p, {0, 1}}};
    if (isOfRows)
      inputs.push_back({scale, {0}});
    Value empty = tensor::EmptyOp::create(
        tile.builder, tile.loc, ArrayRef<OpFoldResult>{rows, keys},
        tile.builder.getType<Float8E4M3FNType>());
    Value rounded = tile.generic(
        2, 0, inputs, {{empty, {0, 1}}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          Value factor = constant(b, l, kLargestInFloat8);
          if (isOfRows)
            factor = arith::DivFOp::create(b, l, factor, v[1]);
          return SmallVector<Value>{arith::MulFOp::create(b, l, v[0], factor)};
        })[0];
    Value product =
        tile.contract(rounded, head.value, tile.filled(tile.sizes(sum), 0.0),
                      /*transposed=*/true);
    inputs = {{product, {0, 1}}};
    if (scale)
      inputs.push_back(getScale(scale, 0));
    return tile.generic(2, 0, inputs, {{sum, {0, 1}}},
                        [&](OpBuilder &b, Location l, ValueRange v) {
                          Value factor = constant(b, l, 1 / kLargestInFloat8);
                          if (scale)
                            factor = arith::MulFOp::create(b, l, v[1], factor);
                          Value scaled =
                              arith::MulFOp::create(b, l, v[0], factor);
                          return SmallVector<Value>{
                              arith::AddFOp::create(b, l, v.back(), scaled)};
                        })[0];
  }

  static bool isLine(Value scale) {
    return cast<RankedTensorType>(scale.getType()).getRank() != 0;
  }

  /// A line of scales along `dim` of the scores, or one number.
  static TileBuilder::Operand getScale(Value scale, int64_t dim) {
    return {scale,
            isLine(scale) ? SmallVector<int64_t>{dim} : SmallVector<int64_t>{}};
  }

  TileBuilder &tile;
  const AttentionHead &head;
  Value acc, max, sum;
  OpFoldResult rows, keys;
};
} // namespace

/// The scale of a head of query, key or value: a line along its rows, or one
/// number.
static Value getScaleOfHead(TileBuilder &tile, Value scale,
                            std::optional<ArrayRef<int64_t>> blocks,
                            OpFoldResult batch, OpFoldResult head,
                            bool isTransposed = false) {
  SmallVector<std::optional<OpFoldResult>> places;
  if (blocks) {
    places = {batch, std::nullopt, head, std::nullopt};
    if (isTransposed)
      places = {batch, head, std::nullopt, std::nullopt};
    for (auto [place, block] : llvm::zip_equal(places, *blocks))
      if (block == 0)
        place = tile.builder.getIndexAttr(0);
  }
  return tile.sliceAt(scale, places);
}

FailureOr<SmallVector<Value>>
OnlineAttentionOp::decomposeOperation(OpBuilder &builder) {
  for (auto blocks : {getQueryBlocks(), getKeyBlocks(), getValueBlocks()})
    if (blocks &&
        llvm::any_of(*blocks, [](int64_t block) { return block > 1; }))
      return emitOpError("has a scale for several rows; bpt-expand-scales "
                         "gives each its own");
  TileBuilder tile(builder, getLoc());
  SmallVector<OpFoldResult> sizes = tile.sizes(getQuery());
  // The heads of one row are one matrix, where all multiply the same keys.
  bool rowsAreHeads = !getQueryScale() && isConstantIntValue(sizes[1], 1) &&
                      getGroupSize() > 1 &&
                      isConstantIntValue(tile.sizes(getKey())[2], 1);
  // An entry of the batch is cut at a head, or at its row.
  unsigned cut = rowsAreHeads ? 0 : 1;
  auto emit = [&](OpFoldResult b, OpFoldResult at, ValueRange state) {
    OpFoldResult kvHead = getKvHead(tile, at, getKey(), getGroupSize());
    AttentionHead head =
        getAttentionHead(tile, *this, b, at, kvHead, rowsAreHeads);
    if (getValueTransposed()) {
      head.valueTransposed = true;
      head.value = tile.slice(tile.slice(getValue(), 0, b), 0, kvHead);
    }
    if (getQueryScale()) {
      head.queryScale =
          getScaleOfHead(tile, getQueryScale(), getQueryBlocks(), b, at);
      head.keyScale =
          getScaleOfHead(tile, getKeyScale(), getKeyBlocks(), b, kvHead);
      head.valueScale = getScaleOfHead(tile, getValueScale(), getValueBlocks(),
                                       b, kvHead, getValueTransposed());
    }
    SmallVector<Value> ofEntry, ofHead;
    for (Value tensor : state) {
      ofEntry.push_back(tile.slice(tensor, 0, b));
      ofHead.push_back(tile.slice(ofEntry.back(), cut, at));
    }
    SmallVector<Value> next =
        OnlineStep(tile, head, ofHead[0], ofHead[1], ofHead[2]).emit();
    for (auto [result, entry, tensor] : llvm::zip(next, ofEntry, state))
      result = tile.unslice(tile.unslice(result, entry, cut, at), tensor, 0, b);
    return next;
  };
  return tile.forEach(
      sizes[0], getDpsInits(), [&](OpFoldResult b, ValueRange ofBatch) {
        return tile.forEach(sizes[rowsAreHeads ? 1 : 2], ofBatch,
                            [&](OpFoldResult at, ValueRange state) {
                              return emit(b, at, state);
                            });
      });
}
