//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NamedStrategies.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/Dialect/Transform/IR/TransformOps.h"
#include "mlir/Dialect/Transform/Interfaces/TransformInterfaces.h"
#include "mlir/Dialect/Transform/Transforms/TransformInterpreterUtils.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/SourceMgr.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_APPLYSTRATEGYPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

/// Strategies that ship with the project.
static const std::pair<StringRef, StringRef> kNamedStrategies[] = {
    {"cpu", kCpuStrategy},
    {"gpu", kGpuStrategy},
    {"hopper", kHopperStrategy},
    {"memory-efficient", kMemoryEfficientStrategy},
    {"memory-efficient-loss", kMemoryEfficientLossStrategy},
    {"none", kNoneStrategy}};

namespace {
struct ApplyStrategyPass : bpt::impl::ApplyStrategyPassBase<ApplyStrategyPass> {
  using ApplyStrategyPassBase::ApplyStrategyPassBase;

  /// Takes `--bpt-apply-strategy=my_strategy.mlir` as well as named options.
  LogicalResult initializeOptions(
      StringRef options,
      function_ref<LogicalResult(const Twine &)> errorHandler) override {
    if (!options.empty() && !options.contains('=')) {
      strategy = options.trim().str();
      return success();
    }
    return ApplyStrategyPassBase::initializeOptions(options, errorHandler);
  }

  LogicalResult initialize(MLIRContext *context) override {
    SmallVector<StringRef> names;
    StringRef(strategy).split(names, ',');
    for (StringRef name : names)
      if (failed(load(context, name)))
        return failure();
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    OperationFingerPrint before(module);
    transform::TransformOptions options;
    for (const Strategy &next : strategies)
      if (failed(transform::applyTransformNamedSequence(
              module, next.entry, next.script->get(), options)))
        return signalPassFailure();
    if (strategy != "none" && before == OperationFingerPrint(module)) {
      auto found = module->walk(
          [](bpt::BlockedOpInterface) { return WalkResult::interrupt(); });
      if (found.wasInterrupted()) {
        module.emitError() << "strategy '" << strategy
                           << "' has no effect: it matches no operation of "
                              "this module";
        return signalPassFailure();
      }
      // Nothing to compute is nothing to block; the default needs no word.
      bool isDefault = llvm::all_of(
          strategies, [](const Strategy &next) { return next.isNamed; });
      if (!isDefault)
        module.emitWarning() << "strategy '" << strategy
                             << "' has nothing to apply to: the module has no "
                                "operation that blocks apply to";
    }
  }

private:
  struct Strategy {
    /// Shared by the clones of the pass, which only read it.
    std::shared_ptr<OwningOpRef<ModuleOp>> script;
    transform::NamedSequenceOp entry;
    /// It ships with the project.
    bool isNamed;
  };

  LogicalResult load(MLIRContext *context, StringRef name) {
    std::string text;
    for (auto [known, source] : kNamedStrategies)
      if (name == known)
        text = source.str();
    bool isNamed = !text.empty();
    if (!isNamed) {
      std::string error;
      auto file = openInputFile(name, &error);
      if (!file) {
        InFlightDiagnostic diagnostic =
            emitError(UnknownLoc::get(context))
            << "strategy '" << name << "': " << error
            << "; give the name of a file or one of:";
        for (auto [known, source] : kNamedStrategies)
          diagnostic << " " << known;
        return diagnostic;
      }
      text = file->getBuffer().str();
    }
    ParserConfig config(context);
    auto script = std::make_shared<OwningOpRef<ModuleOp>>(
        parseSourceString<ModuleOp>(text, config, name));
    if (!*script)
      return failure();
    ModuleOp module = script->get();
    auto entry =
        dyn_cast_or_null<transform::NamedSequenceOp>(module.lookupSymbol(
            transform::TransformDialect::kTransformEntryPointSymbolName));
    if (!entry)
      return emitError(module.getLoc())
             << "strategy '" << name
             << "' has no 'transform.named_sequence @__transform_main'";
    strategies.push_back({script, entry, isNamed});
    return success();
  }

  SmallVector<Strategy> strategies;
};
} // namespace
