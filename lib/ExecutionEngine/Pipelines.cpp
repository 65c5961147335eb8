//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/Pipelines.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/ExecutionEngine/Passes.h"
#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/CPU/Pipeline.h"
#include "bpt/Target/CPU/VectorTarget.h"
#include "bpt/Target/GPU/Chips.h"
#include "bpt/Target/GPU/Passes.h"
#include "bpt/Target/GPU/Pipeline.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::bpt;

int64_t bpt::getHostVectorBits() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (features.lookup("avx512f"))
    return 512;
  return features.lookup("avx2") ? 256 : 128;
}

bool bpt::hostHasBF16Dot() {
  return llvm::sys::getHostCPUFeatures().lookup("avx512bf16");
}

/// Whether code for vectors of this width may use AVX-512's instructions.
static bool hasAVX512Math(int64_t vectorBits) {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  return vectorBits == 512 && features.lookup("avx512f") &&
         features.lookup("avx512dq");
}

/// Views and constants that one step leaves to the next are made one.
static void cleanUp(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// Checks must not count as uses of results, which would have to be stored for
/// them: sizes are traced back to the arguments.
static void checkSizes(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createCheckSizesPass());
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(createCSEPass());
}

/// A model is compiled as one layer, if its layers are equal.
static void outlineLayers(OpPassManager &pm) {
  // Layers that share a computation share it still, and nothing is passed that
  // is not read.
  pm.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(createCSEPass());
  pm.addPass(createOutlineRepeatsPass());
}

static void applyStrategy(OpPassManager &pm, const std::string &strategy) {
  pm.addPass(createRecordSignaturePass());
  pm.addNestedPass<func::FuncOp>(createExpandLossPass());
  pm.addNestedPass<func::FuncOp>(createExpandScalesPass());
  pm.addPass(createCanonicalizerPass());
  if (!strategy.empty())
    pm.addPass(createApplyStrategyPass({strategy}));
}

/// Makes the blocks that strategies ask for.
static void cutBlocks(OpPassManager &pm) {
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createTileSumsPass());
  function.addPass(createTileChunksPass());
  cleanUp(function);
  function.addPass(createSplitFeedForwardPass());
  function.addPass(createSplitLossGradientsPass());
  function.addPass(createSeparateGradientsPass());
  function.addPass(createTileRowsPass());
  cleanUp(function);
  function.addPass(createTileColumnsPass());
  function.addPass(createTileKeysPass());
  function.addPass(createTileHiddenPass());
  cleanUp(function);
}

void bpt::buildBlocksPipeline(OpPassManager &pm, const std::string &strategy) {
  applyStrategy(pm, strategy);
  cutBlocks(pm);
}

void bpt::buildGPUBlocksPipeline(OpPassManager &pm, const std::string &chip,
                                 bool tensorCores) {
  cutBlocks(pm);
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createDecomposePass());
  function.addPass(createDropUnitDimsPass());
  cleanUp(function);
  function.addPass(createHoistInvariantsPass());
  cleanUp(function);
  if (tensorCores)
    pm.addPass(createChoosePathsPass({chip}));
}

void bpt::buildCPUPipeline(OpPassManager &pm,
                           const CPUPipelineOptions &options) {
  CPULoweringOptions lowering;
  lowering.vectorBits =
      options.vectorBits ? options.vectorBits : getHostVectorBits();
  lowering.bf16Dot = options.bf16 == BF16Products::Dot ||
                     (options.bf16 == BF16Products::Host && hostHasBF16Dot() &&
                      lowering.vectorBits == getHostVectorBits());
  lowering.avx512Math = hasAVX512Math(lowering.vectorBits);
  lowering.parallel = options.parallel;

  // What bound arguments determine in a function that is called stays there.
  if (options.outline && options.bound.empty())
    outlineLayers(pm);
  checkSizes(pm);
  buildBlocksPipeline(pm, options.strategy);
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createDecomposePass());
  cleanUp(function);
  function.addPass(createHoistInvariantsPass());
  // Blocks of the same keys that left different loops are one.
  function.addPass(createCSEPass());
  VectorTarget target{lowering.vectorBits};
  // A weight is read once to pack it, written and read again: for 128 rows that
  // takes longer than what panels save. What is bound is packed before.
  int64_t rowsInPlace = options.bound.empty() ? 128 : 0;
  function.addPass(createPackContractionsPass({getPanelWidth(target),
                                               getRegisterTileRows(target, 2),
                                               lowering.bf16Dot, rowsInPlace}));
  cleanUp(function);
  if (!options.bound.empty()) {
    BindArgumentsPassOptions binding;
    binding.function = options.function;
    binding.arguments = llvm::to_vector(options.bound);
    pm.addPass(createBindArgumentsPass(binding));
    pm.addPass(createRecordSignaturePass());
  }
  buildCPULoweringPipeline(pm, lowering);
}

static std::string chooseStrategy(const GPUPipelineOptions &options) {
  std::optional<ChipInfo> info = findChip(options.chip);
  SmallVector<StringRef> names;
  StringRef(options.strategy).split(names, ',');
  for (StringRef &name : names)
    if (name == "chip")
      name = info && info->hasWgmma() ? "gpu,hopper" : "gpu";
  return llvm::join(names, ",");
}

void bpt::buildKernelsPipeline(OpPassManager &pm,
                               const GPUPipelineOptions &options) {
  if (options.outline)
    outlineLayers(pm);
  checkSizes(pm);
  pm.addNestedPass<func::FuncOp>(createUnifySizesPass());
  std::optional<ChipInfo> chip = findChip(options.chip);
  if (options.tensorCores && chip && chip->hasWgmma()) {
    pm.addNestedPass<func::FuncOp>(createTransposeWeightsPass());
    pm.addNestedPass<func::FuncOp>(createTransposeValuesPass());
  }
  if (options.tensorCores && chip && chip->hasTensorCores())
    pm.addNestedPass<func::FuncOp>(createWidenAttentionPass());
  applyStrategy(pm, chooseStrategy(options));
  FitBlocksPassOptions blocks;
  blocks.chip = options.chip;
  blocks.tensorCores = options.tensorCores;
  // Of what a user has asked for nothing is changed.
  blocks.adjust =
      llvm::all_of(llvm::split(options.strategy, ','), [](StringRef name) {
        return name == "chip" || name == "gpu" || name == "hopper";
      });
  pm.addPass(createFitBlocksPass(blocks));
  buildGPUKernelsPipeline(pm, options.chip, options.tensorCores);
}

void bpt::buildNVVMPipeline(OpPassManager &pm,
                            const GPUPipelineOptions &options) {
  buildKernelsPipeline(pm, options);
  buildNVVMPipeline(pm, options.chip);
}

void bpt::buildGPUPipeline(OpPassManager &pm,
                           const GPUPipelineOptions &options) {
  buildNVVMPipeline(pm, options);
  buildGPUCodePipeline(pm, options.chip);
}

void bpt::registerPipelines() {
  PassPipelineRegistration<CPUPipelineOptions>(
      "bpt-blocks", "Model IR to blocks, as the strategy says",
      [](OpPassManager &pm, const CPUPipelineOptions &options) {
        buildBlocksPipeline(pm, options.strategy);
      });
  PassPipelineRegistration<CPUPipelineOptions>(
      "bpt-cpu", "Model IR to the LLVM dialect for CPUs", buildCPUPipeline);
  PassPipelineRegistration<GPUPipelineOptions>(
      "bpt-gpu-kernels", "Model IR to kernels, distributed over threads",
      buildKernelsPipeline);
  PassPipelineRegistration<GPUPipelineOptions>(
      "bpt-nvvm", "Model IR to kernels in the NVVM dialect",
      [](OpPassManager &pm, const GPUPipelineOptions &options) {
        buildNVVMPipeline(pm, options);
      });
  PassPipelineRegistration<GPUPipelineOptions>(
      "bpt-gpu", "Model IR to PTX and host code in the LLVM dialect",
      buildGPUPipeline);
}
