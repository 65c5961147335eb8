//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which blocks become tile programs, and of which tiles.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_VECTORIZE_TILEPLAN_H
#define BPT_LIB_TARGET_GPU_VECTORIZE_TILEPLAN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::bpt {

/// Tensor cores multiply tiles of multiples of 16: what is smaller is padded.
inline constexpr int64_t kTileMultiple = 16;
/// They sum as many bytes at once, of elements of 8 bits twice as many.
inline constexpr int64_t kFloat8TermMultiple = 32;

/// Whether a tensor has elements of f8E4M3FN.
bool isFloat8(Value value);

/// One operation of a block and the tile that each of its loops runs over.
/// The loop over blocks that the operation is in, if its blocks may become tile
/// programs; null otherwise.
scf::ForallOp getTileBlock(Operation *op);

/// Whether the operation is in a block that is no tile program.
bool isOnSimtPath(Operation *op);

struct PlannedOp {
  linalg::LinalgOp op;
  SmallVector<int64_t> sizes;
};

/// All operations of the block, or failure if it is not for tensor cores; why
/// is then a missed remark on the operation that stands in the way.
/// What the operations of a block become. A block that cannot be a tile program
/// is marked as one of the SIMT path, with the reason, which is a remark too.
/// `float8` says that tensor cores multiply f8E4M3FN.
FailureOr<SmallVector<PlannedOp>>
planTiles(scf::ForallOp block, int64_t maxTileElements, bool float8);

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_VECTORIZE_TILEPLAN_H
