//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_MEMORY_PASSES_H
#define BPT_TARGET_MEMORY_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::bpt {

#define GEN_PASS_DECL
#include "bpt/Target/Memory/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "bpt/Target/Memory/Passes.h.inc"

} // namespace mlir::bpt

#endif // BPT_TARGET_MEMORY_PASSES_H
