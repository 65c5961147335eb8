//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EXECUTIONENGINE_PROGRAMCACHE_H
#define BPT_LIB_EXECUTIONENGINE_PROGRAMCACHE_H

#include "bpt/ExecutionEngine/Compile.h"
#include "bpt/ExecutionEngine/Device/CodeCache.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MemoryBuffer.h"

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace mlir::bpt {

/// What one module becomes with some options on a machine, kept in files
/// between runs (CodeCache): the object file, and of the lowered module the
/// declarations of the functions that are called, whose attributes have their
/// signatures and memory plans.
class ProgramCache {
public:
  /// The key is everything that the object depends on: the module with its
  /// locations, the options, the bound arguments, the text of a strategy, the
  /// CPU, and the files of the compiler itself, so that one that was built
  /// again finds nothing.
  ProgramCache(ModuleOp module, const CompileOptions &options,
               ArrayRef<unsigned> bound, llvm::TargetMachine &machine);

  /// The object, or null. If there is one, the module becomes the declarations.
  std::unique_ptr<llvm::MemoryBuffer> read(ModuleOp module) const;

  /// Keeps what the module, which is lowered, was compiled to.
  void write(ModuleOp module, const llvm::MemoryBuffer &object) const;

private:
  std::string function;
  runtime::CodeCache files;
  /// None: nothing is kept.
  std::optional<std::string> key;
};

} // namespace mlir::bpt

#endif // BPT_LIB_EXECUTIONENGINE_PROGRAMCACHE_H
