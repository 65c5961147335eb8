//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopUtils.h"
#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/CPU/VectorTarget.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_VECTORIZECONTRACTIONSPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {

/// The roles of a contraction's operands and loops in the register tile:
/// `scalar` is read by broadcasts, `vector` by rows of vectors along the loop
/// `column`, in which the accumulator is contiguous too.
struct RegisterTile {
  Value scalar, vector, acc;
  AffineMap scalarMap, vectorMap, accMap;
  unsigned column;
  std::optional<unsigned> row;
  SmallVector<unsigned> outer, reductions;
  /// The loop over the two terms of a dot product of pairs of bf16, the last
  /// index of both operands.
  std::optional<unsigned> pair;
};

Value getAllocation(Value value) {
  return memref::skipViewLikeOps(cast<MemrefValue>(value));
}

/// Emits one contraction as register tiles: outer loops, column tiles, row
/// tiles, and the reduction loops carrying the accumulators as vectors.
class ContractionEmitter {
  /// More than any L2 holds. Of less, what is there already costs as much to
  /// ask for again as waiting for the rest.
  static constexpr int64_t kStreamedBytes = 3 << 20;

public:
  ContractionEmitter(OpBuilder &b, linalg::LinalgOp op, RegisterTile tile,
                     const VectorTarget &target, linalg::FillOp zeroFill)
      : b(b), loc(op.getLoc()), tile(std::move(tile)), target(target),
        zeroFill(zeroFill) {
    auto accType = cast<MemRefType>(this->tile.acc.getType());
    accElement = accType.getElementType();
    lanes = target.getLanes(accElement.getIntOrFloatBitWidth());
    sizes.resize(op.getNumLoops());
    ivs.resize(op.getNumLoops());
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      for (auto [pos, expr] : llvm::enumerate(map.getResults())) {
        unsigned dim = cast<AffineDimExpr>(expr).getPosition();
        auto type = cast<MemRefType>(operand.get().getType());
        // A static size says more than a dynamic one of another operand.
        if (!type.isDynamicDim(pos))
          sizes[dim] = createIndex(b, loc, type.getDimSize(pos));
        else if (!sizes[dim])
          sizes[dim] = memref::DimOp::create(b, loc, operand.get(), pos);
      }
    }
  }

  void emit() {
    streamedPanels = findStreamedPanels();
    emitOuter(b, 0);
  }

private:
  void emitOuter(OpBuilder &b, unsigned depth) {
    if (depth == tile.outer.size())
      return emitColumns(b);
    unsigned dim = tile.outer[depth];
    buildLoop(b, loc, createIndex(b, loc, 0), sizes[dim], 1, {},
              [&](OpBuilder &b, Value iv, ValueRange) -> SmallVector<Value> {
                ivs[dim] = iv;
                emitOuter(b, depth + 1);
                return {};
              });
  }

  void emitColumns(OpBuilder &b) {
    Value size = sizes[tile.column];
    std::optional<int64_t> count = getConstantIntValue(size);
    int64_t width = 2 * lanes;
    Value zero = createIndex(b, loc, 0);
    if (count && *count <= width) {
      ivs[tile.column] = zero;
      return emitRows(b, llvm::divideCeil(*count, lanes),
                      b.getIndexAttr(*count));
    }
    Value rest, full;
    if (count) {
      full = createIndex(b, loc, *count / width * width);
    } else {
      Value widthValue = createIndex(b, loc, width);
      rest = arith::RemUIOp::create(b, loc, size, widthValue);
      full = arith::SubIOp::create(b, loc, size, rest);
    }
    buildLoop(b, loc, zero, full, width, {},
              [&](OpBuilder &b, Value iv, ValueRange) -> SmallVector<Value> {
                ivs[tile.column] = iv;
                emitRows(b, 2, b.getIndexAttr(width));
                return {};
              });
    ivs[tile.column] = full;
    if (count) {
      if (int64_t left = *count % width)
        emitRows(b, llvm::divideCeil(left, lanes), b.getIndexAttr(left));
      return;
    }
    Value any =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, zero);
    scf::IfOp::create(b, loc, any, [&](OpBuilder &b, Location loc) {
      emitRows(b, 2, rest);
      scf::YieldOp::create(b, loc);
    });
  }

  /// `valid` is how many of the columns of `vectors` registers exist.
  void emitRows(OpBuilder &b, int64_t vectors, OpFoldResult valid) {
    masks.assign(vectors, Value());
    auto maskType = VectorType::get(lanes, b.getI1Type());
    std::optional<int64_t> known = getConstantIntValue(valid);
    for (int64_t v = 0; v < vectors; ++v) {
      if (known && *known >= (v + 1) * lanes)
        continue;
      Value count = known
                        ? createIndex(b, loc, *known - v * lanes)
                        : arith::SubIOp::create(b, loc, cast<Value>(valid),
                                                createIndex(b, loc, v * lanes))
                              .getResult();
      masks[v] = vector::CreateMaskOp::create(b, loc, maskType, count);
    }

    int64_t rows = getRegisterTileRows(target, vectors);
    if (!tile.row)
      return emitTile(b, 1);
    Value size = sizes[*tile.row];
    Value zero = createIndex(b, loc, 0);
    std::optional<int64_t> count = getConstantIntValue(size);
    Value rest, full;
    if (count) {
      full = createIndex(b, loc, *count / rows * rows);
    } else {
      rest = arith::RemUIOp::create(b, loc, size, createIndex(b, loc, rows));
      full = arith::SubIOp::create(b, loc, size, rest);
    }
    buildLoop(b, loc, zero, full, rows, {},
              [&](OpBuilder &b, Value iv, ValueRange) -> SmallVector<Value> {
                ivs[*tile.row] = iv;
                emitTile(b, rows);
                return {};
              });
    ivs[*tile.row] = full;
    if (count) {
      if (int64_t left = *count % rows)
        emitTile(b, left);
      return;
    }
    // A dynamic remainder is the sum of its powers of two.
    for (int64_t part = llvm::bit_floor(uint64_t(rows - 1)); part > 0;
         part /= 2) {
      Value bit =
          arith::AndIOp::create(b, loc, rest, createIndex(b, loc, part));
      Value any =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, bit, zero);
      Value base = ivs[*tile.row];
      scf::IfOp::create(b, loc, any, [&](OpBuilder &b, Location loc) {
        emitTile(b, part);
        scf::YieldOp::create(b, loc);
      });
      ivs[*tile.row] = arith::AddIOp::create(b, loc, base, bit);
    }
  }

  SmallVector<Value> atRow(OpBuilder &b, int64_t r) {
    SmallVector<Value> at = ivs;
    if (r != 0)
      at[*tile.row] =
          arith::AddIOp::create(b, loc, at[*tile.row], createIndex(b, loc, r));
    return at;
  }

  Value extend(OpBuilder &b, Value value) {
    Type type = accElement;
    if (auto vectorType = dyn_cast<VectorType>(value.getType()))
      type = vectorType.clone(accElement);
    if (value.getType() == type)
      return value;
    return arith::ExtFOp::create(b, loc, type, value);
  }

  void emitTile(OpBuilder &b, int64_t rows) {
    auto accType = VectorType::get(lanes, accElement);
    // Operands that do not change with the reduction are placed outside it.
    Value zeroIndex = createIndex(b, loc, 0);
    for (unsigned dim : tile.reductions)
      ivs[dim] = zeroIndex;
    SmallVector<Value> offsets;
    for (size_t v = 0; v < masks.size(); ++v)
      offsets.push_back(v == 0 ? Value() : createIndex(b, loc, v * lanes));

    SmallVector<Value> accs;
    if (zeroFill) {
      Value zero =
          arith::ConstantOp::create(b, loc, accType, b.getZeroAttr(accType));
      accs.assign(rows * masks.size(), zero);
    } else {
      for (int64_t r = 0; r < rows; ++r) {
        SmallVector<Value> at = atRow(b, r);
        for (size_t v = 0; v < masks.size(); ++v)
          accs.push_back(loadVector(
              b, loc, tile.acc, applyMap(b, loc, tile.accMap, at, offsets[v]),
              lanes, masks[v]));
      }
    }
    accs = emitReduction(b, 0, rows, accs, offsets);
    for (int64_t r = 0; r < rows; ++r) {
      SmallVector<Value> at = atRow(b, r);
      for (size_t v = 0; v < masks.size(); ++v)
        storeVector(b, loc, accs[r * masks.size() + v], tile.acc,
                    applyMap(b, loc, tile.accMap, at, offsets[v]), masks[v]);
    }
  }

  SmallVector<Value> emitReduction(OpBuilder &b, unsigned depth, int64_t rows,
                                   ValueRange accs, ArrayRef<Value> offsets) {
    if (depth == tile.reductions.size())
      return emitStep(b, rows, accs, offsets);
    unsigned dim = tile.reductions[depth];
    return buildLoop(b, loc, createIndex(b, loc, 0), sizes[dim], 1, accs,
                     [&](OpBuilder &b, Value iv, ValueRange carried) {
                       ivs[dim] = iv;
                       return emitReduction(b, depth + 1, rows, carried,
                                            offsets);
                     });
  }

  /// Adds the products of two terms at once: a row is a pair of bf16, broadcast
  /// as the 32 bits that it is.
  SmallVector<Value> emitPairStep(OpBuilder &b, int64_t rows, ValueRange accs,
                                  ArrayRef<Value> offsets) {
    auto pairsType = VectorType::get(2 * lanes, b.getBF16Type());
    auto bitsType = VectorType::get(lanes, b.getI32Type());
    auto bitsOfOne = VectorType::get(1, b.getI32Type());
    Value zero = createIndex(b, loc, 0);
    ivs[*tile.pair] = zero;
    SmallVector<Value> columns, results;
    for (Value offset : offsets) {
      SmallVector<Value> at = ivs;
      if (offset)
        at[tile.column] =
            arith::AddIOp::create(b, loc, at[tile.column], offset);
      columns.push_back(loadVector(b, loc, tile.vector,
                                   applyMap(b, loc, tile.vectorMap, at),
                                   2 * lanes, Value()));
    }
    for (int64_t r = 0; r < rows; ++r) {
      Value pair =
          loadVector(b, loc, tile.scalar,
                     applyMap(b, loc, tile.scalarMap, atRow(b, r)), 2, Value());
      Value bits = vector::ExtractOp::create(
          b, loc, vector::BitCastOp::create(b, loc, bitsOfOne, pair), 0);
      Value row = vector::BitCastOp::create(
          b, loc, pairsType,
          vector::BroadcastOp::create(b, loc, bitsType, bits));
      for (auto [v, column] : llvm::enumerate(columns))
        results.push_back(x86vector::DotBF16Op::create(
            b, loc, VectorType::get(lanes, accElement),
            accs[r * columns.size() + v], row, column));
    }
    return results;
  }

  /// The loop over panels of the vectors' operand, if it is so large that the
  /// next panel has to come from beyond L2.
  std::optional<unsigned> findStreamedPanels() {
    auto type = cast<MemRefType>(getAllocation(tile.vector).getType());
    if (!type.hasStaticShape() || !tile.row || tile.reductions.size() != 1 ||
        type.getNumElements() * type.getElementTypeBitWidth() / 8 <
            kStreamedBytes)
      return std::nullopt;
    FailureOr<int64_t> rows = ValueBoundsConstraintSet::computeConstantBound(
        presburger::BoundType::UB, sizes[*tile.row], /*stopCondition=*/nullptr,
        /*closedUB=*/true);
    if (failed(rows) || !getConstantIntValue(sizes[tile.reductions[0]]))
      return std::nullopt;
    maxRows = llvm::PowerOf2Ceil(*rows);
    for (unsigned dim : tile.outer)
      if (tile.vectorMap.isFunctionOfDim(dim) &&
          !tile.scalarMap.isFunctionOfDim(dim))
        return dim;
    return std::nullopt;
  }

  /// Asks for a line of the next panel, in step with the tiles of this one: the
  /// first tile that reads a panel would wait for it.
  void prefetchNextPanel(OpBuilder &b) {
    if (!streamedPanels)
      return;
    auto index = [&](int64_t value) { return createIndex(b, loc, value); };
    auto vectors = static_cast<int64_t>(masks.size());
    unsigned depth = tile.reductions[0];
    int64_t height = getRegisterTileRows(target, vectors);
    // Of (row · depth + height · k) / (rows · depth), the share that is done.
    // Fewer rows, the last of a matrix, ask for a part of the panel; a shift
    // divides by a power of two.
    Value done = arith::AddIOp::create(
        b, loc, arith::MulIOp::create(b, loc, ivs[*tile.row], sizes[depth]),
        arith::MulIOp::create(b, loc, ivs[depth], index(height)));
    Value line = arith::DivUIOp::create(
        b, loc, arith::MulIOp::create(b, loc, done, index(vectors)),
        index(maxRows));
    SmallVector<Value> at = ivs;
    Value last =
        arith::SubIOp::create(b, loc, sizes[*streamedPanels], index(1));
    at[*streamedPanels] = arith::MinUIOp::create(
        b, loc, arith::AddIOp::create(b, loc, ivs[*streamedPanels], index(1)),
        last);
    at[depth] = arith::DivUIOp::create(b, loc, line, index(vectors));
    at[tile.column] = arith::MulIOp::create(
        b, loc, arith::RemUIOp::create(b, loc, line, index(vectors)),
        index(lanes));
    if (tile.pair)
      at[*tile.pair] = index(0);
    memref::PrefetchOp::create(b, loc, tile.vector,
                               applyMap(b, loc, tile.vectorMap, at),
                               /*isWrite=*/false, /*localityHint=*/2,
                               /*isDataCache=*/true);
  }

  SmallVector<Value> emitStep(OpBuilder &b, int64_t rows, ValueRange accs,
                              ArrayRef<Value> offsets) {
    prefetchNextPanel(b);
    if (tile.pair)
      return emitPairStep(b, rows, accs, offsets);
    auto accType = VectorType::get(lanes, accElement);
    SmallVector<Value> columns, results;
    for (size_t v = 0; v < masks.size(); ++v)
      columns.push_back(extend(
          b, loadVector(b, loc, tile.vector,
                        applyMap(b, loc, tile.vectorMap, ivs, offsets[v]),
                        lanes, masks[v])));
    for (int64_t r = 0; r < rows; ++r) {
      SmallVector<Value> at = atRow(b, r);
      Value element = extend(
          b, memref::LoadOp::create(b, loc, tile.scalar,
                                    applyMap(b, loc, tile.scalarMap, at)));
      Value row = vector::BroadcastOp::create(b, loc, accType, element);
      for (size_t v = 0; v < masks.size(); ++v)
        results.push_back(vector::FMAOp::create(b, loc, row, columns[v],
                                                accs[r * masks.size() + v]));
    }
    return results;
  }

  OpBuilder &b;
  Location loc;
  RegisterTile tile;
  VectorTarget target;
  linalg::FillOp zeroFill;
  Type accElement;
  int64_t lanes;
  SmallVector<Value> sizes, ivs, masks;
  std::optional<unsigned> streamedPanels;
  int64_t maxRows = 1;
};

/// The loop over pairs of bf16, if both operands have one as their last index
/// and whole vectors of columns before it.
std::optional<unsigned> matchPairs(linalg::LinalgOp op,
                                   const VectorTarget &target) {
  auto accType = dyn_cast<MemRefType>(op.getDpsInitOperand(0)->get().getType());
  if (!target.bf16Dot || !accType || !accType.getElementType().isF32() ||
      accType.getRank() == 0 || accType.isDynamicDim(accType.getRank() - 1) ||
      accType.getDimSize(accType.getRank() - 1) % target.getLanes(32) != 0)
    return std::nullopt;
  std::optional<unsigned> pair;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    auto type = dyn_cast<MemRefType>(operand->get().getType());
    AffineMap map = op.getMatchingIndexingMap(operand);
    if (!type || !type.getElementType().isBF16() || type.getRank() < 2 ||
        type.getDimSize(type.getRank() - 1) != 2 ||
        !isContiguousInLastDims(type))
      return std::nullopt;
    unsigned dim = cast<AffineDimExpr>(map.getResults().back()).getPosition();
    if (pair && *pair != dim)
      return std::nullopt;
    pair = dim;
  }
  if (op.getIteratorTypesArray()[*pair] != utils::IteratorType::reduction)
    return std::nullopt;
  return pair;
}

/// Classifies operands and loops, or says in `why` what stands in the way.
std::optional<RegisterTile> matchRegisterTile(linalg::LinalgOp op,
                                              const VectorTarget &target,
                                              StringRef &why) {
  if (!linalg::isaContractionOpInterface(op) || op.getNumDpsInputs() != 2) {
    why = "not a multiply-accumulate of two operands";
    return std::nullopt;
  }
  RegisterTile tile;
  tile.acc = op.getDpsInitOperand(0)->get();
  tile.accMap = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  tile.scalar = op.getDpsInputOperand(0)->get();
  tile.scalarMap = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  tile.vector = op.getDpsInputOperand(1)->get();
  tile.vectorMap = op.getMatchingIndexingMap(op.getDpsInputOperand(1));

  auto accType = dyn_cast<MemRefType>(tile.acc.getType());
  auto elementOf = [](Value v) { return getElementTypeOrSelf(v.getType()); };
  Type element = elementOf(tile.acc);
  if (!accType || !(element.isF32() || element.isF64())) {
    why = "the accumulator is neither f32 nor f64";
    return std::nullopt;
  }
  for (Value v : {tile.scalar, tile.vector}) {
    auto type = dyn_cast<FloatType>(elementOf(v));
    if (!isa<MemRefType>(v.getType()) || !type ||
        type.getWidth() > element.getIntOrFloatBitWidth() ||
        (type.getWidth() < 32 &&
         !isa<Float16Type, BFloat16Type, Float8E4M3FNType>(type))) {
      why = "an operand is not of a float type that widens to the "
            "accumulator's";
      return std::nullopt;
    }
  }
  if (tile.accMap.getNumResults() == 0) {
    why = "the result has no column loop";
    return std::nullopt;
  }
  auto column = dyn_cast<AffineDimExpr>(tile.accMap.getResults().back());
  if (!column || !isContiguousInLastDims(accType)) {
    why = "the accumulator's rows are not contiguous";
    return std::nullopt;
  }
  tile.column = column.getPosition();
  auto uses = [](AffineMap map, unsigned dim) {
    return map.isFunctionOfDim(dim);
  };
  if (!uses(tile.vectorMap, tile.column)) {
    std::swap(tile.scalar, tile.vector);
    std::swap(tile.scalarMap, tile.vectorMap);
  }
  // Contractions have projected permutations: every result is a dimension.
  if (!uses(tile.vectorMap, tile.column)) {
    why = "no operand has the result's column loop";
    return std::nullopt;
  }
  tile.pair = matchPairs(op, target);
  unsigned inner = tile.pair ? 2 : 1;
  ArrayRef<AffineExpr> reads = tile.vectorMap.getResults().take_back(inner);
  auto last = cast<AffineDimExpr>(reads.front());
  if (last.getPosition() != tile.column || uses(tile.scalarMap, tile.column) ||
      !isContiguousInLastDims(cast<MemRefType>(tile.vector.getType()), inner)) {
    why = "no operand is contiguous along the result's columns";
    return std::nullopt;
  }
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  for (auto [dim, kind] : llvm::enumerate(iterators)) {
    if (dim == tile.column || (tile.pair && dim == *tile.pair))
      continue;
    if (kind == utils::IteratorType::reduction)
      tile.reductions.push_back(dim);
    else if (uses(tile.scalarMap, dim) && !uses(tile.vectorMap, dim))
      tile.row = dim;
  }
  for (auto [dim, kind] : llvm::enumerate(iterators))
    if (dim != tile.column && kind == utils::IteratorType::parallel &&
        (!tile.row || dim != *tile.row))
      tile.outer.push_back(dim);
  return tile;
}

/// Follows views that show all of their source, such as expand_shape.
Value stripWholeViews(Value value) {
  while (Operation *def = value.getDefiningOp()) {
    if (!isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp>(
            def))
      break;
    value = def->getOperand(0);
  }
  return value;
}

/// The fill with zero of the whole accumulator that runs right before `op`,
/// if nothing between them can see or change the accumulator.
linalg::FillOp findZeroFill(linalg::LinalgOp op, Value acc) {
  Value whole = stripWholeViews(acc);
  Value root = getAllocation(acc);
  bool rootIsFresh = root.getDefiningOp<memref::AllocOp>() != nullptr;
  for (Value input : op.getDpsInputs())
    if (getAllocation(input) == root)
      return {};
  for (Operation *prev = op->getPrevNode(); prev; prev = prev->getPrevNode()) {
    if (auto fill = dyn_cast<linalg::FillOp>(prev)) {
      if (stripWholeViews(fill.getOutputs()[0]) == whole) {
        auto constant = fill.getInputs()[0].getDefiningOp<arith::ConstantOp>();
        auto value =
            constant ? dyn_cast<FloatAttr>(constant.getValue()) : FloatAttr();
        return value && value.getValue().isPosZero() ? fill : linalg::FillOp();
      }
    }
    if (isMemoryEffectFree(prev) || isa<memref::AllocOp>(prev))
      continue;
    // Another operation is harmless when all it touches are other allocations.
    auto linalgOp = dyn_cast<linalg::LinalgOp>(prev);
    if (!linalgOp || !rootIsFresh ||
        llvm::any_of(prev->getOperands(), [&](Value operand) {
          return isa<MemRefType>(operand.getType()) &&
                 getAllocation(operand) == root;
        }))
      return {};
  }
  return {};
}

struct VectorizeContractionsPass
    : bpt::impl::VectorizeContractionsPassBase<VectorizeContractionsPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    if (VectorTarget::isKnownWidth(vectorBits))
      return success();
    return emitError(UnknownLoc::get(context))
           << "option vector-bits is " << vectorBits.getValue()
           << ", but vector registers have 128, 256 or 512 bits";
  }

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics() &&
          (isa<linalg::ContractionOpInterface>(op.getOperation()) ||
           linalg::isaContractionOpInterface(op)))
        ops.push_back(op);
    });
    VectorTarget target{vectorBits, bf16Dot};
    for (linalg::LinalgOp op : ops) {
      StringRef why;
      std::optional<RegisterTile> tile = matchRegisterTile(op, target, why);
      if (!tile) {
        remark::missed(
            op.getLoc(),
            remark::RemarkOpts::name("ContractionTile").category("bpt-cpu"))
            << ("contraction left to the generic path: " + why).str();
        continue;
      }
      linalg::FillOp fill = findZeroFill(op, tile->acc);
      OpBuilder b(op);
      ContractionEmitter(b, op, std::move(*tile), target, fill).emit();
      if (fill)
        fill.erase();
      op.erase();
    }
  }
};
} // namespace
