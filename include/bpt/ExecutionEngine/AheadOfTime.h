//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code that runs without the compiler: see bpt-c/Launcher.h.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_AHEADOFTIME_H
#define BPT_EXECUTIONENGINE_AHEADOFTIME_H

#include "bpt/ExecutionEngine/FunctionSignature.h"

namespace mlir::bpt {

/// Which CPUs code is for: the one of this machine, or all of its architecture.
enum class TargetCPU { Host, Any };

/// LLVM IR of a module of the LLVM dialect, optimised for the CPU, in which
/// nothing but the entry is visible from outside.
FailureOr<std::string>
emitLLVMIR(ModuleOp module, const FunctionSignature &signature, TargetCPU cpu);

/// The same as an object file, of position-independent code.
FailureOr<std::string>
emitObject(ModuleOp module, const FunctionSignature &signature, TargetCPU cpu);

/// The C header of either, which defines the BPTFunction `bpt_<function>`.
/// Fails, with the reason, on a rank that a launcher has no room for.
llvm::Expected<std::string> emitHeader(const FunctionSignature &signature,
                                       bool usesDevice);

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_AHEADOFTIME_H
