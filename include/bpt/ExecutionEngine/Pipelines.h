//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From model IR to code that the JIT takes.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_PIPELINES_H
#define BPT_EXECUTIONENGINE_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::bpt {

/// How a CPU multiplies matrices of bf16.
enum class BF16Products {
  /// As this machine does best.
  Host,
  /// By AVX512-BF16's dot products of pairs.
  Dot,
  /// Extended to f32.
  Extend,
};

/// Options of `bpt-blocks` and `bpt-cpu`.
struct CPUPipelineOptions : public PassPipelineOptions<CPUPipelineOptions> {
  Option<std::string> strategy{
      *this, "strategy",
      llvm::cl::desc("File of the strategy, or the name of one that ships with "
                     "BPT; empty: operations keep the strategies they carry."),
      llvm::cl::init("cpu")};
  Option<int64_t> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("Width of vector registers in bits: 512 for AVX-512, 256 "
                     "for AVX2; 0: that of this machine."),
      llvm::cl::init(0)};
  Option<BF16Products> bf16{
      *this, "bf16", llvm::cl::desc("How matrices of bf16 are multiplied."),
      llvm::cl::init(BF16Products::Host),
      llvm::cl::values(
          clEnumValN(BF16Products::Host, "host", "as this machine does best"),
          clEnumValN(BF16Products::Dot, "dot",
                     "by AVX512-BF16's dot products of pairs"),
          clEnumValN(BF16Products::Extend, "extend", "extended to f32"))};
  Option<bool> parallel{
      *this, "parallel",
      llvm::cl::desc("Run blocks of rows on the threads of OpenMP's runtime."),
      llvm::cl::init(true)};
  Option<bool> outline{
      *this, "outline",
      llvm::cl::desc("Make calls of one function of equal layers, unless "
                     "arguments are bound."),
      llvm::cl::init(true)};
  Option<std::string> function{
      *this, "function",
      llvm::cl::desc("The function whose arguments `bound` binds."),
      llvm::cl::init("main")};
  ListOption<unsigned> bound{
      *this, "bound",
      llvm::cl::desc("Numbers of arguments that are bound once for many calls: "
                     "what they alone determine becomes a function of its "
                     "own, `<function>_bind`.")};
};

/// Options of `bpt-gpu-kernels`, `bpt-nvvm` and `bpt-gpu`.
struct GPUPipelineOptions : public PassPipelineOptions<GPUPipelineOptions> {
  Option<std::string> strategy{
      *this, "strategy",
      llvm::cl::desc("File of the strategy, or the name of one that ships with "
                     "BPT, or several with commas between, applied in order; "
                     "chip: that of the chip; empty: operations keep the "
                     "strategies they carry."),
      llvm::cl::init("chip")};
  Option<std::string> chip{
      *this, "chip",
      llvm::cl::desc("The GPU to compile for, such as sm_80 or sm_90a."),
      llvm::cl::init("sm_80")};
  Option<bool> tensorCores{
      *this, "tensor-cores",
      llvm::cl::desc(
          "Compute blocks that multiply f16 or bf16 on tensor cores, "
          "where the chip has those of sm_80."),
      llvm::cl::init(true)};
  Option<bool> outline{
      *this, "outline",
      llvm::cl::desc("Make calls of one function of equal layers."),
      llvm::cl::init(true)};
};

/// Width of this machine's vector registers in bits.
int64_t getHostVectorBits();

/// Whether this machine has AVX512-BF16.
bool hostHasBF16Dot();

/// Model IR to blocks: strategies, loops over rows, keys and hidden units.
void buildBlocksPipeline(OpPassManager &pm, const std::string &strategy);

/// Operations with strategies to the blocks that these ask for, on tensors, and
/// the decision which of them are tile programs.
void buildGPUBlocksPipeline(OpPassManager &pm, const std::string &chip,
                            bool tensorCores);

/// Model IR to the LLVM dialect for CPUs.
void buildCPUPipeline(OpPassManager &pm, const CPUPipelineOptions &options);

/// Model IR to host functions and kernels distributed over threads, at the
/// level of memrefs.
void buildKernelsPipeline(OpPassManager &pm, const GPUPipelineOptions &options);

/// Model IR to host functions on memrefs and kernels in the NVVM dialect.
void buildNVVMPipeline(OpPassManager &pm, const GPUPipelineOptions &options);

/// Model IR to PTX and host functions in the LLVM dialect.
void buildGPUPipeline(OpPassManager &pm, const GPUPipelineOptions &options);

/// Registers `bpt-blocks`, `bpt-cpu` and those for GPUs.
void registerPipelines();

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_PIPELINES_H
