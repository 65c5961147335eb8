//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_HOSTMACHINE_H
#define BPT_EXECUTIONENGINE_HOSTMACHINE_H

#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir::bpt {

/// A description of this machine's CPU, from which code is generated.
llvm::Expected<llvm::orc::JITTargetMachineBuilder>
detectHostMachine(unsigned optLevel = 2);

/// What generates code for this machine that is linked into this process,
/// wherever there is room.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createHostMachine();

/// Makes a module one for the machine: its layout and triple, and the CPU and
/// its features on every function.
void setTargetMachine(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_HOSTMACHINE_H
