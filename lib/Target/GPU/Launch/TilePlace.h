//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_LAUNCH_TILEPLACE_H
#define BPT_LIB_TARGET_GPU_LAUNCH_TILEPLACE_H

#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::bpt {

/// Where a view lies in the tensor that a kernel's argument gives.
class TilePlace {
public:
  /// Fails where the memref is no view of one, or where a launch could not say
  /// the tensor's sizes and strides.
  static FailureOr<TilePlace> find(Value memref, gpu::GPUFuncOp kernel);

  int64_t getRank() const { return tensorDims.size(); }
  OpFoldResult getOffset() const { return offset; }
  OpFoldResult getStride(int64_t dim) const { return tensorDims[dim].stride; }

  /// The tensor's dimension that is the view's, or nothing.
  std::optional<int64_t> getTensorDim(int64_t dim) const;
  /// Whether of `size` elements of the view from `index` on those exist that do
  /// in the tensor.
  bool endsWithTensor(int64_t dim, Value index, int64_t size) const;
  bool isSameTensor(const TilePlace &other) const;

  /// The indices in the tensor of those in the view.
  SmallVector<Value> getIndices(OpBuilder &b, Location loc,
                                ValueRange indices) const;

  /// The tensor of a launch, whose operands `mapping` has for the kernel's
  /// arguments.
  Value createTensor(OpBuilder &b, Location loc, IRMapping &mapping) const;

private:
  /// A dimension of views that the tensor does not have.
  static constexpr int64_t kUnit = -1;

  struct TensorDim {
    OpFoldResult size, stride;
    /// What is added up to the view's first index, each times a number.
    SmallVector<std::pair<OpFoldResult, int64_t>, 2> offsets;
  };
  struct ViewDim {
    int64_t tensorDim;
    OpFoldResult size;
  };

  LogicalResult trace(Value memref, Block &entry);
  LogicalResult cut(memref::SubViewOp view);
  LogicalResult collapse(ArrayRef<ReassociationIndices> groups);
  LogicalResult expand(ArrayRef<ReassociationIndices> groups,
                       MemRefType result);
  /// Makes one dimension of two of the view, the second of which is whole.
  FailureOr<ViewDim> merge(ViewDim outer, ViewDim inner);

  /// The argument.
  Value base;
  OpFoldResult offset;
  SmallVector<TensorDim> tensorDims;
  SmallVector<ViewDim> viewDims;
};

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_LAUNCH_TILEPLACE_H
