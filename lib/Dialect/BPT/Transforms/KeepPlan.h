//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a function keeps between its forward and its backward pass.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_TRANSFORMS_KEEPPLAN_H
#define BPT_LIB_DIALECT_BPT_TRANSFORMS_KEEPPLAN_H

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/IR/Block.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::bpt {

/// Which values of the forward pass are kept. Others are computed again.
class KeepPlan {
public:
  /// Plans the straight-line code of `block`.
  KeepPlan(Block &block, KeepPolicy policy);

  /// Whether the value is there when the backward pass runs: it is kept, or
  /// does not depend on the rows of the sequence.
  bool isKept(Value value) const;

  /// Whether the value has to be ordered after the cotangents, lest CSE make
  /// one of what is computed from it twice.
  bool needsBarrier(Value value) const;

  /// Whether the value grows with the sequence.
  bool dependsOnRows(Value value) const { return rowDependent.contains(value); }

private:
  void findRowDependent(Block &block);
  void keepBoundaries(Block &block);

  KeepPolicy policy;
  /// Values that depend on the rows of the sequence.
  DenseSet<Value> rowDependent;
  /// Operations that read such values at all rows, calls among them: one for
  /// each layer.
  SmallVector<Operation *> anchors;
  SetVector<Value> kept;
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_TRANSFORMS_KEEPPLAN_H
