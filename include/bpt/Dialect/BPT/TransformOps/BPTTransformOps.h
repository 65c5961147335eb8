//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_TRANSFORMOPS_BPTTRANSFORMOPS_H
#define BPT_DIALECT_BPT_TRANSFORMOPS_BPTTRANSFORMOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/Dialect/Transform/IR/TransformTypes.h"
#include "mlir/Dialect/Transform/Interfaces/MatchInterfaces.h"
#include "mlir/Dialect/Transform/Interfaces/TransformInterfaces.h"

#define GET_OP_CLASSES
#include "bpt/Dialect/BPT/TransformOps/BPTTransformOps.h.inc"

namespace mlir::bpt {
/// Adds `transform.bpt.*` to the transform dialect.
void registerTransformOps(DialectRegistry &registry);
} // namespace mlir::bpt

#endif // BPT_DIALECT_BPT_TRANSFORMOPS_BPTTRANSFORMOPS_H
