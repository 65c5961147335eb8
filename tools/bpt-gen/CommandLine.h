//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Command line of bpt-gen.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_GEN_COMMANDLINE_H
#define BPT_TOOLS_BPT_GEN_COMMANDLINE_H

#include "bpt/Generator/GeneratorOptions.h"
#include "llvm/ADT/ArrayRef.h"

namespace mlir::bpt {

/// The options that `arguments` (without the program's name) ask for, resolved;
/// nothing if help was asked for and printed.
llvm::Expected<std::optional<GeneratorOptions>>
parseCommandLine(MLIRContext *context, llvm::ArrayRef<const char *> arguments);

} // namespace mlir::bpt

#endif // BPT_TOOLS_BPT_GEN_COMMANDLINE_H
