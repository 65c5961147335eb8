//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_DROPOUT_OPS
#define BPT_DROPOUT_OPS

include "bpt/Dialect/BPT/IR/BPTBase.td"

def BPT_DropoutOp : BPT_BlockedOp<"dropout", [
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface, ["locateTile"]>,
    DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface>]> {
  let summary = "activations of which some are dropped at random";
  let description = [{
    With keep(b, h, q, k) of `#bpt.dropout`:

    ```
    result[b,s,e] = keep(b, 0, s, e) / (1 − rate) · x[b,s,e]
    ```

    The gradient is the same operation on the cotangent: it drops the same
    elements, whose mask is computed again. `at(b, s, e)` says where this tile
    lies in the whole; tiling sets it, a model leaves it out.

    **Shapes.** x, init and result `[B, S, E]`, seed `tensor<i64>`. `init` is
    written, not read.

    Example:

    ```mlir
    %d = bpt.dropout ins(%x : tensor<1x?x768xf32>) seed(%seed)
        outs(%e : tensor<1x?x768xf32>) {dropout = #bpt.dropout<rate = 0.1, stream = 1>}
        -> tensor<1x?x768xf32>
    ```

    Source: Srivastava et al. 2014.
  }];
  let arguments = (ins BPT_Tensor3D:$x, BPT_Seed:$seed, Variadic<Index>:$positions,
    BPT_Tensor3D:$init, BPT_DropoutAttr:$dropout);
  let results = (outs BPT_Tensor3D:$result);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)` `seed` `(` $seed `)` (`at` `(` $positions^ `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

#endif // BPT_DROPOUT_OPS
