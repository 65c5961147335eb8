//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_EMULATE_OPTIONS_H
#define BPT_TOOLS_BPT_EMULATE_OPTIONS_H

#include "Case.h"

namespace mlir::bpt::emulator {

/// What the command line asks for.
struct EmulateOptions {
  Case test;
  /// A file of cases to run instead.
  std::string batch;
  /// Only print the kernels.
  bool list = false;
  /// Only print the table of instructions.
  bool instructions = false;
  bool json = false;
};

/// Parses the command line; an error is one line.
llvm::Expected<EmulateOptions> parseOptions(int argc, char **argv);

} // namespace mlir::bpt::emulator

#endif // BPT_TOOLS_BPT_EMULATE_OPTIONS_H
