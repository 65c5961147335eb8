//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpUtils.h"

#include <cmath>

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// A log-sum-exp that nobody reads.
struct DropUnusedLse : OpRewritePattern<CrossEntropyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CrossEntropyOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getLse() || !op.getLse().use_empty())
      return failure();
    auto smaller = CrossEntropyOp::create(
        rewriter, op.getLoc(), TypeRange{op.getLoss().getType()},
        op.getHidden(), op.getWeight(), op.getLabels(), op.getInit(),
        /*lse_init=*/Value(), op.getLabelSmoothing(), op.getZLoss());
    smaller->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));
    rewriter.replaceAllUsesWith(op.getLoss(), smaller.getLoss());
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

MutableOperandRange CrossEntropyOp::getDpsInitsMutable() {
  return MutableOperandRange(*this, 3, getLseInit() ? 2 : 1);
}

BlockTable CrossEntropyOp::getBlockTable() {
  enum : unsigned { Batch, Rows, Width, Vocab };
  BlockTable table;
  table.dims = {"batch", "row", "hidden width", "vocabulary"};
  table.iterators.assign(2, utils::IteratorType::parallel);
  table.add("hidden", {{Batch}, {Rows}, {Width}});
  table.add("weight", {{Width}, {Vocab}});
  table.add("labels", {{Batch}, {Rows}});
  table.add("init", {{Batch}, {Rows}});
  if (getLseInit())
    table.add("lse_init", {{Batch}, {Rows}});
  return table;
}

LogicalResult CrossEntropyOp::verify() {
  float smoothing = getLabelSmoothing().convertToFloat(),
        zLoss = getZLoss().convertToFloat();
  if (!(smoothing >= 0 && smoothing < 1))
    return emitOpError("'label_smoothing' is ")
           << getLabelSmoothingAttr() << ", but must be in [0, 1)";
  if (!(zLoss >= 0 && std::isfinite(zLoss)))
    return emitOpError("'z_loss' is ")
           << getZLossAttr() << ", but must be finite and at least 0";
  if (failed(verifySameElementType(
          *this, {{"hidden", getHidden()}, {"weight", getWeight()}})))
    return failure();
  return verifyBlockTable(*this);
}

double CrossEntropyOp::countFlops(ArrayRef<int64_t> sizes) {
  return 2.0 * sizes[0] * sizes[1] * sizes[2] * sizes[3];
}

bool CrossEntropyOp::isCheapToRecompute() { return false; }

SmallVector<StringRef> CrossEntropyOp::getStrategyOptions() {
  return {"rows", "chunk", "vocab", "fuse"};
}

void CrossEntropyOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                 MLIRContext *context) {
  patterns.add<DropUnusedLse>(context);
}
