//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TRANSPOSEWEIGHTSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

Value bpt::reorderDims(OpBuilder &b, Location loc, Value tensor,
                       ArrayRef<int64_t> order) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, tensor),
                            reordered;
  for (int64_t dim : order)
    reordered.push_back(sizes[dim]);
  Value empty = tensor::EmptyOp::create(b, loc, reordered,
                                        getElementTypeOrSelf(tensor.getType()));
  return linalg::TransposeOp::create(b, loc, tensor, empty, order)
      ->getResult(0);
}

static void transposeWeight(OpBuilder &b, LinearOp op) {
  b.setInsertionPoint(op);
  SmallVector<int64_t> order = llvm::to_vector(
      llvm::seq<int64_t>(0, op.getNumInputs() + op.getNumOutputs()));
  std::rotate(order.begin(), order.begin() + op.getNumInputs(), order.end());
  op.getWeightMutable().assign(
      reorderDims(b, op.getLoc(), op.getWeight(), order));
  op.setTransposed(true);
  std::optional<ArrayRef<int64_t>> blocks = op.getWeightBlocks();
  if (!blocks)
    return;
  op.getWeightScaleMutable().assign(
      reorderDims(b, op.getLoc(), op.getWeightScale(), order));
  op.setWeightBlocks(
      llvm::map_to_vector(order, [&](int64_t dim) { return (*blocks)[dim]; }));
}

namespace {
struct TransposeWeightsPass
    : bpt::impl::TransposeWeightsPassBase<TransposeWeightsPass> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    getOperation()->walk([&](LinearOp op) {
      if (op.multipliesFloat8() && !op.getTransposed())
        transposeWeight(builder, op);
    });
  }
};
} // namespace
