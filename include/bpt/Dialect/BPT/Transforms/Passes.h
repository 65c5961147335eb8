//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_TRANSFORMS_PASSES_H
#define BPT_DIALECT_BPT_TRANSFORMS_PASSES_H

#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "bpt/Dialect/BPT/IR/Differentiation.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/CommandLine.h"

namespace mlir::bpt {

#define GEN_PASS_DECL
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"

} // namespace mlir::bpt

#endif // BPT_DIALECT_BPT_TRANSFORMS_PASSES_H
