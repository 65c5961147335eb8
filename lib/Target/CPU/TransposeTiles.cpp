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

/// How a copy changes the order of elements.
struct Transposition {
  /// The loops along which source and destination are contiguous.
  unsigned sourceLane, destLane;
  /// The loop over two elements that stay neighbours, inside of both lanes.
  std::optional<unsigned> pair;
  /// Whether two rows of the source alternate in a row of the destination.
  bool interleaves = false;
};

class TransposeEmitter {
public:
  TransposeEmitter(OpBuilder &b, linalg::LinalgOp op, Transposition order,
                   const VectorTarget &target)
      : loc(op.getLoc()), source(op.getDpsInputs()[0]),
        dest(op.getDpsInits()[0]),
        sourceMap(op.getMatchingIndexingMap(op.getDpsInputOperand(0))),
        destMap(op.getMatchingIndexingMap(op.getDpsInitOperand(0))),
        order(order), sourceLane(order.sourceLane), destLane(order.destLane) {
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
    int64_t side =
        std::min<int64_t>(8, target.getLanes(order.pair ? 2 * bits : bits));
    sourceSide = order.interleaves ? target.getLanes(2 * bits) : side;
    destSide = order.interleaves ? 2 : side;
    for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
      if (dim != sourceLane && dim != destLane && dim != order.pair)
        outer.push_back(dim);
    if (order.pair)
      ivs[*order.pair] = createIndex(b, loc, 0);
  }

  void emit(OpBuilder &b, unsigned depth = 0) {
    if (depth < outer.size()) {
      loop(b, outer[depth], createIndex(b, loc, 0), sizes[outer[depth]], 1,
           [&](OpBuilder &b) { emit(b, depth + 1); });
      return;
    }
    Value zero = createIndex(b, loc, 0);
    Value rows = wholeTiles(b, sizes[sourceLane], sourceSide);
    Value columns = wholeTiles(b, sizes[destLane], destSide);
    loop(b, sourceLane, zero, rows, sourceSide, [&](OpBuilder &b) {
      loop(b, destLane, zero, columns, destSide,
           [&](OpBuilder &b) { tile(b); });
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
  Value wholeTiles(OpBuilder &b, Value size, int64_t side) {
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
    auto element = cast<MemRefType>(dest.getType()).getElementType();
    int64_t width = order.pair ? 2 : 1;
    SmallVector<Value> rows;
    for (int64_t i = 0; i < destSide; ++i)
      rows.push_back(loadVector(b, loc, source, at(b, sourceMap, destLane, i),
                                sourceSide * width, Value()));
    if (order.interleaves) {
      Value both = vector::InterleaveOp::create(b, loc, rows[0], rows[1]);
      storeVector(b, loc, both, dest, at(b, destMap, sourceLane, 0), Value());
      return;
    }
    if (order.pair)
      bitcast(b, rows,
              VectorType::get(
                  sourceSide,
                  b.getIntegerType(2 * element.getIntOrFloatBitWidth())));
    transposeInRegisters(b, loc, rows);
    if (order.pair)
      bitcast(b, rows, VectorType::get(sourceSide * width, element));
    for (int64_t i = 0; i < sourceSide; ++i)
      storeVector(b, loc, rows[i], dest, at(b, destMap, sourceLane, i),
                  Value());
  }

  void bitcast(OpBuilder &b, MutableArrayRef<Value> vectors, VectorType type) {
    for (Value &vector : vectors)
      vector = vector::BitCastOp::create(b, loc, type, vector);
  }

  void element(OpBuilder &b) {
    for (int64_t i = 0; i < (order.pair ? 2 : 1); ++i) {
      unsigned dim = order.pair.value_or(0);
      Value value =
          memref::LoadOp::create(b, loc, source, at(b, sourceMap, dim, i));
      memref::StoreOp::create(b, loc, value, dest, at(b, destMap, dim, i));
    }
  }

  Location loc;
  Value source, dest;
  AffineMap sourceMap, destMap;
  Transposition order;
  unsigned sourceLane, destLane;
  int64_t sourceSide, destSide;
  SmallVector<Value> sizes, ivs;
  SmallVector<unsigned> outer;
};

/// The loops of the operand's last `count` dimensions, the first of them first,
/// if these dimensions lie as one array.
SmallVector<unsigned> getInnerLoops(AffineMap map, Value memref,
                                    unsigned count) {
  auto type = dyn_cast<MemRefType>(memref.getType());
  if (!type || !map.isProjectedPermutation() || map.getNumResults() < count ||
      !isContiguousInLastDims(type, count))
    return {};
  SmallVector<unsigned> loops;
  for (AffineExpr expr : map.getResults().take_back(count))
    loops.push_back(cast<AffineDimExpr>(expr).getPosition());
  return loops;
}

std::optional<Transposition> matchTransposition(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      op.getBlock()->getTerminator()->getOperand(0) !=
          op.getBlock()->getArgument(0))
    return std::nullopt;
  Value source = op.getDpsInputs()[0], dest = op.getDpsInits()[0];
  AffineMap sourceMap = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap destMap = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  SmallVector<unsigned> from = getInnerLoops(sourceMap, source, 1),
                        to = getInnerLoops(destMap, dest, 1);
  Type element = getElementTypeOrSelf(dest.getType());
  if (from.empty() || to.empty() || !element.isIntOrFloat())
    return std::nullopt;
  auto isTwo = [](Value memref) {
    return cast<MemRefType>(memref.getType()).getShape().back() == 2;
  };
  if (from == to) {
    // Pairs of 32 bits stay what they are.
    from = getInnerLoops(sourceMap, source, 2);
    to = getInnerLoops(destMap, dest, 2);
    if (!isTwo(dest) || element.getIntOrFloatBitWidth() != 16 || from.empty() ||
        to.empty() || from[0] == to[0] || !sourceMap.isFunctionOfDim(to[0]))
      return std::nullopt;
    return Transposition{from[0], to[0], to[1]};
  }
  auto isOne = [](Value memref) {
    return cast<MemRefType>(memref.getType()).getShape().back() == 1;
  };
  if (!sourceMap.isFunctionOfDim(to[0]) || isOne(source) || isOne(dest))
    return std::nullopt;
  SmallVector<unsigned> rows = getInnerLoops(destMap, dest, 2);
  bool interleaves = isTwo(dest) && !rows.empty() && rows[0] == from[0];
  return Transposition{from[0], to[0], std::nullopt, interleaves};
}

} // namespace

LogicalResult bpt::emitTransposition(OpBuilder &b, linalg::LinalgOp op,
                                     const VectorTarget &target) {
  std::optional<Transposition> order = matchTransposition(op);
  if (!order)
    return failure();
  TransposeEmitter(b, op, *order, target).emit(b);
  return success();
}
