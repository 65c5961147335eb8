//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpSequence.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether the operation's regions define the value.
static bool isInside(Operation *op, Value value) {
  return op->isAncestor(value.getParentBlock()->getParentOp());
}

bool bpt::areEquivalent(Operation *a, Operation *b) {
  DenseMap<Value, Value> inside;
  return OperationEquivalence::isEquivalentTo(
      a, b,
      [&](Value x, Value y) {
        return success(isInside(a, x) ? inside.lookup(x) == y
                                      : !isInside(b, y));
      },
      [&](Value x, Value y) { inside[x] = y; },
      OperationEquivalence::IgnoreLocations);
}

bool bpt::isView(Operation *op) {
  return isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ExtractSliceOp, bufferization::ToTensorOp>(op);
}

SmallVector<OpOperand *> bpt::getReads(Operation *op) {
  SmallVector<OpOperand *> reads;
  op->walk<WalkOrder::PreOrder>([&](Operation *nested) {
    for (OpOperand &operand : nested->getOpOperands())
      if (!isInside(op, operand.get()))
        reads.push_back(&operand);
  });
  return reads;
}

static bool isRematerializable(Operation *op) {
  // Memory that is read once, and written by who reads it.
  if (auto memory = dyn_cast<bufferization::ToTensorOp>(op))
    return memory.getRestrict() && op->hasOneUse() &&
           isa<BlockArgument>(memory.getBuffer());
  if (!isMemoryEffectFree(op) || op->getNumResults() == 0)
    return false;
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return fill.getOutputs().front().getDefiningOp<tensor::EmptyOp>() !=
           nullptr;
  if (op->hasTrait<OpTrait::ConstantLike>() || isView(op) ||
      isa<tensor::EmptyOp>(op))
    return true;
  return op->getNumRegions() == 0 &&
         llvm::none_of(op->getResultTypes(), llvm::IsaPred<ShapedType>);
}

OpSequence::OpSequence(Block &block) : block(block) {
  for (Operation &op : block.without_terminator()) {
    if (isRematerializable(&op)) {
      rematerialized.insert(&op);
      continue;
    }
    positions[&op] = ops.size();
    ops.push_back(&op);
  }
}

std::optional<int64_t> OpSequence::find(Operation *op) const {
  auto found = positions.find(op);
  return found == positions.end() ? std::nullopt : std::optional(found->second);
}

int64_t OpSequence::getOrigin(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != &block)
    return -1;
  if (std::optional<int64_t> position = find(op))
    return *position;
  auto found = origins.find(value);
  if (found != origins.end())
    return found->second;
  int64_t origin = -1;
  for (OpOperand *read : getReads(op))
    origin = std::max(origin, getOrigin(read->get()));
  return origins[value] = origin;
}

void OpSequence::visitReaders(Value value,
                              function_ref<void(int64_t)> found) const {
  SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size(); ++i)
    for (Operation *user : values[i].getUsers()) {
      Operation *op = block.findAncestorOpInBlock(*user);
      if (op && isRematerialized(op))
        values.insert_range(op->getResults());
      else
        found(find(op).value_or(size()));
    }
}

int64_t OpSequence::getLastRead(Value value) const {
  int64_t last = -1;
  visitReaders(value,
               [&](int64_t position) { last = std::max(last, position); });
  return last;
}

bool OpSequence::isReadInside(Value value, int64_t begin, int64_t end) const {
  bool inside = false;
  visitReaders(value, [&](int64_t position) {
    inside |= position >= begin && position < end;
  });
  return inside;
}

bool OpSequence::isReadOutside(Value value, int64_t begin, int64_t end) const {
  bool outside = false;
  visitReaders(value, [&](int64_t position) {
    outside |= position < begin || position >= end;
  });
  return outside;
}

void OpSequence::erase(Operation *op) {
  positions.erase(op);
  rematerialized.erase(op);
  op->erase();
}
