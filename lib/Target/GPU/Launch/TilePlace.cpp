//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TilePlace.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether all that `value` is computed of are arguments of `entry` and
/// constants, and nothing that only a kernel knows, such as its block.
static bool isOfArguments(Value value, Block &entry) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getOwner() == &entry;
  Operation *op = value.getDefiningOp();
  if (op->getNumOperands() == 0)
    return matchPattern(op, m_Constant());
  return isPure(op) && op->getNumRegions() == 0 &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isOfArguments(operand, entry);
         });
}

FailureOr<TilePlace> TilePlace::find(Value memref, gpu::GPUFuncOp kernel) {
  TilePlace place;
  if (failed(place.trace(memref, kernel.getBody().front())))
    return failure();
  return place;
}

LogicalResult TilePlace::trace(Value memref, Block &entry) {
  if (auto view = memref.getDefiningOp<memref::SubViewOp>())
    return failure(failed(trace(view.getSource(), entry)) || failed(cut(view)));
  if (auto cast = memref.getDefiningOp<memref::CastOp>())
    return trace(cast.getSource(), entry);
  if (auto reshape = memref.getDefiningOp<memref::CollapseShapeOp>())
    return failure(failed(trace(reshape.getSrc(), entry)) ||
                   failed(collapse(reshape.getReassociationIndices())));
  if (auto reshape = memref.getDefiningOp<memref::ExpandShapeOp>())
    return failure(failed(trace(reshape.getSrc(), entry)) ||
                   failed(expand(reshape.getReassociationIndices(),
                                 reshape.getResultType())));
  auto type = dyn_cast<MemRefType>(memref.getType());
  if (!type || type.getRank() == 0)
    return failure();
  MLIRContext *context = type.getContext();
  auto [staticStrides, staticOffset] = type.getStridesAndOffset();
  SmallVector<OpFoldResult> sizes, strides;
  base = memref;
  if (auto cast = memref.getDefiningOp<memref::ReinterpretCastOp>()) {
    if (!llvm::all_of(cast->getOperands(), [&](Value operand) {
          return isOfArguments(operand, entry);
        }))
      return failure();
    base = cast.getSource();
    offset = cast.getMixedOffsets().front();
    sizes = cast.getMixedSizes();
    strides = cast.getMixedStrides();
  } else {
    if (!isOfArguments(memref, entry) || !type.hasStaticShape() ||
        ShapedType::isDynamicShape(staticStrides))
      return failure();
    offset = Builder(context).getIndexAttr(staticOffset);
    sizes = getAsIndexOpFoldResult(context, type.getShape());
    strides = getAsIndexOpFoldResult(context, staticStrides);
  }
  for (auto [dim, size, stride] : llvm::enumerate(sizes, strides)) {
    tensorDims.push_back({size, stride, {}});
    viewDims.push_back({int64_t(dim), size});
  }
  return success();
}

LogicalResult TilePlace::cut(memref::SubViewOp view) {
  SmallVector<ViewDim> kept;
  llvm::SmallBitVector dropped = view.getDroppedDims();
  for (auto [number, dim] : llvm::enumerate(viewDims)) {
    if (!isConstantIntValue(view.getMixedStrides()[number], 1))
      return failure();
    OpFoldResult first = view.getMixedOffsets()[number];
    if (dim.tensorDim != kUnit && !isZeroInteger(first))
      tensorDims[dim.tensorDim].offsets.emplace_back(first, 1);
    if (!dropped.test(number))
      kept.push_back({dim.tensorDim, view.getMixedSizes()[number]});
  }
  viewDims = std::move(kept);
  return success();
}

FailureOr<TilePlace::ViewDim> TilePlace::merge(ViewDim outer, ViewDim inner) {
  if (isOneInteger(outer.size))
    return inner;
  if (isOneInteger(inner.size))
    return outer;
  if (outer.tensorDim == kUnit || inner.tensorDim == kUnit)
    return failure();
  TensorDim &outerDim = tensorDims[outer.tensorDim];
  TensorDim &innerDim = tensorDims[inner.tensorDim];
  auto count = getConstantIntValue(outerDim.size),
       viewed = getConstantIntValue(outer.size),
       size = getConstantIntValue(innerDim.size),
       outerStride = getConstantIntValue(outerDim.stride),
       innerStride = getConstantIntValue(innerDim.stride);
  if (!count || !viewed || !size || !outerStride || !innerStride ||
      *outerStride != *size * *innerStride || !innerDim.offsets.empty() ||
      !isConstantIntValue(inner.size, *size))
    return failure();
  Builder b(base.getContext());
  innerDim.size = b.getIndexAttr(*count * *size);
  for (auto [term, factor] : outerDim.offsets)
    innerDim.offsets.emplace_back(term, factor * *size);
  // It is all of a dimension that has one element.
  outerDim.size = b.getIndexAttr(1);
  outerDim.offsets.clear();
  return ViewDim{inner.tensorDim, b.getIndexAttr(*viewed * *size)};
}

LogicalResult TilePlace::collapse(ArrayRef<ReassociationIndices> groups) {
  SmallVector<ViewDim> merged;
  for (ArrayRef<int64_t> group : groups) {
    ViewDim dim = viewDims[group.back()];
    for (int64_t outer : llvm::reverse(group.drop_back())) {
      FailureOr<ViewDim> both = merge(viewDims[outer], dim);
      if (failed(both))
        return failure();
      dim = *both;
    }
    merged.push_back(dim);
  }
  viewDims = std::move(merged);
  return success();
}

LogicalResult TilePlace::expand(ArrayRef<ReassociationIndices> groups,
                                MemRefType result) {
  OpFoldResult one = Builder(result.getContext()).getIndexAttr(1);
  SmallVector<ViewDim> all(result.getRank(), ViewDim{kUnit, one});
  for (auto [number, group] : llvm::enumerate(groups)) {
    bool isWide = false;
    for (int64_t dim : group) {
      if (result.getDimSize(dim) == 1)
        continue;
      if (std::exchange(isWide, true))
        return failure();
      all[dim] = viewDims[number];
    }
  }
  viewDims = std::move(all);
  return success();
}

std::optional<int64_t> TilePlace::getTensorDim(int64_t dim) const {
  int64_t tensorDim = viewDims[dim].tensorDim;
  return tensorDim == kUnit ? std::nullopt : std::optional(tensorDim);
}

/// Whether the terms add up to `total`.
static bool addUpTo(ArrayRef<std::pair<OpFoldResult, int64_t>> terms,
                    OpFoldResult total) {
  if (terms.size() == 1 && terms.front().second == 1 &&
      isEqualConstantIntOrValue(terms.front().first, total))
    return true;
  MLIRContext *context = total.getContext();
  AffineExpr sum = getAffineConstantExpr(0, context);
  SmallVector<Value> operands;
  for (auto [term, factor] : terms) {
    if (auto value = dyn_cast<Value>(term)) {
      sum = sum + getAffineDimExpr(operands.size(), context) * factor;
      operands.push_back(value);
    } else {
      sum = sum + *getConstantIntValue(term) * factor;
    }
  }
  using Variable = ValueBoundsConstraintSet::Variable;
  FailureOr<bool> areEqual = ValueBoundsConstraintSet::areEqual(
      Variable(AffineMap::get(operands.size(), 0, sum), ValueRange(operands)),
      Variable(total));
  return succeeded(areEqual) && *areEqual;
}

bool TilePlace::endsWithTensor(int64_t dim, Value index, int64_t size) const {
  const ViewDim &viewDim = viewDims[dim];
  const TensorDim &tensorDim = tensorDims[viewDim.tensorDim];
  // The view ends at the first of several places: where the tensor ends, or
  // where no element is wanted any more.
  std::optional<int64_t> first = getConstantIntValue(index);
  auto isEnd = [&](auto &&self, OpFoldResult end) -> bool {
    if (auto value = dyn_cast<Value>(end))
      if (auto least = value.getDefiningOp<arith::MinSIOp>())
        return self(self, least.getLhs()) && self(self, least.getRhs());
    std::optional<int64_t> constant = getConstantIntValue(end);
    if (first && constant && *constant >= *first + size)
      return true;
    auto terms = llvm::to_vector(tensorDim.offsets);
    terms.emplace_back(end, 1);
    return addUpTo(terms, tensorDim.size);
  };
  return isEnd(isEnd, viewDim.size);
}

bool TilePlace::isSameTensor(const TilePlace &other) const {
  auto isSame = [](const TensorDim &a, const TensorDim &b) {
    return isEqualConstantIntOrValue(a.size, b.size) &&
           isEqualConstantIntOrValue(a.stride, b.stride);
  };
  return base == other.base &&
         isEqualConstantIntOrValue(offset, other.offset) &&
         llvm::equal(tensorDims, other.tensorDims, isSame);
}

SmallVector<Value> TilePlace::getIndices(OpBuilder &b, Location loc,
                                         ValueRange indices) const {
  SmallVector<Value> result(tensorDims.size());
  auto add = [&](int64_t dim, Value term) {
    Value &sum = result[dim];
    sum = sum ? b.createOrFold<arith::AddIOp>(loc, sum, term) : term;
  };
  for (auto [dim, index] : llvm::zip(viewDims, indices))
    if (dim.tensorDim != kUnit)
      add(dim.tensorDim, index);
  for (auto [dim, tensorDim] : llvm::enumerate(tensorDims))
    for (auto [term, factor] : tensorDim.offsets) {
      Value value = getValueOrCreateConstantIndexOp(b, loc, term);
      if (factor != 1)
        value = b.createOrFold<arith::MulIOp>(
            loc, value, arith::ConstantIndexOp::create(b, loc, factor));
      add(dim, value);
    }
  for (Value &index : result)
    if (!index)
      index = arith::ConstantIndexOp::create(b, loc, 0);
  return result;
}

Value TilePlace::createTensor(OpBuilder &b, Location loc,
                              IRMapping &mapping) const {
  auto clone = [&](auto &&self, Value value) -> Value {
    if (Value known = mapping.lookupOrNull(value))
      return known;
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      self(self, operand);
    b.clone(*op, mapping);
    return mapping.lookup(value);
  };
  auto cloneNumber = [&](OpFoldResult number) -> OpFoldResult {
    auto value = dyn_cast<Value>(number);
    if (!value)
      return number;
    return getAsOpFoldResult(clone(clone, value));
  };
  SmallVector<OpFoldResult> sizes, strides;
  for (const TensorDim &dim : tensorDims) {
    sizes.push_back(cloneNumber(dim.size));
    strides.push_back(cloneNumber(dim.stride));
  }
  OpFoldResult first = cloneNumber(offset);
  auto flat = cast<MemRefType>(base.getType());
  auto [staticOffset, staticSizes, staticStrides] = std::tuple(
      decomposeMixedValues({first}).first, decomposeMixedValues(sizes).first,
      decomposeMixedValues(strides).first);
  auto type =
      MemRefType::get(staticSizes, flat.getElementType(),
                      StridedLayoutAttr::get(
                          b.getContext(), staticOffset.front(), staticStrides),
                      flat.getMemorySpace());
  return memref::ReinterpretCastOp::create(b, loc, type, clone(clone, base),
                                           first, sizes, strides);
}
