//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/Tile/IR/TileOps.h"
#include "bpt/Target/GPU/Distribute/Passes.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/ControlFlowSinkUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_SKIPMASKSPASS
#include "bpt/Target/GPU/Distribute/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

namespace {

/// The least and the greatest element of a tile of integers; null if unknown.
struct Range {
  Value least, greatest;
  explicit operator bool() const { return least && greatest; }
};

/// Says of a mask, as one scalar, when it surely keeps all elements.
class MaskAnalysis {
public:
  MaskAnalysis(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  /// True only if all elements of `mask` are; null if nothing is known.
  Value keepsAll(Value mask);

private:
  Range getRange(Value tile);
  Value compare(arith::CmpIOp op);

  /// An integer of the element type of `tile`.
  Value constant(Value tile, int64_t value) {
    Type type = getElementTypeOrSelf(tile.getType());
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
  }

  OpBuilder &b;
  Location loc;
};

Range MaskAnalysis::getRange(Value tile) {
  Operation *op = tile.getDefiningOp();
  if (!op)
    return {};
  if (auto step = dyn_cast<vector::StepOp>(op)) {
    int64_t size = cast<VectorType>(step.getType()).getDimSize(0);
    return {constant(tile, 0), constant(tile, size - 1)};
  }
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op)) {
    Value source = broadcast.getSource();
    return isa<VectorType>(source.getType()) ? getRange(source)
                                             : Range{source, source};
  }
  if (auto cast = dyn_cast<vector::ShapeCastOp>(op))
    return getRange(cast.getSource());
  if (auto constantOp = dyn_cast<arith::ConstantOp>(op)) {
    auto splat = dyn_cast<SplatElementsAttr>(constantOp.getValue());
    if (!splat)
      return {};
    Value value = constant(tile, splat.getSplatValue<APInt>().getSExtValue());
    return {value, value};
  }
  if (!isa<arith::AddIOp, arith::SubIOp>(op))
    return {};
  Range x = getRange(op->getOperand(0)), y = getRange(op->getOperand(1));
  if (!x || !y)
    return {};
  if (isa<arith::AddIOp>(op))
    return {arith::AddIOp::create(b, loc, x.least, y.least),
            arith::AddIOp::create(b, loc, x.greatest, y.greatest)};
  return {arith::SubIOp::create(b, loc, x.least, y.greatest),
          arith::SubIOp::create(b, loc, x.greatest, y.least)};
}

Value MaskAnalysis::compare(arith::CmpIOp op) {
  Range x = getRange(op.getLhs()), y = getRange(op.getRhs());
  if (!x || !y)
    return {};
  switch (op.getPredicate()) {
  case arith::CmpIPredicate::slt:
  case arith::CmpIPredicate::sle:
    return arith::CmpIOp::create(b, loc, op.getPredicate(), x.greatest,
                                 y.least);
  case arith::CmpIPredicate::sgt:
  case arith::CmpIPredicate::sge:
    return arith::CmpIOp::create(b, loc, op.getPredicate(), x.least,
                                 y.greatest);
  default:
    return {};
  }
}

Value MaskAnalysis::keepsAll(Value mask) {
  Operation *op = mask.getDefiningOp();
  if (!op)
    return {};
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op)) {
    Value source = broadcast.getSource();
    return isa<VectorType>(source.getType()) ? keepsAll(source) : source;
  }
  if (auto comparison = dyn_cast<arith::CmpIOp>(op))
    return compare(comparison);
  if (auto both = dyn_cast<arith::AndIOp>(op)) {
    Value x = keepsAll(both.getLhs()), y = keepsAll(both.getRhs());
    return x && y ? arith::AndIOp::create(b, loc, x, y) : Value();
  }
  if (auto either = dyn_cast<arith::OrIOp>(op)) {
    Value x = keepsAll(either.getLhs()), y = keepsAll(either.getRhs());
    return x && y ? arith::OrIOp::create(b, loc, x, y) : (x ? x : y);
  }
  return {};
}

struct SkipMasksPass : bpt::impl::SkipMasksPassBase<SkipMasksPass> {
  void runOnOperation() override {
    for (auto program : getOperation().getOps<gpu::GPUFuncOp>())
      if (program->hasAttr(bpt::tile::TileDialect::kWarpsAttrName))
        skipMasks(program);
  }

private:
  void skipMasks(gpu::GPUFuncOp program) {
    SmallVector<arith::SelectOp> selects;
    program.walk([&](arith::SelectOp op) {
      auto type = dyn_cast<VectorType>(op.getCondition().getType());
      if (type && type.getRank() == 2 && op->getParentOfType<scf::ForOp>())
        selects.push_back(op);
    });
    SmallVector<Region *> branches;
    for (arith::SelectOp op : selects) {
      OpBuilder b(op);
      Location loc = op.getLoc();
      Value all = MaskAnalysis(b, loc).keepsAll(op.getCondition());
      if (!all)
        continue;
      auto branch = scf::IfOp::create(b, loc, op.getType(), all,
                                      /*withElseRegion=*/true);
      op.getResult().replaceAllUsesWith(branch.getResult(0));
      b.setInsertionPointToStart(branch.thenBlock());
      scf::YieldOp::create(b, loc, op.getTrueValue());
      b.setInsertionPointToStart(branch.elseBlock());
      op->moveBefore(branch.elseBlock(), branch.elseBlock()->end());
      b.setInsertionPointToEnd(branch.elseBlock());
      scf::YieldOp::create(b, loc, op.getResult());
      branches.push_back(&branch.getElseRegion());
    }
    // The mask is only computed where it is needed.
    DominanceInfo dominance(program);
    controlFlowSink(
        branches, dominance,
        [](Operation *op, Region *) {
          return isMemoryEffectFree(op) && !isa<vector::StepOp>(op);
        },
        [](Operation *op, Region *region) {
          op->moveBefore(&region->front(), region->front().begin());
        });
  }
};

} // namespace
