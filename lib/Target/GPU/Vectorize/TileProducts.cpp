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
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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

/// Makes sum + a · b the addition of a product of its own: tensor cores do not
/// keep all digits of f32 in a sum of more terms.
static void addInTwoLevels(RewriterBase &rewriter, linalg::ContractOp op) {
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  Value sum = op.getOutputs()[0];
  auto type = cast<RankedTensorType>(sum.getType());
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, sum),
      type.getElementType());
  Value zero = arith::ConstantOp::create(
      rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
  Value zeros = linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
  auto product = cast<linalg::ContractOp>(rewriter.clone(*op.getOperation()));
  product.getOutputsMutable().assign(zeros);
  SmallVector<AffineMap> maps(2,
                              rewriter.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  rewriter.replaceOpWithNewOp<linalg::GenericOp>(
      op, TypeRange{type}, product.getResult(0), sum, maps, iterators,
      [](OpBuilder &b, Location l, ValueRange v) {
        Value added = arith::AddFOp::create(b, l, v[1], v[0]);
        linalg::YieldOp::create(b, l, added);
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
      if (isFloat8(op.getInputs()[0]))
        step = 2 * depth;
      options.setTileSizes(getSteps(rewriter, op, step));
      FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
          rewriter, cast<TilingInterface>(op.getOperation()), options);
      if (failed(tiled)) {
        op.emitOpError("cannot be cut along the terms of its sum");
        return signalPassFailure();
      }
      if (tiled->loops.empty())
        continue;
      rewriter.replaceOp(op, tiled->replacements);
      auto ofStep = cast<linalg::ContractOp>(tiled->tiledOps.front());
      if (isFloat8(ofStep.getInputs()[0]))
        addInTwoLevels(rewriter, ofStep);
    }
  }
};
} // namespace
