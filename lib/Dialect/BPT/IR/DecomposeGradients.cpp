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

using namespace mlir;
using namespace mlir::bpt;

FailureOr<SmallVector<Value>>
LinearWeightGradientOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  int64_t inputs = cast<RankedTensorType>(getX().getType()).getRank() - 2;
  Value init = tile.flattenWeight(getInit(), inputs);
  Value sum = tile.forEach(
      tile.sizes(getX())[0], ValueRange{init},
      [&](OpFoldResult batch, ValueRange carried) {
        Value x = tile.flattenColumns(tile.slice(getX(), 0, batch));
        Value cotangent =
            tile.flattenColumns(tile.slice(getCotangent(), 0, batch));
        return SmallVector<Value>{
            tile.contractTransposed(x, cotangent, carried[0])};
      })[0];
  return SmallVector<Value>{tile.unflattenWeight(sum, getInit(), inputs)};
}

FailureOr<SmallVector<Value>>
EmbeddingGradientOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  Location loc = getLoc();
  SmallVector<OpFoldResult> sizes = tile.sizes(getCotangent());
  Value vocab =
      getValueOrCreateConstantIndexOp(builder, loc, tile.sizes(getInit())[0]);
  return tile.forEach(
      sizes[0], getDpsInits(), [&](OpFoldResult b, ValueRange ofBatch) {
        return tile.forEach(
            sizes[1], ofBatch, [&](OpFoldResult s, ValueRange carried) {
              auto index = [&](OpFoldResult value) {
                return getValueOrCreateConstantIndexOp(builder, loc, value);
              };
              Value id = tensor::ExtractOp::create(
                  builder, loc, getIds(), ValueRange{index(b), index(s)});
              id = arith::IndexCastOp::create(builder, loc,
                                              builder.getIndexType(), id);
              Value row = tile.slice(tile.slice(getCotangent(), 0, b), 0, s);
              // Negative ids are large unsigned numbers. An id outside adds no
              // row: a loop of none, since a branch would copy the table.
              Value inside = arith::CmpIOp::create(
                  builder, loc, arith::CmpIPredicate::ult, id, vocab);
              Value count = arith::SelectOp::create(
                  builder, loc, inside, tile.index(1), tile.index(0));
              return tile.forEach(
                  count, carried, [&](OpFoldResult, ValueRange table) {
                    Value sum = tile.generic(
                        1, 0, {{row, {0}}},
                        {{tile.slice(table[0], 0, id), {0}}},
                        [](OpBuilder &b, Location l, ValueRange v) {
                          return SmallVector<Value>{
                              arith::AddFOp::create(b, l, v[1], v[0])};
                        })[0];
                    return SmallVector<Value>{
                        tile.unslice(sum, table[0], 0, id)};
                  });
            });
      });
}

Value bpt::getLogitGradient(OpBuilder &b, Location l, ValueRange v,
                            unsigned columnLoop, Value first,
                            OpFoldResult vocab) {
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, l, b.getF32FloatAttr(value));
  };
  Value label = arith::IndexCastOp::create(b, l, b.getIndexType(), v[1]);
  Value inside =
      arith::CmpIOp::create(b, l, arith::CmpIPredicate::ult, label,
                            getValueOrCreateConstantIndexOp(b, l, vocab));
  Value cotangent = arith::SelectOp::create(b, l, inside, v[2], constant(0.0));
  Value ofSum = cotangent;
  if (v.size() == 5)
    ofSum = arith::AddFOp::create(b, l, ofSum, v[3]);
  // Where it matters the difference is exact, however large the logits are.
  Value difference = arith::SubFOp::create(b, l, v.back(), v[0]);
  Value p = math::Exp2Op::create(
      b, l, arith::MulFOp::create(b, l, difference, constant(kLog2E)));
  Value column = arith::AddIOp::create(
      b, l, linalg::IndexOp::create(b, l, columnLoop), first);
  Value hit =
      arith::CmpIOp::create(b, l, arith::CmpIPredicate::eq, label, column);
  Value target = arith::SelectOp::create(b, l, hit, cotangent, constant(0.0));
  return arith::SubFOp::create(b, l, arith::MulFOp::create(b, l, ofSum, p),
                               target);
}

FailureOr<SmallVector<Value>>
CrossEntropyBackwardOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  OpFoldResult rows = tile.sizes(getHidden())[1];
  OpFoldResult vocab = tile.sizes(getWeight())[1];
  return tile.forEach(
      tile.sizes(getHidden())[0], getDpsInits(),
      [&](OpFoldResult batch, ValueRange carried) {
        Value hidden = tile.slice(getHidden(), 0, batch);
        SmallVector<TileBuilder::Operand> inputs;
        for (Value perRow :
             {Value(getLse()), Value(getLabels()), Value(getLossCotangent()),
              Value(getLseCotangent())})
          if (perRow)
            inputs.push_back({tile.slice(perRow, 0, batch), {0}});
        SmallVector<Value> start{tile.slice(carried[0], 0, batch), carried[1]};
        SmallVector<Value> sums = forEachVocabularyBlock(
            tile, *this, vocab, start,
            [&](Value first, OpFoldResult size, ValueRange sums) {
              Value block = sliceColumns(tile, getWeight(), first, size);
              Value z =
                  tile.contract(hidden, block, tile.filled({rows, size}, 0.0));
              Value g =
                  tile.generic(2, 0, inputs, {{z, {0, 1}}},
                               [&](OpBuilder &b, Location l, ValueRange v) {
                                 return SmallVector<Value>{getLogitGradient(
                                     b, l, v, /*columnLoop=*/1, first, vocab)};
                               })[0];
              Value dhidden =
                  tile.contract(g, block, sums[0], /*transposed=*/true);
              Value dblock = tile.contractTransposed(
                  tile.extended(hidden), g,
                  sliceColumns(tile, sums[1], first, size));
              return SmallVector<Value>{
                  dhidden, unsliceColumns(tile, dblock, sums[1], first)};
            });
        return SmallVector<Value>{tile.unslice(sums[0], carried[0], 0, batch),
                                  sums[1]};
      });
}
