//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_CPU_PIPELINE_H
#define BPT_TARGET_CPU_PIPELINE_H

#include "mlir/Pass/PassOptions.h"

namespace mlir {
class OpPassManager;
namespace bpt {

/// What the lowering of block IR has to know of the host and of its caller.
struct CPULoweringOptions : public PassPipelineOptions<CPULoweringOptions> {
  Option<int64_t> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("Width of the host's vector registers in bits: 512 for "
                     "AVX-512, 256 for AVX2. A wider value than the host's is "
                     "correct, but slower."),
      llvm::cl::init(512)};
  Option<bool> bf16Dot{
      *this, "bf16-dot",
      llvm::cl::desc("Whether the host adds products of pairs of bf16 in one "
                     "instruction and rounds to bf16 in one (AVX512-BF16)."),
      llvm::cl::init(false)};
  Option<bool> avx512Math{
      *this, "avx512-math",
      llvm::cl::desc("Whether the host has AVX512F and AVX512DQ, whose "
                     "instructions then compute powers of two."),
      llvm::cl::init(false)};
  Option<bool> parallel{
      *this, "parallel",
      llvm::cl::desc("Run scf.forall on the threads of OpenMP's runtime; "
                     "otherwise it is a loop."),
      llvm::cl::init(true)};
  Option<bool> genericAllocation{
      *this, "generic-allocation",
      llvm::cl::desc("Call _mlir_memref_to_llvm_alloc and _free, which the "
                     "runtime defines and counts, in place of malloc and "
                     "free."),
      llvm::cl::init(true)};
  Option<int64_t> maxBlockBytes{
      *this, "max-block-bytes",
      llvm::cl::desc("When positive, it is an error that a block allocates, or "
                     "anything copies, more than this many bytes at once."),
      llvm::cl::init(0)};
};

/// Adds the passes that take block IR on tensors (scf.forall and scf.for over
/// tensor slices, linalg tiles in destination style) to the LLVM dialect:
/// bufferization, register tiling and vectorisation of the tiles on memrefs,
/// threads, and the conversions.
void buildCPULoweringPipeline(OpPassManager &pm,
                              const CPULoweringOptions &options);

/// Registers the pipeline as `bpt-cpu-lower`.
void registerCPULoweringPipeline();

} // namespace bpt
} // namespace mlir

#endif // BPT_TARGET_CPU_PIPELINE_H
