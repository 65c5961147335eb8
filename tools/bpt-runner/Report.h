//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_RUNNER_REPORT_H
#define BPT_TOOLS_BPT_RUNNER_REPORT_H

#include "MemoryReport.h"
#include "bpt/ExecutionEngine/Device/Device.h"
#include "bpt/ExecutionEngine/FunctionSignature.h"
#include "bpt/ExecutionEngine/TensorCompare.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <vector>

namespace mlir::bpt {

/// What was measured; what was not asked for is absent.
struct Report {
  double compileMs = 0;
  /// Of binding arguments and computing what is kept.
  std::optional<double> bindMs;
  unsigned numThreads = 0;
  /// Of every run, in order.
  std::vector<double> times;
  std::optional<double> flops;
  /// What this machine does at best with as many threads, and by which
  /// instruction.
  std::optional<double> peakGflops;
  std::string peakInstruction;
  /// Before the function ran.
  std::optional<MemoryReport> plan;
  std::optional<size_t> workspaceBytes;
  std::optional<size_t> rssGrowthBytes;
  /// Of the kernels of the first call.
  std::vector<runtime::KernelProfile> profile;
  /// Of the code.
  runtime::Chip chip;
  /// One for every expected output.
  std::vector<TensorDifference> differences;

  double getMedianMs() const;
  double getMinMs() const;
  double getMaxMs() const;
  std::optional<double> getGflops() const;
  std::optional<double> getRooflineShare() const;
};

/// Prints what was measured, a line each.
void printText(const Report &report, llvm::raw_ostream &os);

/// Prints one object. The keys are always there, except `kernels`, which is
/// with
/// --profile, and `plan`, which is with --memory-plan; what was not measured,
/// or is not a number, is null. With several expected outputs the errors are
/// the largest.
void printJSON(const Report &report, llvm::raw_ostream &os);

/// Prints type and first elements of every result.
void printResults(const FunctionSignature &signature,
                  ArrayRef<HostTensor> results, llvm::raw_ostream &os);

} // namespace mlir::bpt

#endif // BPT_TOOLS_BPT_RUNNER_REPORT_H
