//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/CPU/Passes.h"
#include "bpt/Target/Common/MathExpansion.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_AVX512MATHPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;
using namespace mlir::bpt;

namespace {

constexpr int64_t kLanes = 16;

/// What AVX-512 has instructions for, on one register of f32.
class RegisterBuilder {
public:
  RegisterBuilder(OpBuilder &builder, Location loc)
      : b(loc, builder), type(VectorType::get(kLanes, b.getF32Type())) {}

  Value constant(float value) {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, b.getF32FloatAttr(value)));
  }

  /// x − round(x), and 0 for infinities.
  Value reduce(Value x) {
    return call("llvm.x86.avx512.mask.reduce.ps.512",
                {x, integer(0), constant(0.0f), allLanes(), integer(kCurrent)});
  }

  /// x · 2^n for whole n; 0 in lanes that the mask leaves out.
  Value scale(Value x, Value n, Value mask) {
    Value bits = LLVM::BitcastOp::create(b, b.getI16Type(), mask);
    return call("llvm.x86.avx512.mask.scalef.ps.512",
                {x, n, constant(0.0f), bits, integer(kCurrent)});
  }

  /// 2^x in one pass over the exponent, whatever x is; no denormal numbers.
  Value exp2(Value x) {
    Value f = reduce(x), n = math::RoundEvenOp::create(b, x);
    Value p = constant(kExp2Coefficients[6]);
    for (float coefficient :
         llvm::reverse(ArrayRef(kExp2Coefficients).drop_back()))
      p = vector::FMAOp::create(b, p, f, constant(coefficient));
    // Also true for NaN.
    Value isNormal = arith::CmpFOp::create(b, arith::CmpFPredicate::UGE, x,
                                           constant(kLowestExp2));
    return scale(p, n, isNormal);
  }

private:
  /// The rounding mode that is set, as an operand of an instruction.
  static constexpr int32_t kCurrent = 4;

  Value integer(int32_t value) {
    return LLVM::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }
  Value allLanes() {
    return LLVM::ConstantOp::create(b, b.getI16IntegerAttr(-1));
  }
  Value call(StringRef intrinsic, ValueRange arguments) {
    return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(intrinsic),
                                         arguments)
        .getResult(0);
  }

  ImplicitLocOpBuilder b;
  VectorType type;
};

struct AVX512MathPass : bpt::impl::AVX512MathPassBase<AVX512MathPass> {
  void runOnOperation() override {
    SmallVector<math::Exp2Op> ops;
    getOperation()->walk([&](math::Exp2Op op) {
      auto type = dyn_cast<VectorType>(op.getType());
      if (type && type.getElementType().isF32() && type.getRank() == 1 &&
          !type.isScalable() && type.getDimSize(0) % kLanes == 0)
        ops.push_back(op);
    });
    for (math::Exp2Op op : ops)
      expand(op);
  }

  static void expand(math::Exp2Op op) {
    OpBuilder builder(op);
    Location loc = op.getLoc();
    RegisterBuilder b(builder, loc);
    int64_t lanes = cast<VectorType>(op.getType()).getDimSize(0);
    Value x = op.getOperand(), result;
    if (lanes == kLanes) {
      result = b.exp2(x);
    } else {
      result = arith::ConstantOp::create(builder, loc,
                                         builder.getZeroAttr(op.getType()));
      for (int64_t lane = 0; lane < lanes; lane += kLanes) {
        Value part = vector::ExtractStridedSliceOp::create(
            builder, loc, x, ArrayRef<int64_t>{lane}, ArrayRef<int64_t>{kLanes},
            ArrayRef<int64_t>{1});
        result = vector::InsertStridedSliceOp::create(
            builder, loc, b.exp2(part), result, ArrayRef<int64_t>{lane},
            ArrayRef<int64_t>{1});
      }
    }
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  }
};
} // namespace
