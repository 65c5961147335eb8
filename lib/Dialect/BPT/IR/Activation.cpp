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

namespace {
/// Arithmetic on f32 numbers.
struct Arithmetic {
  OpBuilder &b;
  Location l;

  Value constant(double value) {
    return arith::ConstantOp::create(b, l, b.getF32FloatAttr(value));
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, l, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, l, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, l, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, l, x, y); }

  /// 1 + 2^(−x · log2 e), of which the logistic function is the reciprocal.
  Value logisticDenominator(Value x) {
    Value power = math::Exp2Op::create(b, l, mul(x, constant(-kLog2E)));
    return add(power, constant(1.0));
  }
  /// 1 + erf(x / √2)
  Value onePlusErf(Value x) {
    Value erf = math::ErfOp::create(b, l, mul(x, constant(0.7071067811865476)));
    return add(erf, constant(1.0));
  }
  /// (1 + tanh u) / 2 is the logistic function of 2u: this is the 2u of
  /// gelu_tanh.
  Value geluTanhArgument(Value x) {
    Value cube = mul(mul(x, x), x);
    Value inner = add(x, mul(cube, constant(0.044715)));
    return mul(inner, constant(2 * 0.7978845608028654));
  }
};
} // namespace

/// The argument of the logistic function that an activation multiplies x by.
static Value getLogisticArgument(Arithmetic &c, Activation kind, Value x) {
  switch (kind) {
  case Activation::GeluTanh:
    return c.geluTanhArgument(x);
  case Activation::QuickGelu:
    return c.mul(x, c.constant(1.702));
  default:
    return x;
  }
}

Value bpt::applyActivation(OpBuilder &b, Location l, Activation kind, Value x) {
  Arithmetic c{b, l};
  switch (kind) {
  case Activation::Relu:
    return arith::MaximumFOp::create(b, l, x, c.constant(0.0));
  case Activation::Gelu:
    return c.mul(c.mul(x, c.constant(0.5)), c.onePlusErf(x));
  case Activation::GeluTanh:
  case Activation::QuickGelu:
  case Activation::Silu:
    return c.div(x, c.logisticDenominator(getLogisticArgument(c, kind, x)));
  }
  llvm_unreachable("all activations are covered");
}

std::pair<Value, Value> bpt::differentiateActivation(OpBuilder &b, Location l,
                                                     Activation kind, Value x) {
  Arithmetic c{b, l};
  Value zero = c.constant(0.0), one = c.constant(1.0);
  switch (kind) {
  case Activation::Relu: {
    Value positive =
        arith::CmpFOp::create(b, l, arith::CmpFPredicate::UGT, x, zero);
    return {arith::MaximumFOp::create(b, l, x, zero),
            arith::SelectOp::create(b, l, positive, one, zero)};
  }
  case Activation::Gelu: {
    // Φ(x) + x φ(x)
    Value cdf = c.mul(c.onePlusErf(x), c.constant(0.5));
    Value power = math::Exp2Op::create(
        b, l, c.mul(c.mul(x, x), c.constant(-0.5 * kLog2E)));
    Value density = c.mul(power, c.constant(0.3989422804014327));
    return {c.mul(x, cdf), c.add(cdf, c.mul(x, density))};
  }
  case Activation::GeluTanh:
  case Activation::QuickGelu:
  case Activation::Silu: {
    // s + x s (1 − s) · argument', finite also where 2^… overflows.
    Value s =
        c.div(one, c.logisticDenominator(getLogisticArgument(c, kind, x)));
    Value y = c.mul(x, s), slope = c.mul(y, c.sub(one, s));
    if (kind == Activation::QuickGelu)
      slope = c.mul(slope, c.constant(1.702));
    if (kind == Activation::GeluTanh) {
      Value square = c.mul(x, x);
      slope = c.mul(slope, c.add(c.mul(square, c.constant(3 * 0.044715 * 2 *
                                                          0.7978845608028654)),
                                 c.constant(2 * 0.7978845608028654)));
    }
    return {y, c.add(s, slope)};
  }
  }
  llvm_unreachable("all activations are covered");
}
