//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_JITENGINE_H
#define BPT_EXECUTIONENGINE_JITENGINE_H

#include "bpt/ExecutionEngine/Runtime/Runtime.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace mlir::bpt {

/// An object file of this machine's CPU, linked into this process. The code
/// sees the allocator of bpt/ExecutionEngine/Runtime under the names of malloc
/// and free as well, the OpenMP runtime, the process's symbols, and those that
/// are given.
class JITEngine {
public:
  static llvm::Expected<std::unique_ptr<JITEngine>>
  create(std::unique_ptr<llvm::MemoryBuffer> object,
         llvm::ArrayRef<runtime::Symbol> symbols = {});

  /// The address of a function; links the object on the first call.
  llvm::Expected<void *> lookup(llvm::StringRef name);

private:
  /// The first problem that linking met: it names the missing symbol, which the
  /// error of the lookup does not.
  std::string problem;
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_JITENGINE_H
