//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpUtils.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;
using namespace mlir::bpt;

LogicalResult
bpt::verifySameElementType(Operation *op,
                           ArrayRef<std::pair<StringRef, Value>> operands) {
  auto elementType = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getElementType();
  };
  auto [firstName, first] = operands.front();
  for (auto [name, value] : operands.drop_front())
    if (value && elementType(value) != elementType(first))
      return op->emitOpError("element type of '")
             << name << "' is " << elementType(value) << ", but that of '"
             << firstName << "' is " << elementType(first)
             << "; they must be equal";
  return success();
}

LogicalResult bpt::verifyInitElementType(Operation *op, Value input,
                                         Value init) {
  Type expected = cast<RankedTensorType>(input.getType()).getElementType();
  Type actual = cast<RankedTensorType>(init.getType()).getElementType();
  if (actual != expected && !actual.isF32())
    return op->emitOpError("element type of the destination is ")
           << actual << "; it must be that of the inputs, " << expected
           << ", or f32";
  return success();
}

/// The dimensions of a tensor's scale: an entry for every block along each.
SmallVector<DimRef> bpt::getScaleDims(ArrayRef<DimRef> tensor,
                                      std::optional<ArrayRef<int64_t>> blocks) {
  if (!blocks)
    return {};
  SmallVector<DimRef> dims(tensor);
  for (auto [ref, block] : llvm::zip_equal(dims, *blocks)) {
    ref.broadcast = block == 0;
    ref.divisor *= std::max<int64_t>(block, 1);
    ref.ragged = block > 1;
  }
  return dims;
}

/// The sizes of the blocks of one scale, and its shape as far as it does not
/// depend on the tensor's.
LogicalResult bpt::verifyScale(Operation *op, StringRef name, Value tensor,
                               Value scale,
                               std::optional<ArrayRef<int64_t>> blocks) {
  if (!blocks) {
    if (scale && getRank(scale) != 0)
      return op->emitOpError("has a '")
             << name << "_scale' of rank " << getRank(scale)
             << ", but without '" << name
             << "_blocks' a scale is one number, of rank 0";
    return success();
  }
  if (!scale)
    return op->emitOpError("has '")
           << name << "_blocks', but no scale for them";
  int64_t rank = getRank(tensor);
  if (static_cast<int64_t>(blocks->size()) != rank)
    return op->emitOpError("has ")
           << blocks->size() << " '" << name << "_blocks' for the " << rank
           << " dimensions of '" << name << "'";
  if (llvm::any_of(*blocks, [](int64_t block) { return block < 0; }))
    return op->emitOpError("has a negative size in '")
           << name << "_blocks'; 0 stands for a whole dimension";
  if (getRank(scale) != rank)
    return op->emitOpError("has a '")
           << name << "_scale' of rank " << getRank(scale) << ", but '" << name
           << "' has rank " << rank << "; with '" << name
           << "_blocks' they are the same";
  for (auto [dim, block] : llvm::enumerate(*blocks))
    if (block == 0 && getDim(scale, dim) != 1)
      return op->emitOpError("has '")
             << name << "_blocks' of which dimension " << dim
             << " is whole (0), but there '" << name << "_scale' has the size "
             << getDim(scale, dim) << " instead of 1";
  return success();
}

Value bpt::addOffset(OpBuilder &builder, Location loc, Value base,
                     OpFoldResult offset) {
  AffineExpr d0 = builder.getAffineDimExpr(0), d1 = builder.getAffineDimExpr(1);
  OpFoldResult first = base ? getAsOpFoldResult(base) : builder.getIndexAttr(0);
  return getValueOrCreateConstantIndexOp(
      builder, loc,
      affine::makeComposedFoldedAffineApply(builder, loc, d0 + d1,
                                            {first, offset}));
}

bool bpt::isSplatOf(Value value, double number) {
  DenseFPElementsAttr constant;
  return matchPattern(value, m_Constant(&constant)) && constant.isSplat() &&
         constant.getSplatValue<APFloat>().convertToDouble() == number;
}
