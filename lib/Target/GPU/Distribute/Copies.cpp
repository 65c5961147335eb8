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

/// What cp.async copies at least.
static constexpr int64_t kMinAsyncBytes = 4;
/// Pieces that a thread copies one after the other without a loop.
static constexpr int64_t kMaxUnrolled = 16;

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
  Value getUnit() const { return unit; }

  /// The row and the unit within it of iteration `i`.
  std::pair<Value, Value> get(int64_t i) {
    if (isRegular())
      return {b.add(firstRow, i * getRowStep()), unit};
    return getLinear(b.add(thread, i * threads));
  }
  /// Those of a unit by its number in the tile.
  std::pair<Value, Value> getLinear(Value number) {
    Value count = b.getI32(perRow);
    return {b.createOrFold<arith::DivUIOp>(number, count),
            b.createOrFold<arith::RemUIOp>(number, count)};
  }

private:
  LaneBuilder &b;
  Value thread, firstRow, unit;
  int64_t threads, perRow;
};
} // namespace

LogicalResult Distributor::distributeAsyncCopy(tile::AsyncCopyOp op) {
  const MemoryView &dest = getView(op.getDest());
  return copyTile(op, op.getSource(), op.getRow(), op.getColumn(),
                  dest.getSharedTile(),
                  getSharedBuffer(dest, op.getDestIndices()),
                  {thread, 32 * warps, kMaxUnrolled});
}

FailureOr<bool> Distributor::copyTile(Operation *op, Value sourceMemory,
                                      Value row0, Value column0,
                                      const SharedTileLayout &layout,
                                      Value destBase,
                                      const ThreadGroup &group) {
  const MemoryView &source = getView(sourceMemory);
  int64_t bytes = layout.getElementBytes();
  for (int64_t dim : {0, 1}) {
    if (!source.strides[dim].value ||
        (dim == 1 && source.strides[1].constant != 1))
      return op->emitOpError("needs rows of adjacent elements at a known "
                             "stride, but dimension ")
             << dim << " of " << source.type
             << " is not known so; give it with memref.reinterpret_cast";
    if (!source.sizes[dim].value)
      return op->emitOpError("copies what exists of the tile, but the kernel "
                             "does not know the size of dimension ")
             << dim << " of " << source.type
             << ": memref arguments are plain pointers; pass the size and give "
                "it with memref.reinterpret_cast";
  }

  int64_t alignment = std::gcd(
      source.alignment,
      std::gcd(source.strides[0].divisor, getKnownDivisor(column0)) * bytes);
  int64_t unitBytes = std::min<int64_t>(alignment & -alignment, 16);

  bool isAsync = unitBytes >= kMinAsyncBytes;
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

  int64_t threads = group.count;
  int64_t perRow = layout.getRowBytes() / unitBytes;
  int64_t units = layout.getRows() * perRow;
  CopyUnits plan(b, group.thread, threads, perRow);

  // Too little for an asynchronous copy: done at once, which is early enough.
  Type element = source.type.getElementType();
  if (isa<Float8E4M3FNType>(element))
    element = b.getI8Type();
  auto copyElement = [&](Value from, Value to, Value copied) {
    Value value;
    if (copied) {
      Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, copied,
                                           b.getI32(0));
      auto branch = scf::IfOp::create(b, TypeRange(element), exists,
                                      /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(branch.thenBlock());
      Value loaded = LLVM::LoadOp::create(b, element, from, unitBytes);
      scf::YieldOp::create(b, loaded);
      b.setInsertionPointToStart(branch.elseBlock());
      Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
      scf::YieldOp::create(b, zero);
      value = branch.getResult(0);
    } else {
      value = LLVM::LoadOp::create(b, element, from, unitBytes);
    }
    LLVM::StoreOp::create(b, value, to, unitBytes);
  };

  auto getPlace = [&](Value row, Value unit) {
    Value chunk = b.shiftRight(b.mul(unit, unitBytes), 4);
    return ChunkAddress(b, layout, destBase, row, chunk, /*isLow=*/false)
        .get(0, 0);
  };

  // `to` is the chunk that the unit goes to.
  auto copyUnit = [&](Value row, Value unit, Value to) {
    Value offset = b.mul(unit, unitBytes);
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
    if (!isAsync) {
      copyElement(from, to, copied);
      return;
    }
    // Copies of 16 bytes go past the first level of cache, which would keep
    // what is read only once.
    NVVM::CpAsyncOp::create(b, to, from, unitBytes,
                            unitBytes == 16 ? NVVM::LoadCacheModifierKind::CG
                                            : NVVM::LoadCacheModifierKind::CA,
                            copied);
  };
  // Rows of a thread that are 8 apart are permuted in the same way.
  bool isRegular = plan.isRegular() && plan.getRowStep() % 8 == 0;
  auto getRegular = [&](Value firstRow) {
    return ChunkAddress(b, layout, destBase, firstRow,
                        b.shiftRight(b.mul(plan.getUnit(), unitBytes), 4),
                        /*isLow=*/false);
  };
  // A copy in many pieces is a loop, which is little code and few registers.
  constexpr int64_t kUnrolled = 4;
  if (units / threads > group.maxUnrolled) {
    bool isUnrolled = isRegular && units % (kUnrolled * threads) == 0;
    auto loop = scf::ForOp::create(
        b, isUnrolled ? plan.getFirstRow() : group.thread,
        b.getI32(isUnrolled ? layout.getRows() : units),
        b.getI32(isUnrolled ? kUnrolled * plan.getRowStep() : threads));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    if (!isUnrolled) {
      auto [row, unit] = plan.getLinear(loop.getInductionVar());
      copyUnit(row, unit, getPlace(row, unit));
      return isAsync;
    }
    Value firstRow = loop.getInductionVar();
    ChunkAddress address = getRegular(firstRow);
    for (int64_t i = 0; i < kUnrolled; ++i)
      copyUnit(b.add(firstRow, i * plan.getRowStep()), plan.getUnit(),
               address.get(i * plan.getRowStep(), 0));
    return isAsync;
  }
  std::optional<ChunkAddress> regular;
  if (isRegular)
    regular.emplace(getRegular(plan.getFirstRow()));
  auto copyNext = [&](int64_t i) {
    auto [row, unit] = plan.get(i);
    copyUnit(row, unit,
             regular ? regular->get(i * plan.getRowStep(), 0)
                     : getPlace(row, unit));
  };
  for (int64_t i = 0; i < units / threads; ++i)
    copyNext(i);
  if (units % threads == 0)
    return isAsync;
  Value hasUnit =
      b.lessThan(group.thread, b.getI32(units - units / threads * threads));
  auto rest = scf::IfOp::create(b, hasUnit, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(rest.thenBlock());
  copyNext(units / threads);
  return isAsync;
}
