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
#define GEN_PASS_DEF_SPLITLOSSGRADIENTSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
struct SplitLossGradientsPass
    : bpt::impl::SplitLossGradientsPassBase<SplitLossGradientsPass> {
  void runOnOperation() override {
    SmallVector<CrossEntropyBackwardOp> ops;
    getOperation()->walk([&](CrossEntropyBackwardOp op) {
      if (StrategyAttr strategy = getStrategy(op);
          strategy && strategy.getStoreHidden())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (CrossEntropyBackwardOp op : ops) {
      rewriter.setInsertionPoint(op);
      rewriter.replaceOp(op, emitLossGradientProducts(rewriter, op));
    }
  }
};
} // namespace
