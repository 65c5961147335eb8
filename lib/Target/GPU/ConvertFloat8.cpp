//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_CONVERTFLOAT8PASS
#include "bpt/Target/GPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

// The instructions convert pairs. The other number of the pair is 0.

/// f8E4M3FN to a wider type.
static Value extend(OpBuilder &b, Location loc, Value x, Type type) {
  Type i8 = b.getI8Type(), f16 = b.getF16Type();
  Value bits = arith::BitcastOp::create(b, loc, i8, x);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(i8));
  Value pair = vector::FromElementsOp::create(b, loc, VectorType::get(2, i8),
                                              ValueRange{bits, zero});
  Value halves = NVVM::ConvertF8x2ToF16x2Op::create(
      b, loc, VectorType::get(2, f16), pair, b.getBoolAttr(false),
      TypeAttr::get(x.getType()));
  Value half = vector::ExtractOp::create(b, loc, halves, int64_t(0));
  if (type.isF16())
    return half;
  Value wide = arith::ExtFOp::create(
      b, loc, type.isBF16() ? Type(b.getF32Type()) : type, half);
  return type.isBF16() ? arith::TruncFOp::create(b, loc, type, wide).getResult()
                       : wide;
}

/// A wider type to f8E4M3FN, by way of f32.
static Value truncate(OpBuilder &b, Location loc, Value x, Type type) {
  Type f32 = b.getF32Type();
  if (x.getType().getIntOrFloatBitWidth() < 32)
    x = arith::ExtFOp::create(b, loc, f32, x);
  else if (x.getType().isF64())
    x = arith::TruncFOp::create(b, loc, f32, x);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(f32));
  Value pair = NVVM::ConvertF32x2ToF8x2Op::create(
      b, loc, b.getIntegerType(16), zero, x, NVVM::FPRoundingMode::RN,
      NVVM::SaturationMode::SATFINITE, /*relu=*/false, type);
  Value bits = arith::TruncIOp::create(b, loc, b.getI8Type(), pair);
  return arith::BitcastOp::create(b, loc, type, bits);
}

namespace {
struct ConvertFloat8Pass : bpt::impl::ConvertFloat8PassBase<ConvertFloat8Pass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      bool extends = isa<arith::ExtFOp>(op),
           truncates = isa<arith::TruncFOp>(op);
      if ((extends && isa<Float8E4M3FNType>(op->getOperand(0).getType())) ||
          (truncates && isa<Float8E4M3FNType>(op->getResult(0).getType())))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      OpBuilder b(op);
      auto convert = isa<arith::ExtFOp>(op) ? extend : truncate;
      op->getResult(0).replaceAllUsesWith(convert(
          b, op->getLoc(), op->getOperand(0), op->getResult(0).getType()));
      op->erase();
    }
  }
};
} // namespace
