//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which reads of a tile program are copied to workgroup memory.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_DISTRIBUTE_COPIEDOPERANDS_H
#define BPT_LIB_TARGET_GPU_DISTRIBUTE_COPIEDOPERANDS_H

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <string>

namespace mlir::bpt {

/// Whether a contraction multiplies the used value.
bool isFactorUse(OpOperand &use);

/// Whether a contraction multiplies the tile that `read` reads.
bool isOperandRead(vector::TransferReadOp read, bool rightOnly = false);

bool isGlobalRead(vector::TransferReadOp read);

/// What a copy cannot do that the read does; empty if it does the same.
std::string explainNoCopy(vector::TransferReadOp read);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_DISTRIBUTE_COPIEDOPERANDS_H
