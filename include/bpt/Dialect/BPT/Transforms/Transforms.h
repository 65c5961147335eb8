//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tiling strategies as functions: what the passes and the transform
// operations call.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_TRANSFORMS_TRANSFORMS_H
#define BPT_DIALECT_BPT_TRANSFORMS_TRANSFORMS_H

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::bpt {

/// The strategy attached to an operation, if any.
StrategyAttr getStrategy(Operation *op);

/// Which results of a block's row-parallel operations exist as whole tensors.
struct RowPlan {
  /// Operations that are computed by blocks of rows.
  SetVector<Operation *> members;
  /// Those whose results are stored: one loop is made for each.
  SetVector<Operation *> roots;
};

/// Plans the loops over row blocks of one block of IR.
RowPlan planRows(Block &block);

/// The loop made for one root.
struct RowLoop {
  /// Null when the root fits into one block of rows and needs no loop.
  LoopLikeOpInterface loop;
  unsigned numFused = 0;
};

/// Makes the loop over blocks of `rows` rows for one root of the plan and fuses
/// into it every member that is not a root. Emits an error and fails when a
/// fused operation asks for another block size.
FailureOr<RowLoop> tileRows(RewriterBase &rewriter, Operation *root,
                            int64_t rows, const RowPlan &plan);

/// The block size that a root's loop should have: its own strategy's, or that
/// of the first operation fused into it that has one. 0 if none says.
int64_t getRowsOf(Operation *root, const RowPlan &plan);

/// Plans and makes all loops of a function.
struct RowTilingStatistics {
  unsigned numLoops = 0, numFused = 0;
};
FailureOr<RowTilingStatistics> tileAllRows(RewriterBase &rewriter,
                                           FunctionOpInterface function);

/// Replaces attention by loops over batch entries, heads and blocks of `keys`
/// keys (0: all keys at once). Returns the innermost online operations.
FailureOr<SmallVector<Operation *>> tileKeys(RewriterBase &rewriter,
                                             AttentionOp op, int64_t keys);

/// Replaces a feed-forward network by a loop over blocks of `hidden` units.
/// Returns the operation inside the loop.
FailureOr<Operation *> tileHidden(RewriterBase &rewriter, FeedForwardOp op,
                                  int64_t hidden);

/// Decomposes all operations of the dialect under `root` into linalg.
LogicalResult decomposeAll(RewriterBase &rewriter, Operation *root);

} // namespace mlir::bpt

#endif // BPT_DIALECT_BPT_TRANSFORMS_TRANSFORMS_H
