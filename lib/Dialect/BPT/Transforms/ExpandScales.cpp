//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "bpt/Dialect/BPT/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_EXPANDSCALESPASS
#include "bpt/Dialect/BPT/Transforms/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

/// The scale with one entry for every element of dimension `dim`, of which
/// there are `size`; it had one for every `block`, or one for all (0).
static Value expandDim(OpBuilder &b, Location loc, Value scale, int64_t dim,
                       int64_t block, OpFoldResult size) {
  // [n, …] to [n, block, …], seen as [n · block, …].
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, scale);
  int64_t rank = sizes.size();
  sizes.insert(sizes.begin() + dim + 1,
               block == 0 ? size : b.getIndexAttr(block));
  Value repeated = tensor::EmptyOp::create(b, loc, sizes, b.getF32Type());
  repeated = linalg::BroadcastOp::create(b, loc, scale, repeated,
                                         ArrayRef<int64_t>{dim + 1})
                 ->getResult(0);
  SmallVector<ReassociationIndices> groups(rank);
  for (int64_t from = 0; from <= rank; ++from)
    groups[from <= dim ? from : from - 1].push_back(from);
  Value entries = tensor::CollapseShapeOp::create(b, loc, repeated, groups);
  // The last block may be smaller.
  sizes = tensor::getMixedSizes(b, loc, entries);
  if (block == 0 ||
      (getConstantIntValue(size) &&
       getConstantIntValue(size) == getConstantIntValue(sizes[dim])))
    return entries;
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)),
      strides(rank, b.getIndexAttr(1));
  sizes[dim] = size;
  return tensor::ExtractSliceOp::create(b, loc, entries, offsets, sizes,
                                        strides);
}

/// Expands `dims` of a scale, and sets their blocks to 1.
static Value expand(OpBuilder &b, Location loc, Value scale, Value tensor,
                    MutableArrayRef<int64_t> blocks, int64_t first,
                    int64_t count) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, tensor);
  for (int64_t dim = first; dim < first + count; ++dim) {
    if (blocks[dim] == 1)
      continue;
    scale = expandDim(b, loc, scale, dim, blocks[dim], sizes[dim]);
    blocks[dim] = 1;
  }
  return scale;
}

static bool hasLargeBlocks(ArrayRef<int64_t> blocks) {
  return llvm::any_of(blocks, [](int64_t block) { return block > 1; });
}

/// Expands those of the first dimensions of a scale of which a block has
/// several entries.
static Value expandLarge(OpBuilder &b, Location loc, Value scale, Value tensor,
                         MutableArrayRef<int64_t> blocks, int64_t count) {
  for (int64_t dim = 0; dim < count; ++dim)
    if (blocks[dim] > 1)
      scale = expand(b, loc, scale, tensor, blocks, dim, 1);
  return scale;
}

static void expandScales(OpBuilder &b, AttentionOp op) {
  b.setInsertionPoint(op);
  auto expand = [&](MutableOperandRange scale, Value tensor,
                    std::optional<ArrayRef<int64_t>> old) {
    SmallVector<int64_t> blocks(*old);
    scale.assign(expandLarge(b, op.getLoc(), scale[0].get(), tensor, blocks,
                             blocks.size()));
    return blocks;
  };
  if (auto blocks = op.getQueryBlocks())
    op.setQueryBlocks(expand(op.getQueryScaleMutable(), op.getQuery(), blocks));
  if (auto blocks = op.getKeyBlocks())
    op.setKeyBlocks(expand(op.getKeyScaleMutable(), op.getKey(), blocks));
  if (auto blocks = op.getValueBlocks())
    op.setValueBlocks(expand(op.getValueScaleMutable(), op.getValue(), blocks));
}

static void expandScales(OpBuilder &b, LinearOp op) {
  b.setInsertionPoint(op);
  Location loc = op.getLoc();
  if (op.getXBlocks() && hasLargeBlocks(op.getXBlocks()->take_front(2))) {
    SmallVector<int64_t> blocks(*op.getXBlocks());
    op.getXScaleMutable().assign(
        expandLarge(b, loc, op.getXScale(), op.getX(), blocks, 2));
    op.setXBlocks(blocks);
  }
  if (!op.getWeightBlocks())
    return;
  // Several dimensions of columns become one: those of all have a scale, or
  // none has.
  SmallVector<int64_t> blocks(*op.getWeightBlocks());
  ArrayRef<int64_t> columns =
      ArrayRef(blocks).slice(op.getFirstOutput(), op.getNumOutputs());
  if (hasLargeBlocks(columns) ||
      (llvm::is_contained(columns, 0) && llvm::is_contained(columns, 1))) {
    Value scale = expand(b, loc, op.getWeightScale(), op.getWeight(), blocks,
                         op.getFirstOutput(), op.getNumOutputs());
    op.getWeightScaleMutable().assign(scale);
    op.setWeightBlocks(blocks);
  }
}

namespace {
struct ExpandScalesPass : bpt::impl::ExpandScalesPassBase<ExpandScalesPass> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    getOperation()->walk([&](LinearOp op) { expandScales(builder, op); });
    getOperation()->walk([&](AttentionOp op) { expandScales(builder, op); });
  }
};
} // namespace
