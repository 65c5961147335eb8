//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sizes of tensors in a block, each by one name.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_NAMESIZES_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_NAMESIZES_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// Traces sizes back to what defines them, through slices and loops, and makes
/// equal ones one value, by which masks are recognised as the same.
LogicalResult nameSizes(RewriterBase &rewriter, Operation *root);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_NAMESIZES_H
