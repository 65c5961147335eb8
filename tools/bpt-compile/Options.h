//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_COMPILE_OPTIONS_H
#define BPT_TOOLS_BPT_COMPILE_OPTIONS_H

#include "llvm/Support/Error.h"
#include <string>

namespace mlir::bpt {

enum class Emit { Object, Header, LLVM, PTX, Cubin };

/// What the command line asks for.
struct CompilerOptions {
  std::string file;
  std::string function;
  bool usesDevice = false;
  /// Of a device.
  std::string chip;
  std::string strategy;
  Emit emit = Emit::Object;
  /// `-`: standard output.
  std::string output;
};

/// Parses the command line; an error is one line.
llvm::Expected<CompilerOptions> parseOptions(int argc, char **argv);

} // namespace mlir::bpt

#endif // BPT_TOOLS_BPT_COMPILE_OPTIONS_H
