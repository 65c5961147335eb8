//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reverse-mode differentiation: what an operation is asked, and given.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_IR_DIFFERENTIATION_H
#define BPT_DIALECT_BPT_IR_DIFFERENTIATION_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::bpt {

/// What an operation's gradient is made from. A cotangent, and a gradient, has
/// the shape of its value, and its element type or f32.
class VjpBuilder {
public:
  VjpBuilder(OpBuilder &builder, Operation *op)
      : builder(builder), op(op), loc(op->getLoc()) {}
  virtual ~VjpBuilder();

  /// A value of the forward pass, as the backward pass sees it: kept, or
  /// computed again.
  virtual Value primal(Value value) = 0;
  /// The cotangent of a result; null if it is zero.
  virtual Value cotangent(unsigned result) = 0;
  /// Whether the value depends on an argument whose gradient is wanted.
  virtual bool isActive(Value value) = 0;
  /// Adds to the gradient of an operand.
  virtual void add(unsigned operand, Value gradient) = 0;

  bool isWanted(unsigned operand) { return isActive(op->getOperand(operand)); }

  OpBuilder &builder;
  Operation *op;
  Location loc;
};

/// What is kept between the forward and the backward pass: the input of each
/// layer, that and what attention gives, or every value that a gradient reads.
enum class KeepPolicy { Nothing, Attention, Everything };

/// Clones the operations of a block before its terminator, whose arguments and
/// captured values `mapping` knows, and computes the tangents of its values
/// from those given. Emits an error and fails where an operation has none.
LogicalResult cloneWithTangents(OpBuilder &builder, Block &block,
                                IRMapping &mapping,
                                DenseMap<Value, Value> &tangents);

/// The sum of two cotangents of one value, of the wider element type.
Value addGradients(OpBuilder &builder, Location loc, Value a, Value b);
/// The sum, to which a gradient of one of the types is added in place.
Value accumulateGradient(OpBuilder &builder, Location loc, Value sum,
                         Value gradient);
/// A gradient as a value of the given type.
Value convertGradient(OpBuilder &builder, Location loc, Value gradient,
                      Type type);
/// The gradient of a value that nothing depends on.
Value createZeroGradient(OpBuilder &builder, Location loc, Value value);

/// Attach the differentiation interfaces to arith, math, linalg and tensor.
void attachScalarDerivatives(MLIRContext *context);
void attachLinalgVjps(MLIRContext *context);
void attachSoftmaxVjp(MLIRContext *context);
void attachTensorVjps(MLIRContext *context);

} // namespace mlir::bpt

#include "bpt/Dialect/BPT/IR/DifferentiationInterfaces.h.inc"

#endif // BPT_DIALECT_BPT_IR_DIFFERENTIATION_H
