//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_EXPANDLOSSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
struct ExpandLossPass : bpt::impl::ExpandLossPassBase<ExpandLossPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](CrossEntropyOp op) { expandLoss(rewriter, op); });
  }
};
} // namespace
