//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LanePlan.h"
#include "LoopUtils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// How the loop that becomes the vector's lanes meets an operand.
enum class Access { Uniform, Contiguous, Other };

Access getAccess(AffineMap map, MemRefType type, unsigned dim) {
  if (!map.isFunctionOfDim(dim))
    return Access::Uniform;
  auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
  if (!last || last.getPosition() != dim || !isContiguousInLastDims(type))
    return Access::Other;
  for (AffineExpr expr : map.getResults().drop_back())
    if (expr.isFunctionOfDim(dim))
      return Access::Other;
  return Access::Contiguous;
}

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
          !isContiguousInLastDims(load.getMemRefType())) {
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
} // namespace

int64_t bpt::getWidestBits(linalg::LinalgOp op, unsigned lane) {
  int64_t bits = 8;
  // What is the same in all lanes takes no vector registers.
  llvm::SmallDenseSet<Value> varying;
  auto visit = [&](Value value) {
    varying.insert(value);
    if (value.getType().isIntOrFloat())
      bits = std::max<int64_t>(bits, value.getType().getIntOrFloatBitWidth());
  };
  for (OpOperand &operand : op->getOpOperands())
    if (op.isDpsInit(&operand) ||
        op.getMatchingIndexingMap(&operand).isFunctionOfDim(lane))
      visit(op.getMatchingBlockArgument(&operand));
  for (Operation &inner : *op.getBlock()) {
    auto index = dyn_cast<linalg::IndexOp>(inner);
    if ((index && index.getDim() == lane) ||
        llvm::any_of(inner.getOperands(),
                     [&](Value v) { return varying.contains(v); }))
      for (Value result : inner.getResults())
        visit(result);
  }
  return bits;
}

std::optional<LanePlan> bpt::planLanes(linalg::LinalgOp op, std::string &why) {
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
