//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The last form of the transfers of a tile program: matrices, bounds for masks.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_SIMPLIFYTRANSFERS_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_SIMPLIFYTRANSFERS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// Replaces masks that say where a tensor ends by transfers that may reach past
/// its end, which copies of whole tiles know how to do.
void replaceMasksByBounds(RewriterBase &rewriter, Operation *root);

/// Reads that may pad with anything pad with zeros, as copies of tiles do.
void definePadding(RewriterBase &rewriter, Operation *root);

/// Makes transfers of tensors of more dimensions than the tile has, transfers
/// of the slice that the tile lies in.
void populateSliceTransfersPatterns(RewritePatternSet &patterns);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_SIMPLIFYTRANSFERS_H
