//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_BLOCKORDER_H
#define BPT_LIB_TARGET_GPU_BLOCKORDER_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::bpt {

/// In which order a kernel's blocks begin.
struct BlockOrder {
  /// Dimensions of the loop over blocks, the fastest first: those along which
  /// blocks read the same, which is then found in the second level of cache. If
  /// that takes more divisions by sizes that are known at run time only, the
  /// last dimension is the fastest.
  SmallVector<unsigned> dims;
  /// By dimension: the last block begins first, because loops in later blocks
  /// run longer, as those over the keys before a causal block of rows do. What
  /// takes longest should not be what is waited for at last.
  SmallVector<bool> reversed;
  /// So many blocks of the fastest dimension, a divisor of all, are passed with
  /// all of the next dimension before those that follow them; 0 if all are.
  int64_t group = 0;
  /// Blocks take equally long, or those that take longer begin first.
  bool isEven = true;
};

BlockOrder chooseBlockOrder(scf::ForallOp loop);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_BLOCKORDER_H
