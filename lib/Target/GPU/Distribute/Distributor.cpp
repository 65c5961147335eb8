//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::bpt;

Distributor::Distributor(LLVM::LLVMFuncOp kernel, Value sharedMemory,
                         const AxisAnalysis &axes, int64_t warps,
                         bool usesWgmma, bool printLayouts)
    : b(kernel.getLoc(), kernel.getContext()), warps(warps),
      usesWgmma(usesWgmma), printLayouts(printLayouts), axes(axes),
      sharedMemory(sharedMemory) {
  b.setInsertionPointToEnd(&kernel.getBody().front());
  setThread(NVVM::ThreadIdXOp::create(b, b.getI32Type()));
}

void Distributor::setThread(Value number) {
  thread = number;
  rowOrigins.clear();
  lane = b.bitAnd(thread, 31);
  warp = b.shiftRight(thread, 5);
  laneRow = b.shiftRight(lane, 2);
  laneColumn = b.shiftLeft(b.bitAnd(lane, 3), 1);
}

void Distributor::mapArgument(Value argument, Value laneArgument, Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref) {
    scalars.map(argument, laneArgument);
    return;
  }
  MemoryView view;
  view.type = memref;
  view.base = laneArgument;
  auto [strides, offset] = memref.getStridesAndOffset();
  for (auto [size, stride] : llvm::zip(memref.getShape(), strides))
    for (auto [value, list] :
         {std::pair{size, &view.sizes}, std::pair{stride, &view.strides}}) {
      Extent extent;
      if (!ShapedType::isDynamic(value))
        extent = {b.getI64(value), value, std::max<int64_t>(value, 1)};
      list->push_back(extent);
    }
  views[argument] = view;
}

/// Whether the operation computes a tile element by element.
static bool isElementwise(Operation &op) {
  return OpTrait::hasElementwiseMappableTraits(&op) &&
         op.getNumResults() != 0 && isa<VectorType>(op.getResult(0).getType());
}

/// Orders operations on elements so that an element passes through all of them
/// before the next one does. Tile by tile, each would hold all the elements of
/// what it computes at once.
static void orderByElements(llvm::iterator_range<Block::iterator> ops) {
  llvm::SetVector<Operation *> run;
  for (Operation &op : ops)
    run.insert(&op);
  // Intrinsics of elements do not say so, but are pure too.
  if (!llvm::all_of(run, [](Operation *op) {
        return isMemoryEffectFree(op) || isa<LLVM::CallIntrinsicOp>(op);
      }))
    return;
  // What is used outside, in the order of its elements, after what it needs.
  llvm::SetVector<Operation *> ordered;
  auto schedule = [&](auto &&self, Operation *op) -> void {
    if (!run.contains(op) || ordered.contains(op))
      return;
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        self(self, producer);
    ordered.insert(op);
  };
  for (Operation *op : run)
    if (llvm::none_of(op->getUsers(),
                      [&](Operation *user) { return run.contains(user); }))
      schedule(schedule, op);
  for (Operation *op : ordered)
    op->moveBefore(op->getBlock(), ops.end());
}

LogicalResult Distributor::distributeBlock(Block &block) {
  size_t before = productsInFlight.size();
  // The operation before a run, if it is not the block's first one.
  Operation *beforeRun = nullptr;
  bool isInRun = false;
  auto startRun = [&] {
    Block::iterator point = b.getInsertionPoint();
    beforeRun =
        point == b.getInsertionBlock()->begin() ? nullptr : &*std::prev(point);
    isInRun = true;
  };
  auto endRun = [&] {
    if (!std::exchange(isInRun, false))
      return;
    Block::iterator begin = beforeRun ? std::next(beforeRun->getIterator())
                                      : b.getInsertionBlock()->begin();
    orderByElements({begin, b.getInsertionPoint()});
  };
  for (Operation &op : block.without_terminator()) {
    if (size_t count = countProductsBefore(&op)) {
      endRun();
      b.setLoc(op.getLoc());
      waitForProducts(count);
    }
    // What is shared by all lanes, such as a constant, is part of a run.
    if (!isElementwise(op)) {
      endRun();
    } else if (!isInRun) {
      startRun();
    }
    if (failed(distribute(&op)))
      return failure();
  }
  endRun();
  size_t left = countLeftInFlight(block);
  if (productsInFlight.size() >
      (isa<scf::ForOp>(block.getParentOp()) ? left : before))
    waitForProducts(productsInFlight.size() - left);
  return success();
}

LogicalResult Distributor::distribute(Operation *op) {
  b.setLoc(op->getLoc());
  for (Type type : op->getResultTypes())
    if (auto tile = dyn_cast<VectorType>(type))
      if (tile.getRank() == 0 || tile.getRank() > 2 || tile.isScalable())
        return op->emitOpError("computes ")
               << tile
               << ", but tiles have one or two dimensions of known size";
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<scf::ForOp>([&](auto loop) { return distributeFor(loop); })
      .Case<scf::IfOp>([&](auto branch) { return distributeIf(branch); })
      .Case<arith::ConstantOp>([&](auto c) { return distributeConstant(c); })
      .Case<vector::BroadcastOp>([&](auto v) { return distributeBroadcast(v); })
      .Case<vector::ShapeCastOp>([&](auto v) { return distributeShapeCast(v); })
      .Case<vector::StepOp>([&](auto v) { return distributeStep(v); })
      .Case<vector::CreateMaskOp>(
          [&](auto v) { return distributeCreateMask(v); })
      .Case<vector::ConstantMaskOp>(
          [&](auto v) { return distributeConstantMask(v); })
      .Case<vector::MultiDimReductionOp>(
          [&](auto v) { return distributeReduction(v); })
      .Case<vector::ContractionOp>(
          [&](auto v) { return distributeContract(v); })
      .Case<vector::TransferReadOp>([&](auto v) { return distributeRead(v); })
      .Case<vector::TransferWriteOp>([&](auto v) { return distributeWrite(v); })
      .Case<memref::AllocOp>(
          [&](auto m) { return allocateShared(m, m.getResult()); })
      .Case<memref::DeallocOp>([&](auto) { return success(); })
      .Case<memref::ReinterpretCastOp>(
          [&](auto m) { return distributeReinterpretCast(m); })
      .Case<memref::SubViewOp>([&](auto m) { return distributeSubView(m); })
      .Case<memref::CollapseShapeOp>(
          [&](auto m) { return distributeCollapseShape(m); })
      .Case<memref::ExpandShapeOp>(
          [&](auto m) { return distributeExpandShape(m); })
      .Case<memref::DimOp>([&](auto m) { return distributeDim(m); })
      .Case<memref::LoadOp>([&](auto m) { return distributeLoad(m); })
      .Case<tile::AsyncCopyOp>([&](auto c) { return distributeAsyncCopy(c); })
      .Case<tile::CommitCopiesOp>([&](auto) {
        NVVM::CpAsyncCommitGroupOp::create(b);
        return success();
      })
      .Case<tile::WaitCopiesOp>([&](auto wait) {
        NVVM::CpAsyncWaitGroupOp::create(b, wait.getPending());
        return success();
      })
      .Case<gpu::BarrierOp>([&](auto) {
        distributeBarrier();
        return success();
      })
      .Case<tile::CreateRingOp>([&](auto r) { return distributeRing(r); })
      .Case<tile::FillOp>([&](auto r) { return distributeFill(r); })
      .Case<tile::AcquireOp>([&](auto r) { return distributeAcquire(r); })
      .Case<tile::ReleaseOp>([&](auto r) { return distributeRelease(r); })
      .Case<tile::TakeTurnOp>([&](auto) { return distributeTakeTurn(); })
      .Case<tile::PassTurnOp>([&](auto) { return distributePassTurn(); })
      .Case<tile::WarpRolesOp>([&](auto r) { return distributeRoles(r); })
      .Case<gpu::BlockIdOp, gpu::GridDimOp>(
          [&](Operation *id) { return distributeScalar(id); })
      .Case<gpu::ThreadIdOp, gpu::LaneIdOp, gpu::SubgroupIdOp>(
          [&](Operation *id) {
            return id->emitOpError("cannot stand in a tile program, which says "
                                   "what the whole block does; rows are dealt "
                                   "to warps by bpt-distribute-to-lanes");
          })
      .Default([&](Operation *other) -> LogicalResult {
        // Of memory, only what is above: an elementwise choice of it is not.
        if (other->getNumResults() != 0 &&
            OpTrait::hasElementwiseMappableTraits(other)) {
          Type result = other->getResult(0).getType();
          if (isa<VectorType>(result))
            return distributeElementwise(other);
          if (result.isIntOrIndexOrFloat())
            return distributeScalar(other);
        }
        return other->emitOpError(
            "is not part of a tile program; it consists of elementwise arith "
            "and math, vector.contract, multi_reduction, broadcast, "
            "shape_cast, step, create_mask, transfer_read and transfer_write, "
            "scf.for and scf.if, memref.alloc, subview, reinterpret_cast, "
            "collapse_shape, expand_shape, dim and load, gpu.barrier, block_id "
            "and grid_dim, and bpt_tile");
      });
}

SmallVector<Value> Distributor::getScalars(ValueRange values) const {
  return llvm::map_to_vector(values,
                             [&](Value value) { return getScalar(value); });
}

const Tile &Distributor::getTile(Value value, TileAxes tileAxes) const {
  auto it = tiles.find({value, unsigned(tileAxes)});
  assert(it != tiles.end() && "operands are distributed before their uses");
  return it->second;
}

const Tile &Distributor::getTile(Value value) const {
  return getTile(value,
                 AxisAnalysis::getOwnAxes(cast<VectorType>(value.getType())));
}

const MemoryView &Distributor::getView(Value value) const {
  auto it = views.find(value);
  assert(it != views.end() && "views are distributed before their uses");
  return it->second;
}

void Distributor::setTile(Value value, TileAxes tileAxes, Tile tile) {
  if (printLayouts && tile.form == Tile::Form::Registers) {
    InFlightDiagnostic remark = mlir::emitRemark(value.getLoc());
    std::string text;
    llvm::raw_string_ostream os(text);
    tile.layout.print(os);
    remark << value.getType() << " lies in " << text;
  }
  tiles[{value, unsigned(tileAxes)}] = std::move(tile);
}

LogicalResult bpt::checkLaneType(Operation *op, Type element) {
  if (!isa<Float8E4M3FNType>(element))
    return success();
  return op->emitOpError(
      "moves f8E4M3FN from registers to memory, or there from "
      "workgroup memory; a tile program reads it from "
      "global memory, or copies and multiplies it");
}

bool bpt::isPaired(Type laneType, TileAxes axes) {
  return hasColumns(axes) && isa<FloatType>(laneType) &&
         laneType.getIntOrFloatBitWidth() == 16;
}

void Distributor::setElements(Value value, TileAxes tileAxes,
                              const FragmentLayout &layout,
                              ArrayRef<Value> elements) {
  Tile tile;
  tile.layout = layout;
  if (isPaired(elements.front().getType(), layout.getAxes()))
    for (size_t i = 0; i < elements.size(); i += 2)
      tile.values.push_back(b.makePair(elements[i], elements[i + 1]));
  else
    llvm::append_range(tile.values, elements);
  setTile(value, tileAxes, std::move(tile));
}

FailureOr<FragmentLayout> Distributor::getLayout(Operation *op, VectorType type,
                                                 TileAxes tileAxes) {
  int64_t rows = type.getDimSize(0);
  int64_t columns = type.getDimSize(type.getRank() - 1);
  std::string misfit =
      FragmentLayout::explainMisfit(tileAxes, rows, columns, warps);
  if (!misfit.empty())
    return op->emitOpError("computes ")
           << type << ", which does not fit the lanes: " << misfit;
  return FragmentLayout(tileAxes, rows, columns, warps);
}

FailureOr<bool> Distributor::isWanted(Operation *op, Value line, TileAxes only,
                                      StringRef what) {
  bool wanted = false;
  for (TileAxes axis : axes.getAxes(line)) {
    if (axis != only)
      return op->emitOpError("gives ")
             << what << ", but a use reads it along the tile's "
             << (axis == TileAxes::Rows ? "rows" : "columns")
             << "; write it to workgroup memory and read it back to change "
                "the axis";
    wanted = true;
  }
  return wanted;
}

Type Distributor::getLaneType(Type type) const {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() ? IntegerType::get(type.getContext(), 32) : element;
}

Type Distributor::getScalarType(Type type) const {
  return type.isIndex() ? IntegerType::get(type.getContext(), 64) : type;
}

Value Distributor::getElement(const Tile &tile, const FragmentLayout &as,
                              int64_t index) {
  int64_t rowSlot = as.getRowSlot(index), columnSlot = as.getColumnSlot(index);
  switch (tile.form) {
  case Tile::Form::Uniform:
    return tile.values.front();
  case Tile::Form::Position:
    if (hasRows(tile.layout.getAxes()))
      return b.add(
          b.add(tile.values.front(), getLaneRow(tile.layout.getRowsPerWarp())),
          FragmentLayout::getRowOffset(rowSlot));
    return b.add(b.add(tile.values.front(), laneColumn),
                 FragmentLayout::getColumnOffset(columnSlot));
  case Tile::Form::Registers: {
    int64_t own = tile.layout.getIndex(rowSlot, columnSlot);
    Type type = tile.values.front().getType();
    if (!isa<VectorType>(type))
      return tile.values[own];
    return b.getOfPair(tile.values[own / 2], own % 2);
  }
  case Tile::Form::Operand:
    break;
  }
  llvm_unreachable("operand tiles have no elements in registers");
}

SmallVector<Value> Distributor::getElements(const Tile &tile,
                                            const FragmentLayout &as) {
  SmallVector<Value> elements;
  for (int64_t i = 0, e = as.getNumElements(); i < e; ++i)
    elements.push_back(getElement(tile, as, i));
  return elements;
}

SmallVector<Value> Distributor::getPairs(const Tile &tile,
                                         const FragmentLayout &as) {
  if (tile.form == Tile::Form::Registers &&
      tile.layout.getAxes() == as.getAxes() &&
      isa<VectorType>(tile.values.front().getType()))
    return tile.values;
  SmallVector<Value> elements = getElements(tile, as), pairs;
  // LLVM has vectors of integers of 8 bits only.
  for (Value &element : elements)
    if (isa<Float8E4M3FNType>(element.getType()))
      element = arith::BitcastOp::create(b, b.getI8Type(), element);
  for (size_t i = 0; i < elements.size(); i += 2)
    pairs.push_back(b.makePair(elements[i], elements[i + 1]));
  return pairs;
}

Value Distributor::getWarpRow(int64_t rowsPerWarp) {
  Value &row = rowOrigins[{rowsPerWarp, 0}];
  if (row)
    return row;
  // Computed once, at the entry, wherever it is first needed.
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(laneColumn);
  return row = b.mul(warp, rowsPerWarp);
}

Value Distributor::getLaneRow(int64_t rowsPerWarp) {
  Value warpRow = getWarpRow(rowsPerWarp);
  Value &row = rowOrigins[{rowsPerWarp, 1}];
  if (row)
    return row;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(warpRow);
  return row = b.add(warpRow, laneRow);
}
