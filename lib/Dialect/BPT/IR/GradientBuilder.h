//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What vector-Jacobian products are written with.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_IR_GRADIENTBUILDER_H
#define BPT_LIB_DIALECT_BPT_IR_GRADIENTBUILDER_H

#include "TileBuilder.h"
#include "bpt/Dialect/BPT/IR/Differentiation.h"

namespace mlir::bpt {

/// Emits operations on whole tensors: activations [B, S, …] and weights.
class GradientBuilder : public TileBuilder {
public:
  using TileBuilder::TileBuilder;
  explicit GradientBuilder(VjpBuilder &vjp)
      : TileBuilder(vjp.builder, vjp.loc) {}

  static Type elementType(Value tensor) {
    return cast<RankedTensorType>(tensor.getType()).getElementType();
  }
  static int64_t rank(Value tensor) {
    return cast<RankedTensorType>(tensor.getType()).getRank();
  }

  /// A tensor of the shape of another one: not written, and all zeros.
  Value emptyLike(Value like, Type elementType);
  Value zerosLike(Value like, Type elementType);
  Value zeros(ArrayRef<OpFoldResult> sizes, Type elementType);

  /// The tensor with elements of another type.
  Value convert(Value tensor, Type elementType);

  /// Element by element on tensors of one shape; one result for each type.
  SmallVector<Value> elementwise(ArrayRef<Value> inputs, ArrayRef<Type> types,
                                 Body body);
  /// a + b, of the wider element type.
  Value add(Value a, Value b);

  /// Σ over the leading dimensions, in f32; over batch and rows of [B, S, N…].
  Value sumOfLeading(Value tensor, unsigned leading);
  Value sumOfRows(Value tensor) { return sumOfLeading(tensor, 2); }

  /// A weight [K…, N…] with `leading` dimensions K… as [N…, K…].
  Value transposeWeight(Value weight, unsigned leading);

  /// x · weight (+ bias) of [B, S, K…] and [K…, N…], with elements of `type`.
  Value linear(Value x, Value weight, Value bias, Type type);
  /// Σ over batch and rows of x ⊗ cotangent, in f32.
  Value weightGradient(Value x, Value cotangent);

private:
  SmallVector<int64_t> allDims(Value tensor);
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_IR_GRADIENTBUILDER_H
