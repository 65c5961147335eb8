//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Chips.h"
#include "bpt/Target/GPU/Distribute/Transforms.h"
#include "bpt/Target/GPU/Passes.h"
#include "bpt/Target/GPU/Pipeline.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_CHOOSEPATHSPASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;
using tile::TileDialect;

static remark::RemarkOpts nameRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category("bpt-gpu");
}

/// Whether the operation is a loop over blocks that may become tile programs.
static bool isOpen(scf::ForallOp loop) {
  return !loop->getParentOfType<scf::ForallOp>() &&
         !loop->hasAttr(TileDialect::kSimtAttrName);
}

namespace {
/// Takes the place of the handlers of diagnostics, and keeps the first error.
/// What else the trial says, remarks too, nobody should hear.
class ErrorKeeper {
public:
  explicit ErrorKeeper(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error &&
              first.empty())
            first = diagnostic.str();
          return success();
        }) {}

  std::string first;

private:
  ScopedDiagnosticHandler handler;
};

struct ChoosePathsPass : bpt::impl::ChoosePathsPassBase<ChoosePathsPass> {
  using Base::Base;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    OpPassManager trial(ModuleOp::getOperationName());
    buildTileProgramsPipeline(trial, chip);
    trial.getDependentDialects(registry);
  }

  void runOnOperation() override {
    std::optional<ChipInfo> info = findChip(chip);
    if (!info) {
      getOperation().emitError() << getUnknownChipMessage(chip);
      return signalPassFailure();
    }
    SmallVector<scf::ForallOp> loops;
    getOperation().walk([&](scf::ForallOp loop) {
      if (isOpen(loop))
        loops.push_back(loop);
    });
    if (loops.empty())
      return;
    if (!info->hasTensorCores()) {
      for (scf::ForallOp loop : loops)
        choose(loop, chip + " has no tensor cores of sm_80");
      return;
    }

    Builder builder(&getContext());
    for (auto [number, loop] : llvm::enumerate(loops))
      loop->setAttr(TileDialect::kBlockAttrName,
                    builder.getI64IntegerAttr(number));
    for (auto [loop, outcome] : llvm::zip(loops, tryAll(loops.size()))) {
      loop->removeAttr(TileDialect::kBlockAttrName);
      if (!outcome.lack.empty())
        loop->setAttr(TileDialect::kOverBudgetAttrName,
                      builder.getStringAttr(outcome.lack));
      choose(loop, outcome.misfit);
    }
  }

private:
  static void choose(scf::ForallOp loop, const std::string &misfit) {
    if (misfit.empty()) {
      remark::passed(loop.getLoc(), nameRemark("TileProgram"))
          << "blocks are tile programs on tensor cores";
      return;
    }
    loop->setAttr(TileDialect::kSimtAttrName,
                  StringAttr::get(loop.getContext(), misfit));
    remark::missed(loop.getLoc(), nameRemark("NoTileProgram")) << misfit;
  }

  /// What became of the blocks of a loop.
  struct Outcome {
    /// Why they cannot be tile programs; empty where they can.
    std::string misfit;
    /// What smaller ones would not need; empty if the chip has it.
    std::string lack;
  };

  /// All that is done to a tile program is done to a copy.
  SmallVector<Outcome> tryAll(size_t numLoops) {
    SmallVector<Outcome> outcomes(numLoops, {"is not launched", ""});
    ModuleOp copy = getOperation().clone();
    copy.setSymName("bpt_trial");
    getOperation().push_back(copy);
    OpPassManager pipeline(ModuleOp::getOperationName());
    buildTileProgramsPipeline(pipeline, chip);
    ErrorKeeper errors(&getContext());
    if (failed(runPipeline(pipeline, copy))) {
      outcomes.assign(numLoops, {errors.first, ""});
    } else {
      SmallVector<gpu::GPUFuncOp> kernels;
      copy.walk([&](gpu::GPUFuncOp kernel) { kernels.push_back(kernel); });
      for (gpu::GPUFuncOp kernel : kernels)
        if (auto number =
                kernel->getAttrOfType<IntegerAttr>(TileDialect::kBlockAttrName))
          outcomes[number.getInt()] = tryOne(kernel);
    }
    copy.erase();
    return outcomes;
  }

  Outcome tryOne(gpu::GPUFuncOp kernel) {
    auto get = [&](StringRef name) {
      auto text = kernel->getAttrOfType<StringAttr>(name);
      return text ? text.str() : "";
    };
    if (kernel->hasAttr(TileDialect::kSimtAttrName))
      return {get(TileDialect::kSimtAttrName),
              get(TileDialect::kOverBudgetAttrName)};
    if (!kernel->hasAttr(TileDialect::kWarpsAttrName))
      return {"has operations that are not vectorised", ""};
    GPUSchedulePassOptions schedule = getScheduleOptions(chip);
    schedule.stages = stages;
    ErrorKeeper errors(&getContext());
    auto explain = [&] {
      return errors.first.empty() ? "does not fit lanes" : errors.first;
    };
    if (failed(scheduleTileProgram(kernel, schedule)))
      return {explain(), ""};
    Need registers = countRegisters(kernel);
    bool hasMemory = countWorkgroupBytes(kernel) <= schedule.maxSharedBytes;
    if (failed(distributeToLanes(kernel, getDistributionOptions(chip))))
      return {explain(), hasMemory ? "" : explain()};
    if (registers.fits())
      return {};
    return {"", llvm::formatv("a thread needs {0} registers or more, of {1}",
                              registers.needed, registers.available)};
  }
};
} // namespace
