//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The dialect and the passes as a plugin of any mlir-opt of the same version.
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "bpt/Dialect/BPT/TransformOps/BPTTransformOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/CPU/Pipeline.h"
#include "bpt/Target/Common/Passes.h"
#include "bpt/Target/GPU/Distribute/Passes.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "bpt/Target/GPU/Passes.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "bpt/Target/Memory/Passes.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Compiler.h"

using namespace mlir;

static void registerDialects(DialectRegistry *registry) {
  registry->insert<bpt::BPTDialect, bpt::tile::TileDialect>();
  bpt::registerTransformOps(*registry);
}

static void registerPasses() {
  bpt::registerBPTPasses();
  bpt::registerBPTCPUPasses();
  bpt::registerBPTTargetCommonPasses();
  bpt::registerBPTTargetMemoryPasses();
  bpt::registerBPTTargetGPUPasses();
  bpt::registerBPTGPUDistributePasses();
  bpt::registerBPTGPULaunchPasses();
  bpt::registerBPTGPUVectorizePasses();
  bpt::registerCPULoweringPipeline();
}

extern "C" LLVM_ATTRIBUTE_WEAK DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "BPT", LLVM_VERSION_STRING,
          registerDialects};
}

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "BPT", LLVM_VERSION_STRING, registerPasses};
}
