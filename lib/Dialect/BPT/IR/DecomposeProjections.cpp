//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"

using namespace mlir;
using namespace mlir::bpt;

static bool isF32(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType().isF32();
}

/// matrix[i, j] += bias[j], in place.
static Value addBias(TileBuilder &tile, Value matrix, Value bias) {
  if (!bias)
    return matrix;
  return tile.generic(2, 0, {{bias, {1}}}, {{matrix, {0, 1}}},
                      [](OpBuilder &b, Location l, ValueRange v) {
                        return SmallVector<Value>{
                            arith::AddFOp::create(b, l, v[0], v[1])};
                      })[0];
}

/// The value that `compute` makes of `init`'s f32 form, in init's own type.
static Value accumulateInF32(TileBuilder &tile, Value init,
                             function_ref<Value(Value)> compute) {
  if (isF32(init))
    return compute(init);
  return tile.castInto(compute(tile.extended(init)), init);
}

FailureOr<SmallVector<Value>> LinearOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  int64_t inputRank = cast<RankedTensorType>(getX().getType()).getRank() - 2;
  Value weight = getWeight();
  int64_t weightRank = cast<RankedTensorType>(weight.getType()).getRank();
  weight = tile.flattenWeight(weight, inputRank);
  Value bias = getBias();
  if (bias && weightRank - inputRank > 1) {
    SmallVector<ReassociationIndices> all(1);
    for (int64_t i = 0; i < weightRank - inputRank; ++i)
      all[0].push_back(i);
    bias = tensor::CollapseShapeOp::create(builder, getLoc(), bias, all);
  }
  return tile.forEach(
      tile.sizes(getX())[0], ValueRange{getInit()},
      [&](OpFoldResult batch, ValueRange carried) {
        Value x = tile.flattenColumns(tile.slice(getX(), 0, batch));
        Value init = tile.slice(carried[0], 0, batch);
        Value sum = accumulateInF32(
            tile, tile.flattenColumns(init), [&](Value destination) {
              return addBias(tile, tile.contract(x, weight, destination), bias);
            });
        return SmallVector<Value>{tile.unslice(tile.unflattenColumns(sum, init),
                                               carried[0], 0, batch)};
      });
}

//===----------------------------------------------------------------------===//
// FeedForwardOp
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>>
FeedForwardOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  OpFoldResult rows = tile.sizes(getX())[1], hidden = tile.sizes(getW1())[1];
  return tile.forEach(
      tile.sizes(getX())[0], ValueRange{getInit()},
      [&](OpFoldResult batch, ValueRange carried) {
        Value x = tile.slice(getX(), 0, batch);
        Value up = tile.contract(x, getW1(), tile.filled({rows, hidden}, 0.0));
        SmallVector<TileBuilder::Operand> inputs;
        if (getB1())
          inputs.push_back({getB1(), {1}});
        if (getW3())
          inputs.push_back(
              {tile.contract(x, getW3(), tile.filled({rows, hidden}, 0.0)),
               {0, 1}});
        if (getB3())
          inputs.push_back({getB3(), {1}});
        Value z = tile.generic(
            2, 0, inputs, {{up, {0, 1}}},
            [&](OpBuilder &b, Location l, ValueRange scalars) {
              unsigned next = 0;
              Value u = scalars.back();
              if (getB1())
                u = arith::AddFOp::create(b, l, u, scalars[next++]);
              Value act = applyActivation(b, l, getActivation(), u);
              if (getW3()) {
                Value gate = scalars[next++];
                if (getB3())
                  gate = arith::AddFOp::create(b, l, gate, scalars[next++]);
                act = arith::MulFOp::create(b, l, act, gate);
              }
              return SmallVector<Value>{act};
            })[0];
        Value sum = accumulateInF32(
            tile, tile.slice(carried[0], 0, batch), [&](Value destination) {
              return addBias(tile, tile.contract(z, getW2(), destination),
                             getB2());
            });
        return SmallVector<Value>{tile.unslice(sum, carried[0], 0, batch)};
      });
}
