//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_COMPILE_H
#define BPT_EXECUTIONENGINE_COMPILE_H

#include "bpt/ExecutionEngine/BindableFunction.h"
#include "bpt/ExecutionEngine/Device/Chip.h"

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::bpt {

struct CompileOptions {
  /// The function to call.
  std::string function = "main";
  /// The GPU to generate code for; none: this machine.
  std::optional<runtime::Chip> chip;
  /// Where the code is to run, with a chip.
  std::shared_ptr<runtime::Device> device;
  /// File of the strategy, or the name of one that ships with BPT. If empty,
  /// the one that was tuned for this machine's CPU, else the default of the
  /// device.
  std::string strategy;
  /// On a GPU: blocks that multiply f16 or bf16 become tile programs.
  bool tensorCores = true;
};

/// Registers what a module may be made of and what lowering it needs.
void registerCompilerDialects(DialectRegistry &registry);

/// The passes and pipelines of bpt-opt; more than one call does no harm.
void registerCompilerPasses();

/// Lowers a module, in place, to the LLVM dialect, if it is not that already:
/// to a program of this machine or to one that works on a device. Returns what
/// the function takes and gives. Every failure is a diagnostic.
FailureOr<FunctionSignature> lower(ModuleOp module,
                                   const CompileOptions &options);

/// The PTX of a module's kernels for the chip that the options name; the module
/// is lowered in place. It is an error if it has none. Every failure is a
/// diagnostic.
FailureOr<std::string> compileToPTX(ModuleOp module,
                                    const CompileOptions &options);

/// Lowers a module, in place, and compiles one of its functions. A module that
/// consists of the LLVM dialect is compiled as it is. Every failure is a
/// diagnostic.
FailureOr<std::unique_ptr<CompiledFunction>>
compile(ModuleOp module, const CompileOptions &options);

/// The same of a function some of whose arguments, by their numbers in any
/// order, are bound for many calls. What they alone determine is then computed
/// once, unless the module was lowered before or is compiled for a GPU.
FailureOr<std::unique_ptr<BindableFunction>>
compileBindable(ModuleOp module, const CompileOptions &options,
                ArrayRef<unsigned> bound);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_COMPILE_H
