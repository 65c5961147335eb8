//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Common/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_SHORTENLIFETIMESPASS
#include "bpt/Target/Common/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

/// The buffer itself, where it is allocated, or given by a call, in the block
/// in which it is freed: then it is no other buffer's.
static Value findBuffer(Value freed, Block *block) {
  if (auto metadata = freed.getDefiningOp<memref::ExtractStridedMetadataOp>())
    freed = metadata.getSource();
  Operation *op = freed.getDefiningOp();
  bool isOwn = isa_and_present<memref::AllocOp, func::CallOp>(op);
  return isOwn && op->getBlock() == block ? freed : Value();
}

/// Whether a value comes from an operation, or, of a terminator, from where
/// that leads.
static bool comesFrom(Value value, Operation *op) {
  Operation *owner = value.getDefiningOp();
  if (!owner)
    owner = cast<BlockArgument>(value).getOwner()->getParentOp();
  return owner == op ||
         (op->hasTrait<OpTrait::IsTerminator>() && owner == op->getParentOp());
}

/// The buffer and what may be views of it. For the analysis a call's results
/// may be views of its arguments; but they are the caller's own, which
/// upstream's deallocation has seen to.
static SetVector<Value> findViews(Value buffer,
                                  const BufferViewFlowAnalysis &analysis) {
  SetVector<Value> views;
  views.insert(buffer);
  for (unsigned i = 0; i < views.size(); ++i) {
    SmallVector<Operation *> users;
    for (Operation *user : views[i].getUsers())
      if (!isa<func::CallOp>(user))
        users.push_back(user);
    for (Value reached : analysis.resolve(views[i]))
      if (llvm::any_of(
              users, [&](Operation *user) { return comesFrom(reached, user); }))
        views.insert(reached);
  }
  return views;
}

/// The last operation of the block that uses the buffer or a view of it; null
/// if it leaves the block.
static Operation *findLastUser(Value buffer, bufferization::DeallocOp dealloc,
                               const BufferViewFlowAnalysis &analysis) {
  Block *block = dealloc->getBlock();
  Operation *last = buffer.getDefiningOp();
  for (Value view : findViews(buffer, analysis)) {
    if (llvm::is_contained(dealloc.getRetained(), view))
      return nullptr;
    for (Operation *user : view.getUsers()) {
      // What is read for no more than to be freed.
      bool isForFree = isa<memref::ExtractStridedMetadataOp>(user) &&
                       llvm::all_of(user->getUsers(), [&](Operation *other) {
                         return other == dealloc;
                       });
      if (user == dealloc || isForFree)
        continue;
      Operation *inBlock = block->findAncestorOpInBlock(*user);
      if (!inBlock || inBlock->hasTrait<OpTrait::IsTerminator>())
        return nullptr;
      if (last->isBeforeInBlock(inBlock))
        last = inBlock;
    }
  }
  return last;
}

static void freeEarly(bufferization::DeallocOp dealloc,
                      const BufferViewFlowAnalysis &analysis) {
  SmallVector<Value> memrefs, conditions;
  for (auto [memref, condition] :
       llvm::zip_equal(dealloc.getMemrefs(), dealloc.getConditions())) {
    Operation *last = nullptr;
    Value buffer = findBuffer(memref, dealloc->getBlock());
    if (buffer && matchPattern(condition, m_One()))
      last = findLastUser(buffer, dealloc, analysis);
    if (!last) {
      memrefs.push_back(memref);
      conditions.push_back(condition);
      continue;
    }
    OpBuilder builder(dealloc->getContext());
    builder.setInsertionPointAfter(last);
    memref::DeallocOp::create(builder, dealloc.getLoc(), buffer);
  }
  dealloc.getMemrefsMutable().assign(memrefs);
  dealloc.getConditionsMutable().assign(conditions);
}

/// Moves an allocation to just before the first operation of its block that
/// uses it.
static void allocateLate(memref::AllocOp alloc) {
  Block *block = alloc->getBlock();
  Operation *first = nullptr;
  for (Operation *user : alloc->getUsers()) {
    Operation *inBlock = block->findAncestorOpInBlock(*user);
    if (!inBlock)
      return;
    if (!first || inBlock->isBeforeInBlock(first))
      first = inBlock;
  }
  if (first)
    alloc->moveBefore(first);
}

namespace {
struct ShortenLifetimesPass
    : bpt::impl::ShortenLifetimesPassBase<ShortenLifetimesPass> {
  void runOnOperation() override {
    SmallVector<memref::AllocOp> allocs;
    getOperation()->walk(
        [&](memref::AllocOp alloc) { allocs.push_back(alloc); });
    llvm::for_each(allocs, allocateLate);
    BufferViewFlowAnalysis analysis(getOperation());
    SmallVector<bufferization::DeallocOp> deallocs;
    getOperation()->walk(
        [&](bufferization::DeallocOp dealloc) { deallocs.push_back(dealloc); });
    for (bufferization::DeallocOp dealloc : deallocs)
      freeEarly(dealloc, analysis);
  }
};
} // namespace
