//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace mlir::bpt;

// Loops and branches are taken by all lanes together; a tile that they carry
// is as many values as a lane has elements, or pairs, of it.

FailureOr<SmallVector<Carried>> Distributor::getCarried(Operation *op,
                                                        StringRef memoryError) {
  SmallVector<Carried> carried;
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    if (isa<BaseMemRefType>(result.getType()))
      return op->emitOpError(memoryError);
    auto type = dyn_cast<VectorType>(result.getType());
    if (!type) {
      Type scalar = getScalarType(result.getType());
      carried.push_back({unsigned(i), TileAxes::None, {}, {scalar}});
      continue;
    }
    for (TileAxes axis : axes.getAxes(result)) {
      FailureOr<FragmentLayout> layout = getLayout(op, type, axis);
      if (failed(layout))
        return failure();
      Type lane = getLaneType(type);
      int64_t count = layout->getNumElements();
      if (isPaired(lane, axis)) {
        lane = VectorType::get(2, lane);
        count /= 2;
      }
      carried.push_back(
          {unsigned(i), axis, *layout, SmallVector<Type>(count, lane)});
    }
  }
  return carried;
}

SmallVector<Value> Distributor::flatten(ArrayRef<Carried> carried,
                                        ValueRange values) {
  SmallVector<Value> flat;
  for (const Carried &c : carried) {
    Value value = values[c.position];
    if (c.axes == TileAxes::None) {
      flat.push_back(getScalar(value));
      continue;
    }
    const Tile &tile = getTile(value, c.axes);
    llvm::append_range(flat, isa<VectorType>(c.types.front())
                                 ? getPairs(tile, c.layout)
                                 : getElements(tile, c.layout));
  }
  return flat;
}

void Distributor::bind(ArrayRef<Carried> carried, ValueRange values,
                       ValueRange flat) {
  for (const Carried &c : carried) {
    size_t count = c.types.size();
    if (c.axes == TileAxes::None) {
      scalars.map(values[c.position], flat.front());
    } else {
      Tile tile;
      tile.layout = c.layout;
      tile.values = flat.take_front(count);
      setTile(values[c.position], c.axes, std::move(tile));
    }
    flat = flat.drop_front(count);
  }
}

static LLVM::LoopAnnotationAttr forbidUnrolling(MLIRContext *context) {
  auto unroll = LLVM::LoopUnrollAttr::get(
      context, /*disable=*/BoolAttr::get(context, true), {}, {}, {}, {}, {},
      {});
  return LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, unroll, {}, {}, {},
                                       {}, {}, {}, {}, {}, {}, {}, {});
}

/// Whether each iteration of the loop is the work of a block.
static bool isLoopOverItems(scf::ForOp op) {
  return isa<tile::WarpRolesOp>(op->getParentOp()) &&
         op->getParentOfType<gpu::GPUFuncOp>()->hasAttr(
             tile::TileDialect::kPersistentAttrName);
}

Value Distributor::shareFirst(Value number) {
  Value mask = b.getI32(isOneThread ? 1 : -1);
  return NVVM::ShflOp::create(b, number.getType(), mask, number, b.getI32(0),
                              b.getI32(31), NVVM::ShflKind::idx, UnitAttr());
}

LogicalResult Distributor::distributeFor(scf::ForOp op) {
  FailureOr<SmallVector<Carried>> carried =
      getCarried(op, "carries a memref; carry the index of a buffer");
  if (failed(carried))
    return failure();
  // All other products in flight have been waited for.
  bool continues = continuesProducts(op);
  for (GroupProduct &product : productsInFlight)
    setElements(product.result, TileAxes::Both, product.layout,
                product.accumulators);
  productsInFlight.clear();
  SmallVector<std::pair<unsigned, GroupProduct>> passed;
  SmallVector<Value> inits = flatten(*carried, op.getInitArgs());
  auto loop = scf::ForOp::create(b, getScalar(op.getLowerBound()),
                                 getScalar(op.getUpperBound()),
                                 getScalar(op.getStep()), inits);
  loop.setUnsignedCmp(op.getUnsignedCmp());
  // Warps that copy have few registers, and nothing to gain from more of their
  // code side by side.
  auto roles = op->getParentOfType<tile::WarpRolesOp>();
  if (roles && roles.getProducer().isAncestor(op->getParentRegion()))
    loop->setAttr("loop_annotation", forbidUnrolling(b.getContext()));
  scalars.map(op.getInductionVar(), loop.getInductionVar());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    bind(*carried, op.getRegionIterArgs(), loop.getRegionIterArgs());
    // LLVM would compute the positions of all elements before the loop, and
    // hold them in registers meanwhile.
    auto threads =
        std::tie(thread, lane, warp, laneRow, laneColumn, rowOrigins);
    auto restore = llvm::scope_exit(
        [=, before = std::tuple(thread, lane, warp, laneRow, laneColumn,
                                rowOrigins)]() mutable {
          if (std::get<0>(threads) != std::get<0>(before))
            threads = before;
        });
    if (isLoopOverItems(op)) {
      setThread(b.hide(thread, loop.getInductionVar()));
      scalars.map(op.getInductionVar(), shareFirst(loop.getInductionVar()));
      for (BlockArgument argument : op.getRegionIterArgs())
        scalars.map(argument, shareFirst(getScalar(argument)));
    }
    if (continues)
      startInFlight(op);
    if (failed(distributeBlock(*op.getBody())))
      return failure();
    b.setLoc(op.getLoc());
    passed = passInFlight(op);
    SmallVector<Value> yields = flatten(*carried, op.getYieldedValues());
    if (!inits.empty())
      scf::YieldOp::create(b, yields);
  }
  bind(*carried, op.getResults(), loop.getResults());
  for (auto &[position, product] : passed) {
    product.accumulators = getTile(op.getResult(position)).values;
    productsInFlight.push_back(std::move(product));
  }
  return success();
}

LogicalResult Distributor::distributeIf(scf::IfOp op) {
  FailureOr<SmallVector<Carried>> carried =
      getCarried(op, "chooses a memref; choose the index of a buffer");
  if (failed(carried))
    return failure();
  SmallVector<Type> types;
  for (const Carried &c : *carried)
    llvm::append_range(types, c.types);
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
    SmallVector<Value> yields =
        flatten(*carried, from->getTerminator()->getOperands());
    if (!types.empty())
      scf::YieldOp::create(b, yields);
  }
  bind(*carried, op.getResults(), branch.getResults());
  return success();
}
