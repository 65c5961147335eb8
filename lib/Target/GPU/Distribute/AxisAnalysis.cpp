//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AxisAnalysis.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::bpt;

TileAxes AxisAnalysis::getOwnAxes(VectorType type) {
  if (type.getRank() != 2)
    return TileAxes::None;
  if (type.getDimSize(1) == 1)
    return TileAxes::Rows;
  return type.getDimSize(0) == 1 ? TileAxes::Columns : TileAxes::Both;
}

static bool isLine(Value value) {
  auto type = dyn_cast<VectorType>(value.getType());
  return type && type.getRank() == 1;
}

AxisAnalysis::AxisAnalysis(Operation *root, int64_t warps) {
  auto propagateAll = [&] {
    bool changed = true;
    while (changed) {
      changed = false;
      root->walk([&](Operation *op) { changed |= propagate(op); });
    }
  };
  propagateAll();
  // A line that is only stored may lie along either axis.
  root->walk([&](vector::TransferWriteOp write) {
    Value line = write.getValueToStore();
    if (!isLine(line) || demanded.lookup(line))
      return;
    bool fitsRows =
        cast<VectorType>(line.getType()).getDimSize(0) % (16 * warps) == 0;
    auto cast = line.getDefiningOp<vector::ShapeCastOp>();
    bool isRow =
        cast && getOwnAxes(cast.getSourceVectorType()) == TileAxes::Columns;
    demand(line,
           uint8_t(fitsRows && !isRow ? TileAxes::Rows : TileAxes::Columns));
  });
  propagateAll();
}

SmallVector<TileAxes, 2> AxisAnalysis::getAxes(Value value) const {
  auto type = cast<VectorType>(value.getType());
  if (type.getRank() == 2)
    return {getOwnAxes(type)};
  SmallVector<TileAxes, 2> axes;
  uint8_t set = demanded.lookup(value);
  for (TileAxes axis : {TileAxes::Rows, TileAxes::Columns})
    if (set & uint8_t(axis))
      axes.push_back(axis);
  return axes;
}

bool AxisAnalysis::demand(Value value, uint8_t axes) {
  if (!isLine(value))
    return false;
  uint8_t &set = demanded[value];
  bool changed = (set | axes) != set;
  set |= axes;
  return changed;
}

bool AxisAnalysis::propagate(Operation *op) {
  auto join = [&](ArrayRef<Value> values) {
    uint8_t all = 0;
    for (Value value : values)
      all |= demanded.lookup(value);
    bool changed = false;
    for (Value value : values)
      changed |= demand(value, all);
    return changed;
  };
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op)) {
    // A line is broadcast along its trailing dimension.
    bool toTile = broadcast.getResultVectorType().getRank() == 2;
    return demand(broadcast.getSource(),
                  toTile ? uint8_t(TileAxes::Columns)
                         : demanded.lookup(broadcast.getResult()));
  }
  if (auto cast = dyn_cast<vector::ShapeCastOp>(op)) {
    TileAxes axes = getOwnAxes(cast.getResultVectorType());
    return demand(cast.getSource(), axes == TileAxes::None
                                        ? demanded.lookup(cast.getResult())
                                        : uint8_t(axes));
  }
  if (auto transfer = dyn_cast<VectorTransferOpInterface>(op)) {
    // A mask lies as what it masks does.
    auto write = dyn_cast<vector::TransferWriteOp>(op);
    Value line =
        write ? Value(write.getValueToStore()) : Value(op->getResult(0));
    return transfer.getMask() &&
           demand(transfer.getMask(), demanded.lookup(line));
  }
  if (auto reduction = dyn_cast<vector::MultiDimReductionOp>(op))
    return demand(reduction.getAcc(), uint8_t(TileAxes::Rows));
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    bool changed = false;
    for (unsigned i = 0; i < loop.getNumResults(); ++i)
      changed |= join({loop.getInitArgs()[i], loop.getRegionIterArgs()[i],
                       loop.getYieldedValues()[i], loop.getResult(i)});
    return changed;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    bool changed = false;
    for (unsigned i = 0; i < branch.getNumResults(); ++i)
      changed |= join({branch.getResult(i), branch.thenYield().getOperand(i),
                       branch.elseYield().getOperand(i)});
    return changed;
  }
  if (!OpTrait::hasElementwiseMappableTraits(op))
    return false;
  // Several results are computed at once.
  bool changed = join(SmallVector<Value>(op->getResults()));
  if (op->getNumResults() != 0)
    for (Value operand : op->getOperands())
      changed |= demand(operand, demanded.lookup(op->getResult(0)));
  return changed;
}
