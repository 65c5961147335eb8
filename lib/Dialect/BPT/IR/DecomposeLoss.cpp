//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// The state of the online log-sum-exp of rows: maximum (base 2), sum, and the
/// label's logit.
using State = SmallVector<Value>;

/// Adds the logits of vocabulary entries [first, first + size) to the state.
State addBlock(TileBuilder &tile, Value hidden, Value weight, Value labels,
               Value first, OpFoldResult size, ValueRange state) {
  OpBuilder &builder = tile.builder;
  Location loc = tile.loc;
  SmallVector<OpFoldResult> weightSizes = tile.sizes(weight);
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  Value block = tensor::ExtractSliceOp::create(
      builder, loc, weight, ArrayRef<OpFoldResult>{zero, first},
      ArrayRef<OpFoldResult>{weightSizes[0], size},
      ArrayRef<OpFoldResult>{one, one});
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
        Value scaled = arith::MulFOp::create(
            b, l, v[0],
            arith::ConstantOp::create(b, l, b.getF32FloatAttr(kLog2E)));
        Value m = arith::MaxNumFOp::create(b, l, v[1], scaled);
        Value a =
            math::Exp2Op::create(b, l, arith::SubFOp::create(b, l, v[1], m));
        return SmallVector<Value>{m, a};
      });
  Value p = tile.generic(
      2, 0, {{maxAndRescale[0], {0}}}, {{z, {0, 1}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        Value scaled = arith::MulFOp::create(
            b, l, v[1],
            arith::ConstantOp::create(b, l, b.getF32FloatAttr(kLog2E)));
        return SmallVector<Value>{math::Exp2Op::create(
            b, l, arith::SubFOp::create(b, l, scaled, v[0]))};
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

/// (m + log2 l) · ln 2, which is −∞ for an empty vocabulary.
Value combineLse(OpBuilder &b, Location l, Value m, Value sum) {
  Value ln2 = arith::ConstantOp::create(b, l, b.getF32FloatAttr(kLn2));
  Value exponent =
      arith::AddFOp::create(b, l, m, math::Log2Op::create(b, l, sum));
  return arith::MulFOp::create(b, l, exponent, ln2);
}
} // namespace

FailureOr<SmallVector<Value>>
CrossEntropyOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  Location loc = getLoc();
  OpFoldResult rows = tile.sizes(getHidden())[1];
  OpFoldResult vocab = tile.sizes(getWeight())[1];
  auto strategy = getOperation()->getAttrOfType<StrategyAttr>(
      BPTDialect::kStrategyAttrName);
  int64_t step = strategy ? strategy.getVocab() : 0;

  return tile.forEach(
      tile.sizes(getHidden())[0], getDpsInits(),
      [&](OpFoldResult batch, ValueRange carried) {
        Value hidden = tile.slice(getHidden(), 0, batch);
        Value labels = tile.slice(getLabels(), 0, batch);
        State state{tile.filled({rows}, std::numeric_limits<float>::lowest()),
                    tile.filled({rows}, 0.0), tile.filled({rows}, 0.0)};
        std::optional<int64_t> known = getConstantIntValue(vocab);
        if (step == 0 || (known && *known <= step)) {
          state = addBlock(tile, hidden, getWeight(), labels, tile.index(0),
                           vocab, state);
        } else {
          auto loop = scf::ForOp::create(
              builder, loc, tile.index(0),
              getValueOrCreateConstantIndexOp(builder, loc, vocab),
              tile.index(step), state);
          OpBuilder::InsertionGuard guard(builder);
          builder.setInsertionPointToStart(loop.getBody());
          Value first = loop.getInductionVar();
          OpFoldResult size = builder.getIndexAttr(step);
          if (!known || *known % step != 0) {
            AffineExpr d0 = builder.getAffineDimExpr(0),
                       d1 = builder.getAffineDimExpr(1);
            size = affine::makeComposedFoldedAffineMin(
                builder, loc,
                AffineMap::get(2, 0,
                               {builder.getAffineConstantExpr(step), d1 - d0},
                               builder.getContext()),
                {OpFoldResult(first), vocab});
          }
          scf::YieldOp::create(builder, loc,
                               addBlock(tile, hidden, getWeight(), labels,
                                        first, size, loop.getRegionIterArgs()));
          state = SmallVector<Value>(loop.getResults());
        }
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
