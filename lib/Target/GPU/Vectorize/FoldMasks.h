//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Masks of a tile program: where a tile reaches past its tensor.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_FOLDMASKS_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_FOLDMASKS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// Turns masked reductions and products into unmasked ones of operands that are
/// neutral past the edge, and what is read right after it was written under the
/// same mask into the value written.
void populateFoldMasksPatterns(RewritePatternSet &patterns);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_FOLDMASKS_H
