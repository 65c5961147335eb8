//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"

using namespace mlir;
using namespace mlir::bpt;

/// Combines two values; null for a kind that lanes cannot combine.
static Value combine(LaneBuilder &b, vector::CombiningKind kind, Value x,
                     Value y) {
  using Kind = vector::CombiningKind;
  switch (kind) {
  // The arith operations of these would become calls of libdevice.
  case Kind::MAXNUMF:
    return LLVM::MaxNumOp::create(b, x, y);
  case Kind::MINNUMF:
    return LLVM::MinNumOp::create(b, x, y);
  case Kind::MAXIMUMF:
    return LLVM::MaximumOp::create(b, x, y);
  case Kind::MINIMUMF:
    return LLVM::MinimumOp::create(b, x, y);
  default:
    return vector::makeArithReduction(b, b.getLoc(), kind, x, y);
  }
}

/// Combines all values as a balanced tree, so that they do not wait for each
/// other.
static Value combineAll(LaneBuilder &b, vector::CombiningKind kind,
                        SmallVector<Value> values) {
  while (values.size() > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < values.size(); i += 2)
      next.push_back(combine(b, kind, values[i], values[i + 1]));
    if (values.size() % 2)
      next.push_back(values.back());
    values = std::move(next);
  }
  return values.front();
}

LogicalResult Distributor::distributeReduction(vector::MultiDimReductionOp op) {
  VectorType type = op.getSourceVectorType();
  if (type.getRank() != 2 || op.getReductionDims() != ArrayRef<int64_t>{1} ||
      AxisAnalysis::getOwnAxes(type) != TileAxes::Both)
    return op.emitOpError("reduces ")
           << type << " over [" << op.getReductionDims()
           << "]; a tile MxN is reduced over its columns, [1], since a row "
              "lies in one warp and a column in all";
  Type element = type.getElementType();
  if (!element.isF32() && !element.isInteger(32))
    return op.emitOpError("reduces elements of ")
           << element << "; lanes exchange f32 and i32";
  FailureOr<FragmentLayout> layout = getLayout(op, type, TileAxes::Both);
  if (failed(layout))
    return failure();
  FailureOr<bool> wanted =
      isWanted(op, op.getResult(), TileAxes::Rows, "one value a row");
  if (failed(wanted))
    return failure();
  if (!*wanted)
    return success();

  const Tile &source = getTile(op.getSource(), TileAxes::Both);
  FragmentLayout rows = layout->withAxes(TileAxes::Rows);
  SmallVector<Value> acc =
      getElements(getTile(op.getAcc(), TileAxes::Rows), rows);
  SmallVector<Value> results;
  for (int64_t row = 0; row < layout->getNumRowSlots(); ++row) {
    SmallVector<Value> values;
    for (int64_t column = 0; column < layout->getNumColumnSlots(); ++column)
      values.push_back(
          getElement(source, *layout, layout->getIndex(row, column)));
    Value value = combineAll(b, op.getKind(), std::move(values));
    if (row == 0)
      sumsMeanwhile.clear();
    if (!productsInFlight.empty() && op.getKind() == vector::CombiningKind::ADD)
      sumsMeanwhile.push_back(value);
    // The four lanes that share the row.
    for (int64_t mask : {1, 2})
      value = combine(b, op.getKind(), value, b.shuffleXor(value, mask));
    results.push_back(combine(b, op.getKind(), value, acc[row]));
  }
  setElements(op.getResult(), TileAxes::Rows, rows, results);
  return success();
}
