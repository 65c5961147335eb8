//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_RUNNER_OPTIONS_H
#define BPT_TOOLS_BPT_RUNNER_OPTIONS_H

#include "bpt/ExecutionEngine/OpenDevice.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::bpt {

/// What the command line asks for.
struct RunnerOptions {
  std::string file;
  std::string function;
  DeviceOptions device;
  std::string strategy;
  bool tensorCores = true;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> expectedOutputs;
  std::string weights;
  /// Names or numbers of arguments.
  std::vector<std::string> bind;
  bool bindWeights = false;
  double atol = 0;
  double rtol = 0;
  /// Present with --benchmark; 0 where it states no number of runs.
  std::optional<unsigned> benchmarkRuns;
  bool memoryReport = false;
  bool memoryPlan = false;
  std::optional<int64_t> memoryLimit;
  bool poison = false;
  bool json = false;
  /// 0: as the OpenMP runtime chooses.
  unsigned threads = 0;
};

/// Parses the command line; an error is one line.
llvm::Expected<RunnerOptions> parseOptions(int argc, char **argv);

} // namespace mlir::bpt

#endif // BPT_TOOLS_BPT_RUNNER_OPTIONS_H
