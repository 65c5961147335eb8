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

/// The loop over the first dimension of the columns of a sum over rows.
static std::optional<unsigned> getColumnLoop(BlockedOpInterface op) {
  BlockTable table = op.getBlockTable();
  if (table.iterators[kRowLoop] != utils::IteratorType::reduction)
    return std::nullopt;
  auto *found = llvm::find(table.dims, "output");
  if (found == table.dims.end())
    return std::nullopt;
  return found - table.dims.begin();
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
    auto tiling = cast<TilingInterface>(op.getOperation());
    unsigned loop = *getColumnLoop(op);
    int64_t columns = getStrategy(op).getColumns();
    rewriter.setInsertionPoint(op);
    SmallVector<Range> domain = tiling.getIterationDomain(rewriter);
    // A row of the result may be a matrix: its inner dimensions stay whole.
    BlockTable table = op.getBlockTable();
    for (unsigned other = loop + 1; other < table.iterators.size(); ++other)
      if (table.dims[other] == "output")
        if (std::optional<int64_t> inner =
                getConstantIntValue(domain[other].size))
          columns = llvm::divideCeil(columns, std::max<int64_t>(*inner, 1));
    std::optional<int64_t> extent = getConstantIntValue(domain[loop].size);
    if (extent && *extent <= columns)
      return success();
    SmallVector<OpFoldResult> sizes(domain.size(), rewriter.getIndexAttr(0));
    sizes[loop] = rewriter.getIndexAttr(columns);
    scf::SCFTilingOptions options;
    options.setTileSizes(sizes);
    options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
    FailureOr<scf::SCFTilingResult> tiled =
        scf::tileUsingSCF(rewriter, tiling, options);
    if (failed(tiled))
      return failure();
    rewriter.replaceOp(op, tiled->replacements);
    return success();
  }
};
} // namespace
