//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaneBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::bpt;

Value LaneBuilder::getInt(Type type, int64_t value) {
  return arith::ConstantOp::create(*this, getIntegerAttr(type, value));
}

Value LaneBuilder::convertInt(Value value, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from < to)
    return createOrFold<arith::ExtSIOp>(type, value);
  if (from > to)
    return createOrFold<arith::TruncIOp>(type, value);
  return value;
}

Value LaneBuilder::advance(Value pointer, Value offset) {
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{offset});
}

Value LaneBuilder::advance(Value pointer, int64_t offset) {
  if (offset == 0)
    return pointer;
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{int32_t(offset)});
}

Value LaneBuilder::makePair(Value first, Value second) {
  // The two halves of a pair are that pair.
  auto low = first.getDefiningOp<LLVM::ExtractElementOp>();
  auto high = second.getDefiningOp<LLVM::ExtractElementOp>();
  if (low && high && low.getVector() == high.getVector() &&
      getConstantIntValue(low.getPosition()) == 0 &&
      getConstantIntValue(high.getPosition()) == 1)
    return low.getVector();
  auto type = VectorType::get(2, first.getType());
  Value pair = LLVM::PoisonOp::create(*this, type);
  pair = LLVM::InsertElementOp::create(*this, pair, first, getI32(0));
  return LLVM::InsertElementOp::create(*this, pair, second, getI32(1));
}

Value LaneBuilder::getOfPair(Value pair, int64_t position) {
  return LLVM::ExtractElementOp::create(*this, pair, getI32(position));
}

Value LaneBuilder::hide(Value value, Value other) {
  SmallVector<Value> operands = {value};
  if (other)
    operands.push_back(other);
  return LLVM::InlineAsmOp::create(
             *this, value.getType(), operands, "mov.b32 $0, $1;",
             other ? "=r,r,r" : "=r,r",
             /*has_side_effects=*/false, /*is_align_stack=*/false,
             LLVM::tailcallkind::TailCallKind::None,
             LLVM::AsmDialectAttr::get(getContext(), LLVM::AsmDialect::AD_ATT),
             ArrayAttr())
      .getRes();
}

Value LaneBuilder::callIntrinsic(StringRef name, Type result,
                                 ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name),
                                       operands)
      .getResults();
}

SmallVector<Value> LaneBuilder::unpack(Value structValue) {
  auto type = cast<LLVM::LLVMStructType>(structValue.getType());
  SmallVector<Value> fields;
  for (int64_t i = 0, e = type.getBody().size(); i < e; ++i)
    fields.push_back(LLVM::ExtractValueOp::create(*this, structValue, i));
  return fields;
}

Value LaneBuilder::shuffleXor(Value value, int64_t mask) {
  return NVVM::ShflOp::create(*this, value.getType(), getI32(-1), value,
                              getI32(mask), getI32(31), NVVM::ShflKind::bfly,
                              UnitAttr());
}

Value LaneBuilder::shuffleFrom(Value value, Value lane) {
  return NVVM::ShflOp::create(*this, value.getType(), getI32(-1), value, lane,
                              getI32(31), NVVM::ShflKind::idx, UnitAttr());
}

Value LaneBuilder::selectBytes(Value low, Value high, Value selector) {
  return callIntrinsic("llvm.nvvm.prmt", getI32Type(), {low, high, selector});
}

SmallVector<Value> LaneBuilder::loadMatrices(Value pointer, int64_t count,
                                             bool transpose) {
  auto type = LLVM::LLVMStructType::getLiteral(
      getContext(), SmallVector<Type>(count, getI32Type()));
  Value matrices = NVVM::LdMatrixOp::create(
      *this, type, pointer, count,
      transpose ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(getContext(), 8, 8),
      NVVM::LdStMatrixEltType::B16);
  return unpack(matrices);
}

SmallVector<Value> LaneBuilder::multiply(Type operandElement, ValueRange a,
                                         ValueRange b, ValueRange c) {
  auto type = LLVM::LLVMStructType::getLiteral(
      getContext(), SmallVector<Type>(4, getF32Type()));
  bool isBF16 = operandElement.isBF16();
  NVVM::MMATypes kind = isBF16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  // nvvm.mma.sync takes pairs of bf16 as i32, and pairs of f16 as they are.
  auto asOperands = [&](ValueRange registers) {
    SmallVector<Value> operands(registers);
    if (!isBF16)
      for (Value &value : operands)
        value = LLVM::BitcastOp::create(*this, VectorType::get(2, getF16Type()),
                                        value);
    return operands;
  };
  SmallVector<Value> lhs = asOperands(a), rhs = asOperands(b);
  Value result = NVVM::MmaOp::create(
      *this, type, lhs, rhs, c, ArrayRef<int64_t>{16, 8, 16}, std::nullopt,
      std::nullopt, std::array<NVVM::MMATypes, 2>{kind, kind},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  return unpack(result);
}
