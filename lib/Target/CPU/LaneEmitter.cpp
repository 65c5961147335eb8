//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaneEmitter.h"
#include "LoopUtils.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
class LaneEmitter {
public:
  LaneEmitter(OpBuilder &builder, linalg::LinalgOp op, LanePlan plan,
              const VectorTarget &target)
      : op(op), loc(op.getLoc()), plan(std::move(plan)) {
    sizes.resize(op.getNumLoops());
    ivs.resize(op.getNumLoops());
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<MemRefType>(operand.get().getType());
      if (!type)
        continue;
      AffineMap map = op.getMatchingIndexingMap(&operand);
      for (auto [pos, expr] : llvm::enumerate(map.getResults())) {
        auto dim = dyn_cast<AffineDimExpr>(expr);
        if (!dim)
          continue;
        Value &size = sizes[dim.getPosition()];
        if (!type.isDynamicDim(pos))
          size = createIndex(builder, loc, type.getDimSize(pos));
        else if (!size)
          size = memref::DimOp::create(builder, loc, operand.get(), pos);
      }
    }
    // Four registers in flight hide the latency of the arithmetic.
    lanes = 4 * target.getLanes(getWidestBits(op, this->plan.lane));
    // The random words of 64 columns are those of 16 counters (#bpt.dropout).
    // LLVM sees that they are the same where all are in one vector.
    if (!op.getBlock()->getOps<arith::MulUIExtendedOp>().empty())
      lanes = std::max<int64_t>(lanes, 64);
    if (std::optional<int64_t> count =
            getConstantIntValue(sizes[this->plan.lane]))
      lanes = std::min<int64_t>(
          lanes, llvm::bit_ceil(uint64_t(std::max<int64_t>(*count, 1))));
  }

  void emit(OpBuilder &b) { emitParallel(b, 0); }

private:
  unsigned numInits() { return op.getNumDpsInits(); }
  OpOperand *init(unsigned i) { return op.getDpsInitOperand(i); }
  Type elementOf(unsigned i) {
    return getElementTypeOrSelf(init(i)->get().getType());
  }

  void emitParallel(OpBuilder &b, unsigned depth) {
    if (depth < plan.parallel.size()) {
      unsigned dim = plan.parallel[depth];
      buildLoop(b, loc, createIndex(b, loc, 0), sizes[dim], 1, {},
                [&](OpBuilder &b, Value iv, ValueRange) -> SmallVector<Value> {
                  ivs[dim] = iv;
                  emitParallel(b, depth + 1);
                  return {};
                });
      return;
    }
    if (plan.laneIsReduction)
      emitLaneReduction(b);
    else
      emitLanes(b, {}, [&](OpBuilder &b, ValueRange) -> SmallVector<Value> {
        emitCarriedPerLane(b);
        return {};
      });
  }

  /// Runs `body` for every full vector of the lane loop and, under a mask,
  /// once for what is left.
  SmallVector<Value> emitLanes(
      OpBuilder &b, ValueRange carried,
      llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> body) {
    Value size = sizes[plan.lane];
    Value zero = createIndex(b, loc, 0);
    std::optional<int64_t> count = getConstantIntValue(size);
    Value rest, full;
    if (count) {
      full = createIndex(b, loc, *count / lanes * lanes);
      rest = createIndex(b, loc, *count % lanes);
    } else {
      rest = arith::RemUIOp::create(b, loc, size, createIndex(b, loc, lanes));
      full = arith::SubIOp::create(b, loc, size, rest);
    }
    mask = Value();
    SmallVector<Value> results =
        buildLoop(b, loc, zero, full, lanes, carried,
                  [&](OpBuilder &b, Value iv, ValueRange args) {
                    ivs[plan.lane] = iv;
                    return body(b, args);
                  });
    if (count && *count % lanes == 0)
      return results;
    auto tail = [&](OpBuilder &b) {
      ivs[plan.lane] = full;
      mask = vector::CreateMaskOp::create(
          b, loc, VectorType::get(lanes, b.getI1Type()), rest);
      SmallVector<Value> values = body(b, results);
      mask = Value();
      return values;
    };
    if (count)
      return tail(b);
    Value any =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, zero);
    if (results.empty()) {
      scf::IfOp::create(b, loc, any, [&](OpBuilder &b, Location loc) {
        tail(b);
        scf::YieldOp::create(b, loc);
      });
      return results;
    }
    auto ifOp = scf::IfOp::create(
        b, loc, any,
        [&](OpBuilder &b, Location loc) {
          scf::YieldOp::create(b, loc, tail(b));
        },
        [&](OpBuilder &b, Location loc) {
          scf::YieldOp::create(b, loc, results);
        });
    return SmallVector<Value>(ifOp.getResults());
  }

  SmallVector<Value> emitReductions(
      OpBuilder &b, unsigned depth, ValueRange carried,
      llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> body) {
    if (depth == plan.reductions.size())
      return body(b, carried);
    unsigned dim = plan.reductions[depth];
    return buildLoop(b, loc, createIndex(b, loc, 0), sizes[dim], 1, carried,
                     [&](OpBuilder &b, Value iv, ValueRange args) {
                       ivs[dim] = iv;
                       return emitReductions(b, depth + 1, args, body);
                     });
  }

  /// The lanes are a reduction: carry one vector of partial results for each
  /// reduced output, combine its lanes once at the end.
  void emitLaneReduction(OpBuilder &b) {
    for (unsigned dim : plan.reductions)
      ivs[dim] = createIndex(b, loc, 0);
    ivs[plan.lane] = createIndex(b, loc, 0);
    SmallVector<Value> partial;
    for (unsigned i = 0; i < numInits(); ++i)
      if (plan.carried[i])
        partial.push_back(
            createNeutral(b, plan.combiners[i]->kind, elementOf(i)));
    partial =
        emitReductions(b, 0, partial, [&](OpBuilder &b, ValueRange carried) {
          return emitLanes(b, carried, [&](OpBuilder &b, ValueRange args) {
            return emitBody(b, args);
          });
        });
    unsigned next = 0;
    for (unsigned i = 0; i < numInits(); ++i) {
      if (!plan.carried[i])
        continue;
      Value memref = init(i)->get();
      SmallVector<Value> at =
          applyMap(b, loc, op.getMatchingIndexingMap(init(i)), ivs);
      Value start = memref::LoadOp::create(b, loc, memref, at);
      if (isExtremum(i)) {
        Value extremum = combineLanes(b, i, partial[next++]);
        memref::StoreOp::create(b, loc, combine(b, i, start, extremum), memref,
                                at);
        continue;
      }
      auto reduced = vector::ReductionOp::create(
          b, loc, plan.combiners[i]->kind, partial[next++], start);
      // Lane-wise partial sums are a reassociation already; a tree over the
      // lanes is one more.
      if (isa<FloatType>(elementOf(i)))
        reduced.setFastmath(arith::FastMathFlags::reassoc);
      memref::StoreOp::create(b, loc, reduced.getResult(), memref, at);
    }
  }

  /// Whether output `i` is a maximum or minimum that ignores NaNs.
  bool isExtremum(unsigned i) {
    return plan.combiners[i]->kind == vector::CombiningKind::MAXNUMF ||
           plan.combiners[i]->kind == vector::CombiningKind::MINNUMF;
  }

  /// The extremum of `x` and `acc`, where `acc` is no NaN: one instruction,
  /// which LLVM needs three for if it has to expect one.
  Value combine(OpBuilder &b, unsigned i, Value x, Value acc) {
    bool isMax = plan.combiners[i]->kind == vector::CombiningKind::MAXNUMF;
    Value better = arith::CmpFOp::create(
        b, loc, isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT,
        x, acc);
    return arith::SelectOp::create(b, loc, better, x, acc);
  }

  /// The extremum over the lanes, by halves.
  Value combineLanes(OpBuilder &b, unsigned i, Value vector) {
    for (int64_t half = lanes / 2; half > 0; half /= 2) {
      SmallVector<int64_t> low, high;
      for (int64_t lane = 0; lane < half; ++lane) {
        low.push_back(lane);
        high.push_back(half + lane);
      }
      Value a = vector::ShuffleOp::create(b, loc, vector, vector, low);
      Value c = vector::ShuffleOp::create(b, loc, vector, vector, high);
      vector = combine(b, i, a, c);
    }
    return vector::ExtractOp::create(b, loc, vector, ArrayRef<int64_t>{0});
  }

  /// Which output `inner` combines into a vector of partial extrema, if any.
  std::optional<unsigned> getPartialExtremum(Operation &inner) {
    for (unsigned i = 0; plan.laneIsReduction && i < numInits(); ++i)
      if (plan.carried[i] && plan.combiners[i]->op == &inner && isExtremum(i))
        return i;
    return std::nullopt;
  }

  /// The lanes are parallel: reduced outputs are vectors that the reduction
  /// loops carry from load to store.
  void emitCarriedPerLane(OpBuilder &b) {
    for (unsigned dim : plan.reductions)
      ivs[dim] = createIndex(b, loc, 0);
    Value laneMask = mask;
    SmallVector<Value> carried;
    for (unsigned i = 0; i < numInits(); ++i)
      if (plan.carried[i])
        carried.push_back(loadVector(
            b, loc, init(i)->get(),
            applyMap(b, loc, op.getMatchingIndexingMap(init(i)), ivs), lanes,
            laneMask));
    SmallVector<Value> results =
        emitReductions(b, 0, carried, [&](OpBuilder &b, ValueRange args) {
          return emitBody(b, args);
        });
    unsigned next = 0;
    for (unsigned i = 0; i < numInits(); ++i)
      if (plan.carried[i])
        storeVector(b, loc, results[next++], init(i)->get(),
                    applyMap(b, loc, op.getMatchingIndexingMap(init(i)), ivs),
                    laneMask);
  }

  Value createNeutral(OpBuilder &b, vector::CombiningKind kind, Type element) {
    auto type = VectorType::get(lanes, element);
    TypedAttr value;
    if (auto floatType = dyn_cast<FloatType>(element)) {
      const llvm::fltSemantics &semantics = floatType.getFloatSemantics();
      APFloat neutral = APFloat::getZero(semantics);
      switch (kind) {
      case vector::CombiningKind::MUL:
        neutral = APFloat::getOne(semantics);
        break;
      case vector::CombiningKind::MAXNUMF:
      case vector::CombiningKind::MAXIMUMF:
        neutral = APFloat::getInf(semantics, /*Negative=*/true);
        break;
      case vector::CombiningKind::MINNUMF:
      case vector::CombiningKind::MINIMUMF:
        neutral = APFloat::getInf(semantics);
        break;
      default:
        break;
      }
      value = FloatAttr::get(element, neutral);
    } else {
      unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
      APInt neutral = APInt::getZero(bits);
      switch (kind) {
      case vector::CombiningKind::MUL:
        neutral = APInt(bits, 1);
        break;
      case vector::CombiningKind::AND:
      case vector::CombiningKind::MINUI:
        neutral = APInt::getAllOnes(bits);
        break;
      case vector::CombiningKind::MAXSI:
        neutral = APInt::getSignedMinValue(bits);
        break;
      case vector::CombiningKind::MINSI:
        neutral = APInt::getSignedMaxValue(bits);
        break;
      default:
        break;
      }
      value = IntegerAttr::get(element, neutral);
    }
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(type, value));
  }

  Value broadcast(OpBuilder &b, Value value) {
    if (isa<VectorType>(value.getType()))
      return value;
    return vector::BroadcastOp::create(
        b, loc, VectorType::get(lanes, value.getType()), value);
  }

  /// One vector of iterations. Values that are the same in all lanes stay
  /// scalars until a vector needs them.
  SmallVector<Value> emitBody(OpBuilder &b, ValueRange carried) {
    IRMapping mapping;
    unsigned next = 0;
    for (OpOperand &operand : op->getOpOperands()) {
      BlockArgument arg = op.getMatchingBlockArgument(&operand);
      if (op.isDpsInit(&operand) &&
          plan.carried[operand.getOperandNumber() - op.getNumDpsInputs()]) {
        mapping.map(arg, carried[next++]);
        continue;
      }
      if (arg.use_empty())
        continue;
      auto type = dyn_cast<MemRefType>(operand.get().getType());
      if (!type) {
        mapping.map(arg, operand.get());
        continue;
      }
      AffineMap map = op.getMatchingIndexingMap(&operand);
      SmallVector<Value> at = applyMap(b, loc, map, ivs);
      if (map.isFunctionOfDim(plan.lane))
        mapping.map(arg, loadVector(b, loc, operand.get(), at, lanes, mask));
      else
        mapping.map(
            arg, memref::LoadOp::create(b, loc, operand.get(), at).getResult());
    }
    for (Operation &inner : op.getBlock()->without_terminator())
      emitBodyOp(b, inner, mapping);

    SmallVector<Value> results;
    next = 0;
    Operation *yield = op.getBlock()->getTerminator();
    for (unsigned i = 0; i < numInits(); ++i) {
      Value value = broadcast(b, mapping.lookupOrDefault(yield->getOperand(i)));
      if (plan.carried[i]) {
        // Lanes past the end must not enter a sum over lanes.
        if (mask && plan.laneIsReduction)
          value = arith::SelectOp::create(b, loc, mask, value, carried[next]);
        results.push_back(value);
        ++next;
        continue;
      }
      storeVector(b, loc, value, init(i)->get(),
                  applyMap(b, loc, op.getMatchingIndexingMap(init(i)), ivs),
                  mask);
    }
    return results;
  }

  void emitBodyOp(OpBuilder &b, Operation &inner, IRMapping &mapping) {
    if (auto idx = dyn_cast<linalg::IndexOp>(inner)) {
      Value value = ivs[idx.getDim()];
      if (idx.getDim() == plan.lane) {
        auto type = VectorType::get(lanes, b.getIndexType());
        Value steps = vector::StepOp::create(b, loc, type);
        value = arith::AddIOp::create(b, loc, broadcast(b, value), steps);
      }
      mapping.map(idx.getResult(), value);
      return;
    }
    bool varies = llvm::any_of(inner.getOperands(), [&](Value v) {
      return isa<VectorType>(mapping.lookupOrDefault(v).getType());
    });
    if (!varies) {
      b.clone(inner, mapping);
      return;
    }
    if (auto load = dyn_cast<memref::LoadOp>(inner)) {
      SmallVector<Value> at;
      for (Value i : load.getIndices().drop_back())
        at.push_back(mapping.lookupOrDefault(i));
      at.push_back(ivs[plan.lane]);
      mapping.map(load.getResult(),
                  loadVector(b, loc, mapping.lookupOrDefault(load.getMemRef()),
                             at, lanes, mask));
      return;
    }
    if (std::optional<unsigned> i = getPartialExtremum(inner)) {
      Value acc = op.getMatchingBlockArgument(init(*i));
      Value x = inner.getOperand(inner.getOperand(0) == acc ? 1 : 0);
      mapping.map(inner.getResult(0),
                  combine(b, *i, broadcast(b, mapping.lookupOrDefault(x)),
                          mapping.lookupOrDefault(acc)));
      return;
    }
    SmallVector<Value> operands;
    for (Value v : inner.getOperands())
      operands.push_back(broadcast(b, mapping.lookupOrDefault(v)));
    SmallVector<Type> types;
    for (Type type : inner.getResultTypes())
      types.push_back(VectorType::get(lanes, type));
    OperationState state(loc, inner.getName(), operands, types,
                         inner.getAttrs());
    Operation *vectorised = b.create(state);
    mapping.map(inner.getResults(), vectorised->getResults());
  }

  linalg::LinalgOp op;
  Location loc;
  LanePlan plan;
  int64_t lanes;
  SmallVector<Value> sizes, ivs;
  Value mask;
};
} // namespace

void bpt::emitLanes(OpBuilder &builder, linalg::LinalgOp op, LanePlan plan,
                    const VectorTarget &target) {
  LaneEmitter(builder, op, std::move(plan), target).emit(builder);
}
