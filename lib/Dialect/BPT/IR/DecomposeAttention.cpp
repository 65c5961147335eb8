//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
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
      op.getValue(), op.getBias(), op.getQuerySegments(), op.getKeySegments(),
      positions, diagonal, state[0], state[1], state[2], op.getCausalAttr(),
      op.getWindowAttr(), op.getScaleAttr(), op.getScore().size());
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
/// One head of one batch entry, as matrices.
struct Head {
  Value query, key, value, bias, querySegments, keySegments;
  Value acc, max, sum;
  /// Which batch entry and head this is, within the operation's operands.
  Value batch, head;
};

/// Emits the steps of the online softmax for one head.
class OnlineStep {
public:
  OnlineStep(TileBuilder &tile, OnlineAttentionOp op, const Head &head)
      : tile(tile), op(op), head(head), rows(tile.sizes(head.query)[0]),
        keys(tile.sizes(head.key)[0]) {}

  SmallVector<Value> emit() {
    Value scores =
        tile.contract(scaledQuery(), head.key, tile.filled({rows, keys}, 0.0),
                      /*transposed=*/true);
    if (head.bias || op.getScoreRegion() || op.getCausal() || op.getWindow() ||
        head.querySegments)
      scores = modify(scores);

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
        1, 0, {{blockMax, {0}}}, {{head.max, {0}}, {tile.empty({rows}), {0}}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          Value inBase2 = arith::MulFOp::create(b, l, v[0], log2e);
          Value m = arith::MaxNumFOp::create(b, l, v[1], inBase2);
          Value a =
              math::Exp2Op::create(b, l, arith::SubFOp::create(b, l, v[1], m));
          return SmallVector<Value>{m, a};
        });
    Value max = maxAndRescale[0], rescale = maxAndRescale[1];
    Value p = tile.generic(
        2, 0, {{max, {0}}}, {{scores, {0, 1}}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          Value negated = arith::NegFOp::create(b, l, v[0]);
          Value exponent = math::FmaOp::create(b, l, v[1], log2e, negated);
          return SmallVector<Value>{math::Exp2Op::create(b, l, exponent)};
        })[0];
    auto times = [](OpBuilder &b, Location l, ValueRange v) {
      return SmallVector<Value>{arith::MulFOp::create(b, l, v[0], v[1])};
    };
    Value rescaledSum =
        tile.generic(1, 0, {{rescale, {0}}}, {{head.sum, {0}}}, times)[0];
    Value sum = tile.generic(2, 1, {{p, {0, 1}}}, {{rescaledSum, {0}}},
                             [](OpBuilder &b, Location l, ValueRange v) {
                               return SmallVector<Value>{
                                   arith::AddFOp::create(b, l, v[1], v[0])};
                             })[0];
    Value rescaledAcc =
        tile.generic(2, 0, {{rescale, {0}}}, {{head.acc, {0, 1}}}, times)[0];
    Value acc = tile.contract(p, head.value, rescaledAcc);
    return {acc, max, sum};
  }

private:
  /// The query in f32 times the scale.
  Value scaledQuery() {
    OpFoldResult headDim = tile.sizes(head.query)[1];
    OpBuilder &builder = tile.builder;
    Value factor;
    if (op.getScale()) {
      factor = tile.f32(op.getScale()->convertToDouble());
    } else if (auto dim = getConstantIntValue(headDim)) {
      factor = tile.f32(1.0 / std::sqrt(static_cast<double>(*dim)));
    } else {
      Value integer = arith::IndexCastOp::create(
          builder, tile.loc, builder.getI64Type(), cast<Value>(headDim));
      Value size = arith::SIToFPOp::create(builder, tile.loc,
                                           builder.getF32Type(), integer);
      factor =
          arith::DivFOp::create(builder, tile.loc, tile.f32(1.0),
                                math::SqrtOp::create(builder, tile.loc, size));
    }
    return tile.generic(
        2, 0, {{head.query, {0, 1}}}, {{tile.empty({rows, headDim}), {0, 1}}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          return SmallVector<Value>{arith::MulFOp::create(b, l, v[0], factor)};
        })[0];
  }

  /// Bias, score region and masks, in place on the scores.
  Value modify(Value scores) {
    SmallVector<TileBuilder::Operand> inputs;
    if (head.bias)
      inputs.push_back({head.bias, {0, 1}});
    if (head.querySegments) {
      inputs.push_back({head.querySegments, {0}});
      inputs.push_back({head.keySegments, {1}});
    }
    return tile.generic(
        2, 0, inputs, {{scores, {0, 1}}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          unsigned next = 0;
          Value score = v.back();
          if (head.bias)
            score = arith::AddFOp::create(b, l, score, v[next++]);
          Value i, j;
          if (op.dependsOnPositions()) {
            i = arith::AddIOp::create(b, l, linalg::IndexOp::create(b, l, 0),
                                      op.getPositions()[1]);
            j = arith::AddIOp::create(b, l, linalg::IndexOp::create(b, l, 1),
                                      op.getPositions()[3]);
          }
          if (op.getScoreRegion())
            score = inlineScore(b, l, score, i, j);
          Value keep = getMask(b, l, i, j);
          if (head.querySegments) {
            Value same = arith::CmpIOp::create(b, l, arith::CmpIPredicate::eq,
                                               v[next], v[next + 1]);
            keep = keep ? arith::AndIOp::create(b, l, keep, same).getResult()
                        : same;
          }
          if (keep) {
            Value none = arith::ConstantOp::create(
                b, l,
                b.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
            score = arith::SelectOp::create(b, l, keep, score, none);
          }
          return SmallVector<Value>{score};
        })[0];
  }

  Value inlineScore(OpBuilder &b, Location l, Value score, Value i, Value j) {
    Block &block = op.getScoreRegion()->front();
    IRMapping mapping;
    Value batch = arith::AddIOp::create(b, l, head.batch, op.getPositions()[0]);
    Value headIndex =
        arith::AddIOp::create(b, l, head.head, op.getPositions()[2]);
    mapping.map(block.getArguments(),
                ValueRange{score, batch, headIndex, i, j});
    for (Operation &inner : block.without_terminator())
      b.clone(inner, mapping);
    return mapping.lookupOrDefault(
        cast<YieldOp>(block.getTerminator()).getScore());
  }

  /// Whether key j is kept for query i by the masks by position.
  Value getMask(OpBuilder &b, Location l, Value i, Value j) {
    if (!op.getCausal() && !op.getWindow())
      return {};
    Value aligned = arith::AddIOp::create(b, l, i, op.getDiagonal());
    Value keep;
    auto require = [&](arith::CmpIPredicate predicate, Value a, Value c) {
      Value holds = arith::CmpIOp::create(b, l, predicate, a, c);
      keep =
          keep ? arith::AndIOp::create(b, l, keep, holds).getResult() : holds;
    };
    if (op.getCausal())
      require(arith::CmpIPredicate::sle, j, aligned);
    if (auto window = op.getWindow()) {
      Value reach = arith::ConstantIndexOp::create(b, l, *window);
      require(arith::CmpIPredicate::slt,
              arith::SubIOp::create(b, l, aligned, j), reach);
      if (!op.getCausal())
        require(arith::CmpIPredicate::slt,
                arith::SubIOp::create(b, l, j, aligned), reach);
    }
    return keep;
  }

  TileBuilder &tile;
  OnlineAttentionOp op;
  const Head &head;
  OpFoldResult rows, keys;
};
} // namespace

FailureOr<SmallVector<Value>>
OnlineAttentionOp::decomposeOperation(OpBuilder &builder) {
  TileBuilder tile(builder, getLoc());
  SmallVector<OpFoldResult> sizes = tile.sizes(getQuery());
  int64_t group = getGroupSize();
  auto broadcasts = [&](Value bias, unsigned dim) {
    return cast<RankedTensorType>(bias.getType()).getDimSize(dim) == 1;
  };
  return tile.forEach(
      sizes[0], getDpsInits(), [&](OpFoldResult b, ValueRange ofBatch) {
        return tile.forEach(
            sizes[2], ofBatch, [&](OpFoldResult h, ValueRange state) {
              OpFoldResult zero = builder.getIndexAttr(0), kvHead = h;
              if (group != 1 && !isConstantIntValue(h, 0))
                kvHead =
                    arith::DivUIOp::create(builder, getLoc(), cast<Value>(h),
                                           tile.index(group))
                        .getResult();
              auto matrix = [&](Value tensor, OpFoldResult headIndex) {
                return tile.slice(tile.slice(tensor, 0, b), 1, headIndex);
              };
              Head head;
              head.query = matrix(getQuery(), h);
              head.key = matrix(getKey(), kvHead);
              head.value = matrix(getValue(), kvHead);
              if (Value bias = getBias())
                head.bias = tile.slice(
                    tile.slice(bias, 0, broadcasts(bias, 0) ? zero : b), 0,
                    broadcasts(bias, 1) ? zero : h);
              if (getQuerySegments()) {
                head.querySegments = tile.slice(getQuerySegments(), 0, b);
                head.keySegments = tile.slice(getKeySegments(), 0, b);
              }
              SmallVector<Value> ofEntry;
              for (Value tensor : state)
                ofEntry.push_back(tile.slice(tensor, 0, b));
              head.acc = tile.slice(ofEntry[0], 1, h);
              head.max = tile.slice(ofEntry[1], 1, h);
              head.sum = tile.slice(ofEntry[2], 1, h);
              head.batch =
                  getValueOrCreateConstantIndexOp(builder, getLoc(), b);
              head.head = getValueOrCreateConstantIndexOp(builder, getLoc(), h);

              SmallVector<Value> next = OnlineStep(tile, *this, head).emit();
              for (auto [result, entry, tensor] :
                   llvm::zip(next, ofEntry, state))
                result = tile.unslice(tile.unslice(result, entry, 1, h), tensor,
                                      0, b);
              return next;
            });
      });
}
