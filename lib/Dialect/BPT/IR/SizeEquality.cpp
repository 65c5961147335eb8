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

namespace {
/// A size as far back as it can be followed: a size, or that of a tensor of
/// which no more is known.
struct Origin {
  OpFoldResult size;
  Value tensor;
  int64_t index = 0;
};
} // namespace

static Origin resolve(OpFoldResult size) {
  while (true) {
    auto value = dyn_cast<Value>(size);
    auto dim = value ? value.getDefiningOp<tensor::DimOp>() : tensor::DimOp();
    std::optional<int64_t> index =
        dim ? dim.getConstantIndex() : std::optional<int64_t>();
    auto type = index ? dyn_cast<RankedTensorType>(dim.getSource().getType())
                      : RankedTensorType();
    if (!type)
      return {size, Value()};
    // A result has the sizes of its destination.
    Value source = dim.getSource();
    while (true) {
      auto known = cast<RankedTensorType>(source.getType());
      if (!known.isDynamicDim(*index))
        return {OpBuilder(dim).getIndexAttr(known.getDimSize(*index)), Value()};
      auto result = dyn_cast<OpResult>(source);
      auto dps = result
                     ? dyn_cast<DestinationStyleOpInterface>(result.getOwner())
                     : DestinationStyleOpInterface();
      if (!dps)
        break;
      source = dps.getTiedOpOperand(result)->get();
    }
    OpFoldResult next;
    if (auto empty = source.getDefiningOp<tensor::EmptyOp>())
      next = empty.getMixedSizes()[*index];
    if (auto slice = source.getDefiningOp<tensor::ExtractSliceOp>()) {
      llvm::SmallBitVector dropped = slice.getDroppedDims();
      int64_t position = 0;
      for (auto [i, sliced] : llvm::enumerate(slice.getMixedSizes()))
        if (!dropped.test(i) && position++ == *index)
          next = sliced;
    }
    if (!next)
      return {size, source, *index};
    size = next;
  }
}

bool bpt::areKnownEqual(OpFoldResult a, OpFoldResult b) {
  Origin first = resolve(a), second = resolve(b);
  if (first.tensor && first.tensor == second.tensor)
    return first.index == second.index;
  a = first.size;
  b = second.size;
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
