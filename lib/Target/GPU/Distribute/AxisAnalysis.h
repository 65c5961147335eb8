//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_DISTRIBUTE_AXISANALYSIS_H
#define BPT_LIB_TARGET_GPU_DISTRIBUTE_AXISANALYSIS_H

#include "bpt/Target/GPU/Distribute/Layout.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::bpt {

/// Which axes of a tile a vector lies along. A vector of two dimensions says
/// so itself: MxN has both, Mx1 rows, 1xN columns. A vector of one dimension
/// does not: `vector.step` may number rows or columns, and after common
/// subexpressions are merged even both. So its uses decide, and it is computed
/// once for each axis that they ask for; a value that no use asks for is dead.
class AxisAnalysis {
public:
  AxisAnalysis(Operation *root, int64_t warps);

  /// The axes along which `value` is to be computed.
  SmallVector<TileAxes, 2> getAxes(Value value) const;

  /// The axes of a vector that says so itself; None for one dimension.
  static TileAxes getOwnAxes(VectorType type);

private:
  bool demand(Value value, uint8_t axes);
  bool propagate(Operation *op);

  /// A set of Rows and Columns as bits.
  DenseMap<Value, uint8_t> demanded;
};

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_DISTRIBUTE_AXISANALYSIS_H
