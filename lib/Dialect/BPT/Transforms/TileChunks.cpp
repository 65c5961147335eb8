//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Loops over chunks of rows, inside which the loops over blocks are made: what
// the latter leave in memory is then a chunk's.
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/Utils/Utils.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TILECHUNKSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// Tile sizes of loops over `chunk` rows, of one entry of the batch or of as
/// many whole ones as make a chunk; all zero if there is only one chunk.
static SmallVector<OpFoldResult>
getChunkSizes(OpBuilder &builder, TilingInterface root, int64_t chunk) {
  Location loc = root.getLoc();
  OpFoldResult zero = builder.getIndexAttr(0);
  SmallVector<OpFoldResult> sizes(root.getLoopIteratorTypes().size(), zero);
  RowLoops loops = getRowLoops(root);
  SmallVector<Range> domain = root.getIterationDomain(builder);
  OpFoldResult rows = domain[loops.rows].size;
  std::optional<int64_t> knownRows = getConstantIntValue(rows),
                         knownBatch =
                             getConstantIntValue(domain[loops.batch].size);
  if (!knownRows || *knownRows > chunk)
    sizes[loops.rows] = builder.getIndexAttr(chunk);
  if (knownBatch == 1)
    return sizes;
  if (knownRows) {
    int64_t entries =
        std::max<int64_t>(chunk / std::max<int64_t>(*knownRows, 1), 1);
    if (!knownBatch || *knownBatch > entries)
      sizes[loops.batch] = builder.getIndexAttr(entries);
    return sizes;
  }
  Value one = arith::ConstantIndexOp::create(builder, loc, 1),
        all = arith::ConstantIndexOp::create(builder, loc, chunk),
        length = getValueOrCreateConstantIndexOp(builder, loc, rows);
  length = arith::MaxUIOp::create(builder, loc, length, one);
  Value entries = arith::DivUIOp::create(builder, loc, all, length);
  sizes[loops.batch] =
      arith::MaxUIOp::create(builder, loc, entries, one).getResult();
  return sizes;
}

/// Makes the loops for one root of the plan. Returns the outer one, or null if
/// there is only one chunk.
static FailureOr<Operation *> tileChunk(RewriterBase &rewriter, Operation *root,
                                        int64_t chunk, const RowPlan &plan) {
  SetVector<Operation *> fused = getFused(root, plan);
  for (Operation *op : fused)
    if (int64_t asked = plan.rows.lookup(op); asked && asked != chunk) {
      InFlightDiagnostic diagnostic =
          op->emitOpError("asks for chunks of ")
          << asked << " rows, but is computed in a loop over chunks of "
          << chunk << "; give both the same 'chunk'";
      diagnostic.attachNote(root->getLoc()) << "the loop computes this result";
      return failure();
    }
  rewriter.setInsertionPoint(root);
  SmallVector<OpFoldResult> sizes =
      getChunkSizes(rewriter, cast<TilingInterface>(root), chunk);
  if (llvm::all_of(
          sizes, [](OpFoldResult size) { return isConstantIntValue(size, 0); }))
    return nullptr;
  FailureOr<SmallVector<LoopLikeOpInterface>> loops = tileAndFuse(
      rewriter, root, fused, sizes, scf::SCFTilingOptions::LoopType::ForOp);
  if (failed(loops))
    return failure();
  return loops->front().getOperation();
}

/// Whether the first of two loops can run in the iterations of the second.
static bool canFuse(scf::ForOp first, scf::ForOp second) {
  if (first->getBlock() != second->getBlock() ||
      !areKnownEqual(first.getLowerBound(), second.getLowerBound()) ||
      !areKnownEqual(first.getUpperBound(), second.getUpperBound()) ||
      !areKnownEqual(first.getStep(), second.getStep()))
    return false;
  return llvm::all_of(first->getUsers(), [&](Operation *user) {
    Operation *ancestor = first->getBlock()->findAncestorOpInBlock(*user);
    return ancestor && second->isBeforeInBlock(ancestor);
  });
}

/// Makes one loop of independent ones over the same chunks: keys and values
/// share the norm that they read. The loop inside a loop follows.
static scf::ForOp fuseLoops(RewriterBase &rewriter, scf::ForOp first,
                            scf::ForOp second) {
  scf::ForOp fused = fuseIndependentSiblingForLoops(first, second, rewriter);
  SmallVector<scf::ForOp> inner(fused.getBody()->getOps<scf::ForOp>());
  if (inner.size() == 2 && canFuse(inner[0], inner[1]))
    fuseLoops(rewriter, inner[0], inner[1]);
  return fused;
}

FailureOr<unsigned>
bpt::tileChunks(RewriterBase &rewriter, FunctionOpInterface function,
                function_ref<int64_t(Operation *)> chunkOf) {
  OpBuilder::InsertionGuard guard(rewriter);
  SmallVector<Operation *> loops;
  SmallVector<Block *> blocks;
  function.walk([&](Block *block) { blocks.push_back(block); });
  for (Block *block : blocks) {
    // What is stored between loops over blocks lives in a chunk.
    RowPlan plan = planRows(*block, chunkOf, /*storeAsked=*/false);
    SmallVector<std::pair<Operation *, int64_t>> work;
    for (Operation *root : plan.roots)
      if (int64_t chunk = getRowsOf(root, plan))
        work.push_back({root, chunk});
    for (auto [root, chunk] : work) {
      FailureOr<Operation *> loop = tileChunk(rewriter, root, chunk, plan);
      if (failed(loop))
        return failure();
      if (*loop)
        loops.push_back(*loop);
    }
  }
  // The roots came last first.
  unsigned numLoops = 0;
  scf::ForOp last;
  for (Operation *loop : llvm::reverse(loops)) {
    auto next = cast<scf::ForOp>(loop);
    bool fuses = last && canFuse(last, next);
    last = fuses ? fuseLoops(rewriter, last, next) : next;
    numLoops += !fuses;
  }
  if (numLoops == 0)
    return 0;
  // Values read several times were fused once per use: make them one again.
  DominanceInfo dominance(function);
  eliminateCommonSubExpressions(rewriter, dominance, function);
  (void)runRegionDCE(rewriter, function->getRegions());
  // A slice of what nothing has written needs no memory of the whole.
  RewritePatternSet patterns(function->getContext());
  tensor::populateFoldTensorEmptyPatterns(patterns);
  (void)applyPatternsGreedily(function, std::move(patterns));
  return numLoops;
}

namespace {
struct TileChunksPass : bpt::impl::TileChunksPassBase<TileChunksPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    FailureOr<unsigned> loops =
        tileChunks(rewriter, getOperation(), [](Operation *op) -> int64_t {
          StrategyAttr strategy = getStrategy(op);
          return strategy ? strategy.getChunk() : 0;
        });
    if (failed(loops))
      return signalPassFailure();
    numLoops += *loops;
  }
};
} // namespace
