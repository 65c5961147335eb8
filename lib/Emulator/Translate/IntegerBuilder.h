//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_EMULATOR_TRANSLATE_INTEGERBUILDER_H
#define BPT_LIB_EMULATOR_TRANSLATE_INTEGERBUILDER_H

#include "FunctionTranslator.h"
#include "llvm/IR/Intrinsics.h"

namespace mlir::bpt::emulator {

/// An integer instruction on operands of type `type`.
struct IntegerBuilder {
  explicit IntegerBuilder(FunctionTranslator &t)
      : t(t), b(t.b), type(t.getType()), bits(getBitWidth(type)),
        isSigned(ptx::isSigned(type)) {}

  llvm::Value *operand(unsigned index) { return t.read(index, type); }
  llvm::Value *constant(uint64_t value) {
    return llvm::ConstantInt::get(t.getIntType(type), value, false, true);
  }
  llvm::Value *extend(llvm::Value *value, unsigned width) {
    return isSigned ? b.CreateSExt(value, b.getIntNTy(width))
                    : b.CreateZExt(value, b.getIntNTy(width));
  }
  llvm::Value *multiplyWide(llvm::Value *x, llvm::Value *y) {
    return b.CreateMul(extend(x, 2 * bits), extend(y, 2 * bits));
  }
  llvm::Value *high(llvm::Value *wide) {
    return b.CreateTrunc(b.CreateLShr(wide, bits), t.getIntType(type));
  }
  llvm::Value *divide(llvm::Value *x, llvm::Value *y, bool remainder);
  llvm::Value *minMax(bool isMin, llvm::Value *x, llvm::Value *y) {
    llvm::Intrinsic::ID id =
        isMin ? (isSigned ? llvm::Intrinsic::smin : llvm::Intrinsic::umin)
              : (isSigned ? llvm::Intrinsic::smax : llvm::Intrinsic::umax);
    return b.CreateBinaryIntrinsic(id, x, y);
  }
  llvm::Value *saturatingAdd(llvm::Value *x, llvm::Value *y) {
    return b.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, x, y);
  }

  FunctionTranslator &t;
  llvm::IRBuilder<> &b;
  ptx::Type type;
  unsigned bits;
  bool isSigned;
};

} // namespace mlir::bpt::emulator

#endif // BPT_LIB_EMULATOR_TRANSLATE_INTEGERBUILDER_H
