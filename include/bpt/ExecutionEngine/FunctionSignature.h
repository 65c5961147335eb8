//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_FUNCTIONSIGNATURE_H
#define BPT_EXECUTIONENGINE_FUNCTIONSIGNATURE_H

#include "bpt/ExecutionEngine/HostTensor.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Operation.h"
#include "mlir/Support/LLVM.h"

namespace mlir::bpt {

/// An argument or a result of a compiled function. A dynamic size is
/// ShapedType::kDynamic.
struct TensorSpec {
  std::string name;
  ElementType elementType;
  SmallVector<int64_t, 4> shape;
  /// Whether the function may write it in place: a memref argument.
  bool isWritten = false;

  /// Whether a tensor of that shape fits: a dynamic size takes any.
  bool accepts(ArrayRef<int64_t> actual) const;

  /// `1x?x768xf32`.
  std::string getTypeString() const;
};

/// The types of a function as the user wrote it, which lowering to LLVM
/// forgets: pointers have no shapes.
struct FunctionSignature {
  /// On a function: a dictionary of `type` (the FunctionType), `args` and
  /// `results` (the names, empty strings where there are none).
  static constexpr StringLiteral kAttrName = "bpt.signature";
  /// On an argument or a result: its name.
  static constexpr StringLiteral kNameAttrName = "bpt.name";

  std::string name;
  SmallVector<TensorSpec> arguments;
  SmallVector<TensorSpec> results;

  /// Reads the recorded signature if the function has one, else its type,
  /// whose arguments and results must be ranked tensors or memrefs. Emits an
  /// error otherwise.
  static FailureOr<FunctionSignature> get(Operation *function);

  /// The signature of the function of that name, which must have a body.
  static FailureOr<FunctionSignature> find(ModuleOp module, StringRef name);

  /// Says which argument does not fit, or that their number is wrong.
  llvm::Error checkArguments(ArrayRef<HostTensor> arguments) const;

  /// Says that the argument of that number does not fit.
  llvm::Error checkArgument(unsigned number, const HostTensor &argument) const;

  /// The number of the argument of that name, or that has it for its number.
  std::optional<unsigned> findArgument(StringRef name) const;

  /// `argument 2 ('wq')`.
  std::string getArgumentTitle(unsigned number) const;

  /// What `get` reads back: the attribute that records the type and the names
  /// of a function before lowering.
  static FailureOr<DictionaryAttr> makeAttr(Operation *function);
};

} // namespace mlir::bpt

#endif // BPT_EXECUTIONENGINE_FUNCTIONSIGNATURE_H
