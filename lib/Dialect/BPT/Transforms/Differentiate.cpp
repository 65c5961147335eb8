//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Differentiator.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
struct DifferentiatePass : bpt::impl::DifferentiatePassBase<DifferentiatePass> {
  using DifferentiatePassBase::DifferentiatePassBase;

  void runOnOperation() override {
    if (failed(differentiate()))
      signalPassFailure();
  }

private:
  LogicalResult differentiate() {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>(function);
    if (!main)
      return module.emitError()
             << "has no function '@" << function << "' to differentiate";
    std::string name = function + "_vjp";
    if (Operation *taken = module.lookupSymbol(name))
      return taken->emitError()
             << "'@" << name << "' is what the gradient of '@" << function
             << "' would be called; rename one of them";
    if (main.isDeclaration() || !main.getBody().hasOneBlock())
      return emitError(main.getLoc())
             << "cannot be differentiated: it must be one block of operations";
    if (llvm::none_of(main.getResultTypes(), isDifferentiable))
      return emitError(main.getLoc())
             << "has no floating-point result, so there is "
                "nothing to differentiate";
    for (Type type : main.getArgumentTypes())
      if (isa<UnrankedTensorType>(type))
        return emitError(main.getLoc()) << "has an argument of unknown rank";

    func::FuncOp vjp = main.clone();
    vjp.setName(name);
    OpBuilder builder(main->getContext());
    builder.setInsertionPointAfter(main);
    builder.insert(vjp);
    CalleeGradients callees(module, keep);
    FailureOr<SmallVector<unsigned>> wanted = findWanted(vjp, wrt);
    if (failed(wanted) ||
        failed(Differentiator(vjp, *wanted, keep, callees, accumulate).run())) {
      vjp.erase();
      return failure();
    }
    return success();
  }
};
} // namespace
