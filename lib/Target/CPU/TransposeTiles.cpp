//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TransposeTiles.h"
#include "LoopUtils.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {

/// Transposes a square of vectors: the bits of the row number and of the lane
/// number change places, one bit a step.
void transposeInRegisters(OpBuilder &b, Location loc,
                          MutableArrayRef<Value> rows) {
  int64_t size = rows.size();
  for (int64_t bit = 1; bit < size; bit *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < size; ++lane) {
      low.push_back(lane & bit ? size + (lane ^ bit) : lane);
      high.push_back(lane & bit ? size + lane : lane | bit);
    }
    for (int64_t i = 0; i < size; ++i) {
      if (i & bit)
        continue;
      Value first = rows[i], second = rows[i | bit];
      rows[i] = vector::ShuffleOp::create(b, loc, first, second, low);
      rows[i | bit] = vector::ShuffleOp::create(b, loc, first, second, high);
    }
  }
}

class TransposeEmitter {
public:
  TransposeEmitter(OpBuilder &b, linalg::LinalgOp op, unsigned sourceLane,
                   unsigned destLane, const VectorTarget &target)
      : loc(op.getLoc()), source(op.getDpsInputs()[0]),
        dest(op.getDpsInits()[0]),
        sourceMap(op.getMatchingIndexingMap(op.getDpsInputOperand(0))),
        destMap(op.getMatchingIndexingMap(op.getDpsInitOperand(0))),
        sourceLane(sourceLane), destLane(destLane) {
    auto destType = cast<MemRefType>(dest.getType());
    auto sourceType = cast<MemRefType>(source.getType());
    ivs.resize(op.getNumLoops());
    sizes.resize(op.getNumLoops());
    for (auto [map, value, type] :
         {std::tuple(destMap, dest, destType),
          std::tuple(sourceMap, source, sourceType)}) {
      for (auto [pos, expr] : llvm::enumerate(map.getResults())) {
        Value &size = sizes[cast<AffineDimExpr>(expr).getPosition()];
        if (!type.isDynamicDim(pos))
          size = createIndex(b, loc, type.getDimSize(pos));
        else if (!size)
          size = memref::DimOp::create(b, loc, value, pos);
      }
    }
    int64_t bits = destType.getElementTypeBitWidth();
    side = std::min<int64_t>(8, target.getLanes(bits));
    for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
      if (dim != sourceLane && dim != destLane)
        outer.push_back(dim);
  }

  void emit(OpBuilder &b, unsigned depth = 0) {
    if (depth < outer.size()) {
      loop(b, outer[depth], createIndex(b, loc, 0), sizes[outer[depth]], 1,
           [&](OpBuilder &b) { emit(b, depth + 1); });
      return;
    }
    Value zero = createIndex(b, loc, 0);
    Value rows = wholeTiles(b, sizes[sourceLane]);
    Value columns = wholeTiles(b, sizes[destLane]);
    loop(b, sourceLane, zero, rows, side, [&](OpBuilder &b) {
      loop(b, destLane, zero, columns, side, [&](OpBuilder &b) { tile(b); });
    });
    // What is left on the two far edges, element by element.
    loop(b, sourceLane, zero, rows, 1, [&](OpBuilder &b) {
      loop(b, destLane, columns, sizes[destLane], 1,
           [&](OpBuilder &b) { element(b); });
    });
    loop(b, sourceLane, rows, sizes[sourceLane], 1, [&](OpBuilder &b) {
      loop(b, destLane, zero, sizes[destLane], 1,
           [&](OpBuilder &b) { element(b); });
    });
  }

private:
  Value wholeTiles(OpBuilder &b, Value size) {
    if (std::optional<int64_t> count = getConstantIntValue(size))
      return createIndex(b, loc, *count / side * side);
    Value rest =
        arith::RemUIOp::create(b, loc, size, createIndex(b, loc, side));
    return arith::SubIOp::create(b, loc, size, rest);
  }

  void loop(OpBuilder &b, unsigned dim, Value lb, Value ub, int64_t step,
            llvm::function_ref<void(OpBuilder &)> body) {
    buildLoop(b, loc, lb, ub, step, {},
              [&](OpBuilder &b, Value iv, ValueRange) -> SmallVector<Value> {
                ivs[dim] = iv;
                body(b);
                return {};
              });
  }

  SmallVector<Value> at(OpBuilder &b, AffineMap map, unsigned dim,
                        int64_t offset) {
    SmallVector<Value> shifted = ivs;
    if (offset != 0)
      shifted[dim] =
          arith::AddIOp::create(b, loc, ivs[dim], createIndex(b, loc, offset));
    return applyMap(b, loc, map, shifted);
  }

  void tile(OpBuilder &b) {
    SmallVector<Value> rows;
    for (int64_t i = 0; i < side; ++i)
      rows.push_back(loadVector(b, loc, source, at(b, sourceMap, destLane, i),
                                side, Value()));
    transposeInRegisters(b, loc, rows);
    for (int64_t i = 0; i < side; ++i)
      storeVector(b, loc, rows[i], dest, at(b, destMap, sourceLane, i),
                  Value());
  }

  void element(OpBuilder &b) {
    Value value = memref::LoadOp::create(b, loc, source,
                                         applyMap(b, loc, sourceMap, ivs));
    memref::StoreOp::create(b, loc, value, dest,
                            applyMap(b, loc, destMap, ivs));
  }

  Location loc;
  Value source, dest;
  AffineMap sourceMap, destMap;
  unsigned sourceLane, destLane;
  int64_t side;
  SmallVector<Value> sizes, ivs;
  SmallVector<unsigned> outer;
};

/// The loop along which the operand is contiguous.
std::optional<unsigned> getContiguousLoop(AffineMap map, Value memref) {
  auto type = dyn_cast<MemRefType>(memref.getType());
  if (!type || !map.isProjectedPermutation() || map.getNumResults() == 0 ||
      !isContiguousInLastDim(type))
    return std::nullopt;
  return cast<AffineDimExpr>(map.getResults().back()).getPosition();
}

} // namespace

LogicalResult bpt::emitTransposition(OpBuilder &b, linalg::LinalgOp op,
                                     const VectorTarget &target) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      op.getBlock()->getTerminator()->getOperand(0) !=
          op.getBlock()->getArgument(0))
    return failure();
  AffineMap sourceMap = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap destMap = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  std::optional<unsigned> sourceLane =
      getContiguousLoop(sourceMap, op.getDpsInputs()[0]);
  std::optional<unsigned> destLane =
      getContiguousLoop(destMap, op.getDpsInits()[0]);
  if (!sourceLane || !destLane || *sourceLane == *destLane ||
      !sourceMap.isFunctionOfDim(*destLane) ||
      !cast<MemRefType>(op.getDpsInits()[0].getType())
           .getElementType()
           .isIntOrFloat())
    return failure();
  TransposeEmitter(b, op, *sourceLane, *destLane, target).emit(b);
  return success();
}
