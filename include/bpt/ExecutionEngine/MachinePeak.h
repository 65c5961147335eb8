//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_MACHINEPEAK_H
#define BPT_EXECUTIONENGINE_MACHINEPEAK_H

#include "bpt/ExecutionEngine/ElementType.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::bpt {

struct MachinePeak {
  double gflops;
  /// The instruction that was counted: `f32 FMA`, `bf16 dot product`.
  std::string instruction;
};

/// Measures how many floating-point operations a second this machine does at
/// best with so many threads: chains of fused multiply-adds on registers that
/// do not wait for each other. Takes about 0.1 s. The instruction is the one
/// for products of `type`: bf16 dot products where the CPU has them, else f32
/// for the 16-bit types, which are widened.
llvm::Expected<MachinePeak> measureMachinePeak(ElementType type,
                                               unsigned numThreads);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_MACHINEPEAK_H
