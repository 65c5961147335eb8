//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/GPU/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_VERIFYHOSTPASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

namespace {
struct VerifyHostPass : bpt::impl::VerifyHostPassBase<VerifyHostPass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([](Operation *op) {
      // A constant is memory of the host; kernels have copies of theirs, and
      // what returns one copies it first.
      if (isa<memref::GetGlobalOp>(op) &&
          llvm::any_of(op->getUsers(), llvm::IsaPred<gpu::LaunchFuncOp>)) {
        op->emitOpError("is passed on by the host, but lies in its memory");
        return WalkResult::interrupt();
      }
      // Launches and copies between buffers are the device's work; an assertion
      // is about sizes.
      if (isa<gpu::LaunchFuncOp, memref::CopyOp, cf::AssertOp>(op))
        return WalkResult::advance();
      auto effects = dyn_cast<MemoryEffectOpInterface>(op);
      bool touches = effects && (effects.hasEffect<MemoryEffects::Read>() ||
                                 effects.hasEffect<MemoryEffects::Write>());
      if (!touches)
        return WalkResult::advance();
      op->emitOpError("reads or writes the device's memory on the host; only "
                      "operations on whole tensors can be computed on a GPU");
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
