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
static AttentionBackwardOp createPart(RewriterBase &rewriter,
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
  return part;
}

/// The strategy of a part whose blocks are of keys, and its steps of rows.
static StrategyAttr swapRowsAndKeys(StrategyAttr strategy) {
  return StrategyAttr::get(strategy.getContext(), /*rows=*/strategy.getKeys(),
                           /*keys=*/strategy.getRows(), strategy.getHidden(),
                           strategy.getVocab(), strategy.getHeads(),
                           strategy.getColumns(), strategy.getScoreRows(),
                           strategy.getChunk(), strategy.getStoreHidden(),
                           strategy.getSeparate(), strategy.getSeparateValues(),
                           strategy.getGroupHeads(), strategy.getFuse());
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
      AttentionBackwardOp query =
          createPart(rewriter, op, AttentionGradients::Query, ofQuery);
      SmallVector<Value> results{query.getResult(0)};
      auto addByKey = [&](AttentionGradients gradients, ValueRange inits) {
        AttentionBackwardOp part = createPart(rewriter, op, gradients, inits);
        part->setAttr(BPTDialect::kStrategyAttrName,
                      swapRowsAndKeys(getStrategy(op)));
        llvm::append_range(results, part.getResults());
      };
      ValueRange ofKeys = op.getInits().slice(1, 2);
      if (getStrategy(op).getSeparateValues()) {
        addByKey(AttentionGradients::Key, ofKeys.take_front());
        addByKey(AttentionGradients::Value, ofKeys.drop_front());
      } else {
        addByKey(AttentionGradients::KeyValue, ofKeys);
      }
      llvm::append_range(results, llvm::drop_begin(query.getResults()));
      rewriter.replaceOp(op, results);
    }
  }
};
} // namespace
