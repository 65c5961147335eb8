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

namespace {
/// The units of one row that a copy moves, and how lanes share them: unit
/// `thread + i * threads`, row by row.
class CopyUnits {
public:
  CopyUnits(LaneBuilder &b, Value thread, int64_t threads, int64_t unitsPerRow)
      : b(b), thread(thread), threads(threads), perRow(unitsPerRow) {
    if (isRegular()) {
      firstRow = b.createOrFold<arith::DivUIOp>(thread, b.getI32(perRow));
      unit = b.createOrFold<arith::RemUIOp>(thread, b.getI32(perRow));
    }
  }

  /// Whether a thread copies the same columns of every row that it copies.
  bool isRegular() const { return threads % perRow == 0; }
  int64_t getRowStep() const { return threads / perRow; }
  Value getFirstRow() const { return firstRow; }

  /// The row and the unit within it of iteration `i`.
  std::pair<Value, Value> get(int64_t i) {
    if (isRegular())
      return {b.add(firstRow, i * getRowStep()), unit};
    Value linear = b.add(thread, i * threads), count = b.getI32(perRow);
    return {b.createOrFold<arith::DivUIOp>(linear, count),
            b.createOrFold<arith::RemUIOp>(linear, count)};
  }

private:
  LaneBuilder &b;
  Value thread, firstRow, unit;
  int64_t threads, perRow;
};
} // namespace

LogicalResult Distributor::distributeAsyncCopy(tile::AsyncCopyOp op) {
  const MemoryView &source = getView(op.getSource());
  const MemoryView &dest = getView(op.getDest());
  SharedTileLayout layout = dest.getSharedTile();
  int64_t bytes = layout.getElementBytes();
  Value row0 = op.getRow(), column0 = op.getColumn();
  for (int64_t dim : {0, 1}) {
    if (!source.strides[dim].value ||
        (dim == 1 && source.strides[1].constant != 1))
      return op.emitOpError("needs rows of adjacent elements at a known "
                            "stride, but dimension ")
             << dim << " of " << source.type
             << " is not known so; give it with memref.reinterpret_cast";
    if (!source.sizes[dim].value)
      return op.emitOpError("copies what exists of the tile, but the kernel "
                            "does not know the size of dimension ")
             << dim << " of " << source.type
             << ": memref arguments are plain pointers; pass the size and give "
                "it with memref.reinterpret_cast";
  }

  int64_t alignment = std::gcd(
      source.alignment,
      std::gcd(source.strides[0].divisor, getKnownDivisor(column0)) * bytes);
  if (alignment < 4)
    return op.emitOpError("copies at least 4 aligned bytes at once, but the "
                          "rows are known to be aligned to ")
           << alignment << "; a stride argument may promise more with '"
           << tile::TileDialect::kDivisorAttrName << "'";
  int64_t unitBytes = std::min<int64_t>(alignment & -alignment, 16);

  Value destBase = getSharedBuffer(dest, op.getDestIndices());
  Value rowStride = b.mul(source.strides[0].value, bytes);
  Value sourceBase =
      b.advance(b.advance(source.base, b.mul(getScalar(row0), rowStride)),
                b.mul(getScalar(column0), bytes));

  // What exists of the tile, cut to the tile, fits i32.
  auto getLeft = [&](int64_t dim, Value index, int64_t size) -> Value {
    std::optional<int64_t> start = getConstantIntValue(index);
    std::optional<int64_t> extent = source.sizes[dim].constant;
    if (start && extent && *start >= 0 && *start + size <= *extent)
      return {};
    Value left = b.createOrFold<arith::SubIOp>(source.sizes[dim].value,
                                               getScalar(index));
    left = b.createOrFold<arith::MinSIOp>(left, b.getI64(size));
    return b.convertInt(left, b.getI32Type());
  };
  Value rowsLeft = getLeft(0, row0, layout.getRows());
  Value columnsLeft = getLeft(1, column0, layout.getColumns());

  int64_t threads = 32 * warps;
  int64_t perRow = layout.getRowBytes() / unitBytes;
  int64_t units = layout.getRows() * perRow;
  CopyUnits plan(b, thread, threads, perRow);
  std::optional<ChunkAddress> regular;

  auto copyUnit = [&](int64_t i) {
    auto [row, unit] = plan.get(i);
    Value offset = b.mul(unit, unitBytes);
    Value chunk = b.shiftRight(offset, 4);
    Value to;
    if (plan.isRegular() && plan.getRowStep() % 8 == 0) {
      // All rows of this thread are permuted in the same way.
      if (!regular)
        regular.emplace(b, layout, destBase, plan.getFirstRow(), chunk,
                        /*isLow=*/false);
      to = regular->get(i * plan.getRowStep(), 0);
    } else {
      to = ChunkAddress(b, layout, destBase, row, chunk, /*isLow=*/false)
               .get(0, 0);
    }
    if (unitBytes < SharedTileLayout::kChunkBytes)
      to = b.advance(to, b.bitAnd(offset, 15));
    Value from =
        b.advance(b.advance(sourceBase, b.mul(b.convertInt(row, b.getI64Type()),
                                              rowStride)),
                  offset);
    Value copied;
    if (columnsLeft) {
      Value left =
          b.createOrFold<arith::SubIOp>(b.mul(columnsLeft, bytes), offset);
      left = b.createOrFold<arith::MinSIOp>(left, b.getI32(unitBytes));
      copied = b.createOrFold<arith::MaxSIOp>(left, b.getI32(0));
    }
    if (rowsLeft)
      copied = arith::SelectOp::create(b, b.lessThan(row, rowsLeft),
                                       copied ? copied : b.getI32(unitBytes),
                                       b.getI32(0));
    // Copies of 16 bytes go past the first level of cache, which would keep
    // what is read only once.
    NVVM::CpAsyncOp::create(b, to, from, unitBytes,
                            unitBytes == 16 ? NVVM::LoadCacheModifierKind::CG
                                            : NVVM::LoadCacheModifierKind::CA,
                            copied);
  };
  for (int64_t i = 0; i < units / threads; ++i)
    copyUnit(i);
  if (units % threads == 0)
    return success();
  Value hasUnit =
      b.lessThan(thread, b.getI32(units - units / threads * threads));
  auto rest = scf::IfOp::create(b, hasUnit, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(rest.thenBlock());
  // The address that the loop shares may have been made in the loop only.
  regular.reset();
  copyUnit(units / threads);
  return success();
}
