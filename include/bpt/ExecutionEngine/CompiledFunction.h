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
namespace runtime {
class Device;
} // namespace runtime

/// What compiled code could not go on from, in its own words: a size that does
/// not fit, with its place in the source, or no memory.
class CompiledCodeError : public llvm::ErrorInfo<CompiledCodeError> {
public:
  /// As llvm::ErrorInfo wants it.
  static char ID; // NOLINT(readability-identifier-naming)
  explicit CompiledCodeError(std::string line) : line(std::move(line)) {}

  /// `layer.mlir:3:8: error: 'bpt.linear' op ...`
  StringRef getLine() const { return line; }
  void log(llvm::raw_ostream &os) const override { os << line; }
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

private:
  std::string line;
};

/// A function compiled for this machine or for a device, called with host
/// tensors. Calls may run at the same time. Arguments are never written; on
/// this machine they are read in place, for a device copied there.
class CompiledFunction {
public:
  /// Links an object file into this process. `signature` is that of the
  /// function to call, by `void <kEntryName>(ptr args)`, which loads the
  /// descriptors of its C interface from an array.
  static llvm::Expected<std::unique_ptr<CompiledFunction>>
  create(std::unique_ptr<llvm::MemoryBuffer> object,
         FunctionSignature signature,
         std::shared_ptr<runtime::Device> device = nullptr);

  static constexpr StringLiteral kEntryName = "bpt.entry";

  const FunctionSignature &getSignature() const { return signature; }

  struct Result {
    SmallVector<HostTensor> tensors;
    /// The most bytes the code held at once beyond arguments and results.
    /// On a device: of its memory.
    size_t workspaceBytes = 0;
    /// The time of the work by the clock of the device, if it has one; without
    /// the copies of arguments and results.
    std::optional<double> deviceMs;
  };

  /// Checks the arguments, calls the function and wraps what it returns. A
  /// CompiledCodeError is the code's own; nothing of the call is left then.
  llvm::Expected<Result> run(ArrayRef<HostTensor> arguments) const;

private:
  CompiledFunction() = default;

  llvm::Expected<Result> runOnDevice(ArrayRef<HostTensor> arguments) const;

  FunctionSignature signature;
  /// Null: this machine. It outlives the code, which has its modules.
  std::shared_ptr<runtime::Device> device;
  std::unique_ptr<JITEngine> engine;
  void (*entry)(void **) = nullptr;
};

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_COMPILEDFUNCTION_H
