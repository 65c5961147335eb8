//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gradients through calls: a function that is called becomes two, its forward
// pass and its backward pass, which all its calls share.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_TRANSFORMS_CALLEEGRADIENTS_H
#define BPT_LIB_DIALECT_BPT_TRANSFORMS_CALLEEGRADIENTS_H

#include "bpt/Dialect/BPT/IR/Differentiation.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include <map>

namespace mlir::bpt {

class CalleeGradients {
public:
  CalleeGradients(ModuleOp module, KeepPolicy policy)
      : symbols(module), policy(policy) {}

  /// Replaces a call by one of the callee's forward pass: its results are those
  /// of the call, then what the backward pass reads. `active` says by which
  /// operands a gradient is wanted. Fails, with an error, where the callee
  /// cannot be differentiated.
  FailureOr<func::CallOp> split(func::CallOp call, ArrayRef<bool> active);
  bool isSplit(Operation *call) const { return pairOf.contains(call); }

  /// Calls the backward pass of a call that was split.
  void buildVjp(VjpBuilder &vjp);

private:
  struct Pair {
    func::FuncOp forward, backward;
    /// How many results the callee itself has.
    unsigned results = 0;
    /// Which results of `forward` are kept.
    SmallVector<unsigned> kept;
    /// Which arguments of the callee `backward` takes; then it takes the
    /// cotangents of floating-point results, then what is kept.
    SmallVector<unsigned> arguments;
    /// Arguments of the callee whose gradients `backward` returns, in order.
    SmallVector<unsigned> wanted;
  };
  using Key = std::pair<Operation *, SmallVector<bool>>;

  FailureOr<const Pair *> getPair(func::CallOp call, ArrayRef<bool> active);
  LogicalResult build(Pair &pair, func::FuncOp callee, ArrayRef<bool> active);
  void makeForward(Pair &pair, func::FuncOp callee, func::FuncOp vjp,
                   ArrayRef<Value> kept);
  /// Returns the values of `candidates` that the backward pass takes.
  SmallVector<Value> makeBackward(Pair &pair, func::FuncOp callee,
                                  func::FuncOp vjp, ArrayRef<Value> candidates);
  void eraseDeadCode(func::FuncOp function);
  /// Functions whose bodies are being looked at are in `callers`.
  bool hasNoEffect(Operation *op, SmallVector<Operation *> &callers);

  SymbolTable symbols;
  KeepPolicy policy;
  std::map<Key, Pair> pairs;
  /// Functions that are being differentiated.
  SmallVector<Operation *> active;
  DenseMap<Operation *, const Pair *> pairOf;
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_TRANSFORMS_CALLEEGRADIENTS_H
