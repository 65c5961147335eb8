//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Common/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_UNSHAREFILLSPASS
#include "bpt/Target/Common/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

static bool isView(Operation *op) {
  return isa_and_present<tensor::CastOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp>(op);
}

/// Whether a value is a filled empty tensor, seen as it may be.
static bool isFilled(Value value) {
  Operation *op = value.getDefiningOp();
  if (isView(op))
    return isFilled(op->getOperand(0));
  auto fill = dyn_cast_or_null<linalg::FillOp>(op);
  if (!fill || !fill.hasPureTensorSemantics())
    return false;
  Operation *init = fill.getOutputs()[0].getDefiningOp();
  while (isView(init))
    init = init->getOperand(0).getDefiningOp();
  return isa_and_present<tensor::EmptyOp>(init);
}

/// Whether the tensor is written there, or becomes one that is.
static bool isDestination(OpOperand &use) {
  if (isView(use.getOwner()))
    return true;
  auto destinations = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
  return destinations && destinations.isDpsInit(&use);
}

/// Gives what is between two calls empty tensors of its own: one that is shared
/// would be there during the calls.
static void unshareAcrossCalls(Block &block) {
  DenseMap<Operation *, unsigned> numCallsBefore;
  unsigned numCalls = 0;
  for (Operation &op : block) {
    numCallsBefore[&op] = numCalls;
    numCalls += isa<func::CallOp>(op);
  }
  for (auto empty : llvm::to_vector(block.getOps<tensor::EmptyOp>())) {
    DenseMap<unsigned, Value> copies;
    for (OpOperand &use : llvm::make_early_inc_range(empty->getUses())) {
      Operation *user = block.findAncestorOpInBlock(*use.getOwner());
      Value &copy = copies[numCallsBefore.lookup(user)];
      if (!copy)
        copy = copies.size() == 1
                   ? Value(empty)
                   : Value(OpBuilder(empty).clone(*empty)->getResult(0));
      use.set(copy);
    }
  }
}

namespace {
struct UnshareFillsPass : bpt::impl::UnshareFillsPassBase<UnshareFillsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (op->getNumResults() == 1 && isFilled(op->getResult(0)))
        ops.push_back(op);
    });
    // Views before what they are views of: their copies are uses of it.
    for (Operation *op : llvm::reverse(ops))
      for (OpOperand &use :
           llvm::make_early_inc_range(op->getResult(0).getUses())) {
        if (op->hasOneUse())
          break;
        if (isDestination(use))
          use.set(OpBuilder(use.getOwner()).clone(*op)->getResult(0));
      }
    for (Block &block : getOperation().getBody())
      unshareAcrossCalls(block);
  }
};
} // namespace
