//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionScores.h"
#include "GradientBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Attention on whole tensors. Loops are batch, the heads (one dimension, or
/// key heads and the query heads that share one), rows, keys.
class Materializer {
public:
  Materializer(OpBuilder &builder, AttentionOp op)
      : tile(builder, op.getLoc()), op(op), query(op.getQuery()) {
    querySizes = tile.sizes(query);
    keySizes = tile.sizes(op.getKey());
    std::optional<int64_t> heads = getConstantIntValue(querySizes[2]),
                           kvHeads = getConstantIntValue(keySizes[2]);
    headSizes = {querySizes[2]};
    if (heads && kvHeads && *heads != *kvHeads) {
      group = *heads / *kvHeads;
      headSizes = {keySizes[2], builder.getIndexAttr(group)};
      query = splitHeads(query, 2);
    }
    for (unsigned i = 0; i < headSizes.size(); ++i)
      headLoops.push_back(1 + i);
    row = 1 + headSizes.size();
    key = row + 1;
  }

  Value run() {
    Value probabilities = drop(normalize(modify(multiply())));
    SmallVector<OpFoldResult> sizes{querySizes[0], querySizes[1]};
    sizes.append(headSizes);
    sizes.push_back(tile.sizes(op.getValue())[3]);
    // Columns of the value come before the keys, which are summed over.
    SmallVector<int64_t> ofResult = around({0, row}, {row + 1});
    SmallVector<int64_t> ofProbabilities = around({0}, {row, row + 2});
    Value sum =
        tile.generic(row + 3, 1,
                     {{probabilities, ofProbabilities},
                      {op.getValue(), {0, row + 2, 1, row + 1}}},
                     {{tile.filled(sizes, 0.0), ofResult}}, multiplyAndAdd)[0];
    return toResult(sum);
  }

private:
  static SmallVector<Value> multiplyAndAdd(OpBuilder &b, Location l,
                                           ValueRange v) {
    Value product = arith::MulFOp::create(b, l, v[0], v[1]);
    return {arith::AddFOp::create(b, l, v[2], product)};
  }

  /// The dimensions before the heads, the heads, and those after.
  SmallVector<int64_t> around(ArrayRef<int64_t> before,
                              ArrayRef<int64_t> after) const {
    SmallVector<int64_t> dims(before);
    dims.append(headLoops.begin(), headLoops.end());
    dims.append(after.begin(), after.end());
    return dims;
  }

  /// Dimension `dim`, the query heads, as key heads and those that share one.
  Value splitHeads(Value tensor, int64_t dim) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<OpFoldResult> sizes = tile.sizes(tensor);
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] /= group;
    shape.insert(shape.begin() + dim + 1, group);
    sizes[dim] = headSizes[0];
    sizes.insert(sizes.begin() + dim + 1, headSizes[1]);
    SmallVector<ReassociationIndices> groups(type.getRank());
    for (int64_t i = 0, e = shape.size(); i < e; ++i)
      groups[i - (i > dim)].push_back(i);
    return tensor::ExpandShapeOp::create(
        tile.builder, tile.loc, type.clone(shape), tensor, groups, sizes);
  }

  /// query · key of every pair, [B, heads…, Sq, Sk] in f32.
  Value multiply() {
    SmallVector<OpFoldResult> sizes{querySizes[0]};
    sizes.append(headSizes);
    sizes.push_back(querySizes[1]);
    sizes.push_back(keySizes[1]);
    return tile.generic(row + 3, 1,
                        {{query, around({0, row}, {row + 2})},
                         {op.getKey(), {0, key, 1, row + 2}}},
                        {{tile.filled(sizes, 0.0), around({0}, {row, key})}},
                        multiplyAndAdd)[0];
  }

  /// The head that a body computes, as far as its loops tell.
  AttentionHead getHead() {
    AttentionHead head;
    head.rowLoop = row;
    head.keyLoop = key;
    head.positions.assign(4, tile.index(0));
    return head;
  }
  void setIndices(OpBuilder &b, Location l, AttentionHead &head) {
    head.batch = linalg::IndexOp::create(b, l, 0);
    head.head = linalg::IndexOp::create(b, l, 1);
    if (group > 1) {
      Value size = arith::ConstantIndexOp::create(b, l, group);
      Value first = arith::MulIOp::create(b, l, head.head, size);
      head.head =
          arith::AddIOp::create(b, l, first, linalg::IndexOp::create(b, l, 2));
    }
  }

  /// Scale, bias, score region and masks.
  Value modify(Value products) {
    AttentionHead head = getHead();
    head.bias = op.getBias();
    head.querySegments = op.getQuerySegments();
    head.keySegments = op.getKeySegments();
    head.region = op.getScoreRegion();
    head.causal = op.getCausal();
    if (std::optional<uint64_t> window = op.getWindow())
      head.window = *window;
    head.diagonal = getDiagonalOf(tile.builder, op);
    SmallVector<TileBuilder::Operand> operands{
        {products, around({0}, {row, key})}};
    if (head.bias)
      operands.push_back(getBias());
    if (head.querySegments) {
      operands.push_back({head.querySegments, {0, row}});
      operands.push_back({head.keySegments, {0, key}});
    }
    Value factor = getScoreScale(tile, op.getScale(), querySizes[3]);
    Value empty = tile.empty(tile.sizes(products));
    return tile.generic(
        row + 2, 0, operands, {{empty, around({0}, {row, key})}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          if (head.region)
            setIndices(b, l, head);
          Value scaled = arith::MulFOp::create(b, l, v[0], factor);
          ScoreBuilder scores(tile, head);
          return SmallVector<Value>{
              scores.modify(b, l, scaled, v.drop_front().drop_back(), false)
                  .value};
        })[0];
  }

  /// The bias without the dimensions in which it is the same everywhere.
  TileBuilder::Operand getBias() {
    Value bias = op.getBias();
    auto type = cast<RankedTensorType>(bias.getType());
    bool hasBatch = type.getDimSize(0) != 1, hasHeads = type.getDimSize(1) != 1;
    if (hasHeads && group > 1)
      bias = splitHeads(bias, 1);
    SmallVector<int64_t> dims;
    SmallVector<ReassociationIndices> groups(1);
    int64_t next = 0;
    auto shape = cast<RankedTensorType>(bias.getType()).getShape();
    auto add = [&](int64_t dim, bool isRead) {
      groups.back().push_back(next++);
      if (!isRead)
        return;
      dims.push_back(dim);
      groups.emplace_back();
    };
    add(0, hasBatch);
    if (hasHeads)
      for (int64_t loop : headLoops)
        add(loop, true);
    else
      add(1, false);
    add(row, true);
    add(key, true);
    groups.pop_back();
    if (dims.size() != shape.size())
      bias =
          tensor::CollapseShapeOp::create(tile.builder, tile.loc, bias, groups);
    return {bias, dims};
  }

  Value normalize(Value scores) {
    Value empty = tile.empty(tile.sizes(scores));
    return linalg::SoftmaxOp::create(tile.builder, tile.loc,
                                     TypeRange{empty.getType()}, scores, empty,
                                     tile.builder.getI64IntegerAttr(key))
        .getResult()[0];
  }

  /// Dropout of the probabilities.
  Value drop(Value probabilities) {
    if (!op.getDropout())
      return probabilities;
    AttentionHead head = getHead();
    head.dropout = op.getDropoutAttr();
    SmallVector<int64_t> dims = around({0}, {row, key});
    return tile.generic(
        row + 2, 0, {{probabilities, dims}, {op.getSeed(), {}}},
        {{tile.empty(tile.sizes(probabilities)), dims}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          setIndices(b, l, head);
          DropoutBuilder dropout =
              ScoreBuilder(tile, head).createDropout(b, l, v[1]);
          return SmallVector<Value>{dropout.apply(v[0])};
        })[0];
  }

  /// The sums in the shape and type of the result.
  Value toResult(Value sum) {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    sum = tile.convert(sum, type.getElementType());
    if (group > 1)
      sum = tensor::CollapseShapeOp::create(
          tile.builder, tile.loc, sum,
          SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}, {4}});
    if (sum.getType() != type)
      sum = tensor::CastOp::create(tile.builder, tile.loc, type, sum);
    return sum;
  }

  GradientBuilder tile;
  AttentionOp op;
  Value query;
  SmallVector<OpFoldResult> querySizes, keySizes, headSizes;
  SmallVector<int64_t> headLoops;
  int64_t group = 1, row, key;
};
} // namespace

FailureOr<Value> bpt::materializeAttention(OpBuilder &builder, AttentionOp op) {
  if (op->getNumResults() > 1)
    return op.emitOpError("cannot be materialized: it gives statistics beside "
                          "its result");
  if (op.getQueryScale() || op.getValueTransposed())
    return op.emitOpError("cannot be materialized: its operands have scales, "
                          "or its values are transposed");
  if (!op.getPositions().empty() || op.getDiagonal())
    return op.emitOpError("cannot be materialized: it is a part of another");
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  return Materializer(builder, op).run();
}
