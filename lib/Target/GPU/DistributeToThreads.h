//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One operation on buffers as loops of the threads of a block or grid.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_DISTRIBUTETOTHREADS_H
#define BPT_LIB_TARGET_GPU_DISTRIBUTETOTHREADS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::bpt {

/// The threads that share an operation.
struct ThreadSet {
  /// The number of this thread, and of all, as index values. All threads of a
  /// warp have neighbouring numbers from a multiple of 32 on.
  Value thread, count;
  /// The number of all, where it is known.
  std::optional<int64_t> knownCount;
};

/// Writes the operation as loops at the builder's position and erases it.
void distributeToThreads(RewriterBase &rewriter, linalg::LinalgOp op,
                         const ThreadSet &threads);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_DISTRIBUTETOTHREADS_H
