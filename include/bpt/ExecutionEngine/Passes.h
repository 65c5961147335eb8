//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_PASSES_H
#define BPT_EXECUTIONENGINE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::bpt {

#define GEN_PASS_DECL
#include "bpt/ExecutionEngine/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "bpt/ExecutionEngine/Passes.h.inc"

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_PASSES_H
