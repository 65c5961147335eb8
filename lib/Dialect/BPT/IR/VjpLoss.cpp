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

Operation *CrossEntropyOp::prepareForVjp(RewriterBase &rewriter) {
  if (getLse())
    return *this;
  rewriter.setInsertionPoint(*this);
  Value init = tensor::EmptyOp::create(
      rewriter, getLoc(), tensor::getMixedSizes(rewriter, getLoc(), getInit()),
      rewriter.getF32Type());
  auto larger = CrossEntropyOp::create(
      rewriter, getLoc(), TypeRange{getLoss().getType(), init.getType()},
      getHidden(), getWeight(), getLabels(), getInit(), init,
      getLabelSmoothing(), getZLoss());
  larger->setDiscardableAttrs(llvm::to_vector((*this)->getDiscardableAttrs()));
  rewriter.replaceAllUsesWith(getLoss(), larger.getLoss());
  rewriter.eraseOp(*this);
  return larger;
}

LogicalResult CrossEntropyOp::buildVjp(VjpBuilder &vjp) {
  GradientBuilder gradient(vjp);
  Type f32 = vjp.builder.getF32Type();
  Value lse = vjp.primal(getLse());
  Value dloss = vjp.cotangent(0), dlse = vjp.cotangent(1);
  if (!dloss)
    dloss = gradient.zerosLike(lse, f32);
  Value hidden = vjp.primal(getHidden()), weight = vjp.primal(getWeight());
  Value hiddenInit = gradient.zerosLike(hidden, f32),
        weightInit = gradient.zerosLike(weight, f32);
  auto backward = CrossEntropyBackwardOp::create(
      vjp.builder, vjp.loc,
      TypeRange{hiddenInit.getType(), weightInit.getType()}, hidden, weight,
      vjp.primal(getLabels()), lse, dloss, dlse, hiddenInit, weightInit);
  if (vjp.isActive(getHidden()))
    vjp.add(0, gradient.convert(backward.getHiddenGradient(),
                                gradient.elementType(getHidden())));
  if (vjp.isActive(getWeight()))
    vjp.add(1, backward.getWeightGradient());
  return success();
}
