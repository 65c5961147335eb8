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
    AttrSizedOperandSegments,
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
    or f32. A weight that is `transposed` is `[N…, K…]`, as many checkpoints hold
    it, and weight[k…,n…] is its element [n…,k…].

    **Scales.** x and weight may be `f8E4M3FN`; bias and init are then of one type
    among f32, f16 and bf16, and x and weight may have f32 scales. The number that
    an element stands for is the element times its scale:

    ```
    result[b,s,n…] = init[b,s,n…] + bias[n…] +
        Σ_{k…} x[b,s,k…] · xs[b÷β₀,s÷β₁,k…÷β…] · weight[k…,n…] · ws[k…÷γ…,n…÷γ…]
    ```

    A scale of rank 0 is that of the whole tensor. With `x_blocks` =
    β, or `weight_blocks` = γ, a scale has the rank of the tensor, in the order of
    its dimensions, and is that of a block of so many elements along each; the last
    block may be smaller, and 0 stands for the whole dimension. Blocks along K need
    one dimension K, and the same blocks of x and of weight, or 0 in one of them.

    Products of f8E4M3FN are exact in f32. A sum is made of sums of the terms of one
    block, or of 128 terms on tensor cores, which do not keep all digits of f32: each
    is scaled, and added in f32. There is no gradient with respect to x, weight and
    scales of f8E4M3FN.

    Example: the output projection of attention, added to the residual.

    ```mlir
    %h = bpt.linear ins(%o, %wo : tensor<1x?x12x64xf32>, tensor<12x64x768xf32>)
        outs(%x : tensor<1x?x768xf32>) -> tensor<1x?x768xf32>
    ```

    Example: scales for 128 inputs of a row, and for 128 x 128 of a transposed
    weight.

    ```mlir
    %y = bpt.linear ins(%x8, %w8 : tensor<1x?x512xf8E4M3FN>, tensor<768x512xf8E4M3FN>)
        scales(%xs, %ws : tensor<1x?x4xf32>, tensor<6x4xf32>)
        outs(%e : tensor<1x?x768xbf16>)
        {transposed, x_blocks = array<i64: 1, 1, 128>, weight_blocks = array<i64: 128, 128>}
        -> tensor<1x?x768xbf16>
    ```

    Source: Micikevicius et al. 2022 (f8E4M3FN); DeepSeek-AI 2024, section 3.3
    (scales of blocks, sums in two levels).
  }];
  let arguments = (ins BPT_ScaledTensor:$x, BPT_ScaledTensor:$weight,
                       Optional<BPT_Tensor>:$bias,
                       Optional<BPT_F32Tensor>:$x_scale,
                       Optional<BPT_F32Tensor>:$weight_scale, BPT_Tensor:$init,
                       UnitAttr:$transposed,
                       OptionalAttr<DenseI64ArrayAttr>:$x_blocks,
                       OptionalAttr<DenseI64ArrayAttr>:$weight_blocks);
  let results = (outs BPT_Tensor:$result);
  let builders = [
    OpBuilder<(ins "::mlir::Type":$type, "::mlir::Value":$x, "::mlir::Value":$weight,
                   "::mlir::Value":$bias, "::mlir::Value":$init), [{
      build($_builder, $_state, type, x, weight, bias, /*x_scale=*/{},
            /*weight_scale=*/{}, init, /*transposed=*/::mlir::UnitAttr(),
            /*x_blocks=*/{}, /*weight_blocks=*/{});
    }]>];
  let assemblyFormat = [{
    `ins` `(` $x `,` $weight `:` type($x) `,` type($weight) `)`
    (`scales` `(` $x_scale^ `,` $weight_scale `:` type($x_scale) `,` type($weight_scale) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    /// Dimensions N… and K….
    unsigned getNumOutputs();
    unsigned getNumInputs();
    /// Where the dimensions K… and N… of the weight, and of its scale, begin.
    unsigned getFirstInput() { return getTransposed() ? getNumOutputs() : 0; }
    unsigned getFirstOutput() { return getTransposed() ? 0 : getNumInputs(); }
    bool multipliesFloat8();
    /// Inputs that share a scale, in x or in weight; 0 if all do.
    int64_t getInputBlock();
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
