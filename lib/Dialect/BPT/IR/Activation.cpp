//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"

using namespace mlir;
using namespace mlir::bpt;

/// 1 / (1 + 2^(−x · factor · log2 e)) · x, the logistic form of an activation.
static Value timesSigmoid(OpBuilder &b, Location l, Value x, Value argument) {
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, l, b.getF32FloatAttr(value));
  };
  Value power = math::Exp2Op::create(
      b, l, arith::MulFOp::create(b, l, argument, constant(-kLog2E)));
  Value denominator = arith::AddFOp::create(b, l, power, constant(1.0));
  return arith::DivFOp::create(b, l, x, denominator);
}

Value bpt::applyActivation(OpBuilder &b, Location l, Activation kind, Value x) {
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, l, b.getF32FloatAttr(value));
  };
  auto times = [&](Value a, Value c) -> Value {
    return arith::MulFOp::create(b, l, a, c);
  };
  switch (kind) {
  case Activation::Relu:
    return arith::MaximumFOp::create(b, l, x, constant(0.0));
  case Activation::Gelu: {
    Value erf =
        math::ErfOp::create(b, l, times(x, constant(0.7071067811865476)));
    Value one = arith::AddFOp::create(b, l, erf, constant(1.0));
    return times(times(x, constant(0.5)), one);
  }
  case Activation::GeluTanh: {
    // (1 + tanh u) / 2 is the logistic function of 2u.
    Value cube = times(times(x, x), x);
    Value inner =
        arith::AddFOp::create(b, l, x, times(cube, constant(0.044715)));
    return timesSigmoid(b, l, x,
                        times(inner, constant(2 * 0.7978845608028654)));
  }
  case Activation::QuickGelu:
    return timesSigmoid(b, l, x, times(x, constant(1.702)));
  case Activation::Silu:
    return timesSigmoid(b, l, x, x);
  }
  llvm_unreachable("all activations are covered");
}
