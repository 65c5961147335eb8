//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_SPLITFEEDFORWARDPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// x · weight + bias with sums that stay in f32.
static Value createUp(RewriterBase &rewriter, FeedForwardOp op, Value weight,
                      Value bias, ArrayRef<OpFoldResult> sizes,
                      StrategyAttr strategy) {
  Location loc = op.getLoc();
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, sizes, rewriter.getF32Type());
  Value zero =
      arith::ConstantOp::create(rewriter, loc, rewriter.getF32FloatAttr(0));
  Value init = linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
  auto up = LinearOp::create(rewriter, loc, init.getType(), op.getX(), weight,
                             bias, init);
  if (strategy)
    up->setAttr(BPTDialect::kStrategyAttrName, strategy);
  for (NamedAttribute attribute : getAttributesOfLoop(op))
    up->setAttr(attribute.getName(), attribute.getValue());
  return up.getResult();
}

LinearOp bpt::splitFeedForward(RewriterBase &rewriter, FeedForwardOp op) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  // The activations are stored, so what makes them is not fused further.
  StrategyAttr strategy = getStrategy(op), upStrategy, downStrategy;
  auto getPart = [&](bool fuse) {
    return StrategyAttr::get(
        op.getContext(), strategy.getRows(), /*keys=*/0,
        /*hidden=*/0, /*vocab=*/0, /*heads=*/0, strategy.getColumns(),
        /*score_rows=*/0, strategy.getChunk(),
        /*store_hidden=*/false, /*separate=*/false, /*separate_values=*/false,
        /*group_heads=*/false, fuse);
  };
  if (strategy) {
    upStrategy = getPart(/*fuse=*/false);
    downStrategy = getPart(strategy.getFuse());
  }

  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(rewriter, loc, op.getX());
  sizes[2] = tensor::getMixedSize(rewriter, loc, op.getW1(), 1);
  SmallVector<Value> inputs{
      createUp(rewriter, op, op.getW1(), op.getB1(), sizes, upStrategy)};
  if (op.getW3())
    inputs.push_back(
        createUp(rewriter, op, op.getW3(), op.getB3(), sizes, upStrategy));
  Type element = cast<RankedTensorType>(op.getX().getType()).getElementType();
  Value empty = tensor::EmptyOp::create(rewriter, loc, sizes, element);
  SmallVector<AffineMap> maps(inputs.size() + 1,
                              rewriter.getMultiDimIdentityMap(3));
  SmallVector<utils::IteratorType> iterators(3, utils::IteratorType::parallel);
  auto z = linalg::GenericOp::create(
      rewriter, loc, TypeRange{empty.getType()}, inputs, ValueRange{empty},
      maps, iterators, [&](OpBuilder &b, Location l, ValueRange v) {
        Value act = applyActivation(b, l, op.getActivation(), v[0]);
        if (op.getW3())
          act = arith::MulFOp::create(b, l, act, v[1]);
        if (!element.isF32())
          act = arith::TruncFOp::create(b, l, element, act);
        linalg::YieldOp::create(b, l, act);
      });
  auto down =
      LinearOp::create(rewriter, loc, op.getInit().getType(), z.getResult(0),
                       op.getW2(), op.getB2(), op.getInit());
  if (downStrategy)
    down->setAttr(BPTDialect::kStrategyAttrName, downStrategy);
  for (NamedAttribute attribute : getAttributesOfLoop(op))
    down->setAttr(attribute.getName(), attribute.getValue());
  rewriter.replaceOp(op, down);
  return down;
}

namespace {
struct SplitFeedForwardPass
    : bpt::impl::SplitFeedForwardPassBase<SplitFeedForwardPass> {
  void runOnOperation() override {
    SmallVector<FeedForwardOp> ops;
    getOperation()->walk([&](FeedForwardOp op) {
      if (StrategyAttr strategy = getStrategy(op);
          strategy && strategy.getStoreHidden())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (FeedForwardOp op : ops)
      splitFeedForward(rewriter, op);
  }
};
} // namespace
