//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reverse mode on the straight-line code of one function.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_TRANSFORMS_DIFFERENTIATOR_H
#define BPT_LIB_DIALECT_BPT_TRANSFORMS_DIFFERENTIATOR_H

#include "CalleeGradients.h"
#include "FunctionArguments.h"
#include "KeepPlan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::bpt {

/// Appends the backward pass to a function's forward pass: a cotangent for each
/// floating-point result to its arguments, and the gradients of the arguments
/// `wanted` to its results, or, to `accumulate` them, as further arguments.
class Differentiator {
public:
  Differentiator(func::FuncOp function, ArrayRef<unsigned> wanted,
                 KeepPolicy policy, CalleeGradients &callees,
                 bool accumulate = false)
      : function(function), block(function.getBody().front()), policy(policy),
        callees(callees), accumulate(accumulate),
        builder(function.getContext()) {
    for (unsigned number : wanted)
      this->wanted.push_back(function.getArgument(number));
  }

  LogicalResult run();

  /// After `run`, the values that the backward pass needs of the forward pass
  /// and that grow with the sequence. Arguments are not among them.
  ArrayRef<Value> getKept() const { return kept; }

private:
  /// What an operation is given; all of it is the differentiator's.
  struct Vjp;

  LogicalResult splitCalls();
  void findVaried();
  void addSeeds();
  LogicalResult buildVjps(ArrayRef<Operation *> forward);
  void returnGradients();
  LogicalResult accumulateGradients();
  void forgetUnread(ArrayRef<Operation *> forward);
  Value getPrimal(Value value, Value after);
  void addCotangent(Value value, Value gradient, Location loc);
  void findKept(RewriterBase &rewriter);
  void remarkKept();

  func::FuncOp function;
  Block &block;
  KeepPolicy policy;
  CalleeGradients &callees;
  bool accumulate;
  std::optional<KeepPlan> plan;
  OpBuilder builder;
  SmallVector<BlockArgument> wanted;
  DenseSet<Value> varied;
  DenseMap<Value, Value> cotangents;
  /// Values of the forward pass as the backward pass sees them.
  IRMapping primals;
  SetVector<Value> used;
  SmallVector<Value> kept;
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_TRANSFORMS_DIFFERENTIATOR_H
