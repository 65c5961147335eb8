//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EMULATOR_PTX_PARSER_H
#define BPT_EMULATOR_PTX_PARSER_H

#include "bpt/Emulator/PTX/AST.h"

namespace mlir::bpt::ptx {

/// Parses a PTX module: resolves its names, finds each instruction's form in
/// the table and checks the operands against it. The error is that of
/// Source::error, of the first thing that is wrong. `name` is that of the file.
llvm::Expected<std::unique_ptr<Module>> parseModule(llvm::StringRef text,
                                                    llvm::StringRef name);

} // namespace mlir::bpt::ptx

#endif // BPT_EMULATOR_PTX_PARSER_H
