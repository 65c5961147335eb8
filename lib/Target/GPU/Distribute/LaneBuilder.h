//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_TARGET_GPU_DISTRIBUTE_LANEBUILDER_H
#define BPT_LIB_TARGET_GPU_DISTRIBUTE_LANEBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::bpt {

/// Builds what one lane executes: arithmetic on i32 and i64, addresses in
/// bytes, and the instructions of a warp.
class LaneBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  Value getInt(Type type, int64_t value);
  Value getI32(int64_t value) { return getInt(getI32Type(), value); }
  Value getI64(int64_t value) { return getInt(getI64Type(), value); }

  // Integer arithmetic, folded where the operands are constants.
  Value add(Value a, Value b) { return createOrFold<arith::AddIOp>(a, b); }
  Value add(Value a, int64_t c) { return add(a, getInt(a.getType(), c)); }
  Value mul(Value a, Value b) { return createOrFold<arith::MulIOp>(a, b); }
  Value mul(Value a, int64_t c) { return mul(a, getInt(a.getType(), c)); }
  Value bitAnd(Value a, int64_t c) {
    return createOrFold<arith::AndIOp>(a, getInt(a.getType(), c));
  }
  Value bitOr(Value a, Value b) { return createOrFold<arith::OrIOp>(a, b); }
  Value bitXor(Value a, Value b) { return createOrFold<arith::XOrIOp>(a, b); }
  Value bitXor(Value a, int64_t c) { return bitXor(a, getInt(a.getType(), c)); }
  Value shiftLeft(Value a, int64_t c) {
    return createOrFold<arith::ShLIOp>(a, getInt(a.getType(), c));
  }
  Value shiftRight(Value a, int64_t c) {
    return createOrFold<arith::ShRUIOp>(a, getInt(a.getType(), c));
  }
  Value lessThan(Value a, Value b) {
    return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b);
  }
  Value logicalAnd(Value a, Value b) {
    return createOrFold<arith::AndIOp>(a, b);
  }
  /// An integer in another width, as a signed number.
  Value convertInt(Value value, Type type);

  /// The pointer `offset` bytes on.
  Value advance(Value pointer, Value offset);
  Value advance(Value pointer, int64_t offset);

  /// A vector of two elements, and its elements.
  Value makePair(Value first, Value second);
  Value getOfPair(Value pair, int64_t position);

  /// The same i32, of which LLVM knows nothing: what is computed from it stays
  /// in its loop. It takes it for another number wherever `other` is one.
  Value hide(Value value, Value other = {});

  /// A call of an LLVM intrinsic without a MLIR operation.
  Value callIntrinsic(StringRef name, Type result, ValueRange operands);

  /// The fields of a value of struct type.
  SmallVector<Value> unpack(Value structValue);

  /// The value of the lane whose number differs in the bits of `mask`.
  Value shuffleXor(Value value, int64_t mask);

  /// The value, an i32, of the lane of that number.
  Value shuffleFrom(Value value, Value lane);

  /// Bytes of `low` and `high`, 0 to 3 and 4 to 7, of the numbers that the
  /// digits of `selector`, an i32, are.
  Value selectBytes(Value low, Value high, Value selector);

  /// Loads `count` (2 or 4) matrices of 8x8 elements of 16 bits, each lane
  /// giving the address of one row, and returns one i32 for each.
  SmallVector<Value> loadMatrices(Value pointer, int64_t count, bool transpose);

  /// One mma.sync.m16n8k16 with f32 accumulators: 4 registers of A, 2 of B
  /// (pairs of f16 or bf16 as i32), 4 of C. Returns 4.
  SmallVector<Value> multiply(Type operandElement, ValueRange a, ValueRange b,
                              ValueRange c);
};

} // namespace mlir::bpt

#endif // BPT_LIB_TARGET_GPU_DISTRIBUTE_LANEBUILDER_H
