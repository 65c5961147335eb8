//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EXECUTIONENGINE_GENERATECODE_H
#define BPT_LIB_EXECUTIONENGINE_GENERATECODE_H

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir::bpt {

/// Runs the passes of LLVM that the programs of BPT need before code
/// generation. Their loops are tiled and vectorized already, so that most of
/// what LLVM's own pipelines do, and nearly all of the time they take, would
/// find nothing to do.
llvm::Error optimizeProgram(llvm::Module &module, llvm::TargetMachine &machine);

/// The object file of a program, which it optimizes.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
generateObject(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace mlir::bpt

#endif // BPT_LIB_EXECUTIONENGINE_GENERATECODE_H
