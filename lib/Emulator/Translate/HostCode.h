//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_HOSTCODE_H
#define BPT_LIB_EMULATOR_TRANSLATE_HOSTCODE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm {
class LLVMContext;
class Module;
namespace orc {
class JITDylib;
class LLJIT;
} // namespace orc
} // namespace llvm

namespace mlir::bpt::emulator {

/// A translated module, compiled for this machine. All of a process share one
/// compiler for each level of optimisation, whose set-up costs more than most
/// kernels.
class HostCode {
public:
  /// Level 0 compiles fastest. Level 1 is for kernels that run long enough.
  static llvm::Expected<std::unique_ptr<HostCode>>
  compile(std::unique_ptr<llvm::Module> module,
          std::unique_ptr<llvm::LLVMContext> context, unsigned optLevel);

  ~HostCode();

  llvm::Expected<void *> lookup(llvm::StringRef name);

private:
  HostCode(llvm::orc::LLJIT &jit, llvm::orc::JITDylib &library)
      : jit(jit), library(library) {}

  llvm::orc::LLJIT &jit;
  llvm::orc::JITDylib &library;
};

/// Whether this machine converts between f16 and f32 with instructions.
bool hasHalfConversions();

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_HOSTCODE_H
