//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TILEHIDDENPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// Element-wise over [B, S, N]: into = cast(from) (+ bias[n]), in f32 or back.
static Value cast3D(RewriterBase &rewriter, Location loc, Value from,
                    Value bias, Value into) {
  MLIRContext *context = rewriter.getContext();
  AffineMap all = rewriter.getMultiDimIdentityMap(3);
  SmallVector<AffineMap> maps{all};
  SmallVector<Value> inputs{from};
  if (bias) {
    maps.push_back(
        AffineMap::get(3, 0, {rewriter.getAffineDimExpr(2)}, context));
    inputs.push_back(bias);
  }
  maps.push_back(all);
  SmallVector<utils::IteratorType> iterators(3, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             rewriter, loc, TypeRange{into.getType()}, inputs, ValueRange{into},
             maps, iterators,
             [&](OpBuilder &b, Location l, ValueRange v) {
               auto f32 = [&](Value x) -> Value {
                 return x.getType().isF32()
                            ? x
                            : arith::ExtFOp::create(b, l, b.getF32Type(), x);
               };
               Value y = f32(v[0]);
               if (bias)
                 y = arith::AddFOp::create(b, l, y, f32(v[1]));
               if (Type type = v.back().getType(); !type.isF32())
                 y = arith::TruncFOp::create(b, l, type, y);
               linalg::YieldOp::create(b, l, y);
             })
      .getResult(0);
}

FailureOr<Operation *> bpt::tileHidden(RewriterBase &rewriter, FeedForwardOp op,
                                       int64_t hidden) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  Value init = op.getInit();
  auto type = cast<RankedTensorType>(init.getType());

  // The bias is added once, and the sum is carried in f32.
  FeedForwardOp sum = op;
  bool narrow = !type.getElementType().isF32();
  if (narrow || op.getB2()) {
    Value start =
        cast3D(rewriter, loc, init, op.getB2(),
               tensor::EmptyOp::create(
                   rewriter, loc, tensor::getMixedSizes(rewriter, loc, init),
                   rewriter.getF32Type()));
    sum = FeedForwardOp::create(rewriter, loc, start.getType(), op.getX(),
                                op.getW1(), op.getW2(), op.getB1(), op.getW3(),
                                op.getB3(), /*b2=*/Value(), start,
                                op.getActivationAttr());
    sum->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));
    Value result = sum.getResult();
    if (narrow)
      result = cast3D(rewriter, loc, result, Value(), init);
    rewriter.replaceOp(op, result);
  }

  rewriter.setInsertionPoint(sum);
  scf::SCFTilingOptions options;
  options.setTileSizes({rewriter.getIndexAttr(0), rewriter.getIndexAttr(0),
                        rewriter.getIndexAttr(hidden)});
  FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
      rewriter, cast<TilingInterface>(sum.getOperation()), options);
  if (failed(tiled))
    return failure();
  rewriter.replaceOp(sum, tiled->replacements);
  return tiled->tiledOps.front();
}

namespace {
struct TileHiddenPass : bpt::impl::TileHiddenPassBase<TileHiddenPass> {
  void runOnOperation() override {
    SmallVector<FeedForwardOp> ops;
    getOperation()->walk([&](FeedForwardOp op) {
      StrategyAttr strategy = getStrategy(op);
      if (!strategy || strategy.getHidden() == 0)
        return;
      int64_t units =
          cast<RankedTensorType>(op.getW1().getType()).getDimSize(1);
      if (ShapedType::isDynamic(units) || units > strategy.getHidden())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (FeedForwardOp op : ops)
      if (failed(tileHidden(rewriter, op, getStrategy(op).getHidden())))
        return signalPassFailure();
  }
};
} // namespace
