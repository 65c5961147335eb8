//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_SCHEDULEPARALLELLOOPSPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

/// Lets the iterations run from the last to the first.
static void reverse(omp::LoopNestOp nest) {
  OpBuilder b = OpBuilder::atBlockBegin(&nest.getRegion().front());
  Location loc = nest.getLoc();
  for (auto [iv, lower, upper, step] :
       llvm::zip(nest.getIVs(), nest.getLoopLowerBounds(),
                 nest.getLoopUpperBounds(), nest.getLoopSteps())) {
    Value first = arith::SubIOp::create(b, loc, iv, lower);
    // As far before the last iteration as this one is behind the first.
    Value extent = arith::SubIOp::create(b, loc, upper, lower);
    Value count = arith::CeilDivSIOp::create(b, loc, extent, step);
    Value one = arith::ConstantOp::create(b, loc, b.getOneAttr(iv.getType()));
    Value last = arith::AddIOp::create(
        b, loc, lower,
        arith::MulIOp::create(b, loc, arith::SubIOp::create(b, loc, count, one),
                              step));
    Value mirrored = arith::SubIOp::create(b, loc, last, first);
    Value variable = iv;
    variable.replaceAllUsesExcept(mirrored, first.getDefiningOp());
  }
}

namespace {
struct ScheduleParallelLoopsPass
    : bpt::impl::ScheduleParallelLoopsPassBase<ScheduleParallelLoopsPass> {
  void runOnOperation() override {
    getOperation()->walk([](omp::WsloopOp loop) {
      if (loop.getScheduleKind())
        return;
      loop.setScheduleKind(omp::ClauseScheduleKind::Dynamic);
      auto nest = cast<omp::LoopNestOp>(loop.getWrappedLoop());
      if (!nest.getLoopInclusive())
        reverse(nest);
    });
  }
};
} // namespace
