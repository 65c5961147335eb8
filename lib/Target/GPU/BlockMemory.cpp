//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockMemory.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
struct Buffer {
  memref::AllocOp alloc;
  /// Known upper bound of its bytes, or what the host computes.
  std::optional<int64_t> bytes;
  Value hostBytes;
  /// Operations of the loop body between which it is live.
  unsigned first = 0, last = 0;
  /// Place in shared memory.
  std::optional<int64_t> sharedOffset;

  bool isLiveWith(const Buffer &other) const {
    return first <= other.last && other.first <= last;
  }
};

int64_t getElementBytes(MemRefType type) {
  Type element = type.getElementType();
  return element.isIntOrFloat()
             ? llvm::divideCeil(element.getIntOrFloatBitWidth(), 8)
             : 8;
}

class Planner {
public:
  Planner(scf::ForallOp loop) : loop(loop), host(loop.getLoc(), loop) {}

  LogicalResult collect() {
    BufferViewFlowAnalysis views(loop->getParentOp());
    DenseMap<Operation *, unsigned> order;
    for (Operation &op : *loop.getBody())
      order[&op] = order.size();
    auto positionOf = [&](Operation *op) {
      return order.lookup(loop.getBody()->findAncestorOpInBlock(*op));
    };
    WalkResult result = loop.walk([&](memref::AllocOp alloc) {
      Buffer buffer;
      buffer.alloc = alloc;
      buffer.first = buffer.last = positionOf(alloc);
      for (Value view : views.resolve(alloc.getResult()))
        for (Operation *user : view.getUsers())
          if (loop->isProperAncestor(user))
            buffer.last = std::max(buffer.last, positionOf(user));
      if (failed(findBytes(buffer)))
        return WalkResult::interrupt();
      buffers.push_back(buffer);
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  /// First fit, the small buffers first: they are read most often.
  int64_t placeInShared(int64_t limit) {
    SmallVector<Buffer *> candidates;
    for (Buffer &buffer : buffers)
      if (buffer.bytes)
        candidates.push_back(&buffer);
    llvm::sort(candidates, [](const Buffer *a, const Buffer *b) {
      return std::pair(*a->bytes, a) < std::pair(*b->bytes, b);
    });
    int64_t used = 0;
    for (auto [index, buffer] : llvm::enumerate(candidates)) {
      SmallVector<std::pair<int64_t, int64_t>> taken;
      for (Buffer *other : ArrayRef(candidates).take_front(index))
        if (other->sharedOffset && other->isLiveWith(*buffer))
          taken.push_back(
              {*other->sharedOffset, *other->sharedOffset + *other->bytes});
      llvm::sort(taken);
      int64_t offset = 0;
      for (auto [begin, end] : taken) {
        if (begin - offset >= *buffer->bytes)
          break;
        offset =
            std::max<int64_t>(offset, llvm::alignTo(end, kBufferAlignment));
      }
      if (offset + *buffer->bytes > limit)
        continue;
      buffer->sharedOffset = offset;
      used = std::max(used, offset + *buffer->bytes);
    }
    return used;
  }

  /// Offsets in the workspace of those that are left, and its size.
  Value placeInWorkspace(SmallVectorImpl<Value> &offsets) {
    Value end;
    for (Buffer &buffer : buffers) {
      offsets.push_back(Value());
      if (buffer.sharedOffset)
        continue;
      offsets.back() = end ? end : constant(0);
      Value bytes =
          buffer.bytes
              ? constant(llvm::alignTo(*buffer.bytes, kBufferAlignment))
              : alignUp(buffer.hostBytes);
      end = end ? arith::AddIOp::create(host, end, bytes).getResult() : bytes;
    }
    return end;
  }

  SmallVector<Buffer> buffers;

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(host, value);
  }

  Value alignUp(Value bytes) {
    AffineExpr d0 = host.getAffineDimExpr(0);
    return getValueOrCreateConstantIndexOp(
        host, host.getLoc(),
        affine::makeComposedFoldedAffineApply(host, host.getLoc(),
                                              d0.ceilDiv(kBufferAlignment) *
                                                  kBufferAlignment,
                                              {OpFoldResult(bytes)}));
  }

  LogicalResult findBytes(Buffer &buffer) {
    MemRefType type = buffer.alloc.getType();
    int64_t bytes = getElementBytes(type);
    SmallVector<Value> unbounded;
    unsigned next = 0;
    for (int64_t size : type.getShape()) {
      if (ShapedType::isDynamic(size)) {
        Value value = buffer.alloc.getDynamicSizes()[next++];
        FailureOr<int64_t> bound =
            ValueBoundsConstraintSet::computeConstantBound(
                presburger::BoundType::UB, {value}, nullptr,
                /*closedUB=*/true);
        if (failed(bound)) {
          unbounded.push_back(value);
          continue;
        }
        size = std::max<int64_t>(*bound, 0);
      }
      if (llvm::MulOverflow(bytes, size, bytes))
        return buffer.alloc.emitOpError("is too large for any device");
    }
    if (unbounded.empty()) {
      buffer.bytes = bytes;
      return success();
    }
    Value total = constant(bytes);
    for (Value size : unbounded) {
      FailureOr<OpFoldResult> bound = arith::reifyIndexValueBound(
          host, buffer.alloc.getLoc(), presburger::BoundType::UB, size,
          [&](Value value, std::optional<int64_t>, ValueBoundsConstraintSet &) {
            return isKnownBefore(value);
          },
          /*closedUB=*/true);
      if (failed(bound))
        return buffer.alloc.emitOpError(
            "has a size that has no bound before the block starts; every block "
            "needs memory that the host allocates before the launch");
      total = arith::MulIOp::create(
          host, total,
          getValueOrCreateConstantIndexOp(host, host.getLoc(), *bound));
    }
    buffer.hostBytes = total;
    return success();
  }

  bool isKnownBefore(Value value) {
    return !loop->isAncestor(value.getParentBlock()->getParentOp());
  }

  scf::ForallOp loop;
  ImplicitLocOpBuilder host;
};
} // namespace

/// A view of `bytes` from `offset` on that replaces an allocation.
static void replaceByView(memref::AllocOp alloc, Value bytes, Value offset) {
  OpBuilder builder(alloc);
  auto memory = cast<MemRefType>(bytes.getType());
  MemRefType type = alloc.getType();
  auto placed =
      MemRefType::get(type.getShape(), type.getElementType(),
                      MemRefLayoutAttrInterface(), memory.getMemorySpace());
  Value view = memref::ViewOp::create(builder, alloc.getLoc(), placed, bytes,
                                      offset, alloc.getDynamicSizes());
  if (placed != type)
    view =
        memref::MemorySpaceCastOp::create(builder, alloc.getLoc(), type, view);
  alloc.replaceAllUsesWith(view);
  alloc.erase();
}

FailureOr<BlockMemory> bpt::placeBlockBuffers(
    scf::ForallOp loop, int64_t maxSharedBytes,
    function_ref<Value(OpBuilder &, int64_t bytes)> getShared,
    function_ref<Value(OpBuilder &, Value bytes)> getWorkspace) {
  Planner planner(loop);
  if (failed(planner.collect()))
    return failure();
  BlockMemory memory;
  memory.sharedBytes = planner.placeInShared(maxSharedBytes);
  SmallVector<Value> offsets;
  memory.workspaceBytes = planner.placeInWorkspace(offsets);

  OpBuilder builder = OpBuilder::atBlockBegin(loop.getBody());
  Value shared, workspace;
  auto isShared = [](const Buffer &buffer) {
    return buffer.sharedOffset.has_value();
  };
  if (llvm::any_of(planner.buffers, isShared)) {
    // Also where none of them has elements.
    memory.sharedBytes =
        std::max<int64_t>(memory.sharedBytes, kBufferAlignment);
    shared = getShared(builder, memory.sharedBytes);
  }
  if (memory.workspaceBytes)
    workspace = getWorkspace(builder, memory.workspaceBytes);
  for (auto [buffer, offset] : llvm::zip(planner.buffers, offsets)) {
    if (!buffer.sharedOffset) {
      replaceByView(buffer.alloc, workspace, offset);
      continue;
    }
    builder.setInsertionPoint(buffer.alloc);
    Value place = arith::ConstantIndexOp::create(builder, buffer.alloc.getLoc(),
                                                 *buffer.sharedOffset);
    replaceByView(buffer.alloc, shared, place);
  }
  return memory;
}
