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

// y = init + x · w + b
LogicalResult LinearOp::buildVjp(VjpBuilder &vjp) {
  GradientBuilder gradient(vjp);
  Value dy = vjp.cotangent(0);
  unsigned leading = gradient.rank(getX()) - 2;
  unsigned initOperand = getNumOperands() - 1;
  if (multipliesFloat8() &&
      llvm::any_of(
          ValueRange{getX(), getWeight(), getXScale(), getWeightScale()},
          [&](Value operand) { return operand && vjp.isActive(operand); }))
    return emitOpError("has no gradient with respect to operands of f8E4M3FN "
                       "and their scales; differentiate what is computed "
                       "before they are rounded, or leave them out of 'wrt'");
  if (vjp.isActive(getX())) {
    Value weight = vjp.primal(getWeight());
    if (!getTransposed())
      weight = gradient.transposeWeight(weight, leading);
    vjp.add(0,
            gradient.linear(dy, weight, Value(), gradient.elementType(getX())));
  }
  if (vjp.isActive(getWeight())) {
    Value x = vjp.primal(getX());
    vjp.add(1, getTransposed() ? gradient.weightGradient(dy, x)
                               : gradient.weightGradient(x, dy));
  }
  if (getBias() && vjp.isActive(getBias()))
    vjp.add(2, gradient.sumOfRows(dy));
  if (vjp.isActive(getInit()))
    vjp.add(initOperand, dy);
  return success();
}

// The network as the projections that it is made of: the activations of its
// hidden units are computed again, for the rows of a chunk.
LogicalResult FeedForwardOp::buildVjp(VjpBuilder &vjp) {
  GradientBuilder gradient(vjp);
  Value dy = vjp.cotangent(0);
  auto wants = [&](MutableOperandRange range) {
    return !range.empty() && vjp.isActive(range[0].get());
  };
  auto add = [&](MutableOperandRange range, Value value) {
    vjp.add(range[0].getOperandNumber(), value);
  };
  bool wantsUp = wants(getW1Mutable()) || wants(getB1Mutable()),
       wantsGate = wants(getW3Mutable()) || wants(getB3Mutable()),
       wantsX = wants(getXMutable());
  if (wants(getInitMutable()))
    add(getInitMutable(), dy);
  if (wants(getB2Mutable()))
    add(getB2Mutable(), gradient.sumOfRows(dy));
  if (!wantsUp && !wantsGate && !wantsX && !wants(getW2Mutable()))
    return success();

  Type f32 = vjp.builder.getF32Type(), type = gradient.elementType(getX());
  auto primal = [&](Value value) {
    return value ? vjp.primal(value) : Value();
  };
  Value x = vjp.primal(getX());
  Value u = gradient.linear(x, primal(getW1()), primal(getB1()), f32);
  Value g;
  if (getW3())
    g = gradient.linear(x, primal(getW3()), primal(getB3()), f32);
  Value w2 = primal(getW2());
  Value dz = gradient.linear(dy, gradient.transposeWeight(w2, 1), Value(), f32);

  // z = act(u) ⊙ g, du = dz ⊙ act'(u) ⊙ g, dg = dz ⊙ act(u)
  SmallVector<Value> inputs{u, dz};
  SmallVector<Type> types{type, type};
  if (g) {
    inputs.push_back(g);
    types.push_back(type);
  }
  SmallVector<Value> hidden = gradient.elementwise(
      inputs, types, [&](OpBuilder &b, Location l, ValueRange v) {
        auto [act, slope] =
            differentiateActivation(b, l, getActivation(), v[0]);
        Value du = arith::MulFOp::create(b, l, v[1], slope);
        if (!g)
          return SmallVector<Value>{act, du};
        Value z = arith::MulFOp::create(b, l, act, v[2]);
        du = arith::MulFOp::create(b, l, du, v[2]);
        Value dg = arith::MulFOp::create(b, l, v[1], act);
        return SmallVector<Value>{z, du, dg};
      });
  if (wants(getW2Mutable()))
    add(getW2Mutable(), gradient.weightGradient(hidden[0], dy));

  auto addProjection = [&](Value du, MutableOperandRange weight,
                           MutableOperandRange bias) {
    if (wants(weight))
      add(weight, gradient.weightGradient(x, du));
    if (wants(bias))
      add(bias, gradient.sumOfRows(du));
    if (!wantsX)
      return;
    Value transposed = gradient.transposeWeight(vjp.primal(weight[0].get()), 1);
    add(getXMutable(), gradient.linear(du, transposed, Value(), type));
  };
  addProjection(hidden[1], getW1Mutable(), getB1Mutable());
  if (g)
    addProjection(hidden[2], getW3Mutable(), getB3Mutable());
  return success();
}
