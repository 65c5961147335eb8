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
  /// A function of code that is linked. `signature` is that of the function to
  /// call, by `void <entryName>(ptr args)`, which loads the descriptors of its
  /// C interface from an array.
  static llvm::Expected<std::unique_ptr<CompiledFunction>>
  create(std::shared_ptr<JITEngine> engine, StringRef entryName,
         FunctionSignature signature,
         std::shared_ptr<runtime::Device> device = nullptr);

  /// An argument, by its number.
  using NumberedTensor = std::pair<unsigned, HostTensor>;

  /// The function that takes the other arguments, and is given these in every
  /// call. They are in ascending order and must fit; of their bytes,
  /// `keptBytes` count as its own.
  std::unique_ptr<CompiledFunction> bind(ArrayRef<NumberedTensor> tensors,
                                         size_t keptBytes) const;

  /// What calls take.
  const FunctionSignature &getSignature() const { return signature; }

  /// The shapes of what the code takes: those of a call and of what is bound.
  SmallVector<SmallVector<int64_t>>
  getCodeShapes(ArrayRef<SmallVector<int64_t>> shapes) const;

  /// What is held as long as this function is.
  size_t getKeptBytes() const { return keptBytes; }

  struct Result {
    SmallVector<HostTensor> tensors;
    /// The most bytes the code held at once beyond arguments and results, with
    /// those that are kept. On a device: of its memory.
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

  /// With all arguments of the code.
  llvm::Expected<Result> runOnHost(ArrayRef<HostTensor> arguments) const;
  llvm::Expected<Result> runOnDevice(ArrayRef<HostTensor> arguments) const;

  FunctionSignature signature, codeSignature;
  /// Ascending.
  SmallVector<NumberedTensor> bound;
  size_t keptBytes = 0;
  /// Null: this machine. It outlives the code, which has its modules.
  std::shared_ptr<runtime::Device> device;
  std::shared_ptr<JITEngine> engine;
  void (*entry)(void **) = nullptr;
};

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_COMPILEDFUNCTION_H
