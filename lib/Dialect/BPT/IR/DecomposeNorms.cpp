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

namespace {
/// Emits a norm over the last dimension, in f32.
struct NormBuilder {
  NormBuilder(OpBuilder &builder, Location loc, Value x)
      : tile(builder, loc), x(x),
        rank(cast<RankedTensorType>(x.getType()).getRank()),
        all(llvm::to_vector(llvm::seq<int64_t>(0, rank))),
        leading(llvm::to_vector(llvm::seq<int64_t>(0, rank - 1))) {
    SmallVector<OpFoldResult> sizes = tile.sizes(x);
    rowSizes.assign(sizes.begin(), sizes.end() - 1);
    width = sizes.back();
  }

  /// Number of elements of a row, as f32.
  Value countOf() {
    OpBuilder &b = tile.builder;
    if (auto constant = getConstantIntValue(width))
      return tile.f32(static_cast<double>(*constant));
    Value asInteger = arith::IndexCastOp::create(b, tile.loc, b.getI64Type(),
                                                 cast<Value>(width));
    return arith::SIToFPOp::create(b, tile.loc, b.getF32Type(), asInteger);
  }

  /// Σ over the row of what the body makes of (x, extra…).
  Value sum(ArrayRef<Value> extras,
            function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
    SmallVector<TileBuilder::Operand> inputs{{x, all}};
    for (Value extra : extras)
      inputs.push_back({extra, leading});
    return tile.generic(rank, 1, inputs,
                        {{tile.filled(rowSizes, 0.0), leading}},
                        [&](OpBuilder &b, Location l, ValueRange v) {
                          Value term = body(b, l, v);
                          return SmallVector<Value>{
                              arith::AddFOp::create(b, l, v.back(), term)};
                        })[0];
  }

  TileBuilder tile;
  Value x;
  unsigned rank;
  SmallVector<int64_t> all, leading;
  SmallVector<OpFoldResult> rowSizes;
  OpFoldResult width;
};

/// 1 / √(sum / count + eps).
Value reciprocalDeviation(OpBuilder &b, Location l, Value sum, Value count,
                          Value eps) {
  Value mean = arith::DivFOp::create(b, l, sum, count);
  Value one = arith::ConstantOp::create(b, l, b.getF32FloatAttr(1.0));
  Value root =
      math::SqrtOp::create(b, l, arith::AddFOp::create(b, l, mean, eps));
  return arith::DivFOp::create(b, l, one, root);
}
} // namespace

FailureOr<SmallVector<Value>>
LayerNormOp::decomposeOperation(OpBuilder &builder) {
  NormBuilder norm(builder, getLoc(), getX());
  TileBuilder &tile = norm.tile;
  Value count = norm.countOf(), eps = tile.f32(getEps().convertToDouble());
  Value total =
      norm.sum({}, [](OpBuilder &, Location, ValueRange v) { return v[0]; });
  // Statistics per row, so that the passes over the elements only multiply.
  auto mean = tile.generic(norm.rank - 1, 0, {}, {{total, norm.leading}},
                           [&](OpBuilder &b, Location l, ValueRange v) {
                             return SmallVector<Value>{
                                 arith::DivFOp::create(b, l, v[0], count)};
                           })[0];
  Value squares =
      norm.sum({mean}, [](OpBuilder &b, Location l, ValueRange v) -> Value {
        Value d = arith::SubFOp::create(b, l, v[0], v[1]);
        return arith::MulFOp::create(b, l, d, d);
      });
  auto factor = tile.generic(norm.rank - 1, 0, {}, {{squares, norm.leading}},
                             [&](OpBuilder &b, Location l, ValueRange v) {
                               return SmallVector<Value>{
                                   reciprocalDeviation(b, l, v[0], count, eps)};
                             })[0];
  SmallVector<TileBuilder::Operand> inputs{
      {getX(), norm.all}, {mean, norm.leading}, {factor, norm.leading}};
  int64_t last = norm.rank - 1;
  if (getWeight())
    inputs.push_back({getWeight(), {last}});
  if (getBias())
    inputs.push_back({getBias(), {last}});
  return tile.generic(norm.rank, 0, inputs, {{getInit(), norm.all}},
                      [&](OpBuilder &b, Location l, ValueRange v) {
                        Value y = arith::MulFOp::create(
                            b, l, arith::SubFOp::create(b, l, v[0], v[1]),
                            v[2]);
                        unsigned next = 3;
                        if (getWeight())
                          y = arith::MulFOp::create(b, l, y, v[next++]);
                        if (getBias())
                          y = arith::AddFOp::create(b, l, y, v[next++]);
                        return SmallVector<Value>{y};
                      });
}

FailureOr<SmallVector<Value>>
RMSNormOp::decomposeOperation(OpBuilder &builder) {
  NormBuilder norm(builder, getLoc(), getX());
  TileBuilder &tile = norm.tile;
  Value count = norm.countOf(), eps = tile.f32(getEps().convertToDouble());
  Value squares =
      norm.sum({}, [](OpBuilder &b, Location l, ValueRange v) -> Value {
        return arith::MulFOp::create(b, l, v[0], v[0]);
      });
  auto factor = tile.generic(norm.rank - 1, 0, {}, {{squares, norm.leading}},
                             [&](OpBuilder &b, Location l, ValueRange v) {
                               return SmallVector<Value>{
                                   reciprocalDeviation(b, l, v[0], count, eps)};
                             })[0];
  SmallVector<TileBuilder::Operand> inputs{{getX(), norm.all},
                                           {factor, norm.leading}};
  if (getWeight())
    inputs.push_back({getWeight(), {static_cast<int64_t>(norm.rank) - 1}});
  return tile.generic(norm.rank, 0, inputs, {{getInit(), norm.all}},
                      [&](OpBuilder &b, Location l, ValueRange v) {
                        Value y = arith::MulFOp::create(b, l, v[0], v[1]);
                        if (getWeight())
                          y = arith::MulFOp::create(b, l, y, v[2]);
                        return SmallVector<Value>{y};
                      });
}
