//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DropMasks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Where a tile's elements from `edge` on along one dimension go.
class UnseenPart {
public:
  explicit UnseenPart(Value edge) : edge(edge) {}

  /// Whether what is computed from them is, in the end, not written.
  bool isUnseen(Value tile, int64_t dim) {
    auto type = dyn_cast<VectorType>(tile.getType());
    if (!type || dim >= type.getRank())
      return false;
    // What leads back to itself is seen only if it is seen elsewhere.
    if (!visited.insert({tile, dim}).second)
      return true;
    return llvm::all_of(tile.getUses(),
                        [&](OpOperand &use) { return isUnseenBy(use, dim); });
  }

private:
  bool isUnseenBy(OpOperand &use, int64_t dim);
  bool isUnseenBy(vector::ContractionOp op, OpOperand &use, int64_t dim);
  bool isUnseenBy(vector::TransferWriteOp op, OpOperand &use, int64_t dim);
  bool isUnseenBy(vector::ShapeCastOp op, int64_t dim);
  /// Whether the mask ends where the tile does.
  bool hasSameEdge(Value mask, int64_t dim) const;
  bool isUnseenBy(scf::YieldOp op, OpOperand &use, int64_t dim);

  Value edge;
  DenseSet<std::pair<Value, int64_t>> visited;
};
} // namespace

bool UnseenPart::isUnseenBy(vector::ContractionOp op, OpOperand &use,
                            int64_t dim) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineExpr expr = maps[use.getOperandNumber()].getResult(dim);
  std::optional<unsigned> result = maps[2].getResultPosition(expr);
  return result && isUnseen(op.getResult(), *result);
}

bool UnseenPart::isUnseenBy(vector::TransferWriteOp op, OpOperand &use,
                            int64_t dim) {
  return op.getMask() && use.get() == op.getVector() &&
         op.getMask().getType().getShape() == op.getVectorType().getShape() &&
         compressUnusedDims(op.getPermutationMap()).isIdentity() &&
         hasSameEdge(op.getMask(), dim);
}

bool UnseenPart::hasSameEdge(Value mask, int64_t dim) const {
  auto create = mask.getDefiningOp<vector::CreateMaskOp>();
  return create &&
         isEqualConstantIntOrValue(getAsOpFoldResult(create.getOperand(dim)),
                                   getAsOpFoldResult(edge));
}

/// Only unit dimensions come or go.
bool UnseenPart::isUnseenBy(vector::ShapeCastOp op, int64_t dim) {
  ArrayRef<int64_t> from = op.getSourceVectorType().getShape(),
                    to = op.getResultVectorType().getShape();
  auto isLong = [](int64_t size) { return size != 1; };
  if (!isLong(from[dim]) || !llvm::equal(llvm::make_filter_range(from, isLong),
                                         llvm::make_filter_range(to, isLong)))
    return false;
  int64_t skipped = llvm::count_if(from.take_front(dim), isLong), result = 0;
  while (!isLong(to[result]) || skipped-- > 0)
    ++result;
  return isUnseen(op.getResult(), result);
}

bool UnseenPart::isUnseenBy(scf::YieldOp op, OpOperand &use, int64_t dim) {
  Operation *parent = op->getParentOp();
  unsigned number = use.getOperandNumber();
  // The next iteration may have another edge of the same name.
  if (auto loop = dyn_cast<scf::ForOp>(parent))
    return loop.isDefinedOutsideOfLoop(edge) &&
           isUnseen(loop.getRegionIterArg(number), dim) &&
           isUnseen(loop.getResult(number), dim);
  return isa<scf::IfOp>(parent) && isUnseen(parent->getResult(number), dim);
}

bool UnseenPart::isUnseenBy(OpOperand &use, int64_t dim) {
  Operation *user = use.getOwner();
  return llvm::TypeSwitch<Operation *, bool>(user)
      .Case<vector::ContractionOp, vector::TransferWriteOp, scf::YieldOp>(
          [&](auto op) { return isUnseenBy(op, use, dim); })
      .Case<vector::ShapeCastOp>([&](auto op) { return isUnseenBy(op, dim); })
      .Case<vector::BroadcastOp>([&](auto op) {
        // Leading dimensions are new; of others, units are repeated.
        auto source = cast<VectorType>(op.getSourceType());
        VectorType type = op.getResultVectorType();
        int64_t result = dim + type.getRank() - source.getRank();
        return source.getDimSize(dim) == type.getDimSize(result) &&
               isUnseen(op.getResult(), result);
      })
      .Case<vector::MultiDimReductionOp>([&](auto op) {
        if (use.get() == op.getAcc() && use.get() != op.getSource())
          return isUnseen(op.getResult(), dim);
        ArrayRef<int64_t> reduced = op.getReductionDims();
        return !llvm::is_contained(reduced, dim) &&
               isUnseen(op.getResult(),
                        dim - llvm::count_if(reduced, [&](int64_t other) {
                          return other < dim;
                        }));
      })
      .Case<scf::ForOp>([&](auto loop) {
        return isUnseen(loop.getTiedLoopRegionIterArg(&use), dim) &&
               isUnseen(loop.getTiedLoopResult(&use), dim);
      })
      .Case<arith::SelectOp>([&](auto op) {
        // A later mask covers it.
        bool isCovered = use.get() == op.getTrueValue() &&
                         use.get() != op.getFalseValue() &&
                         use.get() != op.getCondition() &&
                         hasSameEdge(op.getCondition(), dim);
        return isCovered || isUnseen(op.getResult(), dim);
      })
      .Default([&](Operation *op) {
        return OpTrait::hasElementwiseMappableTraits(op) && isPure(op) &&
               op->getNumResults() == 1 && isUnseen(op->getResult(0), dim);
      });
}

/// A known edge. LLVM leaves out the fragments of products past it, where they
/// are those of warps.
static bool hasKnownEdge(vector::CreateMaskOp mask) {
  return llvm::any_of(
      llvm::zip(mask.getOperands(), mask.getType().getShape()), [](auto dim) {
        std::optional<int64_t> edge = getConstantIntValue(std::get<0>(dim));
        return edge && *edge < std::get<1>(dim);
      });
}

void bpt::dropUnseenMasks(RewriterBase &rewriter, Operation *root,
                          bool dropsKnownEdges) {
  root->walk([&](arith::SelectOp op) {
    auto mask = op.getCondition().getDefiningOp<vector::CreateMaskOp>();
    if (!mask || (!dropsKnownEdges && hasKnownEdge(mask)))
      return;
    SmallVector<Value> edges(mask.getOperands());
    bool keepsAll = true;
    rewriter.setInsertionPoint(op);
    for (auto [dim, size] : llvm::enumerate(mask.getType().getShape())) {
      if (getConstantIntValue(edges[dim]) == size)
        continue;
      if (UnseenPart(edges[dim]).isUnseen(op.getResult(), dim))
        edges[dim] =
            arith::ConstantIndexOp::create(rewriter, op.getLoc(), size);
      else
        keepsAll = false;
    }
    if (keepsAll) {
      rewriter.replaceOp(op, op.getTrueValue());
      return;
    }
    if (llvm::equal(edges, mask.getOperands()))
      return;
    rewriter.modifyOpInPlace(op, [&] {
      op.getConditionMutable().assign(vector::CreateMaskOp::create(
          rewriter, op.getLoc(), mask.getType(), edges));
    });
  });
}
