//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/CPU/Passes.h"
#include "mlir/Analysis/CallGraph.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_SEQUENCECHECKEDLOOPSPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

/// Whether something in the region, or in what it calls, may be asserted.
/// `visited`: functions that were seen without one, or are being looked at.
static bool mayAssert(Region &region, SymbolTableCollection &symbols,
                      SmallPtrSetImpl<Operation *> &visited) {
  WalkResult result = region.walk([&](Operation *op) {
    if (isa<cf::AssertOp>(op))
      return WalkResult::interrupt();
    auto call = dyn_cast<CallOpInterface>(op);
    if (!call)
      return WalkResult::advance();
    Operation *target = call.resolveCallableInTable(&symbols);
    auto callee = dyn_cast_or_null<CallableOpInterface>(target);
    Region *body = callee ? callee.getCallableRegion() : nullptr;
    if (body && visited.insert(target).second &&
        mayAssert(*body, symbols, visited))
      return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}

namespace {
struct SequenceCheckedLoopsPass
    : bpt::impl::SequenceCheckedLoopsPassBase<SequenceCheckedLoopsPass> {
  void runOnOperation() override {
    SymbolTableCollection symbols;
    SmallVector<Operation *> loops;
    getOperation().walk([&](Operation *op) {
      if (!isa<scf::ForallOp, scf::ParallelOp>(op))
        return;
      SmallPtrSet<Operation *, 4> visited;
      if (mayAssert(op->getRegion(0), symbols, visited))
        loops.push_back(op);
    });
    // Inner loops come first, and stay where they are.
    IRRewriter rewriter(&getContext());
    for (Operation *op : loops) {
      rewriter.setInsertionPoint(op);
      auto forall = dyn_cast<scf::ForallOp>(op);
      LogicalResult result = forall
                                 ? scf::forallToForLoop(rewriter, forall)
                                 : LogicalResult(scf::parallelForToNestedFors(
                                       rewriter, cast<scf::ParallelOp>(op)));
      if (failed(result)) {
        op->emitOpError("asserts what is known at run time only, and cannot be "
                        "made a sequential loop");
        return signalPassFailure();
      }
    }
  }
};
} // namespace
