//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientBuilder.h"

using namespace mlir;
using namespace mlir::bpt;

LogicalResult EmbeddingOp::buildVjp(VjpBuilder &vjp) {
  if (!vjp.isActive(getTable()))
    return success();
  GradientBuilder gradient(vjp);
  Value init =
      gradient.zerosLike(vjp.primal(getTable()), vjp.builder.getF32Type());
  vjp.add(1, EmbeddingGradientOp::create(vjp.builder, vjp.loc, init.getType(),
                                         vjp.primal(getIds()), vjp.cotangent(0),
                                         init)
                 .getResult());
  return success();
}

// The rotation by the opposite angle.
LogicalResult RotaryEmbeddingOp::buildVjp(VjpBuilder &vjp) {
  if (!vjp.isActive(getX()))
    return success();
  GradientBuilder gradient(vjp);
  Value init =
      gradient.emptyLike(vjp.cotangent(0), gradient.elementType(getX()));
  auto rotated = RotaryEmbeddingOp::create(
      vjp.builder, vjp.loc, init.getType(),
      gradient.convert(vjp.cotangent(0), gradient.elementType(getX())),
      getPosition() ? vjp.primal(getPosition()) : Value(), init, getKindAttr(),
      getDimAttr(), vjp.builder.getUnitAttr(), getBaseAttr());
  if (getInverse())
    rotated.setInverse(false);
  vjp.add(0, rotated.getResult());
  return success();
}
