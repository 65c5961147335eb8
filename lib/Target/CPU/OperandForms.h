//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_CPU_OPERANDFORMS_H
#define BPT_LIB_TARGET_CPU_OPERANDFORMS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

Type getElementType(Value tensor);

/// The size, or kDynamic.
int64_t getStaticSize(OpFoldResult size);

/// Builds the forms in which matrix products read their operands: with elements
/// of f32, or of bf16 in pairs.
class OperandForms {
protected:
  OperandForms(IRRewriter &rewriter) : rewriter(rewriter) {}

  AffineExpr d0() { return rewriter.getAffineDimExpr(0); }
  OpFoldResult apply(AffineExpr expr, OpFoldResult operand);
  OpFoldResult size(Value tensor, unsigned dim);

  /// The tensor with the elements that are multiplied.
  Value converted(Value tensor);

  /// [M, K] seen as [M, K / 2, 2], in bf16. If K may be odd, in a copy that
  /// ends with a column of zeros.
  Value paired(Value matrix);

  Value expand(Value tensor, ArrayRef<ReassociationIndices> groups,
               ArrayRef<OpFoldResult> shape);

  /// `count` of the tensor's dimension `dim`, from `first` on.
  Value slice(Value tensor, unsigned dim, OpFoldResult first, int64_t count);
  Value slice(Value tensor, unsigned dim, int64_t first, int64_t count) {
    return slice(tensor, dim, OpFoldResult(rewriter.getIndexAttr(first)),
                 count);
  }
  /// The tensor with `part` from `first` on in its dimension `dim`.
  Value insertSlice(Value part, Value tensor, unsigned dim, int64_t first);

  /// The matrix in panels of `tile` of its dimension `dim`, the other one
  /// inside of them, with the elements that are multiplied.
  Value packed(Value matrix, int64_t dim, int64_t tile);

  IRRewriter &rewriter;
  Location loc = rewriter.getUnknownLoc();
  /// Whether the product at hand multiplies pairs of bf16.
  bool inPairs = false;

private:
  Value convertedInto(Value tensor, Value destination);
};

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_CPU_OPERANDFORMS_H
