//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Emits the linalg that blocked operations decompose into.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_IR_TILEBUILDER_H
#define BPT_LIB_DIALECT_BPT_IR_TILEBUILDER_H

#include "bpt/Dialect/BPT/IR/BPTOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::bpt {

/// Shorthands for linalg on tiles. Arithmetic is in f32 whatever the operands
/// hold: bodies see their scalars extended, and what they return is truncated
/// to the destination's type.
class TileBuilder {
public:
  TileBuilder(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  /// One operand of an element-wise operation and the dimensions of the
  /// iteration space that index it, in order.
  struct Operand {
    Value value;
    SmallVector<int64_t> dims;
  };
  using Body =
      function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)>;

  OpBuilder &builder;
  Location loc;

  Value f32(double value);
  Value index(int64_t value);
  SmallVector<OpFoldResult> sizes(Value tensor);

  /// An f32 destination, and one filled with a number.
  Value empty(ArrayRef<OpFoldResult> sizes);
  Value filled(ArrayRef<OpFoldResult> sizes, double value);

  /// linalg.generic over `rank` dimensions of which the last `reductions` are
  /// reductions. The body gets one scalar per input, then one per destination.
  SmallVector<Value> generic(unsigned rank, unsigned reductions,
                             ArrayRef<Operand> inputs, ArrayRef<Operand> inits,
                             Body body);

  /// init + a · b on matrices [M, K] and [K, N], or [N, K] if `transposed`.
  Value contract(Value a, Value b, Value init, bool transposed = false);
  /// init + aᵀ · b on matrices [K, M] and [K, N].
  Value contractTransposed(Value a, Value b, Value init);

  /// The matrix, with elements of f32 / of the type of `init`, into which it is
  /// written.
  Value extended(Value tensor);
  Value castInto(Value tensor, Value init);

  /// tensor[at, :, …] as a tensor of one dimension less, and its inverse.
  Value slice(Value tensor, unsigned dim, OpFoldResult at);
  Value unslice(Value part, Value into, unsigned dim, OpFoldResult at);

  /// tensor[…, at, …] of the dimensions that have a place, along the others;
  /// all of a tensor of which there are no places.
  Value sliceAt(Value tensor, ArrayRef<std::optional<OpFoldResult>> places);

  /// Makes one dimension of the leading ones (the first) and one of all others,
  /// and the inverse.
  Value flattenColumns(Value tensor);
  Value flattenWeight(Value tensor, unsigned leading);
  Value unflattenColumns(Value matrix, Value like);
  Value unflattenWeight(Value matrix, Value like, unsigned leading);

  /// Runs the body for 0 … extent − 1 with values carried from one to the next;
  /// without a loop when the extent is 1.
  SmallVector<Value>
  forEach(OpFoldResult extent, ValueRange carried,
          function_ref<SmallVector<Value>(OpFoldResult, ValueRange)> body);

private:
  Value extend(OpBuilder &b, Location l, Value scalar);
  Value truncate(OpBuilder &b, Location l, Value scalar, Type type);
};

/// 2^x, x · log2(e) and friends are the base of every exponential here.
inline constexpr double kLog2E = 1.4426950408889634;
inline constexpr double kLn2 = 0.6931471805599453;

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_IR_TILEBUILDER_H
