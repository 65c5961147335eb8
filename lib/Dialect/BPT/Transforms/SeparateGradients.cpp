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
#define GEN_PASS_DEF_SEPARATEGRADIENTSPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// The same operation, of some of its gradients.
static SmallVector<Value> createPart(RewriterBase &rewriter,
                                     AttentionBackwardOp op,
                                     AttentionGradients gradients,
                                     ValueRange inits) {
  auto part = AttentionBackwardOp::create(
      rewriter, op.getLoc(), TypeRange(inits), op.getQuery(), op.getKey(),
      op.getValue(), op.getBias(), op.getQuerySegments(), op.getKeySegments(),
      op.getSeed(), op.getPositions(), op.getDiagonal(), op.getMax(),
      op.getSum(), op.getOutputCotangent(), op.getDelta(), inits, gradients,
      op.getCausal(), op.getWindowAttr(), op.getScaleAttr(),
      op.getDropoutAttr(), op.getScore().size());
  part->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));
  if (Region *score = op.getScoreRegion()) {
    IRMapping mapping;
    score->cloneInto(part.getScoreRegion(), mapping);
  }
  return SmallVector<Value>(part.getResults());
}

/// The strategy of the part whose blocks are of keys, and its steps of rows.
static StrategyAttr swapRowsAndKeys(StrategyAttr strategy) {
  return StrategyAttr::get(strategy.getContext(), /*rows=*/strategy.getKeys(),
                           /*keys=*/strategy.getRows(), strategy.getHidden(),
                           strategy.getVocab(), strategy.getHeads(),
                           strategy.getColumns(), strategy.getScoreRows(),
                           strategy.getChunk(), strategy.getStoreHidden(),
                           strategy.getSeparate(), strategy.getFuse());
}

namespace {
struct SeparateGradientsPass
    : bpt::impl::SeparateGradientsPassBase<SeparateGradientsPass> {
  void runOnOperation() override {
    SmallVector<AttentionBackwardOp> ops;
    getOperation()->walk([&](AttentionBackwardOp op) {
      if (StrategyAttr strategy = getStrategy(op);
          strategy && strategy.getSeparate() &&
          op.getGradients() == AttentionGradients::All)
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (AttentionBackwardOp op : ops) {
      rewriter.setInsertionPoint(op);
      SmallVector<Value> ofQuery{op.getInits()[0]};
      ofQuery.append(op.getInits().begin() + 3, op.getInits().end());
      SmallVector<Value> query =
          createPart(rewriter, op, AttentionGradients::Query, ofQuery);
      SmallVector<Value> keyValue =
          createPart(rewriter, op, AttentionGradients::KeyValue,
                     op.getInits().slice(1, 2));
      keyValue[0].getDefiningOp()->setAttr(BPTDialect::kStrategyAttrName,
                                           swapRowsAndKeys(getStrategy(op)));
      SmallVector<Value> results{query[0], keyValue[0], keyValue[1]};
      results.append(query.begin() + 1, query.end());
      rewriter.replaceOp(op, results);
    }
  }
};
} // namespace
