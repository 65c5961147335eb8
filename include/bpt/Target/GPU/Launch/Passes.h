//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_TARGET_GPU_LAUNCH_PASSES_H
#define BPT_TARGET_GPU_LAUNCH_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::bpt {

#define GEN_PASS_DECL
#include "bpt/Target/GPU/Launch/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "bpt/Target/GPU/Launch/Passes.h.inc"

} // namespace mlir::bpt

#endif // BPT_TARGET_GPU_LAUNCH_PASSES_H
