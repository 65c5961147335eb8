//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_DISABLEDROPOUTPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

static void disable(RewriterBase &rewriter, DropoutOp op) {
  if (op.getX().getType() == op.getResult().getType()) {
    rewriter.replaceOp(op, op.getX());
    return;
  }
  // What is left converts elements.
  DropoutAttr old = op.getDropout();
  op.setDropoutAttr(DropoutAttr::get(
      op.getContext(), rewriter.getF64FloatAttr(0.0), old.getStream()));
}

namespace {
struct DisableDropoutPass
    : bpt::impl::DisableDropoutPassBase<DisableDropoutPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](Operation *op) {
      TypeSwitch<Operation *>(op)
          .Case([&](DropoutOp dropout) { disable(rewriter, dropout); })
          .Case<AttentionOp, OnlineAttentionOp, AttentionBackwardOp>(
              [](auto attention) {
                attention.getSeedMutable().clear();
                attention.removeDropoutAttr();
              });
    });
  }
};
} // namespace
