//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which loops of operations run over the rows of the sequence.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_TRANSFORMS_ROWDIMS_H
#define BPT_LIB_DIALECT_BPT_TRANSFORMS_ROWDIMS_H

#include "bpt/Dialect/BPT/Transforms/Transforms.h"

namespace mlir::bpt {

/// Whether the operation sums over the rows, beginning with its destination.
bool isSumOverRows(Operation *op);

/// The operations of a block that can be cut along the rows of the sequence:
/// row by row, or as sums over the rows.
class RowDims {
public:
  /// Starts from the operations that `isSeed` chooses and follows what they
  /// read and give row by row.
  RowDims(Block &block, function_ref<bool(Operation *)> isSeed);

  bool contains(Operation *op) const { return loops.contains(op); }
  RowLoops lookup(Operation *op) const { return loops.lookup(op); }

  /// Notes that `to` is a copy of `from`.
  void copy(Operation *from, Operation *to);

  /// Whether the operand is read, or the result given, at a block's rows only.
  bool isCut(OpOperand &operand) const;
  bool isCut(OpResult result) const;

private:
  bool hasNeighbour(Operation *op) const;
  bool assign(Operation *op);

  DenseMap<Operation *, RowLoops> loops;
  /// Tensors [B, S, …] whose second dimension is the rows.
  DenseSet<Value> hasRows;
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_TRANSFORMS_ROWDIMS_H
