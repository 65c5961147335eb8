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
#define GEN_PASS_DEF_FREEEARLYPASS
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

/// The last operation of the block that uses the buffer or a view of it; null
/// if it leaves the block.
static Operation *findLastUser(Value buffer, bufferization::DeallocOp dealloc,
                               const BufferViewFlowAnalysis &views) {
  Block *block = dealloc->getBlock();
  Operation *last = buffer.getDefiningOp();
  for (Value view : views.resolve(buffer)) {
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
                      const BufferViewFlowAnalysis &views) {
  SmallVector<Value> memrefs, conditions;
  for (auto [memref, condition] :
       llvm::zip_equal(dealloc.getMemrefs(), dealloc.getConditions())) {
    Operation *last = nullptr;
    Value buffer = findBuffer(memref, dealloc->getBlock());
    if (buffer && matchPattern(condition, m_One()))
      last = findLastUser(buffer, dealloc, views);
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

namespace {
struct FreeEarlyPass : bpt::impl::FreeEarlyPassBase<FreeEarlyPass> {
  void runOnOperation() override {
    BufferViewFlowAnalysis views(getOperation());
    SmallVector<bufferization::DeallocOp> deallocs;
    getOperation()->walk(
        [&](bufferization::DeallocOp dealloc) { deallocs.push_back(dealloc); });
    for (bufferization::DeallocOp dealloc : deallocs)
      freeEarly(dealloc, views);
  }
};
} // namespace
