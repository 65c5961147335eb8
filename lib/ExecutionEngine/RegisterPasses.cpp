//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/ExecutionEngine/Compile.h"
#include "bpt/ExecutionEngine/Passes.h"
#include "bpt/ExecutionEngine/Pipelines.h"
#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/CPU/Pipeline.h"
#include "bpt/Target/Common/Passes.h"
#include "bpt/Target/GPU/Distribute/Passes.h"
#include "bpt/Target/GPU/Launch/Passes.h"
#include "bpt/Target/GPU/Passes.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "bpt/Target/Memory/Passes.h"
#include "mlir/InitAllPasses.h"
#include <mutex>

using namespace mlir;

void bpt::registerCompilerPasses() {
  static std::once_flag once;
  std::call_once(once, [] {
    registerAllPasses();
    registerBPTPasses();
    registerBPTCPUPasses();
    registerBPTTargetCommonPasses();
    registerBPTTargetMemoryPasses();
    registerBPTTargetGPUPasses();
    registerBPTGPUDistributePasses();
    registerBPTGPULaunchPasses();
    registerBPTGPUVectorizePasses();
    registerBPTExecutionEnginePasses();
    registerCPULoweringPipeline();
    registerPipelines();
  });
}
