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
#define GEN_PASS_DEF_DECOMPOSEPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

LogicalResult bpt::decomposeAll(RewriterBase &rewriter, Operation *root) {
  // Attention decomposes into its online form, which decomposes further.
  while (true) {
    SmallVector<Operation *> ops;
    root->walk([&](BlockedOpInterface op) { ops.push_back(op); });
    if (ops.empty())
      return success();
    for (Operation *op : ops) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPoint(op);
      FailureOr<SmallVector<Value>> results =
          cast<linalg::AggregatedOpInterface>(op).decomposeOperation(rewriter);
      if (failed(results))
        return op->emitOpError("has no decomposition into linalg");
      rewriter.replaceOp(op, *results);
    }
  }
}

namespace {
struct DecomposePass : bpt::impl::DecomposePassBase<DecomposePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    if (failed(decomposeAll(rewriter, getOperation())) ||
        failed(decomposeSoftmax(rewriter)))
      signalPassFailure();
  }

private:
  /// Which nothing after this pass knows.
  LogicalResult decomposeSoftmax(RewriterBase &rewriter) {
    SmallVector<linalg::SoftmaxOp> ops;
    getOperation()->walk([&](linalg::SoftmaxOp op) { ops.push_back(op); });
    for (linalg::SoftmaxOp op : ops) {
      rewriter.setInsertionPoint(op);
      FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
      if (failed(results))
        return failure();
      rewriter.replaceOp(op, *results);
    }
    return success();
  }
};
} // namespace
