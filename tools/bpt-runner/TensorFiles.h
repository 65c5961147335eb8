//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TOOLS_BPT_RUNNER_TENSORFILES_H
#define BPT_TOOLS_BPT_RUNNER_TENSORFILES_H

#include "bpt/ExecutionEngine/FunctionSignature.h"
#include "bpt/ExecutionEngine/SafetensorsFile.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::bpt {

/// Reads the tensors that flags name; a safetensors file is opened once.
class TensorReader {
public:
  /// `@file.npy` or `@file.safetensors#name`.
  llvm::Expected<HostTensor> readFile(StringRef reference);
  /// A file, or a literal.
  llvm::Expected<HostTensor> readInput(StringRef text);
  llvm::Expected<const SafetensorsFile *> openSafetensors(StringRef path);

private:
  llvm::StringMap<SafetensorsFile> files;
};

/// Reads the arguments: those that the weights file holds by name from it,
/// whose numbers go to `weightNumbers`, the rest from the inputs in order.
llvm::Expected<SmallVector<HostTensor>>
readArguments(const FunctionSignature &signature, StringRef weights,
              ArrayRef<std::string> inputs, TensorReader &reader,
              SmallVectorImpl<unsigned> &weightNumbers);

/// The numbers of the arguments of these names or numbers.
llvm::Expected<SmallVector<unsigned>>
findArguments(const FunctionSignature &signature, ArrayRef<std::string> names);

/// Where results go. Parsed before anything runs, written after.
class OutputFiles {
public:
  /// Checks the references against the signature.
  static llvm::Expected<OutputFiles> parse(ArrayRef<std::string> references,
                                           const FunctionSignature &signature);

  /// Writes all files, or none.
  llvm::Error write(ArrayRef<HostTensor> results) const;

private:
  struct Target {
    std::string path;
    /// Names in a safetensors file; a .npy file has one result, unnamed.
    SmallVector<std::pair<std::string, unsigned>> results;
    bool isNpy;
  };
  SmallVector<Target> targets;
};

} // namespace mlir::bpt

#endif // BPT_TOOLS_BPT_RUNNER_TENSORFILES_H
