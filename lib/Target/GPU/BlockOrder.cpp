//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockOrder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

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

/// Blocks that run at a time: about as many as a large GPU has multiprocessors.
/// An order depends on it, and nothing else.
static constexpr int64_t kWave = 128;
/// What blocks that do not run at the same time find in the second level of
/// cache, of an H100's 50 MB and an A100's 40.
static constexpr int64_t kCacheBytes = int64_t(32) << 20;
/// So many blocks that read the same at the same time read little enough of
/// memory, whether the cache holds it or not.
static constexpr int64_t kReaders = 4;

namespace {
/// What loops in a block read at one place.
struct BlockRead {
  /// By dimension: whether other blocks along it read something else.
  SmallVector<bool> depends;
  /// What all blocks read of the tensor, 0 if that is not known.
  int64_t bytes = 0;
};
} // namespace

static int64_t countBytes(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  auto type = dyn_cast<MemRefType>(memref.getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return 0;
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

static SmallVector<BlockRead> findReads(scf::ForallOp loop) {
  SmallVector<BlockRead> reads;
  loop.walk([&](vector::TransferReadOp read) {
    auto inner = read->getParentOfType<scf::ForOp>();
    if (!inner || !loop->isProperAncestor(inner))
      return;
    SmallVector<Value> place = {read.getBase()};
    llvm::append_range(place, read.getIndices());
    BlockRead &found = reads.emplace_back();
    for (Value counter : loop.getInductionVars())
      found.depends.push_back(dependsOn(place, counter, loop));
    found.bytes = countBytes(read.getBase());
  });
  return reads;
}

/// What loops in a block read that is the same along a dimension.
static int64_t countShared(ArrayRef<BlockRead> reads, unsigned dim) {
  return llvm::count_if(
      reads, [&](const BlockRead &read) { return !read.depends[dim]; });
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

/// The numbers of blocks along the dimensions, as far as they are known.
static SmallVector<int64_t> getCounts(scf::ForallOp loop) {
  SmallVector<int64_t> counts;
  for (auto [lower, upper, step] :
       llvm::zip(loop.getMixedLowerBound(), loop.getMixedUpperBound(),
                 loop.getMixedStep())) {
    auto first = getConstantIntValue(lower), end = getConstantIntValue(upper),
         by = getConstantIntValue(step);
    counts.push_back(first && end && by ? llvm::divideCeil(*end - *first, *by)
                                        : ShapedType::kDynamic);
  }
  return counts;
}

/// What the blocks that run at a time read, with `group` blocks of the fastest
/// dimension, then all of the next one.
static double countBytesOfWave(ArrayRef<BlockRead> reads,
                               ArrayRef<int64_t> counts, unsigned fastest,
                               unsigned next, int64_t group) {
  auto getShare = [&](unsigned dim) {
    int64_t blocks =
        dim == fastest ? group * llvm::divideCeil(kWave, group * counts[next])
        : dim == next ? llvm::divideCeil(kWave, group)
                      : llvm::divideCeil(kWave, counts[fastest] * counts[next]);
    return double(std::min(blocks, counts[dim])) / double(counts[dim]);
  };
  double bytes = 0;
  for (const BlockRead &read : reads) {
    double part = read.bytes;
    for (unsigned dim = 0; dim < counts.size(); ++dim)
      if (read.depends[dim])
        part *= getShare(dim);
    bytes += part;
  }
  return bytes;
}

/// Cuts the fastest dimension into groups, so that blocks that run at a time
/// read as little as they can.
static void chooseGroup(ArrayRef<BlockRead> reads, ArrayRef<int64_t> counts,
                        BlockOrder &order) {
  unsigned fastest = order.dims[0], next = order.dims[1];
  int64_t all = counts[fastest];
  double least = std::numeric_limits<double>::max();
  for (int64_t group = all; group >= 1; --group) {
    if (all % group != 0)
      continue;
    double bytes = countBytesOfWave(reads, counts, fastest, next, group);
    if (bytes >= least)
      continue;
    least = bytes;
    order.group = group == all ? 0 : group;
  }
}

/// Whether the blocks along other dimensions than `dim` may run at a time.
static bool mayRunTogether(ArrayRef<BlockRead> reads, ArrayRef<int64_t> counts,
                           unsigned dim) {
  int64_t others = 1, bytes = 0;
  for (unsigned other = 0; other < counts.size(); ++other)
    if (other != dim)
      others *= counts[other];
  for (const BlockRead &read : reads)
    if (!read.depends[dim])
      bytes += read.bytes;
  return others * kReaders <= kWave || bytes <= kCacheBytes;
}

/// What is known of sizes when the program is compiled.
static void orderKnownBlocks(ArrayRef<BlockRead> reads,
                             ArrayRef<int64_t> counts, BlockOrder &order) {
  if (llvm::any_of(reads,
                   [](const BlockRead &read) { return read.bytes == 0; }))
    return;
  // A dimension of one block is in nobody's way at the end.
  auto dims = order.dims;
  llvm::erase_if(order.dims, [&](unsigned dim) { return counts[dim] == 1; });
  llvm::copy_if(dims, std::back_inserter(order.dims),
                [&](unsigned dim) { return counts[dim] == 1; });
  auto *grows = llvm::find_if(order.dims, [&](unsigned dim) {
    return order.reversed[dim] && counts[dim] > 1;
  });
  if (grows != order.dims.end()) {
    unsigned dim = *grows;
    if (mayRunTogether(reads, counts, dim)) {
      order.dims.erase(grows);
      order.dims.push_back(dim);
    }
    return;
  }
  if (order.dims.size() >= 2 && counts[order.dims[1]] > 1)
    chooseGroup(reads, counts, order);
}

BlockOrder bpt::chooseBlockOrder(scf::ForallOp loop) {
  BlockOrder order;
  SmallVector<BlockRead> reads = findReads(loop);
  SmallVector<int64_t> shared;
  for (auto [dim, counter] : llvm::enumerate(loop.getInductionVars())) {
    order.dims.push_back(dim);
    order.reversed.push_back(growsAlong(loop, counter));
    shared.push_back(countShared(reads, dim));
  }
  // Where they are equal, neighbours lie next to each other in the result.
  std::reverse(order.dims.begin(), order.dims.end());
  SmallVector<unsigned> sorted = order.dims;
  llvm::sort(sorted, [&](unsigned a, unsigned b) {
    return std::pair(shared[a], a) > std::pair(shared[b], b);
  });
  if (countDivisions(loop, sorted) <= countDivisions(loop, order.dims))
    order.dims = std::move(sorted);
  SmallVector<int64_t> counts = getCounts(loop);
  if (!ShapedType::isDynamicShape(counts))
    orderKnownBlocks(reads, counts, order);
  // Nothing but dimensions of one block may be slower than one that grows.
  bool isSlower = false;
  for (unsigned dim : llvm::reverse(order.dims)) {
    order.isEven &= !(isSlower && order.reversed[dim]) || counts[dim] == 1;
    isSlower |= counts[dim] != 1;
  }
  return order;
}
