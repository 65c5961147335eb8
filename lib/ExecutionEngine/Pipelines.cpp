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

void bpt::buildBlocksPipeline(OpPassManager &pm,
                              const CPUPipelineOptions &options) {
  pm.addPass(createRecordSignaturePass());
  pm.addPass(createCanonicalizerPass());
  if (!options.strategy.empty())
    pm.addPass(createApplyStrategyPass({options.strategy}));
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createTileRowsPass());
  cleanUp(function);
  function.addPass(createTileKeysPass());
  function.addPass(createTileHiddenPass());
  cleanUp(function);
}

void bpt::buildCPUPipeline(OpPassManager &pm,
                           const CPUPipelineOptions &options) {
  CPULoweringOptions lowering;
  lowering.vectorBits =
      options.vectorBits ? options.vectorBits : getHostVectorBits();
  lowering.parallel = options.parallel;

  checkSizes(pm);
  buildBlocksPipeline(pm, options);
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createDecomposePass());
  cleanUp(function);
  function.addPass(createHoistInvariantsPass());
  function.addPass(createPackContractionsPass(
      {getPanelWidth(VectorTarget{lowering.vectorBits})}));
  cleanUp(function);
  buildCPULoweringPipeline(pm, lowering);
}

void bpt::registerPipelines() {
  PassPipelineRegistration<CPUPipelineOptions>(
      "bpt-blocks", "Model IR to blocks, as the strategy says",
      buildBlocksPipeline);
  PassPipelineRegistration<CPUPipelineOptions>(
      "bpt-cpu", "Model IR to the LLVM dialect for CPUs", buildCPUPipeline);
}
