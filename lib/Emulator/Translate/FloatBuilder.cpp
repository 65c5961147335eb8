//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatBuilder.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/Intrinsics.h"

using namespace mlir::bpt;
using namespace mlir::bpt::emulator;
using llvm::Value;
using ptx::Type;

ptx::Type emulator::getElementType(Type type) {
  return type == Type::F16x2    ? Type::F16
         : type == Type::BF16x2 ? Type::BF16
                                : type;
}

Rounding emulator::parseRounding(llvm::StringRef name) {
  return llvm::StringSwitch<Rounding>(name)
      .Case("rz", Rounding::TowardZero)
      .Case("rm", Rounding::Down)
      .Case("rp", Rounding::Up)
      .Case("rna", Rounding::NearestAway)
      .Default(Rounding::NearestEven);
}

Value *FloatBuilder::flushSubnormal(Value *value) {
  if (!value->getType()->isFloatTy())
    return value;
  Value *magnitude = b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, value);
  Value *isSubnormal = b.CreateFCmpOLT(magnitude, constant(value, 0x1p-126));
  Value *zero = b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign,
                                        constant(value, 0.0), value);
  return b.CreateSelect(isSubnormal, zero, value);
}

Value *FloatBuilder::decode(Value *bits, Type type, bool flush) {
  switch (type) {
  case Type::F32: {
    Value *value = b.CreateBitCast(bits, b.getFloatTy());
    return flush ? flushSubnormal(value) : value;
  }
  case Type::F64:
    return b.CreateBitCast(bits, b.getDoubleTy());
  case Type::F16: {
    if (flush) {
      Value *isSubnormal = b.CreateIsNull(
          b.CreateAnd(bits, llvm::ConstantInt::get(bits->getType(), 0x7c00)));
      Value *sign =
          b.CreateAnd(bits, llvm::ConstantInt::get(bits->getType(), 0x8000));
      bits = b.CreateSelect(isSubnormal, sign, bits);
    }
    if (!t.module.hasHalfConversions)
      return t.callPure(
          "bpt_emu_cvt_from_narrow", b.getFloatTy(),
          {b.CreateZExt(bits, b.getInt32Ty()), t.getEnum(ElementKind::F16)});
    return b.CreateFPExt(b.CreateBitCast(bits, b.getHalfTy()), b.getFloatTy());
  }
  default: {
    Value *wide = b.CreateShl(b.CreateZExt(bits, b.getInt32Ty()), 16);
    return b.CreateBitCast(wide, b.getFloatTy());
  }
  }
}

Value *FloatBuilder::canonicalizeNaN(Value *value) {
  llvm::Type *type = value->getType();
  llvm::Type *bitsType = b.getIntNTy(type->getPrimitiveSizeInBits());
  uint64_t nan = type->isDoubleTy() ? 0x7fffffffffffffff
                 : type->isHalfTy() ? 0x7fff
                                    : 0x7fffffff;
  Value *canonical =
      b.CreateBitCast(llvm::ConstantInt::get(bitsType, nan), type);
  return b.CreateSelect(isNaN(value), canonical, value);
}

Value *FloatBuilder::encodeBF16(Value *value) {
  Value *bits = b.CreateBitCast(value, b.getInt32Ty());
  Value *isOdd = b.CreateAnd(b.CreateLShr(bits, 16), t.getInt32(1));
  Value *rounded = b.CreateAdd(bits, b.CreateAdd(isOdd, t.getInt32(0x7fff)));
  Value *result = b.CreateTrunc(b.CreateLShr(rounded, 16), b.getInt16Ty());
  return b.CreateSelect(isNaN(value), b.getInt16(0x7fff), result);
}

Value *FloatBuilder::encode(Value *value, Type type) {
  switch (type) {
  case Type::F32:
    return b.CreateBitCast(b.CreateFPTrunc(value, b.getFloatTy()),
                           b.getInt32Ty());
  case Type::F64:
    return b.CreateBitCast(b.CreateFPExt(value, b.getDoubleTy()),
                           b.getInt64Ty());
  case Type::F16: {
    if (!t.module.hasHalfConversions || !value->getType()->isFloatTy())
      return encode(value, type, Rounding::NearestEven, 0);
    Value *half = b.CreateFPTrunc(value, b.getHalfTy());
    Value *bits = b.CreateBitCast(half, b.getInt16Ty());
    return b.CreateSelect(isNaN(value), b.getInt16(0x7fff), bits);
  }
  case Type::BF16:
    if (value->getType()->isFloatTy())
      return encodeBF16(value);
    [[fallthrough]];
  default:
    return encode(value, type, Rounding::NearestEven, 0);
  }
}

Value *FloatBuilder::encode(Value *value, Type type, Rounding rounding,
                            uint32_t flags) {
  value = b.CreateFPExt(value, b.getDoubleTy());
  Value *bits = t.callPure("bpt_emu_cvt_to_narrow", b.getInt32Ty(),
                           {value, t.getEnum(getElementKind(type)),
                            t.getEnum(rounding), t.getInt32(flags)});
  return b.CreateTrunc(bits, t.getIntType(type));
}

Value *FloatBuilder::saturate(Value *value) {
  value = b.CreateBinaryIntrinsic(llvm::Intrinsic::maximumnum, value,
                                  constant(value, 0.0));
  return b.CreateBinaryIntrinsic(llvm::Intrinsic::minimumnum, value,
                                 constant(value, 1.0));
}

Value *FloatBuilder::relu(Value *value) {
  Value *isNegative = b.CreateFCmpOLE(value, constant(value, 0.0));
  return b.CreateSelect(isNegative, constant(value, 0.0), value);
}
