//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decides which results of a layer are stored and which live in a block only.
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace mlir::bpt;

StrategyAttr bpt::getStrategy(Operation *op) {
  return op->getAttrOfType<StrategyAttr>(BPTDialect::kStrategyAttrName);
}

namespace {
/// The loop of a linalg operation that runs over the rows (dimension 1) of its
/// results, if it is parallel and the same for all of them.
std::optional<unsigned> getRowLoop(linalg::LinalgOp op) {
  std::optional<unsigned> loop;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    if (map.getNumResults() < 2)
      return std::nullopt;
    auto dim = dyn_cast<AffineDimExpr>(map.getResult(kRowLoop));
    if (!dim || (loop && *loop != dim.getPosition()))
      return std::nullopt;
    loop = dim.getPosition();
  }
  if (!loop ||
      op.getIteratorTypesArray()[*loop] != utils::IteratorType::parallel)
    return std::nullopt;
  return loop;
}

/// Whether the operation can be cut into blocks of rows.
bool isRowParallel(Operation *op) {
  if (!isa<TilingInterface>(op) ||
      !llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>))
    return false;
  // Gradients of weights, keys and values are sums over the rows.
  if (auto blocked = dyn_cast<BlockedOpInterface>(op))
    return blocked.getBlockTable().iterators[kRowLoop] ==
           utils::IteratorType::parallel;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return linalgOp && linalgOp.hasPureTensorSemantics() && getRowLoop(linalgOp);
}

/// Whether the operand is read (or written) at the rows of the block only.
bool isCutByRows(OpOperand &operand) {
  Operation *op = operand.getOwner();
  if (auto blocked = dyn_cast<BlockedOpInterface>(op)) {
    BlockTable table = blocked.getBlockTable();
    return llvm::any_of(
        table.operands[operand.getOperandNumber()],
        [](DimRef ref) { return ref.dim == kRowLoop && !ref.broadcast; });
  }
  auto linalgOp = cast<linalg::LinalgOp>(op);
  AffineMap map = linalgOp.getMatchingIndexingMap(&operand);
  unsigned rows = *getRowLoop(linalgOp);
  return llvm::any_of(map.getResults(), [&](AffineExpr expr) {
    return expr.isFunctionOfDim(rows);
  });
}

bool isCheap(Operation *op) {
  if (auto blocked = dyn_cast<BlockedOpInterface>(op))
    return blocked.isCheapToRecompute();
  auto linalgOp = cast<linalg::LinalgOp>(op);
  return linalgOp.getNumReductionLoops() == 0;
}

/// Whether `user` computes each element of its result from the element of `use`
/// in the same place.
bool isElementwise(OpOperand &use) {
  auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
  return user && user->getNumResults() == 1 && user.isAllParallelLoops() &&
         user.isDpsInput(&use) &&
         user.getMatchingIndexingMap(&use).isIdentity() &&
         user.getMatchingIndexingMap(user.getDpsInitOperand(0)).isIdentity();
}
} // namespace

bool bpt::isCheapByRows(Operation *op) {
  return isRowParallel(op) && isCheap(op);
}

/// Fills in the element-wise operations that can be epilogues.
static void findEpilogues(RowPlan &plan) {
  for (Operation *op : plan.members) {
    if (op->getNumResults() != 1 || !op->hasOneUse())
      continue;
    OpOperand &use = *op->use_begin();
    if (plan.members.contains(use.getOwner()) && isElementwise(use))
      plan.epilogues[op] = use.getOwner();
  }
}

/// Whether an operation's strategy asks for its result to be stored, or that of
/// an operation whose epilogue it is.
static bool asksToBeStored(Operation *op, const RowPlan &plan) {
  StrategyAttr strategy = getStrategy(op);
  if (strategy && !strategy.getFuse())
    return true;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    Operation *producer = operand.getDefiningOp();
    return producer && plan.epilogues.lookup(producer) == op &&
           asksToBeStored(producer, plan);
  });
}

/// Fills in the operations computed by blocks: those that ask for it, and the
/// row-parallel linalg operations connected to them.
static void findMembers(Block &block, function_ref<int64_t(Operation *)> rowsOf,
                        RowPlan &plan) {
  SetVector<Operation *> &members = plan.members;
  for (Operation &op : block) {
    if (!isa<BlockedOpInterface>(op) || !isRowParallel(&op))
      continue;
    if (int64_t rows = rowsOf(&op)) {
      members.insert(&op);
      plan.rows[&op] = rows;
    }
  }
  if (members.empty())
    return;
  auto isMemberUse = [&](OpOperand &use) {
    return members.contains(use.getOwner()) && isCutByRows(use);
  };
  bool changed = true;
  while (changed) {
    changed = false;
    for (Operation &op : block) {
      if (members.contains(&op) || isa<BlockedOpInterface>(op) ||
          !isRowParallel(&op))
        continue;
      bool readsMember = llvm::any_of(op.getOpOperands(), [&](OpOperand &use) {
        return use.get().getDefiningOp() &&
               members.contains(use.get().getDefiningOp()) && isCutByRows(use);
      });
      bool feedsMember = llvm::any_of(op.getUses(), isMemberUse);
      if (readsMember || feedsMember)
        changed |= members.insert(&op);
    }
  }
}

RowPlan bpt::planRows(Block &block, function_ref<int64_t(Operation *)> rowsOf,
                      bool storeAsked) {
  RowPlan plan;
  findMembers(block, rowsOf, plan);
  findEpilogues(plan);
  // Loops (by root) that compute an operation, in order of discovery.
  DenseMap<Operation *, SetVector<Operation *>> loopsOf;

  // Computing an operation again in several loops moves what is stored from
  // its result to its inputs, so it pays when there is at most one to store.
  auto canRepeat = [&](Operation *op) {
    if (!isCheap(op))
      return false;
    llvm::SmallPtrSet<Operation *, 4> stored;
    for (OpOperand &operand : op->getOpOperands()) {
      Operation *producer = operand.get().getDefiningOp();
      if (producer && plan.members.contains(producer) &&
          !isa<linalg::FillOp>(producer))
        stored.insert(producer);
    }
    return stored.size() <= 1;
  };

  for (Operation &op : llvm::reverse(block)) {
    if (!plan.members.contains(&op))
      continue;
    SetVector<Operation *> &loops = loopsOf[&op];
    bool leaves = false;
    for (OpOperand &use : op.getUses()) {
      Operation *user = use.getOwner();
      if (!plan.members.contains(user) || !isCutByRows(use)) {
        leaves = true;
        continue;
      }
      if (plan.roots.contains(user))
        loops.insert(user);
      else
        loops.insert_range(loopsOf[user]);
    }
    // A dead operation needs no loop.
    if (op.use_empty())
      continue;
    bool asks = storeAsked && asksToBeStored(&op, plan) &&
                !plan.epilogues.contains(&op);
    if (leaves || asks || (loops.size() > 1 && !canRepeat(&op)))
      plan.roots.insert(&op);
  }
  return plan;
}

bool bpt::followsRows(Operation *op) {
  StrategyAttr strategy = getStrategy(op);
  if (strategy && !strategy.getFuse() && isCheap(op))
    return true;
  // Attention that is computed again for its gradient, where that is cut into
  // rows: only the bias or the queries have one.
  auto attention = dyn_cast<AttentionOp>(op);
  return attention && attention.getMax() &&
         llvm::all_of(attention.getMax().getUsers(), [](Operation *user) {
           return isa<AttentionBackwardOp>(user);
         });
}

int64_t bpt::getRowsOf(Operation *root, const RowPlan &plan) {
  SetVector<Operation *> queue;
  queue.insert(root);
  int64_t ofFollower = 0;
  for (unsigned i = 0; i < queue.size(); ++i) {
    if (int64_t rows = plan.rows.lookup(queue[i])) {
      if (!followsRows(queue[i]))
        return rows;
      ofFollower = ofFollower ? ofFollower : rows;
    }
    for (Value operand : queue[i]->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        if (plan.members.contains(producer) && !plan.roots.contains(producer))
          queue.insert(producer);
  }
  if (ofFollower)
    return ofFollower;
  // Everything the root reads is stored: follow its users' choice instead.
  for (Operation *user : root->getUsers())
    if (int64_t rows = plan.rows.lookup(user))
      return rows;
  return 0;
}
