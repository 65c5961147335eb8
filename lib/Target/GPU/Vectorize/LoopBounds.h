//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constants that the extents of loops do not exceed.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_LOOPBOUNDS_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_LOOPBOUNDS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::bpt {

/// An upper bound for every loop of the operation; kDynamic where none is
/// known.
SmallVector<int64_t> getLoopBounds(linalg::LinalgOp op);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_LOOPBOUNDS_H
