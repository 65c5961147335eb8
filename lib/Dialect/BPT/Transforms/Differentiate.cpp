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
    if (llvm::none_of(main.getResultTypes(), Differentiator::isDifferentiable))
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
    FailureOr<SmallVector<Value>> wanted = getWanted(vjp);
    if (failed(wanted) ||
        failed(Differentiator(vjp, *wanted, keep, callees).run())) {
      vjp.erase();
      return failure();
    }
    return success();
  }

  /// The arguments whose gradients are asked for: all that have one, or those
  /// that 'wrt' names.
  FailureOr<SmallVector<Value>> getWanted(func::FuncOp vjp) {
    DenseSet<StringRef> known, asked;
    SmallVector<StringRef> names;
    for (unsigned i = 0, e = vjp.getNumArguments(); i < e; ++i) {
      auto name =
          vjp.getArgAttrOfType<StringAttr>(i, BPTDialect::kNameAttrName);
      names.push_back(name ? name.getValue() : StringRef());
    }
    for (const std::string &name : wrt) {
      auto *found = llvm::find(names, StringRef(name));
      if (name.empty() || found == names.end()) {
        InFlightDiagnostic diagnostic =
            emitError(vjp.getLoc())
            << "option wrt names '" << name
            << "', but no argument is called that; there are:";
        for (StringRef other : names)
          if (!other.empty())
            diagnostic << " " << other;
        return diagnostic;
      }
      unsigned index = found - names.begin();
      if (!Differentiator::isDifferentiable(vjp.getArgumentTypes()[index]))
        return emitError(vjp.getLoc())
               << "option wrt names '" << name
               << "', which is not floating-point and has no "
                  "gradient";
      asked.insert(name);
    }
    SmallVector<Value> wanted;
    for (auto [i, argument] : llvm::enumerate(vjp.getArguments()))
      if (Differentiator::isDifferentiable(argument.getType()) &&
          (wrt.empty() || asked.contains(names[i])))
        wanted.push_back(argument);
    return wanted;
  }
};
} // namespace
