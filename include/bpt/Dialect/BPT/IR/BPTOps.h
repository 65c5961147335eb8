//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIALECT_BPT_IR_BPTOPS_H
#define BPT_DIALECT_BPT_IR_BPTOPS_H

#include "bpt/Dialect/BPT/IR/BPTAttributes.h"
#include "bpt/Dialect/BPT/IR/BPTDialect.h"
#include "bpt/Dialect/BPT/IR/BPTInterfaces.h"
#include "bpt/Dialect/BPT/IR/Differentiation.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::bpt {
/// What attention has gradients of; the first three are its first operands.
enum class AttentionInput : unsigned { Query, Key, Value, Bias };
} // namespace mlir::bpt

#define GET_OP_CLASSES
#include "bpt/Dialect/BPT/IR/BPTOps.h.inc"

namespace mlir::bpt {
/// Attaches TilingInterface to every blocked operation of the dialect.
void attachBlockedTiling(MLIRContext *context);
/// Attaches PartialReductionOpInterface to online attention.
void attachPartialAttention(MLIRContext *context);
/// Attaches RuntimeVerifiableOpInterface to every blocked operation: the sizes
/// that the table says are equal are compared where they are dynamic.
void attachRuntimeVerification(MLIRContext *context);

/// Emits attention with its probabilities as one tensor. Emits an error and
/// fails for an operation that gives statistics or is a tile.
FailureOr<Value> materializeAttention(OpBuilder &builder, AttentionOp op);

/// Emits a loss without options and what they add. Returns the results of the
/// operation.
SmallVector<Value> emitLossOptions(OpBuilder &builder, CrossEntropyOp op);
/// Replaces a loss that has options by that.
void expandLoss(RewriterBase &rewriter, CrossEntropyOp op);

/// Emits the gradients of a loss by products of matrices, of one block of the
/// vocabulary after the other, in blocks as the operation's strategy says.
SmallVector<Value> emitLossGradientProducts(OpBuilder &builder,
                                            CrossEntropyBackwardOp op);

/// The activation of one f32 number, as arithmetic.
Value applyActivation(OpBuilder &builder, Location loc, Activation kind,
                      Value x);
/// The activation of one f32 number and its derivative there.
std::pair<Value, Value> differentiateActivation(OpBuilder &builder,
                                                Location loc, Activation kind,
                                                Value x);
} // namespace mlir::bpt

#endif // BPT_DIALECT_BPT_IR_BPTOPS_H
