//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_NORM_OPS
#define BPT_NORM_OPS

include "bpt/Dialect/BPT/IR/BPTBase.td"

def BPT_LayerNormOp : BPT_BlockedOp<"layer_norm", [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface>,
    DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface>]> {
  let summary = "layer normalisation over the last dimension";
  let description = [{
    With μ and σ² the mean and the (biased) variance of a row x over its last
    dimension, the variance taken in a second pass over x − μ:

    ```
    result = (x − μ) / √(σ² + eps) ⊙ weight + bias
    ```

    weight and bias are optional (1 and 0). **Shapes.** x, init and result
    `[B, S, …, E]` (rank 2 or more), weight and bias `[E]`. Computed in f32.
    `init` is written, not read. eps must be finite and not negative.

    Example:

    ```mlir
    %n = bpt.layer_norm ins(%x : tensor<1x?x768xf32>) weight(%w : tensor<768xf32>)
        bias(%b : tensor<768xf32>) outs(%e : tensor<1x?x768xf32>) {eps = 1.0e-5 : f32}
        -> tensor<1x?x768xf32>
    ```

    Source: Ba, Kiros and Hinton 2016.
  }];
  let arguments = (ins BPT_Tensor:$x, Optional<BPT_Tensor1D>:$weight,
                       Optional<BPT_Tensor1D>:$bias, BPT_Tensor:$init, F32Attr:$eps);
  let results = (outs BPT_Tensor:$result);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)`
    (`weight` `(` $weight^ `:` type($weight) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def BPT_RMSNormOp : BPT_BlockedOp<"rms_norm", [
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface>,
    DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface>]> {
  let summary = "root-mean-square normalisation over the last dimension";
  let description = [{
    ```
    result = x / √(mean(x²) + eps) ⊙ weight
    ```

    weight is optional (1). Shapes and numerics as in `bpt.layer_norm`.

    Example:

    ```mlir
    %n = bpt.rms_norm ins(%x : tensor<1x?x768xf32>) weight(%w : tensor<768xf32>)
        outs(%e : tensor<1x?x768xf32>) {eps = 1.0e-5 : f32} -> tensor<1x?x768xf32>
    ```

    Source: Zhang and Sennrich 2019.
  }];
  let arguments = (ins BPT_Tensor:$x, Optional<BPT_Tensor1D>:$weight,
                       BPT_Tensor:$init, F32Attr:$eps);
  let results = (outs BPT_Tensor:$result);
  let assemblyFormat = [{
    `ins` `(` $x `:` type($x) `)`
    (`weight` `(` $weight^ `:` type($weight) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

#endif // BPT_NORM_OPS
