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

def FitBlocksPass : Pass<"bpt-gpu-fit-blocks", "::mlir::ModuleOp"> {
  let summary = "Cut blocks that a GPU has registers and memory for";
  let description = [{
    Takes operations with strategies to blocks on tensors, and has
    `bpt-gpu-choose-paths` try them, which counts what a block needs before code is
    generated. Where that is more than the chip has, registers of a thread or
    workgroup memory, it starts again from the operations with the next smaller
    blocks: of keys, or columns, and then of rows, where an operation has a loop of
    its own.

    ```mlir
    %o = bpt.attention ... {bpt.strategy = #bpt.strategy<rows = 128, keys = 256, ...>}
    ```
    becomes what it would with `keys = 192`, with the remark (category `bpt-gpu`)

    ```
    [Missed] SmallerBlocks | keys = 192: a thread needs 276 registers or more, of 240
    ```

    With `adjust = false`, where a user has asked for these blocks, they are made as
    they are, and a warning at the operation says what they need and, if the search
    finds one, what would fit:

    ```
    warning: 'bpt.attention' op has blocks that do not fit: a thread needs 276 registers or more, of 240; keys = 192 would fit
    ```

    What fits costs nothing. What no smaller block makes fit is left as it was asked
    for: a tile program that spills, or a kernel of the SIMT path.
  }];
  let options = [
    Option<"chip", "chip", "std::string", /*default=*/"\"sm_80\"",
           "The GPU to compile for, such as sm_80 or sm_90a.">,
    Option<"tensorCores", "tensor-cores", "bool", /*default=*/"true",
           "Try which blocks are tile programs.">,
    Option<"adjust", "adjust", "bool", /*default=*/"true",
           "Make smaller blocks of those that do not fit.">,
  ];
}

#endif // BPT_EXECUTIONENGINE_PASSES
