//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention as a loop: start, steps over key blocks, finish.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_IR_ATTENTIONFORMS_H
#define BPT_DIALECT_BPT_IR_ATTENTIONFORMS_H

#include "bpt/Dialect/BPT/IR/BPTOps.h"

namespace mlir::bpt {

/// The state (acc, m, l) of rows that have seen no key.
SmallVector<Value> startOnlineAttention(OpBuilder &builder, AttentionOp op);

/// The step that adds all keys of `op` to `state`.
OnlineAttentionOp createOnlineAttention(OpBuilder &builder, AttentionOp op,
                                        ValueRange state);

/// The results of `op`, written to its destinations, from the final state.
SmallVector<Value> finishOnlineAttention(OpBuilder &builder, AttentionOp op,
                                         ValueRange state);

/// Gives a backward operation that is not a tile the positions of one, where
/// masks or the score region read them.
void locateWhole(OpBuilder &builder, AttentionBackwardOp op);

} // namespace mlir::bpt

#endif // BPT_DIALECT_BPT_IR_ATTENTIONFORMS_H
