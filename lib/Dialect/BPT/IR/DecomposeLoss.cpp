//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "VocabularyLoop.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

#include <limits>

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// The state of the online log-sum-exp of rows: maximum, sum, and the label's
/// logit. The maximum is a logit, so that differences from it, and the result
/// of a row with one large logit, are exact.
using State = SmallVector<Value>;

/// exp(z − m)
Value expOfDifference(OpBuilder &b, Location l, Value z, Value m) {
  Value log2e = arith::ConstantOp::create(b, l, b.getF32FloatAttr(kLog2E));
  Value difference = arith::SubFOp::create(b, l, z, m);
  return math::Exp2Op::create(b, l,
                              arith::MulFOp::create(b, l, difference, log2e));
}

/// Adds the logits of vocabulary entries [first, first + size) to the state.
State addBlock(TileBuilder &tile, Value hidden, Value weight, Value labels,
               Value first, OpFoldResult size, ValueRange state) {
  Value block = sliceColumns(tile, weight, first, size);
  OpFoldResult rows = tile.sizes(hidden)[0];
  Value z = tile.contract(hidden, block, tile.filled({rows, size}, 0.0));
  // The label's logit: at most one column of one block adds to it.
  Value target = tile.generic(
      2, 1, {{z, {0, 1}}, {labels, {0}}}, {{state[2], {0}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        Value label = arith::IndexCastOp::create(b, l, b.getIndexType(), v[1]);
        Value column = arith::AddIOp::create(
            b, l, linalg::IndexOp::create(b, l, 1), first);
        Value hit = arith::CmpIOp::create(b, l, arith::CmpIPredicate::eq, label,
                                          column);
        Value none = arith::ConstantOp::create(b, l, b.getF32FloatAttr(0));
        Value term = arith::SelectOp::create(b, l, hit, v[0], none);
        return SmallVector<Value>{arith::AddFOp::create(b, l, v[2], term)};
      })[0];
  Value blockMax = tile.generic(
      2, 1, {{z, {0, 1}}},
      {{tile.filled({rows}, std::numeric_limits<float>::lowest()), {0}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        return SmallVector<Value>{arith::MaxNumFOp::create(b, l, v[1], v[0])};
      })[0];
  SmallVector<Value> maxAndRescale = tile.generic(
      1, 0, {{blockMax, {0}}}, {{state[0], {0}}, {tile.empty({rows}), {0}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        Value m = arith::MaxNumFOp::create(b, l, v[1], v[0]);
        return SmallVector<Value>{m, expOfDifference(b, l, v[1], m)};
      });
  Value p = tile.generic(2, 0, {{maxAndRescale[0], {0}}}, {{z, {0, 1}}},
                         [&](OpBuilder &b, Location l, ValueRange v) {
                           return SmallVector<Value>{
                               expOfDifference(b, l, v[1], v[0])};
                         })[0];
  Value rescaled = tile.generic(
      1, 0, {{maxAndRescale[1], {0}}}, {{state[1], {0}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        return SmallVector<Value>{arith::MulFOp::create(b, l, v[0], v[1])};
      })[0];
  Value sum = tile.generic(2, 1, {{p, {0, 1}}}, {{rescaled, {0}}},
                           [&](OpBuilder &b, Location l, ValueRange v) {
                             return SmallVector<Value>{
                                 arith::AddFOp::create(b, l, v[1], v[0])};
                           })[0];
  return {maxAndRescale[0], sum, target};
}

/// m + ln l, which is −∞ for an empty vocabulary.
Value combineLse(OpBuilder &b, Location l, Value m, Value sum) {
  Value ln2 = arith::ConstantOp::create(b, l, b.getF32FloatAttr(kLn2));
  return math::FmaOp::create(b, l, math::Log2Op::create(b, l, sum), ln2, m);
}
} // namespace

FailureOr<SmallVector<Value>>
CrossEntropyOp::decomposeOperation(OpBuilder &builder) {
  // The loss without them decomposes further.
  if (hasOptions())
    return emitLossOptions(builder, *this);
  TileBuilder tile(builder, getLoc());
  OpFoldResult rows = tile.sizes(getHidden())[1];
  OpFoldResult vocab = tile.sizes(getWeight())[1];

  return tile.forEach(
      tile.sizes(getHidden())[0], getDpsInits(),
      [&](OpFoldResult batch, ValueRange carried) {
        Value hidden = tile.slice(getHidden(), 0, batch);
        Value labels = tile.slice(getLabels(), 0, batch);
        State state{tile.filled({rows}, std::numeric_limits<float>::lowest()),
                    tile.filled({rows}, 0.0), tile.filled({rows}, 0.0)};
        state = forEachVocabularyBlock(
            tile, *this, vocab, state,
            [&](Value first, OpFoldResult size, ValueRange carried) {
              return addBlock(tile, hidden, getWeight(), labels, first, size,
                              carried);
            });
        SmallVector<TileBuilder::Operand> inits;
        for (Value init : carried)
          inits.push_back({tile.slice(init, 0, batch), {0}});
        SmallVector<Value> results = tile.generic(
            1, 0,
            {{state[0], {0}}, {state[1], {0}}, {state[2], {0}}, {labels, {0}}},
            inits, [&](OpBuilder &b, Location l, ValueRange v) {
              Value lse = combineLse(b, l, v[0], v[1]);
              Value label =
                  arith::IndexCastOp::create(b, l, b.getIndexType(), v[3]);
              Value inside = arith::CmpIOp::create(
                  b, l, arith::CmpIPredicate::ult, label,
                  getValueOrCreateConstantIndexOp(b, l, vocab));
              Value zero =
                  arith::ConstantOp::create(b, l, b.getF32FloatAttr(0));
              Value loss = arith::SelectOp::create(
                  b, l, inside, arith::SubFOp::create(b, l, lse, v[2]), zero);
              SmallVector<Value> values{loss, lse};
              values.truncate(inits.size());
              return values;
            });
        for (auto [result, init] : llvm::zip(results, carried))
          result = tile.unslice(result, init, 0, batch);
        return results;
      });
}
