//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Masks of what nobody sees.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_DROPMASKS_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_DROPMASKS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// Lets a tile that is masked along a dimension be anything past the mask's
/// edge, where whatever it becomes is written under a mask with that edge: rows
/// past the last one of a tensor do not change the others, and are not written.
/// Edges that are constants stay as they are unless `dropsKnownEdges`.
void dropUnseenMasks(RewriterBase &rewriter, Operation *root,
                     bool dropsKnownEdges);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_DROPMASKS_H
