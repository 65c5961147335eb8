//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Orders a tile program for products that run while others compute: they start
// early, and registers are taken late.
//
//===----------------------------------------------------------------------===//

#include "CopiedOperands.h"
#include "bpt/Target/GPU/Distribute/Transforms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether a tile is the same along its rows or its columns, because it is
/// made of lines and numbers only.
static bool isOfLines(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_present<vector::BroadcastOp>(op) ||
      matchPattern(value, m_Constant()))
    return true;
  return op && isPure(op) && op->getNumResults() == 1 &&
         OpTrait::hasElementwiseMappableTraits(op) &&
         llvm::all_of(op->getOperands(), isOfLines);
}

Operation *bpt::getFirstUser(Operation *op, Block *block) {
  Operation *first = nullptr;
  for (Operation *user : op->getUsers()) {
    Operation *ancestor = block->findAncestorOpInBlock(*user);
    if (!ancestor)
      return nullptr;
    if (!first || ancestor->isBeforeInBlock(first))
      first = ancestor;
  }
  return first;
}

/// init + a · b = (0 + a · b) + init, where the start would be set for every
/// element just as it is added to every element. ptxas takes no instructions
/// that set sums while another product is in flight.
static void addBehind(vector::ContractionOp product) {
  Value init = product.getAcc();
  if (!isa<VectorType>(init.getType()) ||
      matchPattern(init, m_AnyZeroFloat()) || !isOfLines(init))
    return;
  OpBuilder b(product);
  Value zero = arith::ConstantOp::create(b, product.getLoc(),
                                         b.getZeroAttr(init.getType()));
  product.getAccMutable().assign(zero);
  b.setInsertionPointAfter(product);
  auto sum =
      arith::AddFOp::create(b, product.getLoc(), product.getResult(), init);
  product.getResult().replaceAllUsesExcept(sum, sum);
  // Not before it is needed: it waits for the product.
  if (Operation *user = getFirstUser(sum, sum->getBlock()))
    sum->moveBefore(user);
}

static bool mayWrite(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        return isa<vector::TransferWriteOp, gpu::BarrierOp>(inner)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Moves lines that are read, and what is computed of them alone, to where they
/// are used first: many are read, and then take registers.
static void sinkLines(Block &block) {
  DenseSet<Value> lines;
  SmallVector<Operation *> movable;
  for (Operation &op : block) {
    auto read = dyn_cast<vector::TransferReadOp>(&op);
    bool isLine =
        read && read.getVectorType().getRank() == 1 && isGlobalRead(read);
    if (!read && isPure(&op) && op.getNumResults() == 1 &&
        op.getNumRegions() == 0 && isa<VectorType>(op.getResult(0).getType()))
      isLine = llvm::any_of(
                   op.getOperands(),
                   [&](Value operand) { return lines.contains(operand); }) &&
               llvm::all_of(op.getOperands(), [&](Value operand) {
                 return lines.contains(operand) ||
                        matchPattern(operand, m_Constant()) ||
                        !isa<VectorType>(operand.getType());
               });
    if (!isLine)
      continue;
    lines.insert(op.getResult(0));
    movable.push_back(&op);
  }
  for (Operation *op : llvm::reverse(movable)) {
    Operation *user = getFirstUser(op, &block);
    if (!user)
      continue;
    // What a read reads may not have been written meanwhile.
    if (isa<vector::TransferReadOp>(op))
      for (Operation *next = op->getNextNode(); next != user;
           next = next->getNextNode())
        if (mayWrite(next)) {
          user = next;
          break;
        }
    op->moveBefore(user);
  }
}

/// Starts a product that adds to what the loop carries, and so waits for
/// nothing else, where its factors are there.
static void startEarly(vector::ContractionOp product) {
  Block *block = product->getBlock();
  auto sum = dyn_cast<BlockArgument>(product.getAcc());
  if (!sum || sum.getOwner() != block)
    return;
  // What only its factors are made of comes along: their rounding.
  SetVector<Operation *> moved;
  Operation *last = nullptr;
  SmallVector<Value> factors = {product.getLhs(), product.getRhs()};
  while (!factors.empty()) {
    Operation *op = factors.pop_back_val().getDefiningOp();
    if (!op || op->getBlock() != block)
      continue;
    if (isa<arith::TruncFOp>(op) && op->hasOneUse()) {
      moved.insert(op);
      llvm::append_range(factors, op->getOperands());
      continue;
    }
    if (!last || last->isBeforeInBlock(op))
      last = op;
  }
  if (!last)
    return;
  product->moveAfter(last);
  for (Operation *op : moved)
    op->moveAfter(last);
}

void bpt::orderForProducts(gpu::GPUFuncOp program) {
  SmallVector<vector::ContractionOp> products;
  program.walk([&](vector::ContractionOp op) { products.push_back(op); });
  SetVector<Block *> blocks;
  for (vector::ContractionOp product : products) {
    addBehind(product);
    blocks.insert(product->getBlock());
  }
  for (Block *block : blocks)
    sinkLines(*block);
  for (vector::ContractionOp product : products)
    startEarly(product);
}
