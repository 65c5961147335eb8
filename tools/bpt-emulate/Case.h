//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_EMULATE_CASE_H
#define BPT_TOOLS_BPT_EMULATE_CASE_H

#include "bpt/Emulator/Translate/Module.h"
#include "llvm/Support/JSON.h"
#include <map>
#include <string>
#include <vector>

namespace mlir::bpt::emulator {

/// One launch of a kernel.
struct Case {
  std::string name;
  /// The path of the PTX file, or its text.
  std::string path, text;
  /// May be empty if the module has one kernel.
  std::string kernel;
  Dim3 grid, block, cluster;
  uint32_t dynamicShared = 0;
  std::vector<std::string> arguments;
  /// The number of an argument that is a buffer, and a .npy file's path.
  std::map<unsigned, std::string> outputs;
  /// Buffers to print.
  std::vector<unsigned> printed;
  LaunchOptions launch;
  ModuleOptions module;
};

struct CaseResult {
  std::string kernel;
  LaunchReport report;
  /// Of the profile, if there is one.
  llvm::json::Object profile;
  std::string profileText;
  /// What `printed` asked for.
  std::string output;
};

/// Loads, launches and writes outputs. An error that the kernel made is a
/// LaunchError.
llvm::Expected<CaseResult> runCase(const Case &test);

/// The kernels of a module with their parameters, as text.
llvm::Expected<std::string> listKernels(const Case &test);

} // namespace mlir::bpt::emulator

#endif // BPT_TOOLS_BPT_EMULATE_CASE_H
