//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_HOISTINVARIANTSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

namespace {
struct HoistInvariantsPass
    : bpt::impl::HoistInvariantsPassBase<HoistInvariantsPass> {
  using HoistInvariantsPassBase::HoistInvariantsPassBase;
  void runOnOperation() override {
    // Innermost loops first, so that code moves out of all that it can.
    getOperation()->walk([](LoopLikeOpInterface loop) {
      // What a loop over blocks computes belongs to the block.
      if (isa<scf::ForallOp>(loop))
        return;
      moveLoopInvariantCode(
          loop.getLoopRegions(),
          [&](Value value, Region *) {
            return loop.isDefinedOutsideOfLoop(value);
          },
          [&](Operation *op, Region *) {
            return !isa<linalg::FillOp>(op) && isMemoryEffectFree(op) &&
                   isSpeculatable(op);
          },
          [&](Operation *op, Region *) { loop.moveOutOfLoop(op); });
    });
    IRRewriter rewriter(&getContext());
    bpt::hoistTiles(rewriter, getOperation(), maxElements);
  }
};
} // namespace
