//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "bpt/Dialect/BPT/Transforms/Transforms.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_TRANSPOSEVALUESPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// Whether warpgroups can multiply what the operation does.
static bool fitsWarpgroups(AttentionOp op) {
  constexpr int64_t kMinRows = 64, kMaxWidth = 128, kUnit = 16;
  auto size = [](Value tensor, unsigned dim) {
    return cast<RankedTensorType>(tensor.getType()).getDimSize(dim);
  };
  auto isWhole = [](int64_t size) {
    return !ShapedType::isDynamic(size) && size > 0 && size % kUnit == 0;
  };
  int64_t rows = size(op.getQuery(), 1);
  if (op.getDropout() || (!ShapedType::isDynamic(rows) && rows < kMinRows) ||
      !isWhole(size(op.getKey(), 1)))
    return false;
  return llvm::all_of(ValueRange{op.getKey(), op.getValue()}, [&](Value value) {
    int64_t width = size(value, 3);
    return isWhole(width) && width <= kMaxWidth;
  });
}

static void transposeValues(OpBuilder &b, AttentionOp op) {
  b.setInsertionPoint(op);
  SmallVector<int64_t> order{0, 2, 3, 1};
  op.getValueMutable().assign(
      reorderDims(b, op.getLoc(), op.getValue(), order));
  op.setValueTransposed(true);
  std::optional<ArrayRef<int64_t>> blocks = op.getValueBlocks();
  if (!blocks)
    return;
  op.getValueScaleMutable().assign(
      reorderDims(b, op.getLoc(), op.getValueScale(), order));
  op.setValueBlocks(
      llvm::map_to_vector(order, [&](int64_t dim) { return (*blocks)[dim]; }));
}

namespace {
struct TransposeValuesPass
    : bpt::impl::TransposeValuesPassBase<TransposeValuesPass> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    getOperation()->walk([&](AttentionOp op) {
      if (op.multipliesFloat8() && !op.getValueTransposed() &&
          fitsWarpgroups(op))
        transposeValues(builder, op);
    });
  }
};
} // namespace
