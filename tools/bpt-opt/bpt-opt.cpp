//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "bpt/Dialect/BPT/TransformOps/BPTTransformOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/ExecutionEngine/Passes.h"
#include "bpt/ExecutionEngine/Pipelines.h"
#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/CPU/Pipeline.h"
#include "bpt/Target/Common/Passes.h"
#include "bpt/Target/GPU/Distribute/Passes.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "bpt/Target/GPU/Passes.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  registry.insert<mlir::bpt::BPTDialect, mlir::bpt::tile::TileDialect>();
  mlir::bpt::registerTransformOps(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  mlir::bpt::registerBPTPasses();
  mlir::bpt::registerBPTCPUPasses();
  mlir::bpt::registerBPTTargetCommonPasses();
  mlir::bpt::registerBPTTargetGPUPasses();
  mlir::bpt::registerBPTGPUDistributePasses();
  mlir::bpt::registerBPTGPULaunchPasses();
  mlir::bpt::registerBPTGPUVectorizePasses();
  mlir::bpt::registerBPTExecutionEnginePasses();
  mlir::bpt::registerCPULoweringPipeline();
  mlir::bpt::registerPipelines();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "BPT optimizer driver\n", registry));
}
