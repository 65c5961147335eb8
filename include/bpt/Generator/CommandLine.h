//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The flags of bpt-gen, of which the keywords of Python's bpt.generate are
// others.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_GENERATOR_COMMANDLINE_H
#define BPT_GENERATOR_COMMANDLINE_H

#include "bpt/Generator/GeneratorOptions.h"
#include "llvm/ADT/ArrayRef.h"

namespace mlir::bpt {

/// The options that `arguments` (without the program's name) ask for, resolved;
/// nothing if help was asked for, which then is in `help`.
llvm::Expected<std::optional<GeneratorOptions>>
parseCommandLine(MLIRContext *context, llvm::ArrayRef<const char *> arguments,
                 llvm::raw_ostream &help);

} // namespace mlir::bpt

#endif // BPT_GENERATOR_COMMANDLINE_H
