//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_COMPILEDFUNCTION_H
#define BPT_EXECUTIONENGINE_COMPILEDFUNCTION_H

#include "bpt/ExecutionEngine/FunctionSignature.h"
#include "bpt/ExecutionEngine/JITEngine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::bpt {

/// A function compiled for this machine, called with host tensors. Calls may
/// run at the same time. Arguments are read in place and never written.
class CompiledFunction {
public:
  /// Translates a module of the LLVM dialect and compiles it. `signature` is
  /// that of the function to call; its C interface `_mlir_ciface_<name>` must
  /// be in the module. Every failure is a diagnostic.
  static FailureOr<std::unique_ptr<CompiledFunction>>
  create(ModuleOp module, FunctionSignature signature, unsigned optLevel = 2);

  const FunctionSignature &getSignature() const { return signature; }

  struct Result {
    SmallVector<HostTensor> tensors;
    /// The most bytes the code held at once beyond arguments and results.
    size_t workspaceBytes = 0;
  };

  /// Checks the arguments, calls the function and wraps what it returns.
  llvm::Expected<Result> run(ArrayRef<HostTensor> arguments) const;

private:
  CompiledFunction() = default;

  FunctionSignature signature;
  std::unique_ptr<JITEngine> engine;
  void (*entry)(void **) = nullptr;
};

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_COMPILEDFUNCTION_H
