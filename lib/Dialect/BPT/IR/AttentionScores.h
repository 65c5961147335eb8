//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The scores of one head of attention, forward and backward.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_IR_ATTENTIONSCORES_H
#define BPT_LIB_DIALECT_BPT_IR_ATTENTIONSCORES_H

#include "Dropout.h"
#include "TileBuilder.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

namespace mlir::bpt {

/// One head of one batch entry, as matrices, and how its scores are made.
struct AttentionHead {
  Value query, key, value, bias, querySegments, keySegments;
  /// Of rows, keys and values: lines, or one number; null if there are none.
  Value queryScale, keyScale, valueScale;
  /// Columns of the value are its rows.
  bool valueTransposed = false;
  /// Which batch entry and head this is, within the operation's operands.
  Value batch, head;
  /// Which loops of a body are its rows and its keys.
  int64_t rowLoop = 0, keyLoop = 1;
  /// The matrices are of one query row: their rows are the heads that share the
  /// keys.
  bool rowsAreHeads = false;
  /// The rules of the operation.
  Region *region = nullptr;
  bool causal = false;
  std::optional<int64_t> window;
  std::optional<APFloat> scale;
  SmallVector<Value> positions;
  Value diagonal;
  /// Of the probabilities; null if there is none.
  DropoutAttr dropout;
  Value seed;

  /// Whether scores are more than scaled products.
  bool modifiesScores() const {
    return bias || region || causal || window || querySegments;
  }
};

/// Emits what attention does to scores.
class ScoreBuilder {
public:
  ScoreBuilder(TileBuilder &tile, const AttentionHead &head)
      : tile(tile), head(head) {}

  /// A matrix of the head in f32, times the scale.
  Value scaled(Value matrix);

  /// What `modify` reads beside the scores.
  SmallVector<TileBuilder::Operand> operands() const;

  /// A modified score, its derivative by the scaled product (null: 1) and
  /// whether the key is kept (null: always).
  struct Score {
    Value value, derivative, keep;
  };
  /// `scalars` are those of `operands`. Inside a linalg body over rows and
  /// keys.
  Score modify(OpBuilder &b, Location l, Value score, ValueRange scalars,
               bool derive);

  /// Which probabilities are kept. `seed` is the element of the head's seed.
  /// Inside a linalg body over rows and keys.
  DropoutBuilder createDropout(OpBuilder &b, Location l, Value seed);

private:
  /// The score region, and its derivative.
  std::pair<Value, Value> inlineRegion(OpBuilder &b, Location l, Value score,
                                       Value i, Value j, bool derive);
  /// The row and the head of an element within the operation's operands.
  Value getRow(OpBuilder &b, Location l);
  Value getHead(OpBuilder &b, Location l);
  /// Whether key j is kept for query i by the masks by position; null: always.
  Value getMask(OpBuilder &b, Location l, Value i, Value j);

  TileBuilder &tile;
  const AttentionHead &head;
};

/// The matrices and rules of head `h` of batch entry `b` of an attention
/// operation of any form; or of all heads of its only row.
template <typename OpTy>
AttentionHead getAttentionHead(TileBuilder &tile, OpTy op, OpFoldResult b,
                               OpFoldResult h, OpFoldResult kvHead,
                               bool rowsAreHeads = false) {
  AttentionHead head;
  head.rowsAreHeads = rowsAreHeads;
  auto matrix = [&](Value tensor, OpFoldResult index) {
    return tile.slice(tile.slice(tensor, 0, b), 1, index);
  };
  OpFoldResult zero = tile.builder.getIndexAttr(0);
  head.query = rowsAreHeads
                   ? tile.slice(tile.slice(op.getQuery(), 0, b), 0, zero)
                   : matrix(op.getQuery(), h);
  head.key = matrix(op.getKey(), kvHead);
  head.value = matrix(op.getValue(), kvHead);
  if (Value bias = op.getBias()) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(bias.getType()).getShape();
    head.bias = tile.slice(bias, 0, shape[0] == 1 ? zero : b);
    if (rowsAreHeads)
      head.bias = tile.slice(head.bias, 1, zero);
    if (!rowsAreHeads || shape[1] == 1)
      head.bias = tile.slice(head.bias, 0, shape[1] == 1 ? zero : h);
  }
  if (op.getQuerySegments()) {
    head.querySegments = tile.slice(op.getQuerySegments(), 0, b);
    if (rowsAreHeads)
      head.querySegments = tile.slice(head.querySegments, 0, zero);
    head.keySegments = tile.slice(op.getKeySegments(), 0, b);
  }
  head.batch = getValueOrCreateConstantIndexOp(tile.builder, tile.loc, b);
  head.head = getValueOrCreateConstantIndexOp(tile.builder, tile.loc, h);
  head.region = op.getScoreRegion();
  head.causal = op.getCausal();
  head.window = op.getWindow();
  head.scale = op.getScale();
  head.positions = llvm::to_vector(op.getPositions());
  head.diagonal = op.getDiagonal();
  head.dropout = op.getDropoutAttr();
  head.seed = op.getSeed();
  return head;
}

/// Δ of the whole problem: given, or the last query aligned to the last key.
template <typename OpTy> Value getDiagonalOf(OpBuilder &builder, OpTy op) {
  if (op.getDiagonal())
    return op.getDiagonal();
  Location loc = op.getLoc();
  AffineExpr d0 = builder.getAffineDimExpr(0), d1 = builder.getAffineDimExpr(1);
  return getValueOrCreateConstantIndexOp(
      builder, loc,
      affine::makeComposedFoldedAffineApply(
          builder, loc, d0 - d1,
          {tensor::getMixedSize(builder, loc, op.getKey(), 1),
           tensor::getMixedSize(builder, loc, op.getQuery(), 1)}));
}

/// The factor of the scores, 1 / √`headDim` if none is given.
Value getScoreScale(TileBuilder &tile, std::optional<APFloat> scale,
                    OpFoldResult headDim);

/// The head of `key` that query head `h` reads. Of one head, loops over the
/// queries' can leave out what is made of it.
OpFoldResult getKvHead(TileBuilder &tile, OpFoldResult h, Value key,
                       int64_t group);

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_IR_ATTENTIONSCORES_H
