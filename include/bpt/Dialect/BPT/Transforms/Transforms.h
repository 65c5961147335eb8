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
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
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
  /// For members whose result only an element-wise member reads, that one: a
  /// loop that would store the one stores the other instead.
  DenseMap<Operation *, Operation *> epilogues;
  /// Block sizes asked for; not every member asks.
  DenseMap<Operation *, int64_t> rows;
};

/// Plans the loops over row blocks of one block of IR. \p rowsOf gives the
/// block size that a blocked operation asks for, or 0 if it is not to be cut.
/// \p storeAsked: results that a strategy asks to store (`fuse = false`) are.
RowPlan planRows(Block &block, function_ref<int64_t(Operation *)> rowsOf,
                 bool storeAsked = true);

/// Operations that a loop for `root` computes: it and what is fused into it.
SetVector<Operation *> getFused(Operation *root, const RowPlan &plan);

/// Whether the results can be computed again by blocks of rows, for about what
/// it takes to read them.
bool isCheapByRows(Operation *op);

/// Which loops of an operation run over the batch and the rows of its result.
struct RowLoops {
  unsigned batch = 0, rows = kRowLoop;
};
RowLoops getRowLoops(Operation *op);

/// Tiles the root, by sizes one for each of its loops, and fuses the others.
/// Returns the loops, the outermost first.
FailureOr<SmallVector<LoopLikeOpInterface>>
tileAndFuse(RewriterBase &rewriter, Operation *root,
            const SetVector<Operation *> &fused, ArrayRef<OpFoldResult> sizes,
            scf::SCFTilingOptions::LoopType loopType);

/// Whether an operation that asks for a loop of its own takes the blocks of
/// others: it is cheap, and computed again in every loop that reads its result.
bool followsRows(Operation *op);

/// The block size that a root's loop should have: what it asks for, or what the
/// first operation fused into it asks for, or its users. 0 if none says.
int64_t getRowsOf(Operation *root, const RowPlan &plan);

/// Makes the loop over blocks of \p rows rows for one root of the plan and
/// fuses into it every member that is not a root; null when one block holds all
/// rows. Emits an error and fails when a fused operation asks for another size.
FailureOr<LoopLikeOpInterface> tileRows(RewriterBase &rewriter, Operation *root,
                                        int64_t rows, const RowPlan &plan);

/// What tileAllRows made.
struct RowTiling {
  SmallVector<Operation *> loops;
  unsigned numFused = 0;
};

/// Plans and makes the loops of all blocks of a function.
FailureOr<RowTiling> tileAllRows(RewriterBase &rewriter,
                                 FunctionOpInterface function,
                                 function_ref<int64_t(Operation *)> rowsOf);

/// Makes sequential loops over chunks of a function's rows, inside which all
/// that follows is made. \p chunkOf gives the rows of a chunk that a blocked
/// operation asks for, or 0. Returns the number of loops.
FailureOr<unsigned> tileChunks(RewriterBase &rewriter,
                               FunctionOpInterface function,
                               function_ref<int64_t(Operation *)> chunkOf);

/// Replaces attention by loops over batch entries, heads, blocks of `keys` keys
/// and, inside these, of `scoreRows` rows (0: all at once). With `groupHeads`,
/// the heads of one row that share keys stay together. Returns the innermost
/// online operations.
FailureOr<SmallVector<Operation *>> tileKeys(RewriterBase &rewriter,
                                             AttentionOp op, int64_t keys,
                                             int64_t scoreRows = 0,
                                             bool groupHeads = false);

/// The same for its backward operation: loops over batch entries, key heads,
/// blocks of `rows` rows and of `keys` keys, and inside these of `scoreRows`
/// rows (0: all at once), unless rows are what is summed over.
FailureOr<SmallVector<Operation *>> tileKeysBackward(RewriterBase &rewriter,
                                                     AttentionBackwardOp op,
                                                     int64_t rows, int64_t keys,
                                                     int64_t scoreRows = 0);

/// Computes element-wise operations on tiles that a loop comes back to once, of
/// the whole tensor, before that loop, where it has at most `maxElements`
/// elements.
void hoistTiles(RewriterBase &rewriter, Operation *root, int64_t maxElements);

/// What dialects other than its own and `bpt` have said of an operation, which
/// is said of the loop over its blocks as well.
SmallVector<NamedAttribute> getAttributesOfLoop(Operation *op);

/// Cuts loops of an operation, by number, into blocks of so many iterations; a
/// loop that is no longer than its block, or whose block is 0, stays whole.
/// Returns what one block computes: the operation itself if no loop is cut.
FailureOr<Operation *> tileLoops(RewriterBase &rewriter, Operation *op,
                                 ArrayRef<std::pair<unsigned, int64_t>> blocks,
                                 scf::SCFTilingOptions::LoopType type);

/// A tile of an operation, and the tensors that it has been put into.
struct CarriedTile {
  Operation *op;
  SmallVector<Value> carried;
};

/// Computes a tile of an operation in destination-passing style from, and into,
/// what a loop carries: one tensor for each destination.
FailureOr<CarriedTile> tileInto(RewriterBase &rewriter, Operation *op,
                                ArrayRef<OpFoldResult> offsets,
                                ArrayRef<OpFoldResult> sizes,
                                ValueRange carried);

/// What splitKeys made: the operation of one part, and the loop over parts.
struct KeySplit {
  Operation *part;
  Operation *loop;
};

/// Splits the keys over `parts` parallel parts, each with a state of its own,
/// and merges the states.
FailureOr<KeySplit> splitKeys(RewriterBase &rewriter, OnlineAttentionOp op,
                              int64_t parts);

/// Replaces a feed-forward network by a loop over blocks of `hidden` units.
/// Returns the operation inside the loop.
FailureOr<Operation *> tileHidden(RewriterBase &rewriter, FeedForwardOp op,
                                  int64_t hidden);

/// Replaces a feed-forward network by the projections that it is made of, with
/// the activations of its hidden units stored between them. Returns the last.
LinearOp splitFeedForward(RewriterBase &rewriter, FeedForwardOp op);

/// The tensor whose dimensions are those of `tensor` in another order.
Value reorderDims(OpBuilder &builder, Location loc, Value tensor,
                  ArrayRef<int64_t> order);

/// Decomposes all operations of the dialect under `root` into linalg.
LogicalResult decomposeAll(RewriterBase &rewriter, Operation *root);

} // namespace mlir::bpt

#endif // BPT_DIALECT_BPT_TRANSFORMS_TRANSFORMS_H
