//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/GPU/Pipeline.h"
#include "bpt/Target/Common/Bufferization.h"
#include "bpt/Target/Common/Passes.h"
#include "bpt/Target/GPU/Chips.h"
#include "bpt/Target/GPU/Distribute/Passes.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "bpt/Target/GPU/Passes.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::bpt;

static void cleanUp(OpPassManager &pm) {
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

static bool hasWgmma(const std::string &chip) {
  std::optional<ChipInfo> info = findChip(chip);
  return info && info->hasWgmma();
}

/// Blocks to vector values, where their path is that of tile programs.
static void vectorizeBlocks(OpPassManager &pm, const std::string &chip) {
  auto &function = pm.nest<func::FuncOp>();
  function.addPass(createNarrowProductsPass());
  cleanUp(function);
  function.addPass(createTileProductsPass());
  cleanUp(function);
  VectorizeBlocksPassOptions options;
  // Several warpgroups hold tiles of twice the size.
  if (hasWgmma(chip)) {
    options.maxTileElements *= 2;
    options.dropKnownEdges = options.float8 = true;
  }
  function.addPass(createVectorizeBlocksPass(options));
  cleanUp(function);
}

static void makeKernels(OpPassManager &pm, const std::string &chip) {
  pm.addNestedPass<func::FuncOp>(createProtectArgumentsPass());
  addBufferizationPasses(pm);
  pm.addPass(createGPUOutlinePass());
  cleanUp(pm);
  pm.addNestedPass<func::FuncOp>(createVerifyHostPass());
  pm.addPass(createPrepareTileKernelsPass({hasWgmma(chip)}));
  cleanUp(pm);
  pm.addPass(createUnifyArgumentsPass());
}

static void distributeOverThreads(OpPassManager &pm) {
  pm.addNestedPass<gpu::GPUModuleOp>(createGPUSimtPass());
  cleanUp(pm);
  pm.addNestedPass<gpu::GPUModuleOp>(createLowerAffinePass());
}

GPUSchedulePassOptions bpt::getScheduleOptions(const std::string &chip) {
  GPUSchedulePassOptions options;
  if (std::optional<ChipInfo> info = findChip(chip)) {
    options.maxSharedBytes = info->maxSharedBytes;
    options.warpRoles = options.overlap = options.pingPong = info->hasWgmma();
  }
  return options;
}

DistributeToLanesPassOptions
bpt::getDistributionOptions(const std::string &chip) {
  DistributeToLanesPassOptions options;
  if (std::optional<ChipInfo> info = findChip(chip)) {
    options.maxSharedBytes = info->maxSharedBytes;
    options.wgmma = info->hasWgmma();
  }
  return options;
}

void bpt::buildTileProgramsPipeline(OpPassManager &pm,
                                    const std::string &chip) {
  vectorizeBlocks(pm, chip);
  makeKernels(pm, chip);
  distributeOverThreads(pm);
}

void bpt::buildGPUKernelsPipeline(OpPassManager &pm, const std::string &chip,
                                  bool tensorCores) {
  if (tensorCores)
    vectorizeBlocks(pm, chip);
  makeKernels(pm, chip);
  // Only the host's buffers are left; blocks own their places.
  bufferization::buildBufferDeallocationPipeline(pm);
  pm.addPass(createConvertBufferizationToMemRefPass());
  distributeOverThreads(pm);
  auto &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(createGPUSchedulePass(getScheduleOptions(chip)));
  if (hasWgmma(chip)) {
    pm.addPass(createPersistPass());
    pm.addPass(createTensorMapsPass());
  }
  pm.addNestedPass<gpu::GPUModuleOp>(
      createDistributeToLanesPass(getDistributionOptions(chip)));
  pm.addPass(createLaunchTileKernelsPass());
  cleanUp(pm);
}

void bpt::buildNVVMPipeline(OpPassManager &pm, const std::string &chip) {
  auto &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(math::createMathExtendToSupportedTypes({{}, "f32"}));
  kernels.addPass(createExpandDeviceMathPass());
  kernels.addPass(createWidenNarrowFloatsPass());
  std::optional<ChipInfo> info = findChip(chip);
  if (info && info->convertsFloat8())
    kernels.addPass(createConvertFloat8Pass());
  kernels.addPass(createExpandFloat8Pass());
  // Older chips do not convert bf16 by themselves.
  if (info && info->number < 80) {
    arith::ArithExpandOpsPassOptions expand;
    expand.includeBf16 = true;
    kernels.addPass(arith::createArithExpandOpsPass(expand));
  }
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(memref::createExpandStridedMetadataPass());
  kernels.addPass(createLowerAffinePass());
  cleanUp(kernels);
  kernels.addPass(createSCFToControlFlowPass());
  kernels.addPass(createLowerKernelsPass());
  // What is written as PTX.
  kernels.addPass(createConvertNVVMToLLVMPass());
  kernels.addPass(createReconcileUnrealizedCastsPass());
  cleanUp(kernels);
}

void bpt::buildGPUCodePipeline(OpPassManager &pm, const std::string &chip) {
  pm.addPass(createEmitPTXPass({chip}));
  pm.addPass(createLowerAssertionsPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createLowerHostPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  cleanUp(pm);
}
