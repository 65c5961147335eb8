//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockOrder.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether `value` is computed of `origin`, by operations in the loop.
static bool dependsOn(Value value, Value origin, scf::ForallOp loop,
                      DenseSet<Value> &seen) {
  if (value == origin)
    return true;
  if (!seen.insert(value).second)
    return false;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    // What a loop counts depends on where it starts.
    auto inner = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return inner && loop->isProperAncestor(inner) &&
           argument == inner.getInductionVar() &&
           dependsOn(inner.getLowerBound(), origin, loop, seen);
  }
  Operation *op = value.getDefiningOp();
  return loop->isProperAncestor(op) &&
         llvm::any_of(op->getOperands(), [&](Value operand) {
           return dependsOn(operand, origin, loop, seen);
         });
}

static bool dependsOn(ValueRange values, Value origin, scf::ForallOp loop) {
  DenseSet<Value> seen;
  return llvm::any_of(values, [&](Value value) {
    return dependsOn(value, origin, loop, seen);
  });
}

/// What loops in a block read that is the same along a dimension.
static int64_t countShared(scf::ForallOp loop, Value counter) {
  int64_t count = 0;
  loop.walk([&](vector::TransferReadOp read) {
    auto inner = read->getParentOfType<scf::ForOp>();
    if (!inner || !loop->isProperAncestor(inner))
      return;
    SmallVector<Value> place = {read.getBase()};
    llvm::append_range(place, read.getIndices());
    count += !dependsOn(place, counter, loop);
  });
  return count;
}

/// Whether loops end later, and begin no later, the later a block is.
static bool growsAlong(scf::ForallOp loop, Value counter) {
  bool grows = false;
  WalkResult result = loop.walk([&](scf::ForOp inner) {
    if (dependsOn(inner.getLowerBound(), counter, loop)) {
      // The loop over masked blocks goes on where the one before has ended.
      bool continues = llvm::any_of(
          inner->getBlock()->getOps<scf::ForOp>(), [&](scf::ForOp before) {
            return before.getUpperBound() == inner.getLowerBound();
          });
      if (!continues)
        return WalkResult::interrupt();
    }
    grows |= dependsOn(inner.getUpperBound(), counter, loop);
    return WalkResult::advance();
  });
  return grows && !result.wasInterrupted();
}

/// Dimensions whose numbers of blocks a block's number is divided by, and which
/// are known at run time only: a division of 64 bits, and registers for it.
static int64_t countDivisions(scf::ForallOp loop, ArrayRef<unsigned> order) {
  return llvm::count_if(order.drop_back(), [&](unsigned dim) {
    return ShapedType::isDynamic(loop.getStaticLowerBound()[dim]) ||
           ShapedType::isDynamic(loop.getStaticUpperBound()[dim]) ||
           ShapedType::isDynamic(loop.getStaticStep()[dim]);
  });
}

BlockOrder bpt::chooseBlockOrder(scf::ForallOp loop) {
  BlockOrder order;
  SmallVector<int64_t> shared;
  for (auto [dim, counter] : llvm::enumerate(loop.getInductionVars())) {
    order.dims.push_back(dim);
    order.reversed.push_back(growsAlong(loop, counter));
    shared.push_back(countShared(loop, counter));
  }
  // Where they are equal, neighbours lie next to each other in the result.
  std::reverse(order.dims.begin(), order.dims.end());
  SmallVector<unsigned> sorted = order.dims;
  llvm::sort(sorted, [&](unsigned a, unsigned b) {
    return std::pair(shared[a], a) > std::pair(shared[b], b);
  });
  if (countDivisions(loop, sorted) <= countDivisions(loop, order.dims))
    order.dims = std::move(sorted);
  return order;
}
