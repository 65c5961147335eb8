//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

/// One step from the size of a tensor to what the tensor was made from; the
/// size itself where there is none.
static OpFoldResult resolveOnce(tensor::DimOp dim) {
  std::optional<int64_t> index = dim.getConstantIndex();
  if (!index)
    return dim.getResult();
  auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
  if (type && !type.isDynamicDim(*index))
    return OpBuilder(dim).getIndexAttr(type.getDimSize(*index));
  Value source = dim.getSource();
  if (auto empty = source.getDefiningOp<tensor::EmptyOp>())
    return empty.getMixedSizes()[*index];
  if (auto slice = source.getDefiningOp<tensor::ExtractSliceOp>()) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    int64_t position = 0;
    for (auto [i, size] : llvm::enumerate(slice.getMixedSizes()))
      if (!dropped.test(i) && position++ == *index)
        return size;
  }
  return dim.getResult();
}

/// The size as far back as it can be followed.
static OpFoldResult resolve(OpFoldResult size) {
  while (auto value = dyn_cast<Value>(size)) {
    auto dim = value.getDefiningOp<tensor::DimOp>();
    if (!dim)
      return size;
    if (auto result = dyn_cast<OpResult>(dim.getSource()))
      if (auto dps = dyn_cast<DestinationStyleOpInterface>(result.getOwner())) {
        // A result has the sizes of its destination.
        Value init = dps.getTiedOpOperand(result)->get();
        auto index = dim.getConstantIndex();
        auto type = dyn_cast<RankedTensorType>(init.getType());
        if (index && type && !type.isDynamicDim(*index))
          return OpBuilder(dim).getIndexAttr(type.getDimSize(*index));
        auto empty = init.getDefiningOp<tensor::EmptyOp>();
        if (index && empty) {
          size = empty.getMixedSizes()[*index];
          continue;
        }
      }
    OpFoldResult next = resolveOnce(dim);
    if (next == size)
      return size;
    size = next;
  }
  return size;
}

bool bpt::areKnownEqual(OpFoldResult a, OpFoldResult b) {
  a = resolve(a);
  b = resolve(b);
  if (isEqualConstantIntOrValue(a, b))
    return true;
  auto left = dyn_cast<Value>(a), right = dyn_cast<Value>(b);
  if (!left || !right)
    return false;
  Operation *leftOp = left.getDefiningOp(), *rightOp = right.getDefiningOp();
  if (!leftOp || !rightOp || leftOp->getName() != rightOp->getName() ||
      leftOp->getNumRegions() != 0 || !isMemoryEffectFree(leftOp) ||
      leftOp->getNumResults() != 1 || rightOp->getNumResults() != 1 ||
      leftOp->getNumOperands() != rightOp->getNumOperands() ||
      leftOp->getPropertiesAsAttribute() != rightOp->getPropertiesAsAttribute())
    return false;
  // The same computation of equal operands.
  for (auto [x, y] : llvm::zip(leftOp->getOperands(), rightOp->getOperands())) {
    bool indices = x.getType().isIndex() && y.getType().isIndex();
    if (x != y && !(indices && areKnownEqual(x, y)))
      return false;
  }
  return true;
}
