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
