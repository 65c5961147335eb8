//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EXECUTIONENGINE_TRANSLATEPROGRAM_H
#define BPT_LIB_EXECUTIONENGINE_TRANSLATEPROGRAM_H

#include "bpt/ExecutionEngine/FunctionSignature.h"
#include "llvm/IR/Module.h"

namespace mlir::bpt {

/// A function of a program and the name that it is called by.
struct ProgramEntry {
  const FunctionSignature &signature;
  StringRef name;
};

/// Translates a module of the LLVM dialect, with a `void <name>(ptr args)` for
/// every entry, which calls the C interface of the function with the
/// descriptors in an array. Null after a diagnostic.
std::unique_ptr<llvm::Module> translateProgram(ModuleOp module,
                                               ArrayRef<ProgramEntry> entries,
                                               llvm::LLVMContext &context);

} // namespace mlir::bpt

#endif // BPT_LIB_EXECUTIONENGINE_TRANSLATEPROGRAM_H
