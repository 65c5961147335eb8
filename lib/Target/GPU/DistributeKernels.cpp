//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DistributeToThreads.h"
#include "KernelAttributes.h"
#include "bpt/Target/GPU/Passes.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_GPUSIMTPASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// A part of memory. What a block owns are views of shared memory and of the
/// workspace, whose offsets tell them apart where they are constants.
struct Place {
  enum Kind { Owned, Argument, Unknown } kind = Unknown;
  Value memory;
  std::optional<int64_t> begin, end;

  bool overlaps(const Place &other) const {
    if (kind == Unknown || other.kind == Unknown)
      return true;
    // Arguments may be the same memory; what a block owns is apart from them.
    if (kind == Argument || other.kind == Argument)
      return kind == other.kind;
    if (memory != other.memory)
      return false;
    if (!begin || !end || !other.begin || !other.end)
      return true;
    return *begin < *other.end && *other.begin < *end;
  }
};

Place getPlace(Value buffer) {
  while (true) {
    Operation *op = buffer.getDefiningOp();
    if (auto view = dyn_cast_or_null<memref::ViewOp>(op)) {
      Place place{Place::Owned, view.getSource(),
                  getConstantIntValue(view.getByteShift()), std::nullopt};
      MemRefType type = view.getType();
      if (place.begin && type.hasStaticShape() &&
          type.getElementType().isIntOrFloat())
        place.end = *place.begin +
                    type.getNumElements() *
                        llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      return place;
    }
    if (auto view = dyn_cast_or_null<ViewLikeOpInterface>(op)) {
      buffer = view.getViewSource();
      continue;
    }
    auto argument = dyn_cast<BlockArgument>(buffer);
    bool isParameter =
        argument && isa<gpu::GPUFuncOp>(argument.getOwner()->getParentOp());
    return {isParameter ? Place::Argument : Place::Unknown, buffer,
            std::nullopt, std::nullopt};
  }
}

/// What has been read and written since the last barrier.
struct Accesses {
  SmallVector<Place> reads, writes;

  bool empty() const { return reads.empty() && writes.empty(); }
  void clear() {
    reads.clear();
    writes.clear();
  }
  void add(const Accesses &other) {
    reads.append(other.reads);
    writes.append(other.writes);
  }
  bool conflictsWith(const Accesses &later) const {
    auto overlap = [](ArrayRef<Place> a, ArrayRef<Place> b) {
      return llvm::any_of(a, [&](const Place &x) {
        return llvm::any_of(b, [&](const Place &y) { return x.overlaps(y); });
      });
    };
    return overlap(writes, later.reads) || overlap(writes, later.writes) ||
           overlap(reads, later.writes);
  }
};

/// What an operation of the kernel reads and writes, loads in its body too.
Accesses getAccesses(Operation *op) {
  Accesses accesses;
  op->walk([&](Operation *inner) {
    auto effects = dyn_cast<MemoryEffectOpInterface>(inner);
    if (!effects)
      return;
    SmallVector<MemoryEffects::EffectInstance> instances;
    effects.getEffects(instances);
    for (auto &instance : instances) {
      if (!instance.getValue())
        continue;
      Place place = getPlace(instance.getValue());
      if (isa<MemoryEffects::Read>(instance.getEffect()))
        accesses.reads.push_back(place);
      else if (isa<MemoryEffects::Write>(instance.getEffect()))
        accesses.writes.push_back(place);
    }
  });
  return accesses;
}

class KernelDistributor {
public:
  KernelDistributor(RewriterBase &rewriter, gpu::GPUFuncOp kernel)
      : rewriter(rewriter), kernel(kernel) {}

  void run() {
    ImplicitLocOpBuilder b(kernel.getLoc(), rewriter);
    b.setInsertionPointToStart(&kernel.getBody().front());
    Value id = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
    std::optional<int64_t> known;
    Value count;
    if (std::optional<ArrayRef<int32_t>> size = kernel.getKnownBlockSize()) {
      known = (*size)[0];
      count = arith::ConstantIndexOp::create(b, *known);
    } else {
      count = gpu::BlockDimOp::create(b, gpu::Dimension::x);
    }
    block = {id, count, known};
    visit(kernel.getBody().front());
  }

private:
  void visit(Block &body) {
    for (Operation &op : llvm::make_early_inc_range(body)) {
      if (auto copy = dyn_cast<memref::CopyOp>(op)) {
        rewriter.setInsertionPoint(copy);
        auto asLinalg = linalg::makeMemRefCopyOp(
            rewriter, copy.getLoc(), copy.getSource(), copy.getTarget());
        rewriter.eraseOp(copy);
        distribute(asLinalg);
      } else if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
        distribute(linalgOp);
      } else if (isa<memref::StoreOp>(op)) {
        storeOnce(&op);
      } else if (op.getNumRegions() > 0) {
        Accesses inside = getAccesses(&op);
        // Where nothing inside waits for anything inside, it is one access.
        bool isOne = !inside.conflictsWith(inside);
        if (isOne) {
          separate(&op, inside);
          std::swap(open, inside);
          open.clear();
        } else {
          // Every way into and round a region starts without open accesses.
          barrierBefore(&op);
        }
        for (Region &region : op.getRegions())
          for (Block &inner : region) {
            visit(inner);
            if (!isOne)
              barrierBefore(inner.getTerminator());
          }
        if (isOne)
          std::swap(open, inside);
      } else if (Accesses accesses = getAccesses(&op); !accesses.empty()) {
        separate(&op, accesses);
      }
    }
  }

  /// Orders the operation after what it depends on.
  void separate(Operation *op, const Accesses &accesses) {
    if (open.conflictsWith(accesses))
      barrierBefore(op);
    open.add(accesses);
  }

  void barrierBefore(Operation *op) {
    if (open.empty())
      return;
    rewriter.setInsertionPoint(op);
    gpu::BarrierOp::create(rewriter, op->getLoc());
    open.clear();
  }

  void distribute(linalg::LinalgOp op) {
    if (!op->hasAttr(kGridAttrName)) {
      separate(op, getAccesses(op));
      distributeToThreads(rewriter, op, block);
      return;
    }
    rewriter.setInsertionPoint(op);
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value first = arith::MulIOp::create(
        b, gpu::BlockIdOp::create(b, gpu::Dimension::x), block.count);
    Value count = arith::MulIOp::create(
        b, gpu::GridDimOp::create(b, gpu::Dimension::x), block.count);
    ThreadSet grid{arith::AddIOp::create(b, first, block.thread), count,
                   std::nullopt};
    distributeToThreads(rewriter, op, grid);
  }

  /// A single element is written by one thread.
  void storeOnce(Operation *store) {
    separate(store, getAccesses(store));
    ImplicitLocOpBuilder b(store->getLoc(), store);
    Value zero = arith::ConstantIndexOp::create(b, 0);
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, block.thread, zero);
    auto first = scf::IfOp::create(b, isFirst, /*withElseRegion=*/false);
    rewriter.moveOpBefore(store, first.thenBlock()->getTerminator());
  }

  RewriterBase &rewriter;
  gpu::GPUFuncOp kernel;
  ThreadSet block;
  Accesses open;
};

struct GPUSimtPass : bpt::impl::GPUSimtPassBase<GPUSimtPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (auto kernel : getOperation().getOps<gpu::GPUFuncOp>())
      KernelDistributor(rewriter, kernel).run();
  }
};
} // namespace
