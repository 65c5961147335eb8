//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBounds.h"
#include "TilePlan.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TILEPRODUCTSPASS
#include "bpt/Target/GPU/Vectorize/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// Steps for the loops that sum and have more terms than one; 0 leaves a loop.
static SmallVector<OpFoldResult>
getSteps(Builder &builder, linalg::ContractOp op, int64_t depth) {
  auto linalgOp = cast<linalg::LinalgOp>(op.getOperation());
  SmallVector<int64_t> extents = getLoopBounds(linalgOp);
  SmallVector<OpFoldResult> steps;
  for (auto [kind, extent] :
       llvm::zip(linalgOp.getIteratorTypesArray(), extents)) {
    bool isLong = ShapedType::isDynamic(extent) || extent > depth;
    bool isCut = kind == utils::IteratorType::reduction && isLong;
    steps.push_back(builder.getIndexAttr(isCut ? depth : 0));
  }
  return steps;
}

/// Adds the operands that all iterations of a loop of the block multiply, which
/// are then worth to be kept whole.
static void addKeptOperands(linalg::ContractOp op, DenseSet<Value> &kept) {
  auto loop = op->getParentOfType<scf::ForOp>();
  if (!loop || !op->getParentOfType<scf::ForallOp>()->isAncestor(loop))
    return;
  for (Value input : op.getInputs())
    if (loop.isDefinedOutsideOfLoop(input))
      kept.insert(input);
}

/// Whether an operand is computed in the block: it is in registers already, and
/// a step would have to find its part of it in memory.
static bool hasComputedOperand(linalg::ContractOp op) {
  return llvm::any_of(op.getInputs(), [](Value input) {
    auto producer = input.getDefiningOp<linalg::LinalgOp>();
    return producer && producer->getParentOfType<scf::ForallOp>();
  });
}

namespace {
struct TileProductsPass : bpt::impl::TileProductsPassBase<TileProductsPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    if (depth >= 1)
      return success();
    return emitError(UnknownLoc::get(context))
           << "option depth is " << depth.getValue()
           << ", but a step has at least 1 term";
  }

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::ContractOp> products;
    getOperation().walk([&](linalg::ContractOp op) {
      if (getTileBlock(op) && !hasComputedOperand(op))
        products.push_back(op);
    });
    DenseSet<Value> kept;
    for (linalg::ContractOp op : products)
      addKeptOperands(op, kept);
    for (linalg::ContractOp op : products) {
      bool keepsOperand = llvm::any_of(
          op.getInputs(), [&](Value input) { return kept.contains(input); });
      rewriter.setInsertionPoint(op);
      scf::SCFTilingOptions options;
      int64_t step =
          keepsOperand ? std::max(depth, keptDepth) : depth.getValue();
      options.setTileSizes(getSteps(rewriter, op, step));
      FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
          rewriter, cast<TilingInterface>(op.getOperation()), options);
      if (failed(tiled)) {
        op.emitOpError("cannot be cut along the terms of its sum");
        return signalPassFailure();
      }
      if (!tiled->loops.empty())
        rewriter.replaceOp(op, tiled->replacements);
    }
  }
};
} // namespace
