//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Dialect/BPT/IR/Differentiation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::bpt;

namespace {
/// Arithmetic on numbers, vectors or tensors, with the zero tangent as null.
class Calculus {
public:
  Calculus(OpBuilder &builder, Operation *op)
      : b(builder), l(op->getLoc()), type(op->getResult(0).getType()) {}

  Value constant(double value) {
    auto element = cast<FloatType>(getElementTypeOrSelf(type));
    TypedAttr attribute = b.getFloatAttr(element, value);
    if (auto shaped = dyn_cast<ShapedType>(type))
      attribute = DenseElementsAttr::get(shaped, attribute);
    return arith::ConstantOp::create(b, l, attribute);
  }
  Value add(Value x, Value y) {
    if (!x || !y)
      return x ? x : y;
    return arith::AddFOp::create(b, l, x, y);
  }
  Value sub(Value x, Value y) {
    if (!y)
      return x;
    if (!x)
      return neg(y);
    return arith::SubFOp::create(b, l, x, y);
  }
  Value neg(Value x) { return x ? arith::NegFOp::create(b, l, x) : Value(); }
  Value mul(Value x, Value y) {
    if (!x || !y)
      return {};
    return arith::MulFOp::create(b, l, x, y);
  }
  Value div(Value x, Value y) {
    return x ? arith::DivFOp::create(b, l, x, y) : Value();
  }
  /// x where the condition holds, else y.
  Value select(Value condition, Value x, Value y) {
    if (!x && !y)
      return {};
    return arith::SelectOp::create(b, l, condition, x ? x : constant(0.0),
                                   y ? y : constant(0.0));
  }
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return arith::CmpFOp::create(b, l, predicate, x, y);
  }

  OpBuilder &b;
  Location l;
  Type type;
};

using Rule = Value (*)(Calculus &c, ValueRange x, Value y, ArrayRef<Value> dx);

/// The derivative of one operation as a rule over (operands, result, tangents).
template <typename OpTy, Rule rule>
struct Derivative
    : ScalarDerivativeOpInterface::ExternalModel<Derivative<OpTy, rule>, OpTy> {
  Value buildTangent(Operation *op, OpBuilder &builder, ValueRange operands,
                     Value result, ArrayRef<Value> tangents) const {
    if (llvm::none_of(tangents, [](Value tangent) { return !!tangent; }))
      return {};
    Calculus calculus(builder, op);
    return rule(calculus, operands, result, tangents);
  }
};

Value addRule(Calculus &c, ValueRange, Value, ArrayRef<Value> dx) {
  return c.add(dx[0], dx[1]);
}
Value subRule(Calculus &c, ValueRange, Value, ArrayRef<Value> dx) {
  return c.sub(dx[0], dx[1]);
}
Value negRule(Calculus &c, ValueRange, Value, ArrayRef<Value> dx) {
  return c.neg(dx[0]);
}
Value mulRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.add(c.mul(dx[0], x[1]), c.mul(x[0], dx[1]));
}
Value divRule(Calculus &c, ValueRange x, Value y, ArrayRef<Value> dx) {
  return c.div(c.sub(dx[0], c.mul(y, dx[1])), x[1]);
}
Value fmaRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.add(c.add(c.mul(dx[0], x[1]), c.mul(x[0], dx[1])), dx[2]);
}
/// Where both are equal the second one counts, so that max(x, 0)' is 0 at 0.
Value maxRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.select(c.compare(arith::CmpFPredicate::UGT, x[0], x[1]), dx[0],
                  dx[1]);
}
Value minRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.select(c.compare(arith::CmpFPredicate::ULT, x[0], x[1]), dx[0],
                  dx[1]);
}
Value selectRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.select(x[0], dx[1], dx[2]);
}
Value extRule(Calculus &c, ValueRange, Value, ArrayRef<Value> dx) {
  return arith::ExtFOp::create(c.b, c.l, c.type, dx[0]);
}
Value truncRule(Calculus &c, ValueRange, Value, ArrayRef<Value> dx) {
  return arith::TruncFOp::create(c.b, c.l, c.type, dx[0]);
}
Value expRule(Calculus &c, ValueRange, Value y, ArrayRef<Value> dx) {
  return c.mul(dx[0], y);
}
Value exp2Rule(Calculus &c, ValueRange, Value y, ArrayRef<Value> dx) {
  return c.mul(dx[0], c.mul(y, c.constant(0.6931471805599453)));
}
Value expm1Rule(Calculus &c, ValueRange, Value y, ArrayRef<Value> dx) {
  return c.mul(dx[0], c.add(y, c.constant(1.0)));
}
Value logRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.div(dx[0], x[0]);
}
Value log2Rule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.div(c.mul(dx[0], c.constant(1.4426950408889634)), x[0]);
}
Value log1pRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.div(dx[0], c.add(x[0], c.constant(1.0)));
}
Value sqrtRule(Calculus &c, ValueRange, Value y, ArrayRef<Value> dx) {
  return c.div(c.mul(dx[0], c.constant(0.5)), y);
}
Value rsqrtRule(Calculus &c, ValueRange, Value y, ArrayRef<Value> dx) {
  return c.mul(dx[0], c.mul(c.constant(-0.5), c.mul(y, c.mul(y, y))));
}
Value tanhRule(Calculus &c, ValueRange, Value y, ArrayRef<Value> dx) {
  return c.mul(dx[0], c.sub(c.constant(1.0), c.mul(y, y)));
}
Value erfRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  Value power = c.mul(c.mul(x[0], x[0]), c.constant(-1.4426950408889634));
  Value density = math::Exp2Op::create(c.b, c.l, power);
  return c.mul(dx[0], c.mul(density, c.constant(1.1283791670955126)));
}
Value sinRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.mul(dx[0], math::CosOp::create(c.b, c.l, x[0]));
}
Value cosRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  return c.neg(c.mul(dx[0], math::SinOp::create(c.b, c.l, x[0])));
}
Value absRule(Calculus &c, ValueRange x, Value, ArrayRef<Value> dx) {
  Value zero = c.constant(0.0);
  Value positive = c.compare(arith::CmpFPredicate::OGT, x[0], zero);
  Value negative = c.compare(arith::CmpFPredicate::OLT, x[0], zero);
  return c.select(positive, dx[0], c.select(negative, c.neg(dx[0]), zero));
}
Value powRule(Calculus &c, ValueRange x, Value y, ArrayRef<Value> dx) {
  Value result;
  if (dx[0]) {
    Value less = c.sub(x[1], c.constant(1.0));
    Value power = math::PowFOp::create(c.b, c.l, x[0], less);
    result = c.mul(dx[0], c.mul(x[1], power));
  }
  if (dx[1]) {
    // 0^y is 0 for the exponents at which it has a derivative.
    Value log = math::LogOp::create(c.b, c.l, x[0]);
    Value isZero = c.compare(arith::CmpFPredicate::OEQ, x[0], c.constant(0.0));
    result =
        c.add(result, c.select(isZero, Value(), c.mul(dx[1], c.mul(y, log))));
  }
  return result;
}
/// Steps have the derivative 0 wherever they have one.
Value zeroRule(Calculus &, ValueRange, Value, ArrayRef<Value>) { return {}; }
} // namespace

void bpt::attachScalarDerivatives(MLIRContext *context) {
#define DERIVATIVE(op, rule) op::attachInterface<Derivative<op, rule>>(*context)
  DERIVATIVE(arith::AddFOp, addRule);
  DERIVATIVE(arith::SubFOp, subRule);
  DERIVATIVE(arith::NegFOp, negRule);
  DERIVATIVE(arith::MulFOp, mulRule);
  DERIVATIVE(arith::DivFOp, divRule);
  DERIVATIVE(arith::MaximumFOp, maxRule);
  DERIVATIVE(arith::MaxNumFOp, maxRule);
  DERIVATIVE(arith::MinimumFOp, minRule);
  DERIVATIVE(arith::MinNumFOp, minRule);
  DERIVATIVE(arith::SelectOp, selectRule);
  DERIVATIVE(arith::ExtFOp, extRule);
  DERIVATIVE(arith::TruncFOp, truncRule);
  DERIVATIVE(math::FmaOp, fmaRule);
  DERIVATIVE(math::ExpOp, expRule);
  DERIVATIVE(math::Exp2Op, exp2Rule);
  DERIVATIVE(math::ExpM1Op, expm1Rule);
  DERIVATIVE(math::LogOp, logRule);
  DERIVATIVE(math::Log2Op, log2Rule);
  DERIVATIVE(math::Log1pOp, log1pRule);
  DERIVATIVE(math::SqrtOp, sqrtRule);
  DERIVATIVE(math::RsqrtOp, rsqrtRule);
  DERIVATIVE(math::TanhOp, tanhRule);
  DERIVATIVE(math::ErfOp, erfRule);
  DERIVATIVE(math::SinOp, sinRule);
  DERIVATIVE(math::CosOp, cosRule);
  DERIVATIVE(math::AbsFOp, absRule);
  DERIVATIVE(math::PowFOp, powRule);
  DERIVATIVE(math::FloorOp, zeroRule);
  DERIVATIVE(math::CeilOp, zeroRule);
  DERIVATIVE(math::RoundOp, zeroRule);
  DERIVATIVE(math::RoundEvenOp, zeroRule);
  DERIVATIVE(math::TruncOp, zeroRule);
  DERIVATIVE(arith::CmpFOp, zeroRule);
  DERIVATIVE(arith::FPToSIOp, zeroRule);
  DERIVATIVE(arith::FPToUIOp, zeroRule);
#undef DERIVATIVE
}
