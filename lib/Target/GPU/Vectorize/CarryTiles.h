//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tiles that loops carry as values.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_CARRYTILES_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_CARRYTILES_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// Lets the loop carry as a vector every tensor of which it reads and writes
/// one tile at one place. Upstream hoists unmasked transfers as subsets; here
/// the tile may be masked. Returns the loop that stands for it.
scf::ForOp carryMaskedTiles(RewriterBase &rewriter, scf::ForOp loop);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_CARRYTILES_H
