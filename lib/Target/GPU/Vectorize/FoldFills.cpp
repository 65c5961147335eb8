//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FoldFills.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::bpt;

/// Whether the slice is all of the tensor that it is inserted into.
static bool coversDestination(tensor::InsertSliceOp insert) {
  using Variable = ValueBoundsConstraintSet::Variable;
  for (int64_t dim = 0; dim < insert.getDestType().getRank(); ++dim) {
    if (!isZeroInteger(insert.getMixedOffsets()[dim]) ||
        !isOneInteger(insert.getMixedStrides()[dim]))
      return false;
    FailureOr<bool> isWhole = ValueBoundsConstraintSet::areEqual(
        Variable(insert.getMixedSizes()[dim]), Variable(insert.getDest(), dim));
    if (failed(isWhole) || !*isWhole)
      return false;
  }
  return true;
}

namespace {
/// insert_slice(x, fill(c, t)) = insert_slice(x, t) if x covers t.
struct DropOverwrittenFill : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::InsertSliceOp insert,
                                PatternRewriter &rewriter) const override {
    auto fill = insert.getDest().getDefiningOp<linalg::FillOp>();
    if (!fill || !coversDestination(insert))
      return failure();
    rewriter.modifyOpInPlace(insert, [&] {
      insert.getDestMutable().assign(fill.getDpsInits().front());
    });
    return success();
  }
};
} // namespace

void bpt::populateFoldFillsPatterns(RewritePatternSet &patterns) {
  linalg::FillOp::getCanonicalizationPatterns(patterns, patterns.getContext());
  linalg::populateSwapExtractSliceWithFillPatterns(patterns);
  patterns.add<DropOverwrittenFill>(patterns.getContext());
}
