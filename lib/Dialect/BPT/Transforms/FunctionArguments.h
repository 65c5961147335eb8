//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arguments of functions: those that options name, and those that are written.
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LIB_DIALECT_BPT_TRANSFORMS_FUNCTIONARGUMENTS_H
#define BPT_LIB_DIALECT_BPT_TRANSFORMS_FUNCTIONARGUMENTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::bpt {

/// Whether values of the type have a gradient.
bool isDifferentiable(Type type);

/// The name (bpt.name) of an argument; empty if it has none.
StringRef getArgumentName(func::FuncOp function, unsigned number);

/// The numbers of the floating-point arguments, or of those that `wrt` names.
/// Emits an error if it names another.
FailureOr<SmallVector<unsigned>> findWanted(func::FuncOp function,
                                            ArrayRef<std::string> wrt);

/// Adds an argument at the end.
BlockArgument appendArgument(func::FuncOp function, Type type,
                             const Twine &name, Location loc);

/// A tensor that a function reads and writes where its caller has it: a memref
/// argument.
class InPlaceTensor {
public:
  /// Adds the argument, and reads it at the function's begin.
  InPlaceTensor(func::FuncOp function, RankedTensorType type, const Twine &name,
                Location loc);

  Value read() const { return tensor; }
  void write(OpBuilder &builder, Location loc, Value value) const;

private:
  BlockArgument memref;
  Value tensor;
};

} // namespace mlir::bpt

#endif // BPT_LIB_DIALECT_BPT_TRANSFORMS_FUNCTIONARGUMENTS_H
