//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopUtils.h"
#include "bpt/Target/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_PREFETCHBLOCKSPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {
constexpr int64_t kLineBytes = 64;
/// What one block may have to be asked for at once: some hundred lines are on
/// their way while the block before is computed with.
constexpr int64_t kMaxBlockBytes = 16 << 10;
/// What has less is in L2 already.
constexpr int64_t kMinSourceBytes = 1 << 20;

/// A block of rows that a loop takes from a larger buffer, one after the other.
struct RowBlock {
  memref::SubViewOp view;
  scf::ForOp loop;
  /// The dimension along which the loop goes.
  unsigned dim;
  /// What is contiguous of one of its rows.
  int64_t rowBytes;
};

int64_t getBytes(MemRefType type) {
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

/// Whether `value` is an argument that may be larger than a cache.
bool isLargeArgument(Value value) {
  auto argument = dyn_cast<BlockArgument>(
      memref::skipViewLikeOps(cast<MemrefValue>(value)));
  if (!argument ||
      !isa<FunctionOpInterface>(argument.getOwner()->getParentOp()))
    return false;
  auto type = cast<MemRefType>(argument.getType());
  return !type.hasStaticShape() || getBytes(type) >= kMinSourceBytes;
}

std::optional<RowBlock> matchBlock(memref::SubViewOp view) {
  auto loop = dyn_cast<scf::ForOp>(view->getParentOp());
  MemRefType type = view.getType(), sourceType = view.getSourceType();
  if (!loop || !sourceType.getElementType().isIntOrFloat() ||
      !loop.isDefinedOutsideOfLoop(view.getSource()) ||
      !isLargeArgument(view.getSource()) || !type.hasStaticShape() ||
      !view.hasUnitStride())
    return std::nullopt;
  std::optional<unsigned> dim;
  for (auto [i, offset] : llvm::enumerate(view.getMixedOffsets())) {
    if (getConstantIntValue(offset))
      continue;
    auto value = cast<Value>(offset);
    if (value == loop.getInductionVar() && !dim)
      dim = i;
    else if (!loop.isDefinedOutsideOfLoop(value))
      return std::nullopt;
  }
  // The next block begins where this one ends.
  ArrayRef<int64_t> sizes = view.getStaticSizes();
  if (!dim || *dim + 1 == sizes.size() ||
      getConstantIntValue(loop.getStep()) != sizes[*dim])
    return std::nullopt;
  // Rows of one piece, and nothing before them.
  auto [strides, offset] = sourceType.getStridesAndOffset();
  int64_t contiguous = 1;
  for (size_t i = sizes.size() - 1; i > *dim; --i) {
    if (sizes[i] != 1 && strides[i] != contiguous)
      return std::nullopt;
    contiguous *= sizes[i];
  }
  if (llvm::any_of(sizes.take_front(*dim), [](int64_t n) { return n != 1; }))
    return std::nullopt;
  int64_t rowBytes = contiguous * sourceType.getElementTypeBitWidth() / 8;
  if (rowBytes < kLineBytes || rowBytes * sizes[*dim] > kMaxBlockBytes)
    return std::nullopt;
  return RowBlock{view, loop, *dim, rowBytes};
}

/// The operation in the loop that reads the block first, itself or within.
Operation *findFirstRead(RowBlock &block) {
  SmallVector<Value> views = {block.view.getResult()};
  Operation *first = nullptr;
  while (!views.empty()) {
    for (Operation *user : views.pop_back_val().getUsers()) {
      if (isa<ViewLikeOpInterface>(user))
        llvm::append_range(views, user->getResults());
      Operation *ancestor = block.loop.getBody()->findAncestorOpInBlock(*user);
      if (isa<ViewLikeOpInterface>(ancestor))
        continue;
      if (!first || ancestor->isBeforeInBlock(first))
        first = ancestor;
    }
  }
  return first;
}

/// Asks for the lines of the block after `block`. Rows past the last one are
/// the last.
void prefetchNext(OpBuilder &b, RowBlock &block) {
  memref::SubViewOp view = block.view;
  Location loc = view.getLoc();
  Value source = view.getSource();
  int64_t rows = view.getStaticSizes()[block.dim];
  int64_t elementBytes = view.getType().getElementTypeBitWidth() / 8;
  auto next = arith::AddIOp::create(b, loc, block.loop.getInductionVar(),
                                    block.loop.getStep());
  Value end = memref::DimOp::create(b, loc, source, block.dim);
  Value last = arith::SubIOp::create(b, loc, end, createIndex(b, loc, 1));
  SmallVector<Value> at =
      getValueOrCreateConstantIndexOp(b, loc, view.getMixedOffsets());
  buildLoop(
      b, loc, createIndex(b, loc, 0), createIndex(b, loc, rows), 1, {},
      [&](OpBuilder &b, Value row, ValueRange) -> SmallVector<Value> {
        at[block.dim] = arith::MinUIOp::create(
            b, loc, arith::AddIOp::create(b, loc, next, row), last);
        ArrayRef<int64_t> sizes = view.getStaticSizes();
        for (int64_t byte = 0; byte < block.rowBytes; byte += kLineBytes) {
          // The indices of an element of the row.
          int64_t element = byte / elementBytes;
          SmallVector<Value> indices = at;
          for (size_t i = sizes.size() - 1; i > block.dim; --i) {
            if (int64_t index = element % sizes[i])
              indices[i] = arith::AddIOp::create(b, loc, at[i],
                                                 createIndex(b, loc, index));
            element /= sizes[i];
          }
          memref::PrefetchOp::create(b, loc, source, indices,
                                     /*isWrite=*/false, /*localityHint=*/2,
                                     /*isDataCache=*/true);
        }
        return {};
      });
}

struct PrefetchBlocksPass
    : bpt::impl::PrefetchBlocksPassBase<PrefetchBlocksPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<RowBlock> blocks;
    getOperation()->walk([&](memref::SubViewOp view) {
      if (std::optional<RowBlock> block = matchBlock(view))
        blocks.push_back(*block);
    });
    for (RowBlock &block : blocks)
      if (Operation *read = findFirstRead(block)) {
        OpBuilder b(read);
        prefetchNext(b, block);
      }
  }
};
} // namespace
