//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperandForms.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::bpt;

Type bpt::getElementType(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

int64_t bpt::getStaticSize(OpFoldResult size) {
  return getConstantIntValue(size).value_or(ShapedType::kDynamic);
}

OpFoldResult OperandForms::apply(AffineExpr expr, OpFoldResult operand) {
  return affine::makeComposedFoldedAffineApply(rewriter, loc, expr, {operand});
}

OpFoldResult OperandForms::size(Value tensor, unsigned dim) {
  return tensor::getMixedSize(rewriter, loc, tensor, dim);
}

Value OperandForms::converted(Value tensor) {
  Type element =
      inPairs ? Type(rewriter.getBF16Type()) : Type(rewriter.getF32Type());
  if (getElementType(tensor) == element)
    return tensor;
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, tensor), element);
  return convertedInto(tensor, empty);
}

Value OperandForms::convertedInto(Value tensor, Value destination) {
  unsigned rank = cast<RankedTensorType>(tensor.getType()).getRank();
  SmallVector<AffineMap> maps(2, rewriter.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto convert = [](OpBuilder &b, Location l, Value value, Type type) -> Value {
    if (value.getType() == type)
      return value;
    if (value.getType().isF32())
      return arith::TruncFOp::create(b, l, type, value);
    return arith::ExtFOp::create(b, l, type, value);
  };
  return linalg::GenericOp::create(
             rewriter, loc, TypeRange{destination.getType()},
             ValueRange{tensor}, ValueRange{destination}, maps, iterators,
             [&](OpBuilder &b, Location l, ValueRange v) {
               linalg::YieldOp::create(b, l,
                                       convert(b, l, v[0], v[1].getType()));
             })
      .getResult(0);
}

Value OperandForms::paired(Value matrix) {
  OpFoldResult rows = size(matrix, 0), depth = size(matrix, 1);
  int64_t known = getStaticSize(depth);
  if (!ShapedType::isDynamic(known) && known % 2 == 0) {
    matrix = converted(matrix);
  } else {
    OpFoldResult even = apply(d0().ceilDiv(2) * 2, depth);
    Value scratch = tensor::EmptyOp::create(rewriter, loc,
                                            ArrayRef<OpFoldResult>{rows, even},
                                            rewriter.getBF16Type());
    Value zero = arith::ConstantOp::create(
        rewriter, loc, rewriter.getZeroAttr(rewriter.getBF16Type()));
    scratch = linalg::FillOp::create(rewriter, loc, zero, scratch).getResult(0);
    SmallVector<OpFoldResult> offsets(2, rewriter.getIndexAttr(0)),
        sizes{rows, depth}, strides(2, rewriter.getIndexAttr(1));
    Value inside = tensor::ExtractSliceOp::create(rewriter, loc, scratch,
                                                  offsets, sizes, strides);
    matrix = tensor::InsertSliceOp::create(rewriter, loc,
                                           convertedInto(matrix, inside),
                                           scratch, offsets, sizes, strides);
    depth = even;
  }
  return expand(matrix, {{0}, {1, 2}},
                {rows, apply(d0().floorDiv(2), depth),
                 OpFoldResult(rewriter.getIndexAttr(2))});
}

Value OperandForms::expand(Value tensor, ArrayRef<ReassociationIndices> groups,
                           ArrayRef<OpFoldResult> shape) {
  SmallVector<int64_t> staticShape;
  for (OpFoldResult s : shape)
    staticShape.push_back(getStaticSize(s));
  auto type = RankedTensorType::get(staticShape, getElementType(tensor));
  return tensor::ExpandShapeOp::create(rewriter, loc, type, tensor, groups,
                                       shape);
}

Value OperandForms::slice(Value tensor, unsigned dim, OpFoldResult first,
                          int64_t count) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(rewriter, loc, tensor);
  SmallVector<OpFoldResult> offsets(sizes.size(), rewriter.getIndexAttr(0)),
      strides(sizes.size(), rewriter.getIndexAttr(1));
  offsets[dim] = first;
  sizes[dim] = rewriter.getIndexAttr(count);
  return tensor::ExtractSliceOp::create(rewriter, loc, tensor, offsets, sizes,
                                        strides);
}

Value OperandForms::insertSlice(Value part, Value tensor, unsigned dim,
                                int64_t first) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, part);
  SmallVector<OpFoldResult> offsets(sizes.size(), rewriter.getIndexAttr(0)),
      strides(sizes.size(), rewriter.getIndexAttr(1));
  offsets[dim] = rewriter.getIndexAttr(first);
  return tensor::InsertSliceOp::create(rewriter, loc, part, tensor, offsets,
                                       sizes, strides);
}

Value OperandForms::packed(Value matrix, int64_t dim, int64_t tile) {
  SmallVector<int64_t> positions{dim}, tiles{tile};
  if (inPairs) {
    matrix = converted(matrix);
    positions.push_back(1 - dim);
    tiles.push_back(2);
  }
  std::optional<Value> padding;
  for (auto [position, tile] : llvm::zip_equal(positions, tiles)) {
    int64_t extent = getStaticSize(size(matrix, position));
    if (ShapedType::isDynamic(extent) || extent % tile != 0)
      padding = arith::ConstantOp::create(
          rewriter, loc, rewriter.getZeroAttr(getElementType(matrix)));
  }
  SmallVector<int64_t> order =
      dim == 0 ? SmallVector<int64_t>{} : SmallVector<int64_t>{1, 0};
  SmallVector<OpFoldResult> innerTiles =
      getAsIndexOpFoldResult(rewriter.getContext(), tiles);
  Value destination = linalg::PackOp::createDestinationTensor(
      rewriter, loc, matrix, innerTiles, positions, order);
  return converted(linalg::PackOp::create(rewriter, loc, matrix, destination,
                                          positions, innerTiles, padding, order)
                       ->getResult(0));
}
