//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "bpt/Target/CPU/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::bpt {
#define GEN_PASS_DEF_MOVEBF16ASINTEGERSPASS
#include "bpt/Target/CPU/Passes.h.inc"
} // namespace mlir::bpt

using namespace mlir;

namespace {

/// The i16 type of the same shape as a bf16 type, or null.
Type getIntegerType(Type type) {
  if (!getElementTypeOrSelf(type).isBF16())
    return {};
  auto i16 = IntegerType::get(type.getContext(), 16);
  if (auto vectorType = dyn_cast<VectorType>(type))
    return vectorType.clone(i16);
  return i16;
}

Value bitcast(OpBuilder &b, Location loc, Value value, Type type) {
  return LLVM::BitcastOp::create(b, loc, type, value);
}

/// Gives operand `index` the i16 type.
void castOperand(OpBuilder &b, Operation *op, unsigned index) {
  Value value = op->getOperand(index);
  b.setInsertionPoint(op);
  op->setOperand(
      index, bitcast(b, op->getLoc(), value, getIntegerType(value.getType())));
}

/// Gives the result the i16 type, and its users what they had.
void castResult(OpBuilder &b, Operation *op) {
  Value result = op->getResult(0);
  Type type = result.getType();
  result.setType(getIntegerType(type));
  b.setInsertionPointAfter(op);
  Value cast = bitcast(b, op->getLoc(), result, type);
  result.replaceAllUsesExcept(cast, cast.getDefiningOp());
}

struct MoveBF16AsIntegersPass
    : bpt::impl::MoveBF16AsIntegersPassBase<MoveBF16AsIntegersPass> {
  void runOnOperation() override {
    OpBuilder b(&getContext());
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<LLVM::LoadOp, LLVM::MaskedLoadOp>(op)) {
        if (getIntegerType(op->getResult(0).getType()))
          ops.push_back(op);
      } else if (isa<LLVM::StoreOp, LLVM::MaskedStoreOp>(op)) {
        if (getIntegerType(op->getOperand(0).getType()))
          ops.push_back(op);
      }
    });
    for (Operation *op : ops) {
      // The value of the lanes that the mask leaves out.
      if (isa<LLVM::MaskedLoadOp>(op))
        for (unsigned i = 2; i < op->getNumOperands(); ++i)
          castOperand(b, op, i);
      if (op->getNumResults() == 1)
        castResult(b, op);
      else
        castOperand(b, op, 0);
    }
  }
};
} // namespace
