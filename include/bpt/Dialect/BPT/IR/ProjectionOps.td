//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_PROJECTION_OPS
#define BPT_PROJECTION_OPS

include "bpt/Dialect/BPT/IR/BPTBase.td"

def BPT_LinearOp : BPT_BlockedOp<"linear", [
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface,
      ["canTileReduction", "countFlops", "isCheapToRecompute", "getStrategyOptions"]>,
    DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface>]> {
  let summary = "projection of every row by a weight matrix";
  let description = [{
    ```
    result[b,s,n…] = init[b,s,n…] + Σ_{k…} x[b,s,k…] · weight[k…,n…] + bias[n…]
    ```

    The contraction runs over all dimensions of x past batch and sequence, so
    that heads are split (`n… = heads, head_dim`) and merged
    (`k… = heads, head_dim`) without a reshape of an activation.

    **Shapes.** x `[B, S, K…]`, weight `[K…, N…]`, bias `[N…]`,
    init and result `[B, S, N…]`; at least one K and one N dimension.
    Sums are f32; x, weight and bias share an element type, init has the same
    or f32.

    Example: the output projection of attention, added to the residual.

    ```mlir
    %h = bpt.linear ins(%o, %wo : tensor<1x?x12x64xf32>, tensor<12x64x768xf32>)
        outs(%x : tensor<1x?x768xf32>) -> tensor<1x?x768xf32>
    ```
  }];
  let arguments = (ins BPT_Tensor:$x, BPT_Tensor:$weight,
                       Optional<BPT_Tensor>:$bias, BPT_Tensor:$init);
  let results = (outs BPT_Tensor:$result);
  let assemblyFormat = [{
    `ins` `(` $x `,` $weight `:` type($x) `,` type($weight) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def BPT_FeedForwardOp : BPT_BlockedOp<"feed_forward", [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface,
      ["canTileReduction", "countFlops", "isCheapToRecompute", "getStrategyOptions"]>,
    DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface>]> {
  let summary = "feed-forward network of every row";
  let description = [{
    ```
    u      = x · w1 + b1
    z      = act(u)                         without a gate
    z      = act(u) ⊙ (x · w3 + b3)         with a gate
    result = init + z · w2 + b2
    ```

    The hidden axis (columns of w1 and w3, rows of w2) is a **reduction**
    dimension: tiling it gives a loop in which only a block of z exists.

    **Shapes.** x `[B, S, E]`, w1 and w3 `[E, F]`, b1 and b3 `[F]`,
    w2 `[F, N]`, b2 `[N]`, init and result `[B, S, N]`. All but init share an
    element type, init has the same or f32. Sums and the activation are f32.

    Example: a gated network (SwiGLU).

    ```mlir
    %y = bpt.feed_forward ins(%x, %w1, %w2 : tensor<1x?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32>)
        gate(%w3 : tensor<64x256xf32>)
        outs(%z : tensor<1x?x64xf32>) {activation = #bpt.activation<silu>} -> tensor<1x?x64xf32>
    ```

    Source: Liu and Abbeel 2023, section 3 (feed-forward per query block);
    Shazeer 2020 (gated variants).
  }];
  let arguments = (ins
    BPT_Tensor3D:$x, BPT_Tensor2D:$w1, BPT_Tensor2D:$w2,
    Optional<BPT_Tensor1D>:$b1, Optional<BPT_Tensor2D>:$w3,
    Optional<BPT_Tensor1D>:$b3, Optional<BPT_Tensor1D>:$b2,
    BPT_Tensor3D:$init, BPT_ActivationAttr:$activation);
  let results = (outs BPT_Tensor3D:$result);
  let assemblyFormat = [{
    `ins` `(` $x `,` $w1 `,` $w2 `:` type($x) `,` type($w1) `,` type($w2) `)`
    (`up_bias` `(` $b1^ `:` type($b1) `)`)?
    (`gate` `(` $w3^ `:` type($w3) `)`)?
    (`gate_bias` `(` $b3^ `:` type($b3) `)`)?
    (`down_bias` `(` $b2^ `:` type($b2) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

#endif // BPT_PROJECTION_OPS
