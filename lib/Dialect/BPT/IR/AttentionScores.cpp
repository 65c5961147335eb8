//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionScores.h"
#include "bpt/Dialect/BPT/IR/Differentiation.h"
#include "mlir/IR/IRMapping.h"

#include <limits>

using namespace mlir;
using namespace mlir::bpt;

OpFoldResult bpt::getKvHead(TileBuilder &tile, OpFoldResult h, Value key,
                            int64_t group) {
  if (cast<RankedTensorType>(key.getType()).getDimSize(2) == 1)
    return tile.builder.getIndexAttr(0);
  if (group == 1 || isConstantIntValue(h, 0))
    return h;
  return arith::DivUIOp::create(
             tile.builder, tile.loc,
             getValueOrCreateConstantIndexOp(tile.builder, tile.loc, h),
             tile.index(group))
      .getResult();
}

Value bpt::getScoreScale(TileBuilder &tile, std::optional<APFloat> scale,
                         OpFoldResult headDim) {
  if (scale)
    return tile.f32(scale->convertToDouble());
  if (auto dim = getConstantIntValue(headDim))
    return tile.f32(1.0 / std::sqrt(static_cast<double>(*dim)));
  OpBuilder &builder = tile.builder;
  Value integer = arith::IndexCastOp::create(
      builder, tile.loc, builder.getI64Type(), cast<Value>(headDim));
  Value size =
      arith::SIToFPOp::create(builder, tile.loc, builder.getF32Type(), integer);
  return arith::DivFOp::create(builder, tile.loc, tile.f32(1.0),
                               math::SqrtOp::create(builder, tile.loc, size));
}

Value ScoreBuilder::scaled(Value matrix) {
  SmallVector<OpFoldResult> sizes = tile.sizes(matrix);
  Value factor = getScoreScale(tile, head.scale, sizes[1]);
  return tile.generic(2, 0, {{matrix, {0, 1}}}, {{tile.empty(sizes), {0, 1}}},
                      [&](OpBuilder &b, Location l, ValueRange v) {
                        return SmallVector<Value>{
                            arith::MulFOp::create(b, l, v[0], factor)};
                      })[0];
}

SmallVector<TileBuilder::Operand> ScoreBuilder::operands() const {
  SmallVector<TileBuilder::Operand> operands;
  // What all rows share has no dimension for them.
  auto add = [&](Value value, SmallVector<int64_t> dims) {
    unsigned rank = cast<RankedTensorType>(value.getType()).getRank();
    if (rank < dims.size())
      dims.erase(dims.begin());
    operands.push_back({value, dims});
  };
  if (head.bias)
    add(head.bias, {head.rowLoop, head.keyLoop});
  if (head.querySegments) {
    add(head.querySegments, {head.rowLoop});
    operands.push_back({head.keySegments, {head.keyLoop}});
  }
  return operands;
}

ScoreBuilder::Score ScoreBuilder::modify(OpBuilder &b, Location l, Value score,
                                         ValueRange scalars, bool derive) {
  unsigned next = 0;
  if (head.bias)
    score = arith::AddFOp::create(b, l, score, scalars[next++]);
  Value i, j, derivative;
  if (head.causal || head.window || head.region) {
    i = arith::AddIOp::create(b, l, getRow(b, l), head.positions[1]);
    j = arith::AddIOp::create(b, l, linalg::IndexOp::create(b, l, head.keyLoop),
                              head.positions[3]);
  }
  if (head.region)
    std::tie(score, derivative) = inlineRegion(b, l, score, i, j, derive);
  Value keep = getMask(b, l, i, j);
  if (head.querySegments) {
    Value same = arith::CmpIOp::create(b, l, arith::CmpIPredicate::eq,
                                       scalars[next], scalars[next + 1]);
    keep = keep ? arith::AndIOp::create(b, l, keep, same).getResult() : same;
  }
  if (keep) {
    Value none = arith::ConstantOp::create(
        b, l, b.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
    score = arith::SelectOp::create(b, l, keep, score, none);
  }
  return {score, derivative, keep};
}

std::pair<Value, Value> ScoreBuilder::inlineRegion(OpBuilder &b, Location l,
                                                   Value score, Value i,
                                                   Value j, bool derive) {
  Block &block = head.region->front();
  IRMapping mapping;
  Value batch = arith::AddIOp::create(b, l, head.batch, head.positions[0]);
  Value headIndex =
      arith::AddIOp::create(b, l, getHead(b, l), head.positions[2]);
  mapping.map(block.getArguments(), ValueRange{score, batch, headIndex, i, j});
  Value yielded = cast<YieldOp>(block.getTerminator()).getScore();
  if (!derive) {
    for (Operation &inner : block.without_terminator())
      b.clone(inner, mapping);
    return {mapping.lookupOrDefault(yielded), Value()};
  }
  DenseMap<Value, Value> tangents;
  tangents[block.getArgument(0)] =
      arith::ConstantOp::create(b, l, b.getF32FloatAttr(1.0));
  // What has no derivative was refused when the operation was made.
  LogicalResult derived = cloneWithTangents(b, block, mapping, tangents);
  assert(succeeded(derived) && "a score region of a backward operation has a "
                               "derivative");
  (void)derived;
  Value derivative = tangents.lookup(yielded);
  if (!derivative)
    derivative = arith::ConstantOp::create(b, l, b.getF32FloatAttr(0.0));
  return {mapping.lookupOrDefault(yielded), derivative};
}

DropoutBuilder ScoreBuilder::createDropout(OpBuilder &b, Location l,
                                           Value seed) {
  // Sums of words, not words of sums: a vector of words is half as large.
  auto word = [&](Value index, unsigned position) -> Value {
    return arith::AddIOp::create(b, l, createWord(b, l, index),
                                 createWord(b, l, head.positions[position]));
  };
  return {b,
          l,
          head.dropout,
          seed,
          {word(head.batch, 0), word(getHead(b, l), 2), word(getRow(b, l), 1),
           word(linalg::IndexOp::create(b, l, head.keyLoop), 3)}};
}

Value ScoreBuilder::getRow(OpBuilder &b, Location l) {
  if (head.rowsAreHeads)
    return arith::ConstantIndexOp::create(b, l, 0);
  return linalg::IndexOp::create(b, l, head.rowLoop);
}

Value ScoreBuilder::getHead(OpBuilder &b, Location l) {
  if (head.rowsAreHeads)
    return linalg::IndexOp::create(b, l, head.rowLoop);
  return head.head;
}

Value ScoreBuilder::getMask(OpBuilder &b, Location l, Value i, Value j) {
  if (!head.causal && !head.window)
    return {};
  Value aligned = arith::AddIOp::create(b, l, i, head.diagonal);
  Value keep;
  auto require = [&](arith::CmpIPredicate predicate, Value a, Value c) {
    Value holds = arith::CmpIOp::create(b, l, predicate, a, c);
    keep = keep ? arith::AndIOp::create(b, l, keep, holds).getResult() : holds;
  };
  if (head.causal)
    require(arith::CmpIPredicate::sle, j, aligned);
  if (head.window) {
    Value reach = arith::ConstantIndexOp::create(b, l, *head.window);
    require(arith::CmpIPredicate::slt, arith::SubIOp::create(b, l, aligned, j),
            reach);
    if (!head.causal)
      require(arith::CmpIPredicate::slt,
              arith::SubIOp::create(b, l, j, aligned), reach);
  }
  return keep;
}
