//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/CPU/Pipeline.h"
#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/Common/Bufferization.h"
#include "bpt/Target/Common/Passes.h"
#include "bpt/Target/Memory/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {

void addVectorization(OpPassManager &pm, const CPULoweringOptions &options) {
  auto &func = pm.nest<func::FuncOp>();
  func.addPass(createPrefetchBlocksPass());
  func.addPass(
      createVectorizeContractionsPass({options.vectorBits, options.bf16Dot}));
  func.addPass(createVectorizeTilesPass({options.vectorBits}));
}

void addThreads(OpPassManager &pm, const CPULoweringOptions &options) {
  if (!options.parallel) {
    pm.addNestedPass<func::FuncOp>(createForallToForLoopPass());
    pm.addPass(createPlanMemoryPass());
    return;
  }
  pm.addPass(createSequenceCheckedLoopsPass());
  // Of OpenMP's loops there are no bounds of their variables.
  pm.addPass(createPlanMemoryPass());
  pm.addNestedPass<func::FuncOp>(createForallToParallelLoopPass());
  pm.addPass(createConvertSCFToOpenMPPass());
  pm.addPass(createScheduleParallelLoopsPass());
  // Removes the alloca_scope around a loop body, which convert-scf-to-cf would
  // trip over.
  pm.addPass(createCanonicalizerPass());
}

void addMath(OpPassManager &pm, const CPULoweringOptions &options) {
  auto &func = pm.nest<func::FuncOp>();
  func.addPass(math::createMathExtendToSupportedTypes({{}, "f32"}));
  if (options.avx512Math)
    func.addPass(createAVX512MathPass());
  func.addPass(createExpandMathPass());
}

void addLLVM(OpPassManager &pm, const CPULoweringOptions &options) {
  pm.addPass(createLowerAssertionsPass());
  pm.addNestedPass<func::FuncOp>(createWidenNarrowFloatsPass());
  pm.addNestedPass<func::FuncOp>(createExpandFloat8Pass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = !options.bf16Dot;
  pm.addPass(arith::createArithExpandOpsPass(expand));
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  // Instructions first, so that libm is called for the rest only; its calls
  // take vectors apart, which is vector IR again.
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  ConvertVectorToLLVMPassOptions vector;
  vector.reassociateFPReductions = true;
  vector.x86Vector = options.bf16Dot;
  pm.addPass(createConvertVectorToLLVMPass(vector));
  FinalizeMemRefToLLVMConversionPassOptions memref;
  memref.useGenericFunctions = options.genericAllocation;
  pm.addPass(createFinalizeMemRefToLLVMConversionPass(memref));
  // After the buffers: the OpenMP conversion would convert them as well, and
  // always to malloc.
  if (options.parallel)
    pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createMoveBF16AsIntegersPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

} // namespace

void mlir::bpt::buildCPULoweringPipeline(OpPassManager &pm,
                                         const CPULoweringOptions &options) {
  auto &func = pm.nest<func::FuncOp>();
  func.addPass(createProtectArgumentsPass());
  func.addPass(createLowerPackPass());
  // An alignment that is asked for costs as many bytes more; the runtime's
  // allocator has it anyway.
  addBufferizationPasses(pm, options.genericAllocation ? 0 : 64);
  if (options.maxBlockBytes > 0)
    pm.addNestedPass<func::FuncOp>(
        createVerifyBufferizationPass({options.maxBlockBytes}));
  addDeallocationPasses(pm);
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addPass(createCSEPass());
  addThreads(pm, options);
  addVectorization(pm, options);
  addMath(pm, options);
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
  addLLVM(pm, options);
}

void mlir::bpt::registerCPULoweringPipeline() {
  PassPipelineRegistration<CPULoweringOptions>(
      "bpt-cpu-lower",
      "Lower block IR on tensors to the LLVM dialect for the host CPU",
      buildCPULoweringPipeline);
}
