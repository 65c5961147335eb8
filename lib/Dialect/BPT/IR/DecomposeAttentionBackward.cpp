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

#include <limits>

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Emits the gradients of one head. Scores are a matrix of rows and keys, or
/// its transpose, whichever the gradients are products of as it is.
class BackwardStep {
public:
  BackwardStep(TileBuilder &tile, const AttentionHead &head, Value max,
               Value sum, Value cotangent, Value delta)
      : tile(tile), head(head), scores(tile, head), max(max), sum(sum),
        cotangent(cotangent), delta(delta), sizes(2) {
    sizes[head.rowLoop] = tile.sizes(head.query)[0];
    sizes[head.keyLoop] = tile.sizes(head.key)[0];
  }

  /// Adds to the gradients of `inputs`.
  SmallVector<Value> emit(ArrayRef<AttentionInput> inputs,
                          ArrayRef<Value> sums) {
    Value query = scores.scaled(head.query), dout = tile.extended(cotangent);
    Value s = multiply(query, head.key, tile.filled(sizes, 0.0));
    // Only values need the probabilities themselves, only others the gradient
    // of the scores.
    bool wantsP = llvm::is_contained(inputs, AttentionInput::Value);
    bool wantsDs = !wantsP || inputs.size() > 1;
    Value dp = wantsDs ? multiply(dout, head.value, startOfDp()) : Value();
    auto [p, ds] = probabilities(s, dp, wantsP);
    SmallVector<Value> next;
    for (auto [input, sum] : llvm::zip(inputs, sums))
      switch (input) {
      case AttentionInput::Query:
        next.push_back(sumOver(head.keyLoop, ds, scores.scaled(head.key), sum));
        break;
      case AttentionInput::Key:
        next.push_back(sumOver(head.rowLoop, ds, query, sum));
        break;
      case AttentionInput::Value:
        next.push_back(sumOver(head.rowLoop, p, dout, sum));
        break;
      case AttentionInput::Bias:
        next.push_back(
            tile.generic(2, 0, {{ds, {0, 1}}}, {{sum, dims()}},
                         [](OpBuilder &b, Location l, ValueRange v) {
                           return SmallVector<Value>{
                               arith::AddFOp::create(b, l, v[1], v[0])};
                         })[0]);
        break;
      }
    return next;
  }

private:
  /// The loops of a matrix of rows and keys.
  SmallVector<int64_t> dims() const { return {head.rowLoop, head.keyLoop}; }

  /// init + the products of what rows and keys have.
  Value multiply(Value ofRows, Value ofKeys, Value init) {
    bool isByRow = head.rowLoop == 0;
    return tile.contract(isByRow ? ofRows : ofKeys, isByRow ? ofKeys : ofRows,
                         init, /*transposed=*/true);
  }

  /// init + the sum over a loop of the scores' of scores times what it has.
  Value sumOver(int64_t loop, Value scores, Value matrix, Value init) {
    return loop == 1 ? tile.contract(scores, matrix, init)
                     : tile.contractTransposed(scores, matrix, init);
  }

  /// dp is do · valueᵀ − delta, which starts from the difference; with dropout,
  /// which comes between the product and the difference, do · valueᵀ alone.
  Value startOfDp() {
    if (head.dropout)
      return tile.filled(sizes, 0.0);
    return tile.generic(
        2, 0, {{delta, {head.rowLoop}}}, {{tile.empty(sizes), {0, 1}}},
        [](OpBuilder &b, Location l, ValueRange v) {
          return SmallVector<Value>{arith::NegFOp::create(b, l, v[0])};
        })[0];
  }

  /// p, without what is dropped, over the scores and ds over dp, in place: p
  /// only if it is wanted, and ds only if there is a dp.
  std::pair<Value, Value> probabilities(Value s, Value dp, bool wantsP) {
    // p = 2^((s − m) − log2 l), in this order: of large scores, the first
    // difference is exact. Of 16-bit operands, large scores are not, and one
    // number for both is enough: p = 2^(s − (m + log2 l)). A row that keeps no
    // key has p = 2^(s − ∞).
    Value log2e = tile.f32(kLog2E);
    Type type = getElementTypeOrSelf(head.query.getType());
    bool isWide = type.isF32();
    Value empty = tile.empty({sizes[head.rowLoop]});
    SmallVector<TileBuilder::Operand> inits(isWide ? 2 : 1, {empty, {0}});
    SmallVector<Value> statistics = tile.generic(
        1, 0, {{max, {0}}, {sum, {0}}}, inits,
        [&](OpBuilder &b, Location l, ValueRange v) {
          auto constant = [&](float value) -> Value {
            return arith::ConstantOp::create(b, l, b.getF32FloatAttr(value));
          };
          Value isEmpty = arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ,
                                                v[1], constant(0.0));
          Value shift = arith::SelectOp::create(
              b, l, isEmpty, constant(std::numeric_limits<float>::infinity()),
              v[0]);
          Value divisor =
              arith::SelectOp::create(b, l, isEmpty, constant(1.0), v[1]);
          Value log = math::Log2Op::create(b, l, divisor);
          if (isWide)
            return SmallVector<Value>{shift, log};
          return SmallVector<Value>{arith::AddFOp::create(b, l, shift, log)};
        });
    SmallVector<TileBuilder::Operand> inputs;
    for (Value statistic : statistics)
      inputs.push_back({statistic, {head.rowLoop}});
    if (head.dropout && dp)
      inputs.push_back({delta, {head.rowLoop}});
    if (head.dropout)
      inputs.push_back({head.seed, {}});
    unsigned first = inputs.size();
    inputs.append(scores.operands());
    unsigned ofScore = inputs.size();
    SmallVector<TileBuilder::Operand> outs;
    (wantsP ? outs : inputs).push_back({s, {0, 1}});
    if (dp)
      outs.push_back({dp, {0, 1}});
    SmallVector<Value> results = tile.generic(
        2, 0, inputs, outs, [&](OpBuilder &b, Location l, ValueRange v) {
          ScoreBuilder::Score score =
              scores.modify(b, l, v[ofScore], v.slice(first, ofScore - first),
                            /*derive=*/static_cast<bool>(dp));
          Value negated = arith::NegFOp::create(b, l, v[0]);
          Value power = math::FmaOp::create(b, l, score.value, log2e, negated);
          if (isWide)
            power = arith::SubFOp::create(b, l, power, v[1]);
          Value p = math::Exp2Op::create(b, l, power);
          SmallVector<Value> yielded;
          std::optional<DropoutBuilder> dropout;
          if (head.dropout)
            dropout.emplace(scores.createDropout(b, l, v[first - 1]));
          if (wantsP)
            yielded.push_back(dropout ? dropout->apply(p) : p);
          if (!dp)
            return yielded;
          Value dpOfScore = v.back();
          if (dropout)
            dpOfScore = arith::SubFOp::create(b, l, dropout->apply(dpOfScore),
                                              v[first - 2]);
          Value ds = arith::MulFOp::create(b, l, p, dpOfScore);
          if (score.derivative) {
            ds = arith::MulFOp::create(b, l, ds, score.derivative);
            // A derivative may be infinite where the key is not kept.
            if (score.keep) {
              Value zero =
                  arith::ConstantOp::create(b, l, b.getF32FloatAttr(0.0));
              ds = arith::SelectOp::create(b, l, score.keep, ds, zero);
            }
          }
          yielded.push_back(ds);
          return yielded;
        });
    return {wantsP ? results.front() : Value(), dp ? results.back() : Value()};
  }

  TileBuilder &tile;
  const AttentionHead &head;
  ScoreBuilder scores;
  Value max, sum, cotangent, delta;
  /// Of the scores.
  SmallVector<OpFoldResult> sizes;
};
} // namespace

FailureOr<SmallVector<Value>>
AttentionBackwardOp::decomposeOperation(OpBuilder &builder) {
  locateWhole(builder, *this);
  TileBuilder tile(builder, getLoc());
  SmallVector<OpFoldResult> sizes = tile.sizes(getQuery());
  OpFoldResult zero = builder.getIndexAttr(0);
  return tile.forEach(
      sizes[0], getDpsInits(), [&](OpFoldResult b, ValueRange ofBatch) {
        return tile.forEach(
            sizes[2], ofBatch, [&](OpFoldResult h, ValueRange state) {
              OpFoldResult kvHead =
                  getKvHead(tile, h, getKey(), getGroupSize());
              AttentionHead head = getAttentionHead(tile, *this, b, h, kvHead);
              auto ofHead = [&](Value tensor) {
                return tile.slice(tile.slice(tensor, 0, b), 1, h);
              };
              // Where each sum lies: batch entry, dimension of the heads, head.
              struct Place {
                OpFoldResult batch;
                unsigned headDim;
                OpFoldResult head;
              };
              SmallVector<AttentionInput> inputs = getInputsOfGradients();
              // Sums over rows multiply scores that lie by key.
              if (isByKey())
                std::swap(head.rowLoop, head.keyLoop);
              SmallVector<Place> places;
              for (auto [input, init] : llvm::zip(inputs, getInits())) {
                ArrayRef<int64_t> shape =
                    cast<RankedTensorType>(init.getType()).getShape();
                if (input == AttentionInput::Bias)
                  places.push_back(
                      {shape[0] == 1 ? zero : b, 0, shape[1] == 1 ? zero : h});
                else
                  places.push_back(
                      {b, 1, input == AttentionInput::Query ? h : kvHead});
              }
              SmallVector<Value> entries, sums;
              for (auto [tensor, place] : llvm::zip(state, places)) {
                entries.push_back(tile.slice(tensor, 0, place.batch));
                sums.push_back(
                    tile.slice(entries.back(), place.headDim, place.head));
              }
              SmallVector<Value> next =
                  BackwardStep(tile, head, ofHead(getMax()), ofHead(getSum()),
                               ofHead(getOutputCotangent()), ofHead(getDelta()))
                      .emit(inputs, sums);
              for (auto [result, entry, tensor, place] :
                   llvm::zip(next, entries, state, places))
                result = tile.unslice(
                    tile.unslice(result, entry, place.headDim, place.head),
                    tensor, 0, place.batch);
              return next;
            });
      });
}
