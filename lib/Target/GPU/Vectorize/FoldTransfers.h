//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shapes of a tile program: unit dimensions and transpositions go away.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_FOLDTRANSFERS_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_FOLDTRANSFERS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// Makes a tile that is inserted into a tensor a write to that tensor, whatever
/// unit dimensions lie between, and a transposed broadcast of a line one of a
/// column.
void populateFoldTransfersPatterns(RewritePatternSet &patterns);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_FOLDTRANSFERS_H
