//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/GPU/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_DROPUNITDIMSPASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

namespace {
struct DropUnitDimsPass : bpt::impl::DropUnitDimsPassBase<DropUnitDimsPass> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      // A fill has nothing to read; its place is that of what follows.
      bool isElementwise =
          op.isAllParallelLoops() && !isa<linalg::FillOp>(op.getOperation());
      if (isElementwise && op->getParentOfType<scf::ForallOp>() &&
          llvm::is_contained(op.getStaticLoopRanges(), 1))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    linalg::ControlDropUnitDims control;
    control.rankReductionStrategy =
        linalg::ControlDropUnitDims::RankReductionStrategy::ExtractInsertSlice;
    for (linalg::LinalgOp op : ops) {
      auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
      if (!generic) {
        rewriter.setInsertionPoint(op);
        FailureOr<linalg::GenericOp> general =
            linalg::generalizeNamedOp(rewriter, op);
        if (failed(general))
          continue;
        generic = *general;
      }
      rewriter.setInsertionPoint(generic);
      FailureOr<linalg::DropUnitDimsResult> dropped =
          linalg::dropUnitDims(rewriter, generic, control);
      if (succeeded(dropped))
        rewriter.replaceOp(generic, dropped->replacements);
    }
  }
};
} // namespace
