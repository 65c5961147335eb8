//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_EXECUTIONENGINE_PASSES
#define BPT_EXECUTIONENGINE_PASSES

include "mlir/Pass/PassBase.td"

def RecordSignaturePass : Pass<"bpt-record-signature", "::mlir::ModuleOp"> {
  let summary = "Record the signature of a function before it is lowered";
  let description = [{
    Lowering to LLVM turns tensors into pointers and forgets shapes, element
    types and the names of arguments. This pass notes them on the function as
    `bpt.signature`, a discardable attribute that survives the conversion, and
    asks for the C interface through which the function is called. A module that
    went through the pass before it was lowered can be run as it is by
    bpt-runner, with all checks of its arguments.

    Before:

    ```mlir
    func.func @main(%x: tensor<2x?xf32> {bpt.name = "x"}) -> tensor<f32>
    ```

    After:

    ```mlir
    func.func @main(%x: tensor<2x?xf32> {bpt.name = "x"}) -> tensor<f32>
        attributes {
          bpt.signature = {args = ["x"], results = [""],
                           type = (tensor<2x?xf32>) -> tensor<f32>},
          llvm.emit_c_interface}
    ```

    Without `function`, every public function with a body whose arguments and
    results are all ranked tensors or memrefs of supported element types is
    recorded. With it, that function alone; it is an error if there is none or
    if its type cannot be called from outside. A function that has a signature
    keeps it.
  }];
  let options = [
    Option<"function", "function", "std::string", "",
           "Record this function only">
  ];
}

#endif // BPT_EXECUTIONENGINE_PASSES
