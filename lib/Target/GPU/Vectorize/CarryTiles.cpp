//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CarryTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// One carried tensor: the write that yields it and the reads of the same tile.
struct CarriedTile {
  unsigned number;
  vector::TransferWriteOp write;
  SmallVector<vector::TransferReadOp> reads;
};
} // namespace

static bool isDefinedOutside(Value value, scf::ForOp loop) {
  return !value || loop.isDefinedOutsideOfLoop(value);
}

/// Whether the read is of the tile that the write writes.
static bool isSameTile(vector::TransferReadOp read,
                       vector::TransferWriteOp write) {
  return read.getVectorType() == write.getVectorType() &&
         read.getPermutationMap() == write.getPermutationMap() &&
         read.getMask() == write.getMask() &&
         read.getInBounds() == write.getInBounds() &&
         llvm::equal(read.getIndices(), write.getIndices());
}

static std::optional<CarriedTile> matchTile(scf::ForOp loop, unsigned number) {
  BlockArgument carried = loop.getRegionIterArg(number);
  CarriedTile tile{
      number,
      loop.getYieldedValues()[number].getDefiningOp<vector::TransferWriteOp>(),
      {}};
  if (!tile.write || !tile.write->hasOneUse() ||
      tile.write.getBase() != carried || !tile.write.getMask() ||
      !isDefinedOutside(tile.write.getMask(), loop) ||
      !llvm::all_of(tile.write.getIndices(),
                    [&](Value index) { return isDefinedOutside(index, loop); }))
    return std::nullopt;
  for (Operation *user : carried.getUsers()) {
    if (user == tile.write)
      continue;
    auto read = dyn_cast<vector::TransferReadOp>(user);
    if (!read || !isSameTile(read, tile.write))
      return std::nullopt;
    tile.reads.push_back(read);
  }
  return tile;
}

scf::ForOp bpt::carryMaskedTiles(RewriterBase &rewriter, scf::ForOp loop) {
  for (unsigned number = 0; number < loop.getInitArgs().size(); ++number) {
    std::optional<CarriedTile> tile = matchTile(loop, number);
    if (!tile)
      continue;
    vector::TransferWriteOp write = tile->write;
    Location loc = write.getLoc();
    rewriter.setInsertionPoint(loop);
    // What lies past the edge is never read: any number will do.
    Value pad = arith::ConstantOp::create(
        rewriter, loc,
        rewriter.getZeroAttr(write.getVectorType().getElementType()));
    Value first = vector::TransferReadOp::create(
        rewriter, loc, write.getVectorType(), loop.getInitArgs()[number],
        write.getIndices(), AffineMapAttr::get(write.getPermutationMap()), pad,
        write.getMask(), write.getInBoundsAttr());
    FailureOr<LoopLikeOpInterface> replaced = loop.replaceWithAdditionalYields(
        rewriter, first, /*replaceInitOperandUsesInLoop=*/false,
        [&](OpBuilder &, Location, ArrayRef<BlockArgument>) {
          return SmallVector<Value>{write.getVector()};
        });
    if (failed(replaced))
      continue;
    loop = cast<scf::ForOp>(replaced->getOperation());
    Value carried = loop.getRegionIterArgs().back();
    // The pad of a read is not what the loop carries past the edge.
    for (vector::TransferReadOp read : tile->reads) {
      rewriter.setInsertionPoint(read);
      Value splat = vector::BroadcastOp::create(
          rewriter, read.getLoc(), read.getVectorType(), read.getPadding());
      rewriter.replaceOpWithNewOp<arith::SelectOp>(read, read.getMask(),
                                                   carried, splat);
    }
    rewriter.setInsertionPointAfter(loop);
    auto last = vector::TransferWriteOp::create(
        rewriter, loc, loop.getResults().back(), loop.getInitArgs()[number],
        write.getIndices(), AffineMapAttr::get(write.getPermutationMap()),
        write.getMask(), write.getInBoundsAttr());
    rewriter.replaceAllUsesWith(loop.getResult(number), last.getResult());
    // The tensor is carried unchanged, which canonicalization removes.
    rewriter.modifyOpInPlace(loop.getBody()->getTerminator(), [&] {
      loop.getBody()->getTerminator()->setOperand(
          number, loop.getRegionIterArg(number));
    });
    rewriter.eraseOp(write);
  }
  return loop;
}
