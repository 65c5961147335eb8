//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Losses see the vocabulary one block at a time.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_IR_VOCABULARYLOOP_H
#define BPT_LIB_DIALECT_BPT_IR_VOCABULARYLOOP_H

#include "TileBuilder.h"

namespace mlir::bpt {

/// Columns [first, first + size) of a matrix, and the matrix with them put
/// back.
Value sliceColumns(TileBuilder &tile, Value matrix, Value first,
                   OpFoldResult size);
Value unsliceColumns(TileBuilder &tile, Value columns, Value matrix,
                     Value first);

/// Runs the body on blocks of the vocabulary, (first, size, carried), as large
/// as the operation's strategy says; on all of it if it says nothing.
SmallVector<Value> forEachVocabularyBlock(
    TileBuilder &tile, Operation *op, OpFoldResult vocab, ValueRange carried,
    function_ref<SmallVector<Value>(Value, OpFoldResult, ValueRange)> body);

/// The gradient of a logit, of the scalars (lse, label, loss cotangent[, lse
/// cotangent], logit), inside a linalg body whose loop `columnLoop` is over the
/// columns from `first` on.
Value getLogitGradient(OpBuilder &b, Location l, ValueRange scalars,
                       unsigned columnLoop, Value first, OpFoldResult vocab);

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_IR_VOCABULARYLOOP_H
