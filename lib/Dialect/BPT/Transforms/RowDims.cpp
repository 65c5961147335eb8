//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowDims.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace mlir::bpt;

bool bpt::isSumOverRows(Operation *op) {
  auto blocked = dyn_cast<BlockedOpInterface>(op);
  return blocked && blocked.getBlockTable().iterators[kRowLoop] ==
                        utils::IteratorType::reduction;
}

/// For every dimension of an operand the loop that runs over it, or -1.
static SmallVector<int64_t> getLoopsOf(OpOperand &operand) {
  Operation *op = operand.getOwner();
  SmallVector<int64_t> loops;
  if (auto blocked = dyn_cast<BlockedOpInterface>(op)) {
    BlockTable table = blocked.getBlockTable();
    for (DimRef ref : table.operands[operand.getOperandNumber()])
      loops.push_back(
          table.isLoop(ref.dim) && !ref.broadcast && ref.divisor == 1 ? ref.dim
                                                                      : -1);
    return loops;
  }
  AffineMap map = cast<linalg::LinalgOp>(op).getMatchingIndexingMap(&operand);
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    loops.push_back(dim ? dim.getPosition() : -1);
  }
  return loops;
}

static bool isTileable(Operation *op) {
  if (!isa<TilingInterface>(op) || op->getNumResults() == 0 ||
      !llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>))
    return false;
  if (isa<BlockedOpInterface>(op))
    return true;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return linalgOp && linalgOp.hasPureTensorSemantics();
}

static OpOperand &getInit(OpResult result) {
  return *cast<DestinationStyleOpInterface>(result.getOwner())
              .getTiedOpOperand(result);
}

RowDims::RowDims(Block &block, function_ref<bool(Operation *)> isSeed) {
  for (Operation &op : block)
    if (isa<BlockedOpInterface>(op) && isTileable(&op) && isSeed(&op))
      assign(&op);
  for (bool changed = true; changed;) {
    changed = false;
    for (Operation &op : block)
      if (!contains(&op) && isTileable(&op) && hasNeighbour(&op))
        changed |= assign(&op);
  }
}

/// Whether an operation reads or gives a tensor known to have rows, row by row.
bool RowDims::hasNeighbour(Operation *op) const {
  for (OpOperand &operand : op->getOpOperands()) {
    SmallVector<int64_t> dims;
    // What holds no data connects nothing.
    if (hasRows.contains(operand.get()) &&
        !isa_and_present<tensor::EmptyOp, linalg::FillOp>(
            operand.get().getDefiningOp()))
      dims = getLoopsOf(operand);
    if (dims.size() >= 2 &&
        (!isa<BlockedOpInterface>(op) || dims[1] == kRowLoop))
      return true;
  }
  return llvm::any_of(op->getResults(),
                      [&](Value result) { return hasRows.contains(result); });
}

/// Finds the loops of an operation over batch and rows from what is known of
/// its operands and results, and notes what follows for the others.
bool RowDims::assign(Operation *op) {
  std::optional<RowLoops> found;
  // A blocked operation says it itself; of others the neighbours do.
  if (isa<BlockedOpInterface>(op)) {
    found = RowLoops{};
  } else {
    auto consider = [&](Value value, OpOperand &operand) {
      if (found || !hasRows.contains(value))
        return;
      SmallVector<int64_t> dims = getLoopsOf(operand);
      if (dims.size() >= 2 && dims[0] >= 0 && dims[1] >= 0)
        found = RowLoops{static_cast<unsigned>(dims[0]),
                         static_cast<unsigned>(dims[1])};
    };
    for (OpOperand &operand : op->getOpOperands())
      consider(operand.get(), operand);
    for (OpResult result : op->getResults())
      consider(result, getInit(result));
  }
  if (!found)
    return false;
  // An operand has batch and rows as its first dimensions, or not at all.
  SmallVector<Value> withRows;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    SmallVector<int64_t> dims = getLoopsOf(operand);
    int64_t batch = found->batch, rows = found->rows;
    bool cut = dims.size() >= 2 && dims[0] == batch && dims[1] == rows;
    if (cut)
      withRows.push_back(operand.get());
    else if (!isa<BlockedOpInterface>(op) && (llvm::is_contained(dims, rows) ||
                                              hasRows.contains(operand.get())))
      return false;
  }
  loops[op] = *found;
  hasRows.insert(withRows.begin(), withRows.end());
  for (OpResult result : op->getResults())
    if (isCut(getInit(result)))
      hasRows.insert(result);
  return true;
}

void RowDims::copy(Operation *from, Operation *to) {
  loops[to] = loops.lookup(from);
  for (auto [result, again] : llvm::zip(from->getResults(), to->getResults()))
    if (hasRows.contains(result))
      hasRows.insert(again);
}

bool RowDims::isCut(OpOperand &operand) const {
  auto found = loops.find(operand.getOwner());
  if (found == loops.end() || !isa<RankedTensorType>(operand.get().getType()))
    return false;
  SmallVector<int64_t> dims = getLoopsOf(operand);
  return dims.size() >= 2 &&
         dims[1] == static_cast<int64_t>(found->second.rows);
}

bool RowDims::isCut(OpResult result) const { return isCut(getInit(result)); }
