//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_EXPANDFLOAT8PASS
#include "bpt/Target/Common/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

namespace {
/// Conversions of numbers, or vectors of them, between f8E4M3FN and f32.
class Float8Builder {
public:
  Float8Builder(Operation *op)
      : b(op->getLoc(), op), shape(op->getResult(0).getType()) {}

  Value extend(Value x) {
    Type i16 = b.getIntegerType(16);
    Value bits = arith::ExtUIOp::create(
        b, like(i16),
        arith::BitcastOp::create(b, like(b.getIntegerType(8)), x));
    Value magnitude = arith::AndIOp::create(b, bits, integer(i16, 0x7f));
    Value sign = arith::AndIOp::create(b, bits, integer(i16, 0x80));
    // The digits as those of an f16, whose exponents begin 2^8 lower. Numbers
    // below the normal ones are such of f16 too, which every target converts.
    Value half = arith::OrIOp::create(
        b, arith::ShLIOp::create(b, magnitude, integer(i16, 7)),
        arith::ShLIOp::create(b, sign, integer(i16, 8)));
    half = arith::BitcastOp::create(b, like(b.getF16Type()), half);
    Value value = arith::MulFOp::create(
        b, arith::ExtFOp::create(b, like(b.getF32Type()), half), number(256));
    Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, magnitude,
                                        integer(i16, 0x7f));
    return arith::SelectOp::create(
        b, isNaN, number(std::numeric_limits<float>::quiet_NaN()), value);
  }

  Value truncate(Value x) {
    Type i32 = b.getI32Type(), i8 = b.getIntegerType(8);
    auto constant = [&](int64_t value) { return integer(i32, value); };
    Value bits = arith::BitcastOp::create(b, like(i32), x);
    Value sign = arith::ShRUIOp::create(
        b, arith::AndIOp::create(b, bits, constant(int32_t(0x80000000))),
        constant(24));
    Value magnitude = arith::AndIOp::create(b, bits, constant(0x7fffffff));
    Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, magnitude,
                                        constant(0x7f800000));
    // 448, the largest number.
    magnitude = arith::MinUIOp::create(b, magnitude, constant(0x43e00000));
    Value odd = arith::AndIOp::create(
        b, arith::ShRUIOp::create(b, magnitude, constant(20)), constant(1));
    Value rounded = arith::AddIOp::create(
        b, arith::AddIOp::create(b, magnitude, constant(0x7ffff)), odd);
    Value normal = arith::SubIOp::create(
        b, arith::ShRUIOp::create(b, rounded, constant(20)),
        constant((127 - 7) << 3));
    // Below 2^-6 numbers are multiples of 2^-9, which is the last digit of
    // those beside 2^14.
    Value shifted = arith::AddFOp::create(
        b, arith::BitcastOp::create(b, like(b.getF32Type()), magnitude),
        number(16384));
    Value subnormal = arith::SubIOp::create(
        b, arith::BitcastOp::create(b, like(i32), shifted),
        constant(0x46800000));
    Value isSubnormal = arith::CmpIOp::create(
        b, arith::CmpIPredicate::ult, magnitude, constant((127 - 6) << 23));
    Value code = arith::SelectOp::create(b, isSubnormal, subnormal, normal);
    code = arith::SelectOp::create(b, isNaN, constant(0x7f), code);
    code = arith::OrIOp::create(b, code, sign);
    return arith::BitcastOp::create(b, like(b.getType<Float8E4M3FNType>()),
                                    arith::TruncIOp::create(b, like(i8), code));
  }

  /// The value in another type: f32 in between has the digits of all but f64.
  Value convert(Value x, Type element) {
    unsigned from = getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth();
    unsigned to = element.getIntOrFloatBitWidth();
    if (from < to)
      return arith::ExtFOp::create(b, like(element), x);
    if (from > to)
      return arith::TruncFOp::create(b, like(element), x);
    return x;
  }

  ImplicitLocOpBuilder b;

private:
  Type like(Type element) {
    auto shaped = dyn_cast<ShapedType>(shape);
    return shaped ? shaped.clone(element) : element;
  }
  Value splat(TypedAttr value) {
    if (auto shaped = dyn_cast<ShapedType>(like(value.getType())))
      return arith::ConstantOp::create(b,
                                       DenseElementsAttr::get(shaped, value));
    return arith::ConstantOp::create(b, value);
  }
  Value integer(Type type, int64_t value) {
    return splat(b.getIntegerAttr(type, value));
  }
  Value number(float value) { return splat(b.getF32FloatAttr(value)); }

  Type shape;
};

bool isFloat8(Value value) {
  return isa<Float8E4M3FNType>(getElementTypeOrSelf(value.getType()));
}

struct ExpandFloat8Pass : bpt::impl::ExpandFloat8PassBase<ExpandFloat8Pass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if ((isa<arith::ExtFOp>(op) && isFloat8(op->getOperand(0))) ||
          (isa<arith::TruncFOp>(op) && isFloat8(op->getResult(0))))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      Float8Builder builder(op);
      Value x = op->getOperand(0);
      Value result =
          isa<arith::ExtFOp>(op)
              ? builder.convert(builder.extend(x),
                                getElementTypeOrSelf(op->getResult(0)))
              : builder.truncate(builder.convert(x, builder.b.getF32Type()));
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
    }
  }
};
} // namespace
