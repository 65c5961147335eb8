//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::bpt;

FailureOr<SmallVector<Value>>
EmbeddingOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  Value table = getTable();
  OpFoldResult rows = tile.sizes(table)[0];
  return tile.generic(
      3, 0, {{getIds(), {0, 1}}}, {{getInit(), {0, 1, 2}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        Value id = arith::IndexCastOp::create(b, l, b.getIndexType(), v[0]);
        Value count = getValueOrCreateConstantIndexOp(b, l, rows);
        // Negative ids are large unsigned numbers, so one comparison does.
        Value inside =
            arith::CmpIOp::create(b, l, arith::CmpIPredicate::ult, id, count);
        Value column = linalg::IndexOp::create(b, l, 2);
        auto read = scf::IfOp::create(
            b, l, inside,
            [&](OpBuilder &b, Location l) {
              Value entry = tensor::ExtractOp::create(b, l, table,
                                                      ValueRange{id, column});
              if (!entry.getType().isF32())
                entry = arith::ExtFOp::create(b, l, b.getF32Type(), entry);
              scf::YieldOp::create(b, l, entry);
            },
            [&](OpBuilder &b, Location l) {
              Value zero =
                  arith::ConstantOp::create(b, l, b.getF32FloatAttr(0));
              scf::YieldOp::create(b, l, zero);
            });
        return SmallVector<Value>{read.getResult(0)};
      });
}

//===----------------------------------------------------------------------===//
// RotaryEmbeddingOp
//===----------------------------------------------------------------------===//

/// cos and sin of every angle of the rows: [rows, R/2] each, from f64 angles.
static SmallVector<Value> getAngleTables(TileBuilder &tile, OpFoldResult rows,
                                         int64_t rotated, double base,
                                         Value position) {
  OpBuilder &builder = tile.builder;
  SmallVector<double> frequencies;
  for (int64_t i = 0; i < rotated / 2; ++i)
    frequencies.push_back(
        std::pow(base, -2.0 * static_cast<double>(i) / rotated));
  auto type = RankedTensorType::get({rotated / 2}, builder.getF64Type());
  Value table = arith::ConstantOp::create(
      builder, tile.loc,
      DenseElementsAttr::get(type, ArrayRef<double>(frequencies)));
  SmallVector<OpFoldResult> sizes{rows, builder.getIndexAttr(rotated / 2)};
  return tile.generic(
      2, 0, {{table, {1}}},
      {{tile.empty(sizes), {0, 1}}, {tile.empty(sizes), {0, 1}}},
      [&](OpBuilder &b, Location l, ValueRange v) {
        Value row = linalg::IndexOp::create(b, l, 0);
        if (position)
          row = arith::AddIOp::create(b, l, row, position);
        Value integer = arith::IndexCastOp::create(b, l, b.getI64Type(), row);
        Value t = arith::SIToFPOp::create(b, l, b.getF64Type(), integer);
        Value angle = arith::MulFOp::create(b, l, t, v[0]);
        return SmallVector<Value>{math::CosOp::create(b, l, angle),
                                  math::SinOp::create(b, l, angle)};
      });
}

FailureOr<SmallVector<Value>>
RotaryEmbeddingOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  int64_t rotated = getRotatedDim();
  int64_t headDim = getX().getType().getDimSize(3);
  SmallVector<OpFoldResult> sizes = tile.sizes(getX());
  Value result = getInit();

  // The part of a tensor's heads at first, first + stride, ….
  auto part = [&](Value tensor, int64_t first, int64_t count, int64_t stride,
                  Value insert = Value()) -> Value {
    SmallVector<OpFoldResult> offsets(4, builder.getIndexAttr(0)),
        strides(4, builder.getIndexAttr(1)), extents = sizes;
    offsets[3] = builder.getIndexAttr(first);
    extents[3] = builder.getIndexAttr(count);
    strides[3] = builder.getIndexAttr(stride);
    if (insert)
      return tensor::InsertSliceOp::create(builder, getLoc(), insert, tensor,
                                           offsets, extents, strides);
    return tensor::ExtractSliceOp::create(builder, getLoc(), tensor, offsets,
                                          extents, strides);
  };

  if (rotated > 0) {
    SmallVector<Value> tables = getAngleTables(
        tile, sizes[1], rotated, getBase().convertToDouble(), getPosition());
    bool interleaved = getKind() == RotaryKind::Interleaved;
    int64_t stride = interleaved ? 2 : 1,
            second = interleaved ? 1 : rotated / 2;
    Value x0 = part(getX(), 0, rotated / 2, stride);
    Value x1 = part(getX(), second, rotated / 2, stride);
    auto rotate = [&](Value init, bool isSecond) {
      return tile.generic(
          4, 0,
          {{x0, {0, 1, 2, 3}},
           {x1, {0, 1, 2, 3}},
           {tables[0], {1, 3}},
           {tables[1], {1, 3}}},
          {{init, {0, 1, 2, 3}}}, [&](OpBuilder &b, Location l, ValueRange v) {
            Value a = arith::MulFOp::create(b, l, v[0], v[isSecond ? 3 : 2]);
            Value c = arith::MulFOp::create(b, l, v[1], v[isSecond ? 2 : 3]);
            // The sine changes its sign with the angle.
            Value sine = isSecond ? a : c, cosine = isSecond ? c : a;
            bool adds = isSecond != getInverse();
            Value y =
                adds ? arith::AddFOp::create(b, l, cosine, sine).getResult()
                     : arith::SubFOp::create(b, l, cosine, sine).getResult();
            return SmallVector<Value>{y};
          })[0];
    };
    Value y0 = rotate(part(result, 0, rotated / 2, stride), false);
    result = part(result, 0, rotated / 2, stride, y0);
    Value y1 = rotate(part(result, second, rotated / 2, stride), true);
    result = part(result, second, rotated / 2, stride, y1);
  }
  if (rotated < headDim) {
    Value rest = part(getX(), rotated, headDim - rotated, 1);
    Value copied =
        tile.castInto(rest, part(result, rotated, headDim - rotated, 1));
    result = part(result, rotated, headDim - rotated, 1, copied);
  }
  return SmallVector<Value>{result};
}
