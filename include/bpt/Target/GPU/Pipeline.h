//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_PIPELINE_H
#define BPT_TARGET_GPU_PIPELINE_H

#include "bpt/Target/GPU/Distribute/Passes.h"
#include <string>

namespace mlir {
class OpPassManager;
namespace bpt {

/// Makes kernels of blocks, those that may be as tile programs; before these
/// are scheduled and distributed, and without what frees buffers.
void buildTileProgramsPipeline(OpPassManager &pm, const std::string &chip);

/// How tile programs are scheduled and distributed for a chip.
GPUSchedulePassOptions getScheduleOptions(const std::string &chip);
DistributeToLanesPassOptions getDistributionOptions(const std::string &chip);

/// Adds the passes that take block IR on tensors, without operations of the
/// dialect and with the decision of bpt-gpu-choose-paths, to kernels whose
/// operations are distributed over threads, and host functions that launch
/// them. Blocks that multiply f16 or bf16 become tile programs for tensor cores
/// if asked for and if the chip has them.
void buildGPUKernelsPipeline(OpPassManager &pm, const std::string &chip,
                             bool tensorCores);

/// Adds the passes that take such kernels to the NVVM dialect.
void buildNVVMPipeline(OpPassManager &pm, const std::string &chip);

/// Adds the passes that compile kernels to PTX and host functions to calls of
/// the device's ABI in the LLVM dialect.
void buildGPUCodePipeline(OpPassManager &pm, const std::string &chip);

} // namespace bpt
} // namespace mlir

#endif // BPT_TARGET_GPU_PIPELINE_H
