//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DIFFERENTIATION_INTERFACES
#define BPT_DIFFERENTIATION_INTERFACES

include "mlir/IR/OpBase.td"

def BPT_DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::mlir::bpt";
  let description = [{
    An operation that can be differentiated in reverse mode.

    `bpt-differentiate` walks a function from its results to its arguments and
    asks every operation for its **vector-Jacobian product**: from the
    cotangents of its results, what they add to those of its operands. A new
    operation brings its own gradient by implementing this interface, or by an
    external model of it.
  }];
  let methods = [
    InterfaceMethod<[{
        Emits the gradients of the operands that are wanted, from what `vjp`
        gives: values of the forward pass, as the backward pass sees them, and
        cotangents. Emits an error and fails where there is no gradient.
      }], "::llvm::LogicalResult", "buildVjp",
      (ins "::mlir::bpt::VjpBuilder &":$vjp)>,
    InterfaceMethod<[{
        Called on the forward pass before anything else: replaces the operation
        by one that has the results which its gradient reads (attention's
        statistics), and returns it.
      }], "::mlir::Operation *", "prepareForVjp",
      (ins "::mlir::RewriterBase &":$rewriter), "", [{ return $_op; }]>,
  ];
}

def BPT_ScalarDerivativeOpInterface : OpInterface<"ScalarDerivativeOpInterface"> {
  let cppNamespace = "::mlir::bpt";
  let description = [{
    Arithmetic that has a derivative, in forward mode: the bodies of linalg
    operations, score regions and activations are differentiated through it,
    and so are element-wise operations on tensors.
  }];
  let methods = [
    InterfaceMethod<[{
        The tangent of the result: Σ_i ∂result/∂operand_i · tangent_i, from the
        values of the operands and the result. A null tangent is zero, and so is
        a null result.
      }], "::mlir::Value", "buildTangent",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands,
           "::mlir::Value":$result, "::llvm::ArrayRef<::mlir::Value>":$tangents)>,
  ];
}

#endif // BPT_DIFFERENTIATION_INTERFACES
