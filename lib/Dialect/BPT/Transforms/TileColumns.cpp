//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TILECOLUMNSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// The first loop of that name.
static std::optional<unsigned> findLoop(const BlockTable &table,
                                        StringRef name) {
  auto *found = llvm::find(table.dims, name);
  if (found == table.dims.end())
    return std::nullopt;
  return found - table.dims.begin();
}

/// The loop over the first dimension of the columns of a sum over rows.
static std::optional<unsigned> getColumnLoop(BlockedOpInterface op) {
  BlockTable table = op.getBlockTable();
  if (table.iterators[kRowLoop] != utils::IteratorType::reduction)
    return std::nullopt;
  return findLoop(table, "output");
}

/// How much of a dimension whose further ones of that name stay whole is as
/// near to `size` elements as can be.
static int64_t cutFirst(const BlockTable &table, ArrayRef<Range> domain,
                        unsigned loop, int64_t size) {
  for (unsigned other = loop + 1; other < table.iterators.size(); ++other)
    if (table.dims[other] == table.dims[loop])
      if (std::optional<int64_t> inner =
              getConstantIntValue(domain[other].size))
        size = llvm::divideCeil(size, std::max<int64_t>(*inner, 1));
  return size;
}

namespace {
struct TileColumnsPass : bpt::impl::TileColumnsPassBase<TileColumnsPass> {
  void runOnOperation() override {
    SmallVector<BlockedOpInterface> ops;
    getOperation()->walk([&](BlockedOpInterface op) {
      StrategyAttr strategy = getStrategy(op);
      if (strategy && strategy.getColumns() != 0 && getColumnLoop(op))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (BlockedOpInterface op : ops)
      if (failed(tile(rewriter, op)))
        return signalPassFailure();
  }

private:
  LogicalResult tile(RewriterBase &rewriter, BlockedOpInterface op) {
    using LoopType = scf::SCFTilingOptions::LoopType;
    StrategyAttr strategy = getStrategy(op);
    BlockTable table = op.getBlockTable();
    rewriter.setInsertionPoint(op);
    SmallVector<Range> domain =
        cast<TilingInterface>(op.getOperation()).getIterationDomain(rewriter);
    SmallVector<std::pair<unsigned, int64_t>> blocks;
    auto add = [&](unsigned loop) {
      blocks.push_back(
          {loop, cutFirst(table, domain, loop, strategy.getColumns())});
    };
    add(*getColumnLoop(op));
    std::optional<unsigned> inputs = findLoop(table, "input");
    bool loopsOverRows = strategy.getRows() != 0;
    if (loopsOverRows && inputs)
      add(*inputs);
    RowLoops loops = getRowLoops(op);
    FailureOr<Operation *> block =
        tileLoops(rewriter, op, blocks, LoopType::ForallOp);
    if (succeeded(block) && loopsOverRows)
      block = tileLoops(rewriter, *block,
                        {{loops.batch, 1}, {loops.rows, strategy.getRows()}},
                        LoopType::ForOp);
    return block;
  }
};
} // namespace
