//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "bpt/Target/GPU/Vectorize/Passes.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_UNIFYSIZESPASS
#include "bpt/Target/GPU/Vectorize/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// The sizes that the operation's dimensions have in the first operand that has
/// them.
static SmallVector<OpFoldResult> getFirstSizes(RewriterBase &rewriter,
                                               BlockedOpInterface op,
                                               const BlockTable &table) {
  SmallVector<OpFoldResult> sizes(table.dims.size());
  for (auto [operand, map] : llvm::zip(op->getOperands(), table.operands))
    for (auto [position, ref] : llvm::enumerate(map))
      if (!ref.broadcast && ref.divisor == 1 && !sizes[ref.dim])
        sizes[ref.dim] =
            tensor::getMixedSize(rewriter, op.getLoc(), operand, position);
  return sizes;
}

namespace {
struct UnifySizesPass : bpt::impl::UnifySizesPassBase<UnifySizesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](BlockedOpInterface op) {
      rewriter.setInsertionPoint(op);
      BlockTable table = op.getBlockTable();
      SmallVector<OpFoldResult> first = getFirstSizes(rewriter, op, table);
      auto destinations = cast<DestinationStyleOpInterface>(op.getOperation());
      for (OpOperand &operand : op->getOpOperands()) {
        if (!destinations.isDpsInit(&operand))
          unify(rewriter, operand, table.operands[operand.getOperandNumber()],
                first);
      }
    });
  }

private:
  static void unify(RewriterBase &rewriter, OpOperand &operand,
                    ArrayRef<DimRef> map, ArrayRef<OpFoldResult> first) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || map.empty())
      return;
    Location loc = operand.getOwner()->getLoc();
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, loc, operand.get());
    bool differs = false;
    for (auto [position, ref] : llvm::enumerate(map)) {
      if (!type.isDynamicDim(position) || ref.broadcast || ref.divisor != 1 ||
          !isa<Value>(first[ref.dim]) ||
          isSameDim(cast<Value>(first[ref.dim]), operand.get(), position))
        continue;
      sizes[position] = first[ref.dim];
      differs = true;
    }
    if (!differs)
      return;
    SmallVector<OpFoldResult> offsets(sizes.size(), rewriter.getIndexAttr(0)),
        strides(sizes.size(), rewriter.getIndexAttr(1));
    Value slice = tensor::ExtractSliceOp::create(
        rewriter, loc, type, operand.get(), offsets, sizes, strides);
    rewriter.modifyOpInPlace(operand.getOwner(), [&] { operand.set(slice); });
  }

  static bool isSameDim(Value size, Value tensor, int64_t position) {
    auto dim = size.getDefiningOp<tensor::DimOp>();
    return dim && dim.getSource() == tensor &&
           dim.getConstantIndex() == position;
  }
};
} // namespace
