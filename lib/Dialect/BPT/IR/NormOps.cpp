//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpUtils.h"

using namespace mlir;
using namespace mlir::bpt;

/// Dimensions: the leading ones of x as loops, then the normalised one.
template <typename OpTy>
static BlockTable normTable(OpTy op, Value weight, Value bias) {
  unsigned rank = getRank(op.getX());
  BlockTable table;
  SmallVector<DimRef> all;
  for (unsigned i = 0; i < rank; ++i) {
    table.dims.push_back(i == 0          ? "batch"
                         : i + 1 == rank ? "normalised"
                         : i == 1        ? "row"
                                         : "inner");
    all.push_back({i});
  }
  table.iterators.assign(rank - 1, utils::IteratorType::parallel);
  table.add("x", all);
  if (weight)
    table.add("weight", {{rank - 1}});
  if (bias)
    table.add("bias", {{rank - 1}});
  table.add("init", all);
  return table;
}

template <typename OpTy>
static LogicalResult verifyNorm(OpTy op, Value weight, Value bias) {
  if (getRank(op.getX()) < 3)
    return op.emitOpError("expects 'x' of shape [B, S, ..., E], got rank ")
           << getRank(op.getX());
  if (!op.getEps().isFinite() || op.getEps().isNegative())
    return op.emitOpError("'eps' must be finite and not negative");
  if (failed(verifySameElementType(
          op, {{"x", op.getX()}, {"weight", weight}, {"bias", bias}})))
    return failure();
  if (failed(verifyInitElementType(op, op.getX(), op.getInit())))
    return failure();
  return verifyBlockTable(op);
}

BlockTable LayerNormOp::getBlockTable() {
  return normTable(*this, getWeight(), getBias());
}

LogicalResult LayerNormOp::verify() {
  return verifyNorm(*this, getWeight(), getBias());
}

void LayerNormOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropNeutralOperand<LayerNormOp>>(
      context, &LayerNormOp::getWeightMutable, 1.0);
  patterns.add<DropNeutralOperand<LayerNormOp>>(
      context, &LayerNormOp::getBiasMutable, 0.0);
}

BlockTable RMSNormOp::getBlockTable() {
  return normTable(*this, getWeight(), Value());
}

LogicalResult RMSNormOp::verify() {
  return verifyNorm(*this, getWeight(), Value());
}

void RMSNormOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropNeutralOperand<RMSNormOp>>(
      context, &RMSNormOp::getWeightMutable, 1.0);
}
