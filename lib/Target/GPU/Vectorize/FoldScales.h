//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_FOLDSCALES_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_FOLDSCALES_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// Patterns that move multiplications of f32 tiles by a constant to where they
/// meet another, or a fused multiplication: of the scores of attention, which
/// are scaled and then taken as powers of two, none is left.
void populateFoldScalesPatterns(RewritePatternSet &patterns);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_FOLDSCALES_H
