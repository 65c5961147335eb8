//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_FOLDFILLS_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_FOLDFILLS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// Patterns that fill a tensor in the shape in which it is read, and not at all
/// where all of it is written afterwards: a projection to several heads starts
/// from zeros that have the dimensions of the result, and computes on rows and
/// columns.
void populateFoldFillsPatterns(RewritePatternSet &patterns);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_FOLDFILLS_H
