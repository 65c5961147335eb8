//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_WIDENATTENTIONPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// The tensor of f8E4M3FN with elements of 16 bits. Heads and their components
/// are seen as one dimension, so that no loop over rows of attention computes
/// it: what a block computes lies in registers, and what it multiplies again
/// and again need not.
static Value widen(OpBuilder &b, Location loc, Value tensor, Type element) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, tensor);
  SmallVector<ReassociationIndices> groups{{0}, {1}, {2, 3}};
  // Of two sizes that are not known, their product would not tell.
  bool isSplit = !type.isDynamicDim(2) || !type.isDynamicDim(3);
  if (isSplit)
    tensor = tensor::CollapseShapeOp::create(b, loc, tensor, groups);
  Value empty = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, tensor), element);
  int64_t rank = cast<RankedTensorType>(empty.getType()).getRank();
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  Value wide =
      linalg::GenericOp::create(
          b, loc, TypeRange{empty.getType()}, tensor, empty, maps, iterators,
          [&](OpBuilder &b, Location l, ValueRange v) {
            Value extended = arith::ExtFOp::create(b, l, element, v[0]);
            linalg::YieldOp::create(b, l, extended);
          })
          .getResult(0);
  if (!isSplit)
    return wide;
  return tensor::ExpandShapeOp::create(b, loc, type.clone(element), wide,
                                       groups, sizes);
}

namespace {
struct WidenAttentionPass
    : bpt::impl::WidenAttentionPassBase<WidenAttentionPass> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    getOperation()->walk([&](AttentionOp op) {
      if (op.getValueTransposed() || !op.multipliesFloat8())
        return;
      builder.setInsertionPoint(op);
      // Scales may leave the range of f16.
      bool isF16 = op.getInit().getType().getElementType().isF16();
      Type element = isF16 && !op.getValueScale() ? Type(builder.getF16Type())
                                                  : builder.getBF16Type();
      DenseMap<Value, Value> widened;
      for (OpOperand *operand : {&op.getQueryMutable(), &op.getKeyMutable(),
                                 &op.getValueMutable()}) {
        Value &wide = widened[operand->get()];
        if (!wide)
          wide = widen(builder, op.getLoc(), operand->get(), element);
        operand->set(wide);
      }
    });
  }
};
} // namespace
