//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Distributor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::bpt;

ChunkAddress::ChunkAddress(LaneBuilder &b, const SharedTileLayout &layout,
                           Value base, Value row, Value chunk, bool isLow)
    : b(b), layout(layout), chunk(chunk), isLow(isLow) {
  address = b.advance(base, b.mul(row, layout.getPanelRowBytes()));
  swizzle = b.bitAnd(b.shiftRight(row, layout.getSwizzleShift()),
                     layout.getSwizzleMask());
  if (isLow)
    address = b.advance(address, b.shiftLeft(b.bitXor(chunk, swizzle), 4));
}

Value ChunkAddress::get(int64_t rowStep, int64_t chunkStep) {
  int64_t rowBytes = rowStep * layout.getPanelRowBytes();
  int64_t perPanel = layout.getChunksPerPanelRow();
  bool hasPanels = layout.getPanelBytes() != layout.getTileBytes();
  if (!isLow) {
    Value inRow = b.add(chunk, chunkStep), row = address;
    if (hasPanels) {
      Value panel = b.shiftRight(inRow, llvm::Log2_64(perPanel));
      row = b.advance(row, b.mul(panel, layout.getPanelBytes()));
      inRow = b.bitAnd(inRow, perPanel - 1);
    }
    Value permuted = b.bitXor(inRow, swizzle);
    return b.advance(b.advance(row, b.shiftLeft(permuted, 4)), rowBytes);
  }
  // A step flips bits of the address itself, where rows and buffers have none:
  // all chunks of a loop's tile come from one register. Flipped before the row
  // and the buffer are added, they would be one each, for all of the loop.
  int64_t inRow = chunkStep % perPanel;
  int64_t flipped = inRow & layout.getSwizzleMask();
  Value at = address;
  if (flipped) {
    Value bits = LLVM::PtrToIntOp::create(b, b.getI64Type(), at);
    bits = b.bitXor(bits, flipped * SharedTileLayout::kChunkBytes);
    at = LLVM::IntToPtrOp::create(b, at.getType(), bits);
  }
  return b.advance(at, rowBytes +
                           (inRow - flipped) * SharedTileLayout::kChunkBytes +
                           chunkStep / perPanel * layout.getPanelBytes());
}

Value Distributor::getSharedBuffer(const MemoryView &view, ValueRange leading) {
  int64_t bytes = view.getSharedTile().getTileBytes();
  Value offset;
  for (auto [dim, index] : llvm::enumerate(leading)) {
    int64_t stride = bytes;
    for (int64_t size : view.type.getShape().drop_front(dim + 1).drop_back(2))
      stride *= size;
    if (getConstantIntValue(index) == 0)
      continue;
    Value part = b.mul(b.convertInt(getScalar(index), b.getI32Type()), stride);
    offset = offset ? b.add(offset, part) : part;
  }
  return offset ? b.advance(view.base, offset) : view.base;
}

FailureOr<SharedAccess>
Distributor::getSharedAccess(VectorTransferOpInterface op) {
  const MemoryView &view = getView(op.getBase());
  if (op.getMask() || op.hasOutOfBoundsDim() ||
      !op.getPermutationMap().isMinorIdentity())
    return op->emitOpError("accesses workgroup memory masked, out of bounds or "
                           "permuted; tiles there are accessed whole, as they "
                           "lie, with in_bounds = true");
  SharedAccess access;
  access.layout = view.getSharedTile();
  int64_t rank = view.type.getRank();
  ValueRange indices = op.getIndices();
  access.base =
      rank < 2 ? view.base : getSharedBuffer(view, indices.drop_back(2));
  access.row = rank < 2
                   ? b.getI32(0)
                   : b.convertInt(getScalar(indices[rank - 2]), b.getI32Type());
  Value column = indices[rank - 1];
  access.column = b.convertInt(getScalar(column), b.getI32Type());
  access.atFirstColumn = getConstantIntValue(column) == 0;
  access.isWhole = access.atFirstColumn && rank >= 2 &&
                   getConstantIntValue(indices[rank - 2]) == 0;
  int64_t perChunk = access.layout.getElementsPerChunk();
  int64_t divisor = getKnownDivisor(column);
  if (rank >= 2 && divisor % perChunk != 0)
    return op->emitOpError("begins at a column that is not known to be a "
                           "multiple of ")
           << perChunk << ", 16 bytes";
  access.paired = divisor % 2 == 0;
  return access;
}

/// The address of one element, wherever it lies.
static Value getElementAddress(LaneBuilder &b, const SharedAccess &access,
                               Value row, Value column) {
  Value bytes = b.mul(column, access.layout.getElementBytes());
  if (access.layout.getRows() == 1)
    return b.advance(access.base, bytes);
  ChunkAddress chunk(b, access.layout, access.base, row, b.shiftRight(bytes, 4),
                     /*isLow=*/false);
  return b.advance(chunk.get(0, 0), b.bitAnd(bytes, 15));
}

/// The addresses of a tile's elements (`step` 1) or pairs (2) in the order of
/// its layout.
static SmallVector<Value> getAddresses(LaneBuilder &b,
                                       const SharedAccess &access,
                                       const FragmentLayout &layout,
                                       bool isLine, Value laneRow,
                                       Value laneColumn, int64_t step) {
  SmallVector<Value> addresses;
  int64_t bytes = access.layout.getElementBytes();
  if (layout.getAxes() == TileAxes::Both && access.atFirstColumn && step == 2) {
    // A pair lies in one chunk: of 16-bit elements, all pairs of a fragment's
    // row do; of 32-bit elements, two lanes' pairs.
    Value offset = b.mul(laneColumn, bytes);
    ChunkAddress chunk(b, access.layout, access.base,
                       b.add(access.row, laneRow), b.shiftRight(offset, 4),
                       /*isLow=*/true);
    for (int64_t i = 0; i < layout.getNumElements(); i += step) {
      int64_t row = FragmentLayout::getRowOffset(layout.getRowSlot(i));
      int64_t column = FragmentLayout::getColumnOffset(layout.getColumnSlot(i));
      addresses.push_back(b.advance(
          chunk.get(row, column * bytes / SharedTileLayout::kChunkBytes),
          b.bitAnd(offset, 15)));
    }
    return addresses;
  }
  for (int64_t i = 0; i < layout.getNumElements(); i += step) {
    Value row =
        b.add(laneRow, FragmentLayout::getRowOffset(layout.getRowSlot(i)));
    Value column = b.add(
        laneColumn, FragmentLayout::getColumnOffset(layout.getColumnSlot(i)));
    TileAxes tileAxes = layout.getAxes();
    Value along = hasRows(tileAxes) ? row : column;
    // A line runs along the last dimension whatever axis it is of the tile.
    Value atRow = access.row, atColumn = access.column;
    if (isLine) {
      atColumn = b.add(atColumn, along);
    } else {
      atRow = hasRows(tileAxes) ? b.add(atRow, row) : atRow;
      atColumn = hasColumns(tileAxes) ? b.add(atColumn, column) : atColumn;
    }
    addresses.push_back(getElementAddress(b, access, atRow, atColumn));
  }
  return addresses;
}

LogicalResult Distributor::readShared(vector::TransferReadOp op,
                                      TileAxes tileAxes) {
  FailureOr<FragmentLayout> layout =
      getLayout(op, op.getVectorType(), tileAxes);
  if (failed(layout))
    return failure();
  FailureOr<SharedAccess> access = getSharedAccess(op);
  if (failed(access))
    return failure();
  Type element = op.getVectorType().getElementType();
  if (failed(checkLaneType(op, element)))
    return failure();
  Value row = getLaneRow(layout->getRowsPerWarp());

  if (tileAxes == TileAxes::Both && element.getIntOrFloatBitWidth() == 16 &&
      isa<FloatType>(element)) {
    // ldmatrix gives each lane the pairs that it holds in the layout.
    Tile tile;
    tile.layout = *layout;
    tile.values.resize(layout->getNumElements() / 2);
    Value start = b.add(access->row, getWarpRow(layout->getRowsPerWarp()));
    Value chunk = b.shiftRight(lane, 4);
    if (!access->atFirstColumn)
      chunk = b.add(chunk, b.shiftRight(access->column, 3));
    ChunkAddress address(b, access->layout, access->base,
                         b.add(start, b.bitAnd(lane, 15)), chunk,
                         access->atFirstColumn);
    Type pair = VectorType::get(2, element);
    for (int64_t m = 0; m < layout->getRowsPerWarp() / 16; ++m)
      for (int64_t n = 0; n < layout->getColumns() / 8; n += 2) {
        int64_t count = n + 1 < layout->getColumns() / 8 ? 4 : 2;
        for (auto [i, matrix] : llvm::enumerate(
                 b.loadMatrices(address.get(16 * m, n), count, false))) {
          int64_t at = layout->getIndex(2 * m + i % 2, 2 * (n + i / 2)) / 2;
          tile.values[at] = LLVM::BitcastOp::create(b, pair, matrix);
        }
      }
    setTile(op.getResult(), tileAxes, std::move(tile));
    return success();
  }

  bool paired = access->paired && hasColumns(tileAxes);
  int64_t step = paired ? 2 : 1;
  Type type = paired ? VectorType::get(2, element) : element;
  SmallVector<Value> elements;
  for (Value address :
       getAddresses(b, *access, *layout, op.getVectorType().getRank() == 1, row,
                    laneColumn, step)) {
    Value value = LLVM::LoadOp::create(b, type, address,
                                       step * access->layout.getElementBytes());
    if (!paired) {
      elements.push_back(value);
      continue;
    }
    elements.push_back(b.getOfPair(value, 0));
    elements.push_back(b.getOfPair(value, 1));
  }
  setElements(op.getResult(), tileAxes, *layout, elements);
  return success();
}

LogicalResult Distributor::writeShared(vector::TransferWriteOp op) {
  Value stored = op.getValueToStore();
  if (failed(checkLaneType(op, op.getVectorType().getElementType())))
    return failure();
  TileAxes tileAxes = axes.getAxes(stored).front();
  FailureOr<FragmentLayout> layout =
      getLayout(op, op.getVectorType(), tileAxes);
  if (failed(layout))
    return failure();
  FailureOr<SharedAccess> access = getSharedAccess(op);
  if (failed(access))
    return failure();
  bool paired = access->paired && hasColumns(tileAxes);
  int64_t step = paired ? 2 : 1;
  const Tile &tile = getTile(stored, tileAxes);
  SmallVector<Value> elements =
      paired ? getPairs(tile, *layout) : getElements(tile, *layout);
  auto store = [&] {
    SmallVector<Value> addresses =
        getAddresses(b, *access, *layout, op.getVectorType().getRank() == 1,
                     getLaneRow(layout->getRowsPerWarp()), laneColumn, step);
    for (auto [value, address] : llvm::zip(elements, addresses))
      LLVM::StoreOp::create(b, value, address,
                            step * access->layout.getElementBytes());
  };
  Value isStoring = getStoringLane(tileAxes);
  if (!isStoring) {
    store();
    return success();
  }
  auto branch = scf::IfOp::create(b, isStoring, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(branch.thenBlock());
  store();
  return success();
}

/// Whether a contraction multiplies the value: what it does not need yet, no
/// register has to hold.
static bool isFactor(OpOperand &use) {
  return isa<vector::ContractionOp>(use.getOwner()) &&
         use.getOperandNumber() <= 1;
}

/// Whether a contraction reads `value` in a form that only ldmatrix gives: as
/// its right operand, or as a left operand that lies transposed.
static bool isMatrixOperand(OpOperand &use) {
  if (!isFactor(use))
    return false;
  if (use.getOperandNumber() == 1)
    return true;
  SmallVector<AffineMap> maps =
      cast<vector::ContractionOp>(use.getOwner()).getIndexingMapsArray();
  return maps[0].getResult(0) != maps[2].getResult(0);
}

LogicalResult Distributor::distributeRead(vector::TransferReadOp op) {
  const MemoryView &view = getView(op.getBase());
  if (!view.shared) {
    for (TileAxes axis : axes.getAxes(op.getResult()))
      if (failed(readGlobal(op, axis)))
        return failure();
    return success();
  }
  bool isOperandOnly = llvm::all_of(op->getUses(), isFactor);
  bool isUnchanged = llvm::all_of(op->getUses(), [&](OpOperand &use) {
    return !findChangeBefore(op, use.getOwner());
  });
  if ((isOperandOnly && isUnchanged) ||
      llvm::any_of(op->getUses(), isMatrixOperand)) {
    if (!isOperandOnly)
      return op.emitOpError("reads a tile that is an operand of "
                            "vector.contract straight from workgroup memory, "
                            "and also something else; read it once for each "
                            "use");
    Tile tile;
    tile.form = Tile::Form::Operand;
    tile.read = op;
    setTile(op.getResult(), axes.getAxes(op.getResult()).front(), tile);
    return success();
  }
  for (TileAxes axis : axes.getAxes(op.getResult()))
    if (failed(readShared(op, axis)))
      return failure();
  return success();
}

LogicalResult Distributor::distributeWrite(vector::TransferWriteOp op) {
  return getView(op.getBase()).shared ? writeShared(op) : writeGlobal(op);
}
