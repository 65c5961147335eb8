//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// PartialReductionOpInterface of online attention: parts of the keys are
// reduced independently (over threads, devices) and then merged.
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"
#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Loops of the table: batch, rows, heads, keys.
constexpr unsigned kKeyLoop = 3;

/// Where a tile of a result lies among the states of all parts. They are
/// stacked along a first dimension, so that each part writes a contiguous
/// piece. Upstream asks this of a copy of the operation that has the stacked
/// tensors for destinations: only its inputs tell sizes.
void getPartialPosition(OnlineAttentionOp op, OpBuilder &builder,
                        unsigned result, ArrayRef<OpFoldResult> offsets,
                        ArrayRef<OpFoldResult> sizes, OpFoldResult part,
                        SmallVector<OpFoldResult> &partialOffsets,
                        SmallVector<OpFoldResult> &partialSizes) {
  partialOffsets.push_back(part);
  partialSizes.push_back(builder.getIndexAttr(1));
  llvm::append_range(partialOffsets, offsets.take_front(kKeyLoop));
  llvm::append_range(partialSizes, sizes.take_front(kKeyLoop));
  if (result != 0)
    return;
  partialOffsets.push_back(builder.getIndexAttr(0));
  partialSizes.push_back(tensor::getMixedSize(
      builder, op.getLoc(), op.getValue(), op.getValueTransposed() ? 2 : 3));
}

/// Brings the states (acc, m, l) of all parts to one maximum and adds them to
/// the state that the operation started from.
class Merger {
public:
  Merger(OpBuilder &builder, OnlineAttentionOp op, ValueRange partial)
      : tile(builder, op.getLoc()), op(op), partial(partial) {}

  SmallVector<Value> emit() {
    Value max = getMax();
    Value sum = rebase(op.getSumInit(), partial[2], max);
    Value acc = rebase(op.getAccInit(), partial[0], max);
    return {acc, max, sum};
  }

private:
  Value getMax() {
    // (b, q, h, part)
    return tile.generic(4, 1, {{partial[1], {3, 0, 1, 2}}},
                        {{op.getMaxInit(), {0, 1, 2}}},
                        [](OpBuilder &b, Location l, ValueRange v) {
                          return SmallVector<Value>{
                              arith::MaximumFOp::create(b, l, v[0], v[1])};
                        })[0];
  }

  /// init · 2^(m₀ − m) + Σ parts · 2^(m_part − m).
  Value rebase(Value init, Value parts, Value max) {
    bool isMatrix = cast<RankedTensorType>(init.getType()).getRank() == 4;
    unsigned rank = isMatrix ? 4 : 3;
    SmallVector<int64_t> row = {0, 1, 2}, element = row;
    if (isMatrix)
      element.push_back(3);
    auto scale = [](OpBuilder &b, Location l, Value value, Value from,
                    Value to) -> Value {
      Value distance = arith::SubFOp::create(b, l, from, to);
      return arith::MulFOp::create(b, l, value,
                                   math::Exp2Op::create(b, l, distance));
    };
    Value start = tile.generic(
        rank, 0, {{init, element}, {op.getMaxInit(), row}, {max, row}},
        {{tile.empty(tile.sizes(init)), element}},
        [&](OpBuilder &b, Location l, ValueRange v) {
          return SmallVector<Value>{scale(b, l, v[0], v[1], v[2])};
        })[0];
    int64_t part = rank;
    auto ofPart = [&](ArrayRef<int64_t> dims) {
      SmallVector<int64_t> all = {part};
      llvm::append_range(all, dims);
      return all;
    };
    return tile.generic(
        rank + 1, 1,
        {{parts, ofPart(element)}, {partial[1], ofPart(row)}, {max, row}},
        {{start, element}}, [&](OpBuilder &b, Location l, ValueRange v) {
          Value term = scale(b, l, v[0], v[1], v[2]);
          return SmallVector<Value>{arith::AddFOp::create(b, l, v[3], term)};
        })[0];
  }

  TileBuilder tile;
  OnlineAttentionOp op;
  ValueRange partial;
};

struct PartialAttention
    : PartialReductionOpInterface::ExternalModel<PartialAttention,
                                                 OnlineAttentionOp> {
  FailureOr<SmallVector<Value>> generateInitialTensorForPartialReduction(
      Operation *op, OpBuilder &builder, Location loc,
      ArrayRef<OpFoldResult> sizes, const SetVector<unsigned> &dims) const {
    if (failed(checkDims(op, dims)))
      return failure();
    TileBuilder tile(builder, loc);
    auto online = cast<OnlineAttentionOp>(op);
    SmallVector<Value> result;
    for (auto [init, neutral] :
         {std::pair<Value, double>{online.getAccInit(), 0.0},
          {online.getMaxInit(), std::numeric_limits<float>::lowest()},
          {online.getSumInit(), 0.0}}) {
      SmallVector<OpFoldResult> shape = {sizes[kKeyLoop]};
      llvm::append_range(shape, tile.sizes(init));
      result.push_back(tile.filled(shape, neutral));
    }
    return result;
  }

  FailureOr<TilingResult> tileToPartialReduction(
      Operation *op, OpBuilder &builder, Location loc,
      ReductionTilingStrategy strategy, ValueRange inits,
      ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
      const SetVector<unsigned> &dims, ArrayRef<OpFoldResult> parts) const {
    if (strategy != ReductionTilingStrategy::PartialReductionOuterParallel)
      return op->emitOpError("keeps one state for each part of the keys, not "
                             "one for each key; split "
                             "them over parallel parts");
    if (failed(checkDims(op, dims)))
      return failure();
    // The same operation on the state of this part, of which a tile is taken.
    OnlineAttentionOp ofPart = selectPart(op, builder, inits, parts[0]);
    FailureOr<TilingResult> tiled =
        cast<TilingInterface>(ofPart.getOperation())
            .getTiledImplementation(builder, offsets, sizes);
    ofPart.erase();
    return tiled;
  }

  FailureOr<MergeResult> mergeReductions(Operation *op, OpBuilder &builder,
                                         Location loc, ValueRange partial,
                                         const SetVector<unsigned> &) const {
    MergeResult result;
    result.replacements =
        Merger(builder, cast<OnlineAttentionOp>(op), partial).emit();
    for (Value value : result.replacements)
      result.mergeOps.push_back(value.getDefiningOp());
    return result;
  }

  LogicalResult getPartialResultTilePosition(
      Operation *op, OpBuilder &builder, unsigned result,
      ReductionTilingStrategy, ArrayRef<OpFoldResult> offsets,
      ArrayRef<OpFoldResult> sizes, const SetVector<unsigned> &,
      ArrayRef<OpFoldResult> parts, SmallVector<OpFoldResult> &partialOffsets,
      SmallVector<OpFoldResult> &partialSizes) const {
    getPartialPosition(cast<OnlineAttentionOp>(op), builder, result, offsets,
                       sizes, parts[0], partialOffsets, partialSizes);
    return success();
  }

private:
  static OnlineAttentionOp selectPart(Operation *op, OpBuilder &builder,
                                      ValueRange inits, OpFoldResult part) {
    TileBuilder tile(builder, op->getLoc());
    SmallVector<Value> operands(op->getOperands());
    SmallVector<Type> types;
    for (auto [init, partial] :
         llvm::zip(cast<OnlineAttentionOp>(op).getDpsInitsMutable(), inits)) {
      Value slice = tile.slice(partial, 0, part);
      operands[init.getOperandNumber()] = slice;
      types.push_back(slice.getType());
    }
    return cast<OnlineAttentionOp>(mlir::clone(builder, op, types, operands));
  }

  static LogicalResult checkDims(Operation *op,
                                 const SetVector<unsigned> &dims) {
    if (dims.size() == 1 && dims.front() == kKeyLoop)
      return success();
    return op->emitOpError("can be reduced in parts along its keys only");
  }
};
} // namespace

void bpt::attachPartialAttention(MLIRContext *context) {
  OnlineAttentionOp::attachInterface<PartialAttention>(*context);
}
