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

// Loops and branches are taken by all lanes together; a tile that they carry
// is as many values as a lane has elements of it.

namespace {
/// One value of a loop or branch: a scalar, or a tile along some axes.
struct Carried {
  unsigned position;
  /// None for a scalar.
  TileAxes axes;
  FragmentLayout layout;
  /// A lane's values of it.
  int64_t count;
};
} // namespace

LogicalResult Distributor::distributeFor(scf::ForOp op) {
  SmallVector<Carried> carried;
  SmallVector<Value> inits;
  auto flatten = [&](const Carried &c, Value value,
                     SmallVectorImpl<Value> &flat) {
    if (c.axes == TileAxes::None)
      flat.push_back(getScalar(value));
    else
      llvm::append_range(flat, getElements(getTile(value, c.axes), c.layout));
  };
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    auto type = dyn_cast<VectorType>(result.getType());
    if (isa<BaseMemRefType>(result.getType()))
      return op.emitOpError("carries a memref; carry the index of a buffer");
    if (!type) {
      carried.push_back({unsigned(i), TileAxes::None, {}, 1});
      flatten(carried.back(), op.getInitArgs()[i], inits);
      continue;
    }
    for (TileAxes axis : axes.getAxes(result)) {
      FailureOr<FragmentLayout> layout = getLayout(op, type, axis);
      if (failed(layout))
        return failure();
      carried.push_back({unsigned(i), axis, *layout, layout->getNumElements()});
      flatten(carried.back(), op.getInitArgs()[i], inits);
    }
  }
  auto bind = [&](ValueRange values, ValueRange flat) {
    for (const Carried &c : carried) {
      if (c.axes == TileAxes::None)
        scalars.map(values[c.position], flat.front());
      else
        setElements(values[c.position], c.axes, c.layout,
                    SmallVector<Value>(flat.take_front(c.count)));
      flat = flat.drop_front(c.count);
    }
  };

  auto loop = scf::ForOp::create(b, getScalar(op.getLowerBound()),
                                 getScalar(op.getUpperBound()),
                                 getScalar(op.getStep()), inits);
  loop.setUnsignedCmp(op.getUnsignedCmp());
  scalars.map(op.getInductionVar(), loop.getInductionVar());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    bind(op.getRegionIterArgs(), loop.getRegionIterArgs());
    if (failed(distributeBlock(*op.getBody())))
      return failure();
    b.setLoc(op.getLoc());
    SmallVector<Value> yields;
    for (const Carried &c : carried)
      flatten(c, op.getYieldedValues()[c.position], yields);
    if (!inits.empty())
      scf::YieldOp::create(b, yields);
  }
  bind(op.getResults(), loop.getResults());
  return success();
}

LogicalResult Distributor::distributeIf(scf::IfOp op) {
  SmallVector<Carried> carried;
  SmallVector<Type> types;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    auto type = dyn_cast<VectorType>(result.getType());
    if (isa<BaseMemRefType>(result.getType()))
      return op.emitOpError("chooses a memref; choose the index of a buffer");
    if (isa<BaseMemRefType>(result.getType()))
      return op.emitOpError("carries a memref; carry the index of a buffer");
    if (!type) {
      carried.push_back({unsigned(i), TileAxes::None, {}, 1});
      types.push_back(getScalarType(result.getType()));
      continue;
    }
    for (TileAxes axis : axes.getAxes(result)) {
      FailureOr<FragmentLayout> layout = getLayout(op, type, axis);
      if (failed(layout))
        return failure();
      carried.push_back({unsigned(i), axis, *layout, layout->getNumElements()});
      types.append(layout->getNumElements(), getLaneType(type));
    }
  }
  auto branch = scf::IfOp::create(b, types, getScalar(op.getCondition()),
                                  /*withElseRegion=*/op.elseBlock() != nullptr);
  for (auto [from, to] : {std::pair{op.thenBlock(), branch.thenBlock()},
                          std::pair{op.elseBlock(), branch.elseBlock()}}) {
    if (!from)
      continue;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(to);
    if (failed(distributeBlock(*from)))
      return failure();
    b.setLoc(op.getLoc());
    SmallVector<Value> yields;
    for (const Carried &c : carried) {
      Value value = from->getTerminator()->getOperand(c.position);
      if (c.axes == TileAxes::None)
        yields.push_back(getScalar(value));
      else
        llvm::append_range(yields,
                           getElements(getTile(value, c.axes), c.layout));
    }
    if (!types.empty())
      scf::YieldOp::create(b, yields);
  }
  ValueRange flat = branch.getResults();
  for (const Carried &c : carried) {
    Value value = op.getResult(c.position);
    if (c.axes == TileAxes::None)
      scalars.map(value, flat.front());
    else
      setElements(value, c.axes, c.layout,
                  SmallVector<Value>(flat.take_front(c.count)));
    flat = flat.drop_front(c.count);
  }
  return success();
}
