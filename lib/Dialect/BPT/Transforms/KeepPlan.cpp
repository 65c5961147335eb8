//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeepPlan.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether a blocked operation reads the operand at the block's rows only.
static bool isCutByRows(BlockedOpInterface op, unsigned operand) {
  BlockTable table = op.getBlockTable();
  return llvm::any_of(table.operands[operand], [](DimRef ref) {
    return ref.dim == kRowLoop && !ref.broadcast;
  });
}

/// Everything an operation reads, in its regions too.
static SmallVector<Value> getReads(Operation &op) {
  SmallVector<Value> reads(op.getOperands());
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegions(), captured);
  reads.append(captured.begin(), captured.end());
  return reads;
}

KeepPlan::KeepPlan(Block &block, KeepPolicy policy) : policy(policy) {
  findRowDependent(block);
  if (policy == KeepPolicy::Everything)
    return;
  keepBoundaries(block);
  // To compute a call's results again is to run the whole callee again.
  for (auto call : block.getOps<func::CallOp>())
    kept.insert(call.result_begin(), call.result_end());
  // A number per row is cheaper to keep than to compute again.
  for (Operation &op : block)
    if (auto blocked = dyn_cast<BlockedOpInterface>(op))
      if (!blocked.isCheapToRecompute())
        for (Value result : op.getResults())
          if (rowDependent.contains(result) &&
              cast<RankedTensorType>(result.getType()).getRank() == 2)
            kept.insert(result);
  if (policy != KeepPolicy::Attention)
    return;
  for (Operation *anchor : anchors)
    kept.insert(anchor->result_begin(), anchor->result_end());
  // No anchor is attention over keys that are arguments.
  for (auto attention : block.getOps<AttentionOp>())
    kept.insert(attention->result_begin(), attention->result_end());
}

/// Arguments that some operation reads row by row, in callees too. Functions
/// that are being looked at are in `callers`.
static void findRowArguments(Block &block, SmallVector<Operation *> &callers,
                             DenseSet<Value> &found) {
  for (Operation &op : block) {
    if (auto blocked = dyn_cast<BlockedOpInterface>(op))
      for (auto [i, operand] : llvm::enumerate(op.getOperands()))
        if (isa<BlockArgument>(operand) && isCutByRows(blocked, i))
          found.insert(operand);
    auto call = dyn_cast<func::CallOp>(op);
    if (!call || llvm::none_of(op.getOperands(), llvm::IsaPred<BlockArgument>))
      continue;
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
        call, call.getCalleeAttr());
    if (!callee || callee.isDeclaration() ||
        llvm::is_contained(callers, callee))
      continue;
    callers.push_back(callee);
    DenseSet<Value> ofCallee;
    findRowArguments(callee.front(), callers, ofCallee);
    callers.pop_back();
    for (auto [operand, argument] :
         llvm::zip_equal(op.getOperands(), callee.getArguments()))
      if (isa<BlockArgument>(operand) && ofCallee.contains(argument))
        found.insert(operand);
  }
}

void KeepPlan::findRowDependent(Block &block) {
  SmallVector<Operation *> callers{block.getParentOp()};
  findRowArguments(block, callers, rowDependent);
  // No layer to tell rows by: all that is computed from arguments.
  if (rowDependent.empty())
    rowDependent.insert(block.args_begin(), block.args_end());
  for (Operation &op : block) {
    auto depends = [&](Value value) { return rowDependent.contains(value); };
    if (llvm::none_of(getReads(op), depends))
      continue;
    rowDependent.insert(op.result_begin(), op.result_end());
    if (isa<func::CallOp>(op)) {
      anchors.push_back(&op);
      continue;
    }
    auto blocked = dyn_cast<BlockedOpInterface>(op);
    if (blocked && llvm::any_of(op.getOpOperands(), [&](OpOperand &operand) {
          return depends(operand.get()) &&
                 !isCutByRows(blocked, operand.getOperandNumber());
        }))
      anchors.push_back(&op);
  }
}

/// The size of a value in bytes; unknown sizes count as those of a long
/// sequence.
static double getBytes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return 8;
  double bytes = type.getElementType().isIntOrFloat()
                     ? type.getElementTypeBitWidth() / 8.0
                     : 8;
  for (int64_t size : type.getShape())
    bytes *= ShapedType::isDynamic(size) ? 4096 : static_cast<double>(size);
  return bytes;
}

// Between the attention of one layer and that of the next there is a point at
// which least is alive: the last one of those is where the next layer begins.
// What is alive there is its input.
void KeepPlan::keepBoundaries(Block &block) {
  for (unsigned i = 0; i + 1 < anchors.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    SmallVector<Value> input;
    for (Operation *next = anchors[i]->getNextNode();
         next && next != anchors[i + 1]->getNextNode();
         next = next->getNextNode()) {
      SmallVector<Value> alive;
      double bytes = 0;
      for (Operation &op : block) {
        if (&op == next)
          break;
        for (Value result : op.getResults()) {
          bool isRead = llvm::any_of(result.getUsers(), [&](Operation *user) {
            user = block.findAncestorOpInBlock(*user);
            return !user->hasTrait<OpTrait::IsTerminator>() &&
                   !user->isBeforeInBlock(next);
          });
          if (!isRead || !rowDependent.contains(result))
            continue;
          alive.push_back(result);
          bytes += getBytes(result);
        }
      }
      if (bytes <= least) {
        least = bytes;
        input = alive;
      }
    }
    kept.insert(input.begin(), input.end());
  }
}

bool KeepPlan::isKept(Value value) const {
  return policy == KeepPolicy::Everything || isa<BlockArgument>(value) ||
         kept.contains(value) || !rowDependent.contains(value);
}

bool KeepPlan::needsBarrier(Value value) const {
  return rowDependent.contains(value) && isa<RankedTensorType>(value.getType());
}
