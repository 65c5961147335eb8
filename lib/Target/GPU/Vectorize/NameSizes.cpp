//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NameSizes.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace mlir::bpt;

/// The tensor that the loop-carried `value` is a changed copy of, if that is a
/// value carried by the same loop.
static std::optional<BlockArgument> traceToCarried(Value value,
                                                   scf::ForOp loop) {
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() == loop.getBody())
        return argument;
      return std::nullopt;
    }
    auto result = cast<OpResult>(value);
    Operation *op = result.getOwner();
    if (auto write = dyn_cast<vector::TransferWriteOp>(op))
      value = write.getBase();
    else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
      value = insert.getDest();
    else if (auto inner = dyn_cast<scf::ForOp>(op))
      value = inner.getInitArgs()[result.getResultNumber()];
    else if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
      value = destination.getTiedOpOperand(result)->get();
    else
      return std::nullopt;
  }
}

namespace {
/// A loop that changes a tensor in place keeps its size.
struct DimOfCarriedTensor : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::DimOp dim,
                                PatternRewriter &rewriter) const override {
    scf::ForOp loop;
    unsigned number;
    if (auto argument = dyn_cast<BlockArgument>(dim.getSource())) {
      loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
      if (!loop || argument.getArgNumber() == 0)
        return failure();
      number = argument.getArgNumber() - 1;
    } else {
      loop = dim.getSource().getDefiningOp<scf::ForOp>();
      if (!loop)
        return failure();
      number = cast<OpResult>(dim.getSource()).getResultNumber();
    }
    std::optional<BlockArgument> origin =
        traceToCarried(loop.getYieldedValues()[number], loop);
    if (origin != loop.getRegionIterArg(number))
      return failure();
    rewriter.modifyOpInPlace(dim, [&] {
      dim.getSourceMutable().assign(loop.getInitArgs()[number]);
    });
    return success();
  }
};
} // namespace

LogicalResult bpt::nameSizes(RewriterBase &rewriter, Operation *root) {
  RewritePatternSet patterns(root->getContext());
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  memref::populateResolveShapedTypeResultDimsPatterns(patterns);
  tensor::DimOp::getCanonicalizationPatterns(patterns, root->getContext());
  scf::ForallOp::getCanonicalizationPatterns(patterns, root->getContext());
  patterns.add<DimOfCarriedTensor>(root->getContext());
  if (failed(applyPatternsGreedily(root, std::move(patterns))))
    return failure();
  DominanceInfo dominance(root);
  eliminateCommonSubExpressions(rewriter, dominance, root);
  return success();
}
