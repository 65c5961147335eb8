//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryView.h"
#include "Distributor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace mlir::bpt;

SharedTileLayout MemoryView::getSharedTile() const {
  int64_t rank = type.getRank();
  return SharedTileLayout(rank < 2 ? 1 : type.getDimSize(rank - 2),
                          type.getDimSize(rank - 1),
                          type.getElementTypeBitWidth() / 8, inPanels);
}

/// The extent that a static or dynamic size, stride or offset is.
static Extent getExtent(LaneBuilder &b, OpFoldResult value,
                        function_ref<Value(Value)> toLane) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return {b.getI64(*constant), *constant, getDivisorOf(*constant)};
  Value dynamic = cast<Value>(value);
  return {toLane(dynamic), std::nullopt, getKnownDivisor(dynamic)};
}

static Extent multiply(LaneBuilder &b, const Extent &x, const Extent &y) {
  Extent product;
  if (x.constant && y.constant)
    product.constant = *x.constant * *y.constant;
  product.value = b.mul(x.value, y.value);
  product.divisor = multiplyDivisors(x.divisor, y.divisor);
  return product;
}

/// Moves the base of a view by `offset` elements.
static void moveBase(LaneBuilder &b, MemoryView &view, const Extent &offset) {
  int64_t bytes = view.type.getElementTypeBitWidth() / 8;
  view.alignment = std::gcd(view.alignment, offset.divisor * bytes);
  if (offset.constant == 0)
    return;
  view.base = b.advance(view.base, b.mul(offset.value, bytes));
}

LogicalResult Distributor::allocateShared(Operation *op, Value memory) {
  FailureOr<MemoryView> view =
      allocateShared(op, cast<MemRefType>(memory.getType()));
  if (failed(view))
    return failure();
  views[memory] = *view;
  return success();
}

FailureOr<MemoryView> Distributor::allocateShared(Operation *op,
                                                  MemRefType type) {
  if (!gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(type))
    return op->emitOpError("allocates ")
           << type << "; a tile program allocates workgroup memory";
  unsigned bits =
      type.getElementType().isIntOrFloat() ? type.getElementTypeBitWidth() : 0;
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
      type.getRank() == 0 ||
      (bits != 16 && bits != 32 &&
       !isa<Float8E4M3FNType>(type.getElementType())))
    return op->emitOpError("allocates ")
           << type
           << "; workgroup memory has a static shape, no layout, and "
              "elements of 16 or 32 bits or f8E4M3FN";
  MemoryView view;
  view.type = type;
  view.shared = true;
  view.inPanels = usesWgmma && type.getRank() >= 2;
  if (type.getRank() >= 2)
    if (std::string misfit = view.getSharedTile().explainMisfit();
        !misfit.empty())
      return op->emitOpError("allocates ") << type << ", with " << misfit;
  view.alignment = view.getSharedTile().getAlignment();
  sharedBytes = llvm::alignTo(sharedBytes, view.alignment);
  view.base = b.advance(sharedMemory, sharedBytes);
  sharedBytes += type.getNumElements() * (bits / 8);
  if (printLayouts) {
    std::string text;
    llvm::raw_string_ostream os(text);
    view.getSharedTile().print(os);
    op->emitRemark() << type << " lies in " << text;
  }
  return view;
}

LogicalResult
Distributor::distributeReinterpretCast(memref::ReinterpretCastOp op) {
  if (!isa<MemRefType>(op.getSource().getType()) ||
      getView(op.getSource()).shared)
    return op.emitOpError("casts workgroup memory, whose layout is not linear");
  auto toLane = [&](Value value) { return getScalar(value); };
  MemoryView view = getView(op.getSource());
  view.type = op.getType();
  moveBase(b, view, getExtent(b, op.getMixedOffsets().front(), toLane));
  view.sizes.clear();
  view.strides.clear();
  for (OpFoldResult size : op.getMixedSizes())
    view.sizes.push_back(getExtent(b, size, toLane));
  for (OpFoldResult stride : op.getMixedStrides())
    view.strides.push_back(getExtent(b, stride, toLane));
  views[op.getResult()] = view;
  return success();
}

LogicalResult Distributor::distributeSubView(memref::SubViewOp op) {
  const MemoryView &source = getView(op.getSource());
  if (source.shared)
    return op.emitOpError("cuts workgroup memory, whose layout is not linear; "
                          "give the indices to the transfer");
  auto toLane = [&](Value value) { return getScalar(value); };
  MemoryView view = source;
  view.type = op.getType();
  view.sizes.clear();
  view.strides.clear();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (int64_t dim = 0, e = op.getSourceType().getRank(); dim < e; ++dim) {
    const Extent &stride = source.strides[dim];
    if (!stride.value)
      return op.emitOpError("needs the stride of dimension ")
             << dim << " of " << source.type
             << ", which the kernel does not know; give it with "
                "memref.reinterpret_cast";
    moveBase(
        b, view,
        multiply(b, getExtent(b, op.getMixedOffsets()[dim], toLane), stride));
    if (dropped.test(dim))
      continue;
    view.sizes.push_back(getExtent(b, op.getMixedSizes()[dim], toLane));
    view.strides.push_back(
        multiply(b, getExtent(b, op.getMixedStrides()[dim], toLane), stride));
  }
  views[op.getResult()] = view;
  return success();
}

static LogicalResult checkReshapable(Operation *op, const MemoryView &source) {
  if (!source.shared)
    return success();
  return op->emitOpError("reshapes workgroup memory, whose layout is not "
                         "linear");
}

LogicalResult Distributor::distributeCollapseShape(memref::CollapseShapeOp op) {
  const MemoryView &source = getView(op.getSrc());
  if (failed(checkReshapable(op, source)))
    return failure();
  MemoryView view = source;
  view.type = op.getResultType();
  view.sizes.clear();
  view.strides.clear();
  for (ArrayRef<int64_t> group : op.getReassociationIndices()) {
    // The elements of a group are as far apart as those of its last dimension
    // that has several.
    Extent size = source.sizes[group.front()];
    Extent stride = source.strides[group.back()];
    for (int64_t dim : group.drop_front()) {
      if (!size.value || !source.sizes[dim].value)
        return op.emitOpError("collapses dimension ")
               << dim << " of " << source.type
               << ", whose size the kernel does not know; give it with "
                  "memref.reinterpret_cast";
      size = multiply(b, size, source.sizes[dim]);
    }
    for (int64_t dim : llvm::reverse(group)) {
      stride = source.strides[dim];
      if (source.sizes[dim].constant != 1)
        break;
    }
    view.sizes.push_back(size);
    view.strides.push_back(stride);
  }
  views[op.getResult()] = view;
  return success();
}

LogicalResult Distributor::distributeExpandShape(memref::ExpandShapeOp op) {
  const MemoryView &source = getView(op.getSrc());
  if (failed(checkReshapable(op, source)))
    return failure();
  auto toLane = [&](Value value) { return getScalar(value); };
  MemoryView view = source;
  view.type = op.getResultType();
  view.sizes.clear();
  for (OpFoldResult size : op.getMixedOutputShape())
    view.sizes.push_back(getExtent(b, size, toLane));
  view.strides.assign(view.sizes.size(), Extent());
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    Extent stride = source.strides[dim];
    for (int64_t inner : llvm::reverse(group)) {
      view.strides[inner] = stride;
      if (stride.value && inner != group.front())
        stride = multiply(b, stride, view.sizes[inner]);
    }
  }
  views[op.getResult()] = view;
  return success();
}

LogicalResult Distributor::distributeDim(memref::DimOp op) {
  std::optional<int64_t> dim = op.getConstantIndex();
  const MemoryView &view = getView(op.getSource());
  if (!dim || *dim < 0 || *dim >= view.type.getRank())
    return op.emitOpError("asks for a dimension that is not a constant of the "
                          "memref's rank");
  if (!view.type.isDynamicDim(*dim)) {
    scalars.map(op.getResult(), b.getI64(view.type.getDimSize(*dim)));
    return success();
  }
  if (!view.sizes[*dim].value)
    return op.emitOpError("asks for dimension ")
           << *dim << " of " << view.type
           << ", which the kernel does not know: memref arguments are plain "
              "pointers; pass the size and give it with "
              "memref.reinterpret_cast";
  scalars.map(op.getResult(), view.sizes[*dim].value);
  return success();
}

LogicalResult Distributor::distributeLoad(memref::LoadOp op) {
  const MemoryView &view = getView(op.getMemRef());
  Type type = op.getType();
  if (view.shared || !type.isIntOrFloat() || type.getIntOrFloatBitWidth() < 8)
    return op.emitOpError("loads ")
           << type << " from " << view.type
           << "; scalars of whole bytes are loaded from global memory";
  if (failed(checkLaneType(op, type)))
    return failure();
  MemoryView element = view;
  for (auto [dim, index] : llvm::enumerate(op.getIndices())) {
    if (!view.strides[dim].value)
      return op.emitOpError("needs the stride of dimension ")
             << dim << " of " << view.type
             << ", which the kernel does not know; give it with "
                "memref.reinterpret_cast";
    moveBase(
        b, element,
        multiply(b, {getScalar(index), std::nullopt, 1}, view.strides[dim]));
  }
  scalars.map(op.getResult(), LLVM::LoadOp::create(b, type, element.base));
  return success();
}
