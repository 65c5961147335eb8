//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopUtils.h"
#include "TransposeTiles.h"
#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/CPU/VectorTarget.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_VECTORIZETILESPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {

/// How the loop that becomes the vector's lanes meets an operand.
enum class Access { Uniform, Contiguous, Other };

Access getAccess(AffineMap map, MemRefType type, unsigned dim) {
  if (!map.isFunctionOfDim(dim))
    return Access::Uniform;
  auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
  if (!last || last.getPosition() != dim || !isContiguousInLastDim(type))
    return Access::Other;
  for (AffineExpr expr : map.getResults().drop_back())
    if (expr.isFunctionOfDim(dim))
      return Access::Other;
  return Access::Contiguous;
}

/// The combination of a reduced output with the new value, if the body is of
/// that form: yield combine(out, x).
struct Combiner {
  vector::CombiningKind kind;
  Operation *op = nullptr;
};

std::optional<Combiner> matchCombiner(linalg::LinalgOp op, unsigned init) {
  BlockArgument acc = op.getRegionOutputArgs()[init];
  Value yielded = op.getBlock()->getTerminator()->getOperand(init);
  Operation *def = yielded.getDefiningOp();
  if (!def || def->getBlock() != op.getBlock() || !acc.hasOneUse() ||
      !yielded.hasOneUse() || *acc.user_begin() != def ||
      def->getNumOperands() != 2)
    return std::nullopt;
  std::optional<vector::CombiningKind> kind = linalg::getCombinerOpKind(def);
  if (!kind)
    return std::nullopt;
  return Combiner{*kind, def};
}

/// How one linalg op is vectorised: the loop that becomes lanes, the order of
/// the others, and what happens with each output.
struct LanePlan {
  unsigned lane;
  bool laneIsReduction;
  SmallVector<unsigned> parallel, reductions;
  /// For each output: kept in registers over the reductions, or stored in the
  /// innermost iteration.
  SmallVector<bool> carried;
  SmallVector<std::optional<Combiner>> combiners;
};

/// The element type that decides how many lanes fill a register: the widest
/// float (or integer) that the op moves or computes.
int64_t getWidestBits(linalg::LinalgOp op) {
  int64_t bits = 8;
  auto visit = [&](Type type) {
    type = getElementTypeOrSelf(type);
    if (type.isIntOrFloat())
      bits = std::max<int64_t>(bits, type.getIntOrFloatBitWidth());
  };
  for (Value operand : op->getOperands())
    visit(operand.getType());
  for (Operation &inner : *op.getBlock())
    for (Value result : inner.getResults())
      visit(result.getType());
  return bits;
}

/// Says in `why` which operation of the body has no vector form.
bool isBodyVectorizable(linalg::LinalgOp op, unsigned lane, std::string &why) {
  llvm::SmallDenseSet<Value> varying;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (map.isFunctionOfDim(lane))
      varying.insert(op.getMatchingBlockArgument(&operand));
  }
  for (BlockArgument out : op.getRegionOutputArgs())
    varying.insert(out);
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (auto idx = dyn_cast<linalg::IndexOp>(inner)) {
      if (idx.getDim() == lane)
        varying.insert(idx.getResult());
      continue;
    }
    bool varies = llvm::any_of(inner.getOperands(),
                               [&](Value v) { return varying.contains(v); });
    if (auto load = dyn_cast<memref::LoadOp>(inner)) {
      if (!varies)
        continue;
      // Lanes that step the last index by one read one vector.
      auto idx =
          load.getIndices().empty()
              ? linalg::IndexOp()
              : load.getIndices().back().getDefiningOp<linalg::IndexOp>();
      bool othersVary =
          llvm::any_of(load.getIndices().drop_back(),
                       [&](Value v) { return varying.contains(v); });
      if (!idx || idx.getDim() != lane || othersVary ||
          !isContiguousInLastDim(load.getMemRefType())) {
        why = "the body gathers elements that are not consecutive";
        return false;
      }
      varying.insert(load.getResult());
      continue;
    }
    if (inner.getNumRegions() != 0 ||
        !(inner.hasTrait<OpTrait::ConstantLike>() ||
          OpTrait::hasElementwiseMappableTraits(&inner)) ||
        llvm::any_of(inner.getResultTypes(),
                     [](Type type) { return !type.isIntOrIndexOrFloat(); })) {
      why = ("the body has '" + inner.getName().getStringRef() +
             "', which has no elementwise vector form")
                .str();
      return false;
    }
    if (varies)
      varying.insert(inner.result_begin(), inner.result_end());
  }
  return true;
}

/// Chooses the loop whose iterations become lanes: contiguous in every operand
/// it moves along, in outputs above all; the last such loop wins.
std::optional<LanePlan> planLanes(linalg::LinalgOp op, std::string &why) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  why = "no loop is contiguous in all operands";
  for (unsigned lane = op.getNumLoops(); lane-- > 0;) {
    LanePlan plan;
    plan.lane = lane;
    plan.laneIsReduction = iterators[lane] != utils::IteratorType::parallel;
    bool fits = true;
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<MemRefType>(operand.get().getType());
      AffineMap map = op.getMatchingIndexingMap(&operand);
      if (!type) {
        fits &= !map.isFunctionOfDim(lane);
        continue;
      }
      Access access = getAccess(map, type, lane);
      fits &= access != Access::Other;
      if (op.isDpsInit(&operand) && !plan.laneIsReduction)
        fits &= access == Access::Contiguous;
    }
    if (!fits)
      continue;
    for (auto [dim, kind] : llvm::enumerate(iterators)) {
      if (dim == lane)
        continue;
      if (kind == utils::IteratorType::parallel)
        plan.parallel.push_back(dim);
      else
        plan.reductions.push_back(dim);
    }
    for (unsigned i = 0, e = op.getNumDpsInits(); i < e && fits; ++i) {
      AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(i));
      unsigned reduced = 0, total = plan.reductions.size();
      for (unsigned dim : plan.reductions)
        reduced += !map.isFunctionOfDim(dim);
      if (plan.laneIsReduction) {
        ++total;
        reduced += !map.isFunctionOfDim(lane);
      }
      if (reduced != 0 && reduced != total) {
        why = "an output is reduced along some of the reduction loops only";
        fits = false;
        break;
      }
      plan.carried.push_back(reduced != 0);
      std::optional<Combiner> combiner;
      if (plan.laneIsReduction && reduced != 0) {
        combiner = matchCombiner(op, i);
        if (!combiner) {
          why = "the reduction's combination is not a known associative one";
          fits = false;
        }
      }
      plan.combiners.push_back(combiner);
    }
    if (!fits)
      continue;
    if (!isBodyVectorizable(op, lane, why))
      continue;
    return plan;
  }
  return std::nullopt;
}

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
          size = index(builder, loc, type.getDimSize(pos));
        else if (!size)
          size = memref::DimOp::create(builder, loc, operand.get(), pos);
      }
    }
    // Four registers in flight hide the latency of the arithmetic.
    lanes = 4 * target.getLanes(getWidestBits(op));
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
      buildLoop(b, loc, index(b, loc, 0), sizes[dim], 1, {},
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
    Value zero = index(b, loc, 0);
    std::optional<int64_t> count = getConstantIntValue(size);
    Value rest, full;
    if (count) {
      full = index(b, loc, *count / lanes * lanes);
      rest = index(b, loc, *count % lanes);
    } else {
      rest = arith::RemUIOp::create(b, loc, size, index(b, loc, lanes));
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
    return buildLoop(b, loc, index(b, loc, 0), sizes[dim], 1, carried,
                     [&](OpBuilder &b, Value iv, ValueRange args) {
                       ivs[dim] = iv;
                       return emitReductions(b, depth + 1, args, body);
                     });
  }

  /// The lanes are a reduction: carry one vector of partial results for each
  /// reduced output, combine its lanes once at the end.
  void emitLaneReduction(OpBuilder &b) {
    for (unsigned dim : plan.reductions)
      ivs[dim] = index(b, loc, 0);
    ivs[plan.lane] = index(b, loc, 0);
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
      auto reduced = vector::ReductionOp::create(
          b, loc, plan.combiners[i]->kind, partial[next++], start);
      // Lane-wise partial sums are a reassociation already; a tree over the
      // lanes is one more.
      if (isa<FloatType>(elementOf(i)))
        reduced.setFastmath(arith::FastMathFlags::reassoc);
      memref::StoreOp::create(b, loc, reduced.getResult(), memref, at);
    }
  }

  /// The lanes are parallel: reduced outputs are vectors that the reduction
  /// loops carry from load to store.
  void emitCarriedPerLane(OpBuilder &b) {
    for (unsigned dim : plan.reductions)
      ivs[dim] = index(b, loc, 0);
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

/// Affine maps in a body are arithmetic, which has vector forms.
void expandAffineOps(RewriterBase &rewriter, linalg::LinalgOp op) {
  SmallVector<affine::AffineApplyOp> applies;
  op->walk([&](affine::AffineApplyOp apply) { applies.push_back(apply); });
  for (affine::AffineApplyOp apply : applies) {
    rewriter.setInsertionPoint(apply);
    if (std::optional<SmallVector<Value, 8>> values = affine::expandAffineMap(
            rewriter, apply.getLoc(), apply.getAffineMap(),
            llvm::to_vector<8>(apply.getOperands())))
      rewriter.replaceOp(apply, values->front());
  }
}

struct VectorizeTilesPass
    : bpt::impl::VectorizeTilesPassBase<VectorizeTilesPass> {
  using Base::Base;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    // Strided copies are loops like any other; contiguous ones are memcpy.
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) {
      auto from = dyn_cast<MemRefType>(copy.getSource().getType());
      auto to = dyn_cast<MemRefType>(copy.getTarget().getType());
      if (from && to &&
          !(from.getLayout().isIdentity() && to.getLayout().isIdentity()))
        copies.push_back(copy);
    });
    for (memref::CopyOp copy : copies) {
      rewriter.setInsertionPoint(copy);
      linalg::makeMemRefCopyOp(rewriter, copy.getLoc(), copy.getSource(),
                               copy.getTarget());
      rewriter.eraseOp(copy);
    }

    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics())
        ops.push_back(op);
    });
    VectorTarget target{vectorBits};
    for (linalg::LinalgOp op : ops) {
      expandAffineOps(rewriter, op);
      rewriter.setInsertionPoint(op);
      std::string why;
      if (op.getNumLoops() != 0) {
        if (std::optional<LanePlan> plan = planLanes(op, why)) {
          LaneEmitter(rewriter, op, std::move(*plan), target).emit(rewriter);
          rewriter.eraseOp(op);
          continue;
        }
        if (succeeded(emitTransposition(rewriter, op, target))) {
          rewriter.eraseOp(op);
          continue;
        }
        remark::missed(
            op.getLoc(),
            remark::RemarkOpts::name("ScalarLoops").category("bpt-cpu"))
            << ("'" + op->getName().getStringRef() +
                "' becomes scalar loops: " + why)
                   .str();
      }
      if (failed(linalg::linalgOpToLoops(rewriter, op))) {
        op->emitOpError("cannot be lowered to loops for the CPU");
        return signalPassFailure();
      }
      rewriter.eraseOp(op);
    }
  }
};
} // namespace
