//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// TilingInterface of every blocked operation, derived from its table.
//
//===----------------------------------------------------------------------===//

#include "OpUtils.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
using Sizes = SmallVector<OpFoldResult>;

OpFoldResult apply(OpBuilder &builder, Location loc, AffineExpr expr,
                   ArrayRef<OpFoldResult> operands) {
  return affine::makeComposedFoldedAffineApply(
      builder, loc, AffineMap::get(operands.size(), 0, expr), operands);
}

OpFoldResult scale(OpBuilder &builder, Location loc, OpFoldResult value,
                   int64_t factor) {
  if (factor == 1)
    return value;
  return apply(builder, loc, builder.getAffineDimExpr(0) * factor, {value});
}

/// Full size of every dimension of the table.
Sizes getDimSizes(OpBuilder &builder, Operation *op, const BlockTable &table) {
  Sizes sizes(table.dims.size());
  for (auto [operand, map] : llvm::enumerate(table.operands))
    for (auto [position, ref] : llvm::enumerate(map)) {
      if (ref.broadcast || ref.ragged ||
          (sizes[ref.dim] && getConstantIntValue(sizes[ref.dim])))
        continue;
      Value value = op->getOperand(operand);
      if (sizes[ref.dim] &&
          cast<RankedTensorType>(value.getType()).isDynamicDim(position))
        continue;
      sizes[ref.dim] =
          scale(builder, op->getLoc(),
                tensor::getMixedSize(builder, op->getLoc(), value, position),
                ref.divisor);
    }
  return sizes;
}

SmallVector<Range> getDomain(OpBuilder &builder, Operation *op,
                             const BlockTable &table) {
  Sizes sizes = getDimSizes(builder, op, table);
  SmallVector<Range> domain;
  for (unsigned loop = 0; loop < table.iterators.size(); ++loop)
    domain.push_back(
        {builder.getIndexAttr(0), sizes[loop], builder.getIndexAttr(1)});
  return domain;
}

/// A tile of a shared dimension is exact if it holds whole groups, or lies
/// inside one. What is summed over a group is not written by parts of it. If
/// the last group may be smaller, a tile may end in a group, but not begin in
/// it.
bool cutsWholeGroups(OpFoldResult offset, OpFoldResult size, DimRef ref,
                     bool isWritten) {
  int64_t group = ref.divisor;
  std::optional<int64_t> extent = getConstantIntValue(size);
  if (!isWritten && extent && *extent > 0 && group % *extent == 0)
    return isKnownMultipleOf(offset, *extent);
  return isKnownMultipleOf(offset, group) &&
         (ref.ragged || isKnownMultipleOf(size, group));
}

/// Offsets and sizes of the part of an operand that a tile of the loops reads.
LogicalResult getOperandSlice(OpBuilder &builder, Operation *op,
                              unsigned operand, const BlockTable &table,
                              ArrayRef<OpFoldResult> offsets,
                              ArrayRef<OpFoldResult> sizes, Sizes &sliceOffsets,
                              Sizes &sliceSizes) {
  Location loc = op->getLoc();
  Value value = op->getOperand(operand);
  for (auto [position, ref] : llvm::enumerate(table.operands[operand])) {
    if (!table.isLoop(ref.dim) || ref.broadcast) {
      sliceOffsets.push_back(builder.getIndexAttr(0));
      sliceSizes.push_back(tensor::getMixedSize(builder, loc, value, position));
      continue;
    }
    OpFoldResult offset = offsets[ref.dim], size = sizes[ref.dim];
    auto type = cast<RankedTensorType>(value.getType());
    if (ref.divisor != 1 && type.getDimSize(position) == 1 &&
        table.iterators[ref.dim] == utils::IteratorType::reduction) {
      // One entry that all share, and that sums over all go to.
      offset = builder.getIndexAttr(0);
      size = builder.getIndexAttr(1);
    } else if (ref.divisor != 1) {
      OpFoldResult whole = scale(
          builder, loc, tensor::getMixedSize(builder, loc, value, position),
          ref.divisor);
      bool isWritten = cast<DestinationStyleOpInterface>(op).isDpsInit(
          &op->getOpOperand(operand));
      if (!cutsWholeGroups(offset, size, ref, isWritten) &&
          !(isConstantIntValue(offset, 0) && areKnownEqual(size, whole)))
        return op->emitOpError("cannot be tiled here: a tile of '")
               << table.dims[ref.dim] << "' must hold "
               << (isWritten ? "" : "a divisor or ") << "a multiple of "
               << ref.divisor << ", the entries that share one of '"
               << table.operandNames[operand] << "'";
      AffineExpr d0 = builder.getAffineDimExpr(0);
      offset = apply(builder, loc, d0.floorDiv(ref.divisor), {offset});
      size = apply(builder, loc, d0.ceilDiv(ref.divisor), {size});
    }
    sliceOffsets.push_back(offset);
    sliceSizes.push_back(size);
  }
  return success();
}

/// Whether a slice is known to be all of the tensor.
bool isWhole(OpBuilder &builder, Location loc, Value tensor,
             ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes) {
  for (unsigned i = 0; i < offsets.size(); ++i)
    if (!isConstantIntValue(offsets[i], 0) ||
        !areKnownEqual(sizes[i], tensor::getMixedSize(builder, loc, tensor, i)))
      return false;
  return true;
}

FailureOr<TilingResult> tile(OpBuilder &builder, Operation *op,
                             ArrayRef<OpFoldResult> offsets,
                             ArrayRef<OpFoldResult> sizes) {
  auto blocked = cast<BlockedOpInterface>(op);
  BlockTable table = blocked.getBlockTable();
  Sizes whole = getDimSizes(builder, op, table);
  for (unsigned loop = 0; loop < table.iterators.size(); ++loop)
    if (table.iterators[loop] == utils::IteratorType::reduction &&
        !blocked.canTileReduction(loop) &&
        !(isConstantIntValue(offsets[loop], 0) &&
          areKnownEqual(sizes[loop], whole[loop])))
      return op->emitOpError("cannot be tiled along '")
             << table.dims[loop]
             << "': its bias would be added once per tile; add the bias to the "
                "destination first";

  TilingResult result;
  SmallVector<Value> operands(op->getOperands());
  for (unsigned i = 0, e = operands.size(); i < e; ++i) {
    bool cut = llvm::any_of(table.operands[i], [&](DimRef ref) {
      return table.isLoop(ref.dim) && !ref.broadcast;
    });
    if (!cut)
      continue;
    Sizes sliceOffsets, sliceSizes;
    if (failed(getOperandSlice(builder, op, i, table, offsets, sizes,
                               sliceOffsets, sliceSizes)))
      return failure();
    if (isWhole(builder, op->getLoc(), operands[i], sliceOffsets, sliceSizes))
      continue;
    // A tensor without elements cannot be sliced, and any other is as good.
    if (llvm::is_contained(
            cast<RankedTensorType>(operands[i].getType()).getShape(), 0)) {
      operands[i] = tensor::EmptyOp::create(
          builder, op->getLoc(), sliceSizes,
          cast<RankedTensorType>(operands[i].getType()).getElementType());
      continue;
    }
    Sizes strides(sliceOffsets.size(), builder.getIndexAttr(1));
    auto slice = tensor::ExtractSliceOp::create(
        builder, op->getLoc(), operands[i], sliceOffsets, sliceSizes, strides);
    result.generatedSlices.push_back(slice);
    operands[i] = slice;
  }
  SmallVector<Type> types;
  for (OpOperand &init :
       cast<DestinationStyleOpInterface>(op).getDpsInitsMutable())
    types.push_back(operands[init.getOperandNumber()].getType());
  Operation *tiled = mlir::clone(builder, op, types, operands);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(tiled);
    cast<BlockedOpInterface>(tiled).locateTile(builder, op, offsets);
  }
  result.tiledOps.push_back(tiled);
  result.tiledValues.append(tiled->result_begin(), tiled->result_end());
  return result;
}

/// The tile of the loops that covers a tile of one operand.
LogicalResult getLoopTile(OpBuilder &builder, Operation *op, unsigned operand,
                          const BlockTable &table,
                          ArrayRef<OpFoldResult> offsets,
                          ArrayRef<OpFoldResult> sizes,
                          SmallVectorImpl<OpFoldResult> &loopOffsets,
                          SmallVectorImpl<OpFoldResult> &loopSizes) {
  for (auto [position, ref] : llvm::enumerate(table.operands[operand])) {
    if (ref.broadcast)
      continue;
    if (ref.ragged)
      return failure();
    if (table.isLoop(ref.dim)) {
      loopOffsets[ref.dim] =
          scale(builder, op->getLoc(), offsets[position], ref.divisor);
      loopSizes[ref.dim] =
          scale(builder, op->getLoc(), sizes[position], ref.divisor);
      continue;
    }
    // A dimension that is not a loop exists only as a whole.
    OpFoldResult whole = tensor::getMixedSize(
        builder, op->getLoc(), op->getOperand(operand), position);
    if (!isConstantIntValue(offsets[position], 0) ||
        !areKnownEqual(sizes[position], whole))
      return failure();
  }
  return success();
}

unsigned getInitOperand(Operation *op, unsigned result) {
  return cast<DestinationStyleOpInterface>(op)
      .getDpsInitOperand(result)
      ->getOperandNumber();
}

template <typename OpTy>
struct BlockedTiling
    : TilingInterface::ExternalModel<BlockedTiling<OpTy>, OpTy> {
  static BlockTable getTable(Operation *op) {
    return cast<BlockedOpInterface>(op).getBlockTable();
  }

  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    return getTable(op).iterators;
  }

  SmallVector<Range> getIterationDomain(Operation *op,
                                        OpBuilder &builder) const {
    return getDomain(builder, op, getTable(op));
  }

  FailureOr<TilingResult>
  getTiledImplementation(Operation *op, OpBuilder &builder,
                         ArrayRef<OpFoldResult> offsets,
                         ArrayRef<OpFoldResult> sizes) const {
    return tile(builder, op, offsets, sizes);
  }

  LogicalResult
  getResultTilePosition(Operation *op, OpBuilder &builder, unsigned result,
                        ArrayRef<OpFoldResult> offsets,
                        ArrayRef<OpFoldResult> sizes,
                        SmallVector<OpFoldResult> &resultOffsets,
                        SmallVector<OpFoldResult> &resultSizes) const {
    return getOperandSlice(builder, op, getInitOperand(op, result),
                           getTable(op), offsets, sizes, resultOffsets,
                           resultSizes);
  }

  LogicalResult getIterationDomainTileFromResultTile(
      Operation *op, OpBuilder &builder, unsigned result,
      ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
      SmallVectorImpl<OpFoldResult> &loopOffsets,
      SmallVectorImpl<OpFoldResult> &loopSizes) const {
    unsigned operand = getInitOperand(op, result);
    return getIterationDomainTileFromOperandTiles(
        op, builder, {operand}, {SmallVector<OpFoldResult>(offsets)},
        {SmallVector<OpFoldResult>(sizes)}, loopOffsets, loopSizes);
  }

  LogicalResult getIterationDomainTileFromOperandTiles(
      Operation *op, OpBuilder &builder, ArrayRef<unsigned> operands,
      ArrayRef<SmallVector<OpFoldResult>> offsets,
      ArrayRef<SmallVector<OpFoldResult>> sizes,
      SmallVectorImpl<OpFoldResult> &loopOffsets,
      SmallVectorImpl<OpFoldResult> &loopSizes) const {
    BlockTable table = getTable(op);
    for (const Range &range : getDomain(builder, op, table)) {
      loopOffsets.push_back(range.offset);
      loopSizes.push_back(range.size);
    }
    Sizes firstOffsets, firstSizes;
    for (auto [operand, offset, size] : llvm::zip(operands, offsets, sizes)) {
      Sizes tileOffsets(loopOffsets.begin(), loopOffsets.end()),
          tileSizes(loopSizes.begin(), loopSizes.end());
      if (failed(getLoopTile(builder, op, operand, table, offset, size,
                             tileOffsets, tileSizes)))
        return failure();
      if (firstOffsets.empty()) {
        firstOffsets = tileOffsets;
        firstSizes = tileSizes;
      } else if (firstOffsets != tileOffsets || firstSizes != tileSizes) {
        return failure();
      }
    }
    if (!firstOffsets.empty()) {
      loopOffsets.assign(firstOffsets.begin(), firstOffsets.end());
      loopSizes.assign(firstSizes.begin(), firstSizes.end());
    }
    return success();
  }

  FailureOr<TilingResult> getTiledImplementationFromOperandTiles(
      Operation *op, OpBuilder &builder, ArrayRef<unsigned> operands,
      ArrayRef<SmallVector<OpFoldResult>> offsets,
      ArrayRef<SmallVector<OpFoldResult>> sizes) const {
    Sizes loopOffsets, loopSizes;
    if (failed(getIterationDomainTileFromOperandTiles(
            op, builder, operands, offsets, sizes, loopOffsets, loopSizes)))
      return failure();
    return tile(builder, op, loopOffsets, loopSizes);
  }

  FailureOr<TilingResult>
  generateResultTileValue(Operation *op, OpBuilder &builder, unsigned result,
                          ArrayRef<OpFoldResult> offsets,
                          ArrayRef<OpFoldResult> sizes) const {
    Sizes loopOffsets, loopSizes;
    if (failed(getIterationDomainTileFromResultTile(
            op, builder, result, offsets, sizes, loopOffsets, loopSizes)))
      return failure();
    FailureOr<TilingResult> tiled = tile(builder, op, loopOffsets, loopSizes);
    if (failed(tiled))
      return failure();
    // The caller asked for one result and asserts that it gets one.
    return TilingResult{
        tiled->tiledOps, {tiled->tiledValues[result]}, tiled->generatedSlices};
  }
};

template <typename... OpTys>
void attach(MLIRContext *context, OpList<OpTys...>) {
  (OpTys::template attachInterface<BlockedTiling<OpTys>>(*context), ...);
}
} // namespace

void bpt::attachBlockedTiling(MLIRContext *context) {
  attach(context, BlockedOps());
}
