//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <numeric>

using namespace mlir;
using namespace mlir::bpt;

// A lane reads and writes global memory where it holds elements: pairs of
// neighbours in a row where their alignment is known, else single elements.
// Rows and columns that do not exist are branched around.

Value GlobalAccess::getRowAddress(LaneBuilder &b, int64_t rowSlot) const {
  int64_t rows = FragmentLayout::getRowOffset(rowSlot);
  if (rows == 0)
    return base;
  return b.advance(base, b.mul(rowStride.value, rows * elementBytes));
}

Value GlobalAccess::getElementAddress(LaneBuilder &b, Value rowAddress,
                                      int64_t columnSlot) const {
  int64_t columns = FragmentLayout::getColumnOffset(columnSlot);
  if (columns == 0)
    return rowAddress;
  if (columnStride.constant == 1)
    return b.advance(rowAddress, columns * elementBytes);
  return b.advance(rowAddress,
                   b.mul(columnStride.value, columns * elementBytes));
}

Value GlobalAccess::isRowInBounds(LaneBuilder &b, int64_t rowSlot) const {
  if (!rowsLeft)
    return {};
  return b.lessThan(b.add(row, FragmentLayout::getRowOffset(rowSlot)),
                    rowsLeft);
}

Value GlobalAccess::isColumnInBounds(LaneBuilder &b, int64_t columnSlot) const {
  if (!columnsLeft)
    return {};
  return b.lessThan(b.add(column, FragmentLayout::getColumnOffset(columnSlot)),
                    columnsLeft);
}

FailureOr<GlobalAccess>
Distributor::getGlobalAccess(VectorTransferOpInterface op, TileAxes tileAxes,
                             const FragmentLayout &layout) {
  const MemoryView &view = getView(op.getBase());
  Type element = view.type.getElementType();
  if (!element.isIntOrFloat() || element.getIntOrFloatBitWidth() % 8 != 0)
    return op->emitOpError("moves elements of ")
           << element << "; elements have whole bytes";
  for (AffineExpr expr : op.getPermutationMap().getResults())
    if (!isa<AffineDimExpr>(expr))
      return op->emitOpError("broadcasts in its permutation map; use "
                             "vector.broadcast");

  GlobalAccess access;
  access.elementBytes = element.getIntOrFloatBitWidth() / 8;
  access.base = view.base;
  int64_t alignment = view.alignment;
  for (auto [dim, index] : llvm::enumerate(op.getIndices())) {
    const Extent &stride = view.strides[dim];
    if (getConstantIntValue(index) == 0)
      continue;
    if (!stride.value)
      return op->emitOpError("needs the stride of dimension ")
             << dim << " of " << view.type
             << ", which the kernel does not know; give it with "
                "memref.reinterpret_cast";
    alignment = std::gcd(alignment, getKnownDivisor(index) * stride.divisor *
                                        access.elementBytes);
    access.base =
        b.advance(access.base, b.mul(b.mul(getScalar(index), stride.value),
                                     access.elementBytes));
  }

  access.row =
      hasRows(tileAxes) ? getLaneRow(layout.getRowsPerWarp()) : b.getI32(0);
  access.column = hasColumns(tileAxes) ? laneColumn : b.getI32(0);
  bool evenColumns = true;
  // A line of rank 1 lies along its axis; of a tile, dimension 0 is the rows.
  for (unsigned i = 0, rank = op.getVectorType().getRank(); i < rank; ++i) {
    bool isRow = rank == 1 ? hasRows(tileAxes) : i == 0;
    unsigned dim = op.getPermutationMap().getDimPosition(i);
    const Extent &stride = view.strides[dim], &size = view.sizes[dim];
    bool isUnit = op.getVectorType().getDimSize(i) == 1;
    if (!isUnit && !stride.value)
      return op->emitOpError("needs the stride of dimension ")
             << dim << " of " << view.type
             << ", which the kernel does not know; give it with "
                "memref.reinterpret_cast";
    (isRow ? access.rowStride : access.columnStride) = stride;
    if (isRow && !isUnit)
      alignment = std::gcd(alignment, stride.divisor * access.elementBytes);
    if (op.isDimInBounds(i))
      continue;
    if (!size.value)
      return op->emitOpError("may leave dimension ")
             << dim << " of " << view.type
             << ", whose size the kernel does not know: memref arguments are "
                "plain pointers; pass the size and give it with "
                "memref.reinterpret_cast";
    // What is left of the dimension, cut to the tile, fits i32.
    Value index = getScalar(op.getIndices()[dim]);
    Value left = b.createOrFold<arith::SubIOp>(size.value, index);
    left = b.createOrFold<arith::MinSIOp>(
        left, b.getI64(op.getVectorType().getDimSize(i)));
    (isRow ? access.rowsLeft : access.columnsLeft) =
        b.convertInt(left, b.getI32Type());
    if (!isRow)
      evenColumns = size.divisor % 2 == 0 &&
                    getKnownDivisor(op.getIndices()[dim]) % 2 == 0;
  }
  access.paired = hasColumns(tileAxes) && access.columnStride.constant == 1 &&
                  evenColumns && alignment % (2 * access.elementBytes) == 0;

  auto moveTo = [&](Value position, const Extent &stride) {
    Value elements =
        b.mul(b.convertInt(position, b.getI64Type()), stride.value);
    access.base = b.advance(access.base, b.mul(elements, access.elementBytes));
  };
  if (hasRows(tileAxes))
    moveTo(access.row, access.rowStride);
  if (hasColumns(tileAxes))
    moveTo(access.column, access.columnStride);
  return access;
}

/// The conjunction of conditions, any of which may be null for true.
static Value allOf(LaneBuilder &b, ArrayRef<Value> conditions) {
  Value all;
  for (Value condition : conditions)
    if (condition)
      all = all ? b.logicalAnd(all, condition) : condition;
  return all;
}

/// Calls `emit` where `condition` holds; elsewhere its values are `otherwise`.
static SmallVector<Value> guard(LaneBuilder &b, Value condition,
                                ValueRange otherwise,
                                function_ref<SmallVector<Value>()> emit) {
  if (!condition)
    return emit();
  auto branch = scf::IfOp::create(b, otherwise.getTypes(), condition,
                                  /*withElseRegion=*/!otherwise.empty());
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(branch.thenBlock());
  SmallVector<Value> values = emit();
  if (otherwise.empty())
    return {};
  scf::YieldOp::create(b, values);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, otherwise);
  return SmallVector<Value>(branch.getResults());
}

LogicalResult Distributor::readGlobal(vector::TransferReadOp op,
                                      TileAxes tileAxes) {
  FailureOr<FragmentLayout> layout =
      getLayout(op, op.getVectorType(), tileAxes);
  if (failed(layout))
    return failure();
  FailureOr<GlobalAccess> access = getGlobalAccess(op, tileAxes, *layout);
  if (failed(access))
    return failure();
  const Tile *mask = op.getMask() ? &getTile(op.getMask(), tileAxes) : nullptr;
  Type element = op.getVectorType().getElementType();
  // LLVM loads integers of 8 bits.
  bool isFloat8 = isa<Float8E4M3FNType>(element);
  bool paired = access->paired && !mask && !isFloat8;
  Type type = paired ? VectorType::get(2, element) : element;
  Value pad = getScalar(op.getPadding());
  Value padding = paired ? b.makePair(pad, pad) : pad;
  int64_t step = paired ? 2 : 1;
  int64_t alignment = step * access->elementBytes;

  SmallVector<Value> elements(layout->getNumElements());
  for (int64_t row = 0; row < layout->getNumRowSlots(); ++row) {
    int64_t columns = layout->getNumColumnSlots();
    SmallVector<Value> paddings(columns / step, padding);
    auto readRow = [&] {
      Value address = access->getRowAddress(b, row);
      SmallVector<Value> values;
      for (int64_t column = 0; column < columns; column += step) {
        int64_t index = layout->getIndex(row, column);
        Value exists =
            allOf(b, {access->isColumnInBounds(b, column),
                      mask ? getElement(*mask, *layout, index) : Value()});
        llvm::append_range(
            values, guard(b, exists, padding, [&] {
              Value from = access->getElementAddress(b, address, column);
              Value loaded = LLVM::LoadOp::create(
                  b, isFloat8 ? b.getI8Type() : type, from, alignment);
              if (isFloat8)
                loaded = arith::BitcastOp::create(b, type, loaded);
              return SmallVector<Value>{loaded};
            }));
      }
      return values;
    };
    SmallVector<Value> values =
        guard(b, access->isRowInBounds(b, row), paddings, readRow);
    for (int64_t column = 0; column < columns; ++column) {
      Value value = values[column / step];
      elements[layout->getIndex(row, column)] =
          paired ? b.getOfPair(value, column % 2) : value;
    }
  }
  setElements(op.getResult(), tileAxes, *layout, elements);
  return success();
}

Value Distributor::getStoringLane(TileAxes tileAxes) {
  auto isZero = [&](Value value) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, value,
                                 b.getI32(0));
  };
  return allOf(b,
               {hasColumns(tileAxes) ? Value() : isZero(laneColumn),
                hasRows(tileAxes) ? Value() : isZero(b.shiftRight(thread, 2))});
}

LogicalResult Distributor::writeGlobal(vector::TransferWriteOp op) {
  Value stored = op.getValueToStore();
  if (failed(checkLaneType(op, op.getVectorType().getElementType())))
    return failure();
  TileAxes tileAxes = axes.getAxes(stored).front();
  FailureOr<FragmentLayout> layout =
      getLayout(op, op.getVectorType(), tileAxes);
  if (failed(layout))
    return failure();
  FailureOr<GlobalAccess> access = getGlobalAccess(op, tileAxes, *layout);
  if (failed(access))
    return failure();
  const Tile *mask = op.getMask() ? &getTile(op.getMask(), tileAxes) : nullptr;
  bool paired = access->paired && !mask;
  int64_t step = paired ? 2 : 1;
  int64_t alignment = step * access->elementBytes;
  const Tile &tile = getTile(stored, tileAxes);
  SmallVector<Value> elements =
      paired ? getPairs(tile, *layout) : getElements(tile, *layout);
  Value isStoring = getStoringLane(tileAxes);
  for (int64_t row = 0; row < layout->getNumRowSlots(); ++row) {
    auto writeRow = [&] {
      Value address = access->getRowAddress(b, row);
      for (int64_t column = 0; column < layout->getNumColumnSlots();
           column += step) {
        int64_t index = layout->getIndex(row, column);
        Value exists =
            allOf(b, {access->isColumnInBounds(b, column),
                      mask ? getElement(*mask, *layout, index) : Value()});
        guard(b, exists, {}, [&] {
          Value to = access->getElementAddress(b, address, column);
          LLVM::StoreOp::create(b, elements[index / step], to, alignment);
          return SmallVector<Value>();
        });
      }
      return SmallVector<Value>();
    };
    guard(b, allOf(b, {isStoring, access->isRowInBounds(b, row)}), {},
          writeRow);
  }
  return success();
}
