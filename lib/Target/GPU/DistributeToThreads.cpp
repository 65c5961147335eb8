//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DistributeToThreads.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
constexpr int64_t kWarpSize = 32;

bool isParallel(utils::IteratorType kind) {
  return kind == utils::IteratorType::parallel;
}

class Distributor {
public:
  Distributor(RewriterBase &rewriter, linalg::LinalgOp op,
              const ThreadSet &threads)
      : b(op.getLoc(), rewriter), op(op), threads(threads) {
    for (const Range &range : op.createLoopRanges(b, op.getLoc()))
      sizes.push_back(range.size);
    ids.resize(sizes.size());
    // The results' last dimension changes fastest from thread to thread, so
    // that neighbours write neighbouring elements.
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (isParallel(kinds[dim.getPosition()]))
          parallel.insert(dim.getPosition());
    for (auto [loop, kind] : llvm::enumerate(kinds)) {
      if (isParallel(kind))
        parallel.insert(loop);
      else
        reductions.push_back(loop);
    }
  }

  void emit() {
    Value points = constant(1);
    for (unsigned loop : parallel)
      points = b.createOrFold<arith::MulIOp>(points, value(sizes[loop]));
    Operation *combiner = getCombiner();
    if (combiner && hasFewPoints(points))
      emitByWarps(points, combiner);
    else
      emitByThreads(points);
  }

private:
  Value constant(int64_t c) { return arith::ConstantIndexOp::create(b, c); }
  Value value(OpFoldResult result) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), result);
  }

  /// Splits a point's number into the indices of the parallel loops.
  void setParallelIds(Value point) {
    for (unsigned i = parallel.size(); i-- > 0;) {
      unsigned loop = parallel[i];
      if (i == 0) {
        ids[loop] = point;
        break;
      }
      ids[loop] = b.createOrFold<arith::RemUIOp>(point, value(sizes[loop]));
      point = b.createOrFold<arith::DivUIOp>(point, value(sizes[loop]));
    }
  }

  /// The address of an operand's element at the current indices.
  SmallVector<Value> indicesOf(OpOperand &operand) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    SmallVector<Value> indices;
    for (AffineExpr expr : map.getResults()) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        indices.push_back(ids[dim.getPosition()]);
        continue;
      }
      SmallVector<OpFoldResult> operands;
      for (Value id : ids)
        operands.push_back(id ? OpFoldResult(id) : b.getIndexAttr(0));
      indices.push_back(value(affine::makeComposedFoldedAffineApply(
          b, b.getLoc(), AffineMap::get(map.getNumDims(), 0, expr), operands)));
    }
    return indices;
  }

  Value load(OpOperand &operand) {
    if (!isa<MemRefType>(operand.get().getType()))
      return operand.get();
    return memref::LoadOp::create(b, operand.get(), indicesOf(operand));
  }

  SmallVector<Value> loadInits() {
    SmallVector<Value> values;
    for (OpOperand &init : op.getDpsInitsMutable())
      values.push_back(load(init));
    return values;
  }

  void store(ValueRange values) {
    for (auto [result, init] : llvm::zip(values, op.getDpsInitsMutable()))
      memref::StoreOp::create(b, result, init.get(), indicesOf(init));
  }

  /// The body at the current indices.
  SmallVector<Value> compute(ValueRange inits) {
    IRMapping mapping;
    for (OpOperand *input : op.getDpsInputOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(input);
      if (!argument.use_empty())
        mapping.map(argument, load(*input));
    }
    for (auto [init, result] : llvm::zip(op.getDpsInitsMutable(), inits))
      if (result)
        mapping.map(op.getMatchingBlockArgument(&init), result);
    for (Operation &inner : op.getBlock()->without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        mapping.map(index.getResult(), ids[index.getDim()]);
        continue;
      }
      Operation *copy = b.clone(inner, mapping);
      copy->walk([&](linalg::IndexOp index) {
        index.replaceAllUsesWith(ids[index.getDim()]);
        index.erase();
      });
    }
    SmallVector<Value> results;
    for (Value yielded : op.getBlock()->getTerminator()->getOperands())
      results.push_back(mapping.lookupOrDefault(yielded));
    return results;
  }

  void emitByThreads(Value points) {
    auto loop = scf::ForOp::create(b, threads.thread, points, threads.count);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    setParallelIds(loop.getInductionVar());
    if (reductions.empty()) {
      SmallVector<Value> inits;
      for (OpOperand &init : op.getDpsInitsMutable())
        inits.push_back(op.payloadUsesValueFromOperand(&init) ? load(init)
                                                              : Value());
      store(compute(inits));
      return;
    }
    store(reduce(0, loadInits()));
  }

  SmallVector<Value> reduce(unsigned depth, ValueRange carried) {
    if (depth == reductions.size())
      return compute(carried);
    unsigned loop = reductions[depth];
    auto forOp = scf::ForOp::create(b, constant(0), value(sizes[loop]),
                                    constant(1), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    ids[loop] = forOp.getInductionVar();
    scf::YieldOp::create(b, reduce(depth + 1, forOp.getRegionIterArgs()));
    return SmallVector<Value>(forOp.getResults());
  }

  /// The one operation that adds to the one result, if it can be done in any
  /// order.
  Operation *getCombiner() {
    if (reductions.size() != 1 || op.getNumDpsInits() != 1)
      return nullptr;
    Operation *yield = op.getBlock()->getTerminator();
    Operation *combiner = yield->getOperand(0).getDefiningOp();
    BlockArgument init = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
    if (!combiner || combiner->getBlock() != op.getBlock() ||
        !init.hasOneUse() || *init.getUsers().begin() != combiner ||
        !combiner->getResult(0).hasOneUse() ||
        !isa<arith::AddFOp, arith::MulFOp, arith::MaxNumFOp, arith::MinNumFOp,
             arith::MaximumFOp, arith::MinimumFOp>(combiner) ||
        !combiner->getResult(0).getType().isF32())
      return nullptr;
    return combiner;
  }

  bool hasFewPoints(Value points) {
    if (!threads.knownCount || *threads.knownCount % kWarpSize != 0)
      return false;
    std::optional<int64_t> known = getConstantIntValue(points);
    return !known || *known < *threads.knownCount;
  }

  Value combine(Operation *combiner, Value left, Value right) {
    IRMapping mapping;
    mapping.map(combiner->getOperands(), ValueRange{left, right});
    return b.clone(*combiner, mapping)->getResult(0);
  }

  /// A warp for every point: lanes take every 32nd element of the reduction.
  void emitByWarps(Value points, Operation *combiner) {
    Value warpSize = constant(kWarpSize);
    Value warp = arith::DivUIOp::create(b, threads.thread, warpSize);
    Value lane = arith::RemUIOp::create(b, threads.thread, warpSize);
    Value numWarps = constant(*threads.knownCount / kWarpSize);
    auto loop = scf::ForOp::create(b, warp, points, numWarps);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    setParallelIds(loop.getInductionVar());

    std::optional<TypedAttr> neutral = arith::getNeutralElement(combiner);
    Value start = arith::ConstantOp::create(b, *neutral);
    unsigned dim = reductions.front();
    auto strided = scf::ForOp::create(b, lane, value(sizes[dim]), warpSize,
                                      ValueRange{start});
    {
      OpBuilder::InsertionGuard inner(b);
      b.setInsertionPointToStart(strided.getBody());
      ids[dim] = strided.getInductionVar();
      scf::YieldOp::create(b, compute(strided.getRegionIterArgs()));
    }
    Value sum = strided.getResult(0);
    for (int32_t offset = kWarpSize / 2; offset > 0; offset /= 2) {
      Value other = gpu::ShuffleOp::create(b, sum, offset, kWarpSize,
                                           gpu::ShuffleMode::XOR)
                        .getShuffleResult();
      sum = combine(combiner, sum, other);
    }
    // All lanes read what is there already, and the first one writes after the
    // last one has: left to the first alone, LLVM might give the read to all of
    // them, without that order.
    Value total = combine(combiner, loadInits().front(), sum);
    Value allLanes = arith::ConstantOp::create(b, b.getI32IntegerAttr(-1));
    NVVM::SyncWarpOp::create(b, allLanes);
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane, constant(0));
    auto first = scf::IfOp::create(b, isFirst, /*withElseRegion=*/false);
    b.setInsertionPointToStart(first.thenBlock());
    store(total);
  }

  ImplicitLocOpBuilder b;
  linalg::LinalgOp op;
  const ThreadSet &threads;
  SmallVector<OpFoldResult> sizes;
  /// Loops, the slowest first.
  SetVector<unsigned> parallel;
  SmallVector<unsigned> reductions;
  /// Indices of all loops at the place where code is emitted.
  SmallVector<Value> ids;
};
} // namespace

void bpt::distributeToThreads(RewriterBase &rewriter, linalg::LinalgOp op,
                              const ThreadSet &threads) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Distributor(rewriter, op, threads).emit();
  rewriter.eraseOp(op);
}
