//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the verifiers and canonicalizations of several operations share.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_IR_OPUTILS_H
#define BPT_LIB_DIALECT_BPT_IR_OPUTILS_H

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

template <typename... OpTys> struct OpList {};
/// All operations that a block table describes.
using BlockedOps =
    OpList<AttentionOp, OnlineAttentionOp, LinearOp, FeedForwardOp, LayerNormOp,
           RMSNormOp, EmbeddingOp, RotaryEmbeddingOp, DropoutOp, CrossEntropyOp,
           AttentionBackwardOp, LinearWeightGradientOp, EmbeddingGradientOp,
           CrossEntropyBackwardOp>;

inline int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

inline int64_t getDim(Value value, unsigned position) {
  return cast<RankedTensorType>(value.getType()).getDimSize(position);
}

/// The given operands (absent ones are skipped) share an element type.
LogicalResult
verifySameElementType(Operation *op,
                      ArrayRef<std::pair<StringRef, Value>> operands);

/// A destination has the element type of the inputs, or f32.
LogicalResult verifyInitElementType(Operation *op, Value input, Value init);

/// The dimensions of the scale of a tensor of these: an entry for every block
/// along each, where 0 is all of it; of one number there are none.
SmallVector<DimRef> getScaleDims(ArrayRef<DimRef> tensor,
                                 std::optional<ArrayRef<int64_t>> blocks);

/// The sizes of the blocks of a scale (null: there is none), and its shape as
/// far as it does not depend on the tensor's. `name` is the tensor's.
LogicalResult verifyScale(Operation *op, StringRef name, Value tensor,
                          Value scale, std::optional<ArrayRef<int64_t>> blocks);

/// Where a tile at `offset` begins whose whole begins at `base` (null: at 0).
Value addOffset(OpBuilder &builder, Location loc, Value base,
                OpFoldResult offset);

/// Whether `value` is a constant that holds `number` everywhere.
bool isSplatOf(Value value, double number);

/// Drops the optional operand that `get` finds when it is a constant that
/// holds `number` everywhere and so changes nothing.
template <typename OpTy> struct DropNeutralOperand : OpRewritePattern<OpTy> {
  using Getter = MutableOperandRange (OpTy::*)();
  DropNeutralOperand(MLIRContext *context, Getter get, double number)
      : OpRewritePattern<OpTy>(context), get(get), number(number) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    MutableOperandRange range = (op.*get)();
    if (range.empty() || !isSplatOf(range[0].get(), number))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { (op.*get)().clear(); });
    return success();
  }

  Getter get;
  double number;
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_IR_OPUTILS_H
