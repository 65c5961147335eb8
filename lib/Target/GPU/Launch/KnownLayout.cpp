//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KnownLayout.h"
#include "bpt/Target/GPU/Distribute/KnownDivisor.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <numeric>

using namespace mlir;
using namespace mlir::bpt;

void KnownLayout::meet(const KnownLayout &other) {
  offset = std::gcd(offset, other.offset);
  for (auto [stride, otherStride] : llvm::zip(strides, other.strides))
    stride = std::gcd(stride, otherStride);
}

/// What the type says.
static KnownLayout getLayoutOfType(MemRefType type) {
  KnownLayout layout;
  int64_t offset = 0;
  SmallVector<int64_t> strides;
  if (failed(type.getStridesAndOffset(strides, offset))) {
    layout.strides.assign(type.getRank(), 1);
    return layout;
  }
  auto ofNumber = [](int64_t number) {
    return ShapedType::isDynamic(number) ? 1 : getDivisorOf(number);
  };
  layout.offset = ofNumber(offset);
  for (int64_t stride : strides)
    layout.strides.push_back(ofNumber(stride));
  if (!type.getLayout().isIdentity())
    return layout;
  int64_t inner = 1;
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    layout.strides[dim] = inner;
    inner = multiplyDivisors(inner, ofNumber(type.getDimSize(dim)));
  }
  return layout;
}

KnownLayout bpt::getKnownLayout(Value memref) {
  if (auto cast = memref.getDefiningOp<memref::CastOp>())
    if (isa<MemRefType>(cast.getSource().getType()))
      return getKnownLayout(cast.getSource());
  if (auto collapse = memref.getDefiningOp<memref::CollapseShapeOp>()) {
    KnownLayout source = getKnownLayout(collapse.getSrc()), layout;
    layout.offset = source.offset;
    for (ArrayRef<int64_t> group : collapse.getReassociationIndices()) {
      // That of the last dimension with several elements, whichever it is.
      int64_t stride = 0;
      for (int64_t dim : group)
        stride = std::gcd(stride, source.strides[dim]);
      layout.strides.push_back(stride);
    }
    return layout;
  }
  auto view = memref.getDefiningOp<memref::SubViewOp>();
  if (!view)
    return getLayoutOfType(cast<MemRefType>(memref.getType()));
  KnownLayout source = getKnownLayout(view.getSource()), layout;
  layout.offset = source.offset;
  llvm::SmallBitVector dropped = view.getDroppedDims();
  for (auto [dim, stride] : llvm::enumerate(source.strides)) {
    layout.offset = std::gcd(
        layout.offset,
        multiplyDivisors(getKnownDivisor(view.getMixedOffsets()[dim]), stride));
    if (!dropped.test(dim))
      layout.strides.push_back(multiplyDivisors(
          getKnownDivisor(view.getMixedStrides()[dim]), stride));
  }
  return layout;
}
