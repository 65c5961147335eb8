//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_BINDABLEFUNCTION_H
#define BPT_EXECUTIONENGINE_BINDABLEFUNCTION_H

#include "bpt/ExecutionEngine/CompiledFunction.h"

namespace mlir::bpt {

/// What bpt-bind-arguments notes on a function that it has split.
struct ArgumentBinding {
  /// On a function: a dictionary of `function`, a symbol, and `arguments`.
  static constexpr StringLiteral kAttrName = "bpt.binding";

  /// The function that takes the bound arguments.
  std::string function;
  /// Its arguments that the function on which this is takes as well.
  SmallVector<unsigned> arguments;

  static ArgumentBinding get(Operation *function);
};

/// A compiled function some of whose arguments are bound once for many calls.
class BindableFunction {
public:
  /// Of a function that was split: `call` takes the arguments that are not
  /// bound, then those of the bound ones that `kept` has, by their number among
  /// these, then the results of `prepare`.
  BindableFunction(FunctionSignature signature, SmallVector<unsigned> bound,
                   std::unique_ptr<CompiledFunction> call,
                   std::unique_ptr<CompiledFunction> prepare,
                   SmallVector<unsigned> kept);
  /// Of one that was not.
  BindableFunction(SmallVector<unsigned> bound,
                   std::unique_ptr<CompiledFunction> call);

  /// As it was before, with all arguments.
  const FunctionSignature &getSignature() const { return signature; }
  /// The numbers of the bound arguments, ascending.
  ArrayRef<unsigned> getBound() const { return bound; }
  /// What computes the results that are kept; null: nothing is computed.
  const CompiledFunction *getPrepare() const { return prepare.get(); }

  struct Bound {
    /// Takes the arguments that are left. This one may go before it.
    std::unique_ptr<CompiledFunction> function;
    /// The most bytes held at once by the code that computed what is kept,
    /// with that.
    size_t peakBytes = 0;
  };

  /// Binds these tensors, in the order of the arguments, and computes what they
  /// alone determine. Calls read some of them in place: they must not change.
  llvm::Expected<Bound> bind(ArrayRef<HostTensor> tensors) const;

private:
  FunctionSignature signature;
  SmallVector<unsigned> bound;
  std::unique_ptr<CompiledFunction> call, prepare;
  SmallVector<unsigned> kept;
};

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_BINDABLEFUNCTION_H
