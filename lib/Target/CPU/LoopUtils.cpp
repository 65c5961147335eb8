//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopUtils.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

bool bpt::isContiguousInLastDims(MemRefType type, unsigned count) {
  SmallVector<int64_t> strides;
  int64_t offset, expected = 1;
  if (type.getRank() < count ||
      failed(type.getStridesAndOffset(strides, offset)))
    return false;
  for (unsigned i = 0; i < count; ++i) {
    int64_t dim = type.getRank() - 1 - i;
    bool isInner = i + 1 < count;
    if (strides[dim] != expected || (isInner && type.isDynamicDim(dim)))
      return false;
    if (isInner)
      expected *= type.getDimSize(dim);
  }
  return true;
}

SmallVector<Value> bpt::applyMap(OpBuilder &b, Location loc, AffineMap map,
                                 ValueRange ivs, Value offset) {
  SmallVector<Value> indices;
  for (AffineExpr expr : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      indices.push_back(ivs[dim.getPosition()]);
    } else if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      indices.push_back(createIndex(b, loc, constant.getValue()));
    } else {
      auto single = AffineMap::get(map.getNumDims(), 0, expr);
      indices.push_back(affine::AffineApplyOp::create(b, loc, single, ivs));
    }
  }
  if (offset)
    indices.back() =
        arith::AddIOp::create(b, loc, indices.back(), offset).getResult();
  return indices;
}

Value bpt::loadVector(OpBuilder &b, Location loc, Value memref,
                      ValueRange indices, int64_t lanes, Value mask) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  auto type = VectorType::get(lanes, element);
  if (!mask)
    return vector::LoadOp::create(b, loc, type, memref, indices);
  Value zero = arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, memref, indices, mask,
                                      zero);
}

void bpt::storeVector(OpBuilder &b, Location loc, Value vector, Value memref,
                      ValueRange indices, Value mask) {
  if (mask)
    vector::MaskedStoreOp::create(b, loc, memref, indices, mask, vector);
  else
    vector::StoreOp::create(b, loc, vector, memref, indices);
}

SmallVector<Value> bpt::buildLoop(
    OpBuilder &b, Location loc, Value lb, Value ub, int64_t step,
    ValueRange carried,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, Value, ValueRange)>
        body) {
  std::optional<int64_t> low = getConstantIntValue(lb);
  std::optional<int64_t> high = getConstantIntValue(ub);
  if (low && high && *high <= *low)
    return SmallVector<Value>(carried);
  if (low && high && *high - *low <= step)
    return body(b, lb, carried);
  auto loop = scf::ForOp::create(
      b, loc, lb, ub, createIndex(b, loc, step), carried,
      [&](OpBuilder &nested, Location nestedLoc, Value iv, ValueRange args) {
        scf::YieldOp::create(nested, nestedLoc, body(nested, iv, args));
      });
  return SmallVector<Value>(loop.getResults());
}
