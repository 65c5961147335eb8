//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/ExecutionEngine/HostMachine.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
namespace orc = llvm::orc;

llvm::Expected<orc::JITTargetMachineBuilder>
bpt::detectHostMachine(unsigned optLevel) {
  static bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  auto builder = orc::JITTargetMachineBuilder::detectHost();
  if (builder)
    builder->setCodeGenOptLevel(
        static_cast<llvm::CodeGenOptLevel>(std::min(optLevel, 3u)));
  return builder;
}
