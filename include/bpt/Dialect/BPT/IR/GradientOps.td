//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_GRADIENT_OPS
#define BPT_GRADIENT_OPS

include "bpt/Dialect/BPT/IR/AttentionOps.td"

def BPT_AttentionBackwardOp : BPT_AttentionLikeOp<"attention_backward"> {
  let summary = "gradients of attention, from its statistics";
  let description = [{
    With s[j] the scores of `bpt.attention`, x[j] those before the score region,
    m and l its statistics, do the cotangent of its output and
    p[j] = 2^(s[j] · log2(e) − m) / l:

    ```
    ds[j]  = p[j] · (Σ_d do[b,i,h,d] · value[b,j,h÷g,d] − delta[b,i,h]) · ∂s[j]/∂x[j]
    dq     = init + scale · Σ_j ds[j] · key[b,j,h÷g,:]
    dk[j]  = init + scale · Σ_i ds[j] · query[b,i,h,:]      (and Σ over the heads that share it)
    dv[j]  = init + Σ_i p[j] · do[b,i,h,:]
    dbias  = init + ds                                      (optional; Σ over what is broadcast)
    ```

    `delta` is Σ_d do · out − dlse, where dlse is the cotangent of the
    log-sum-exp. Probabilities are computed again, block by block, and never
    stored. A key that is not kept, and a row that keeps no key (l = 0), add
    nothing. With dropout, p[j] in dv and the sum over d in ds are multiplied by
    what the probability was multiplied by.

    `gradients` says which of them are computed, and so what the destinations are:
    `all` (the default), `query` (dq, and dbias if there is a second destination),
    `key_value` (dk and dv), `key` or `value`. Rows are a **reduction** dimension
    unless only `query` is asked for, keys unless only gradients of keys and values
    are; so are heads where keys and values have one that several share, and dk or
    dv is asked for. Tiling a reduction gives a loop that carries sums, tiling what
    is left a parallel one.

    **Shapes.** query, key, value, bias, segments, masks, score region, dropout as in
    `bpt.attention`; do `[B, Sq, H, Dv]` of query's element type; m, l and
    delta f32 `[B, Sq, H]`; destinations f32: dq `[B, Sq, H, D]`, dk
    `[B, Sk, Hk, D]`, dv `[B, Sk, Hk, Dv]`, dbias as bias. **Positions**
    `at(b, q, h, k)` and `diagonal` as in `bpt.online_attention`; a model leaves
    them out.

    Example:

    ```mlir
    %d:3 = bpt.attention_backward
        ins(%q, %k, %v : tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>)
        statistics(%m, %l : tensor<1x?x8xf32>, tensor<1x?x8xf32>)
        cotangent(%do, %delta : tensor<1x?x8x64xf32>, tensor<1x?x8xf32>)
        outs(%dq, %dk, %dv : tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>)
        {causal} -> tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>
    ```

    Errors: as `bpt.attention`; a number of destinations that `gradients` does not
    have; a gradient of the bias without a bias, or of another shape.

    Source: Liu and Abbeel 2023, section 3; Dao et al. 2022, algorithm 4; Dao 2023,
    section 3.2 (a loop parallel over keys, and one over queries).
  }];
  let arguments = (ins
    BPT_Tensor4D:$query, BPT_Tensor4D:$key, BPT_Tensor4D:$value,
    Optional<BPT_Tensor4D>:$bias,
    Optional<BPT_IdTensor2D>:$query_segments, Optional<BPT_IdTensor2D>:$key_segments,
    Optional<BPT_Seed>:$seed,
    Variadic<Index>:$positions, Optional<Index>:$diagonal,
    BPT_F32Tensor3D:$max, BPT_F32Tensor3D:$sum,
    BPT_Tensor4D:$output_cotangent, BPT_F32Tensor3D:$delta,
    Variadic<BPT_F32Tensor4D>:$inits,
    DefaultValuedAttr<BPT_AttentionGradientsAttr, "::mlir::bpt::AttentionGradients::All">:$gradients,
    UnitAttr:$causal, OptionalAttr<I64Attr>:$window, OptionalAttr<F32Attr>:$scale,
    OptionalAttr<BPT_DropoutAttr>:$dropout);
  let results = (outs Variadic<BPT_F32Tensor4D>:$results);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`segments` `(` $query_segments^ `,` $key_segments `:` type($query_segments) `,` type($key_segments) `)`)?
    (`seed` `(` $seed^ `)`)?
    (`at` `(` $positions^ `)`)?
    (`diagonal` `(` $diagonal^ `)`)?
    `statistics` `(` $max `,` $sum `:` type($max) `,` type($sum) `)`
    `cotangent` `(` $output_cotangent `,` $delta `:` type($output_cotangent) `,` type($delta) `)`
    `outs` `(` $inits `:` type($inits) `)`
    attr-dict (`score` $score^)? `->` type($results)
  }];
  let extraClassDeclaration = [{
    /// Whether all gradients are of keys and values, and sums over rows.
    bool isByKey();
    /// What the destinations are gradients of, in their order.
    ::llvm::SmallVector<AttentionInput> getInputsOfGradients();
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
    /// The score region, or null if there is none.
    ::mlir::Region *getScoreRegion() {
      return getScore().empty() ? nullptr : &getScore().front();
    }
    /// Query heads that share one key/value head.
    int64_t getGroupSize();
    /// Whether the value depends on where in the whole problem the tile lies.
    bool dependsOnPositions();
  }];
}

def BPT_LinearWeightGradientOp : BPT_BlockedOp<"linear_weight_gradient", [
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface,
      ["countFlops", "isCheapToRecompute", "getStrategyOptions"]>]> {
  let summary = "gradient of a projection's weight matrix";
  let description = [{
    ```
    result[k…,n…] = init[k…,n…] + Σ_{b,s} x[b,s,k…] · cotangent[b,s,n…]
    ```

    Batch and rows are **reduction** dimensions: tiling the rows gives a loop
    that carries the sum.

    **Shapes.** x `[B, S, K…]`, cotangent `[B, S, N…]`, both of one element
    type, init and result f32 `[K…, N…]`; at least one K and one N dimension.
    Sums are f32.

    Example:

    ```mlir
    %dw = bpt.linear_weight_gradient ins(%x, %dy : tensor<1x?x64xf32>, tensor<1x?x8x16xf32>)
        outs(%z : tensor<64x8x16xf32>) -> tensor<64x8x16xf32>
    ```
  }];
  let arguments = (ins BPT_Tensor:$x, BPT_Tensor:$cotangent, BPT_F32Tensor:$init);
  let results = (outs BPT_F32Tensor:$result);
  let assemblyFormat = [{
    `ins` `(` $x `,` $cotangent `:` type($x) `,` type($cotangent) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def BPT_EmbeddingGradientOp : BPT_BlockedOp<"embedding_gradient", [
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface,
      ["isCheapToRecompute", "getStrategyOptions"]>]> {
  let summary = "gradient of an embedding's table";
  let description = [{
    ```
    result[v,:] = init[v,:] + Σ_{b,s : ids[b,s] = v} cotangent[b,s,:]
    ```

    An id outside [0, V) adds nothing. Rows are added in order, so the sum has
    the same bits always. Batch and rows are **reduction** dimensions.

    **Shapes.** ids i32 or i64 `[B, S]`, cotangent `[B, S, E]`, init and result
    f32 `[V, E]`.

    Example:

    ```mlir
    %dt = bpt.embedding_gradient ins(%ids, %dx : tensor<1x?xi32>, tensor<1x?x64xf32>)
        outs(%z : tensor<1000x64xf32>) -> tensor<1000x64xf32>
    ```
  }];
  let arguments = (ins BPT_IdTensor2D:$ids, BPT_Tensor3D:$cotangent, BPT_F32Tensor2D:$init);
  let results = (outs BPT_F32Tensor2D:$result);
  let assemblyFormat = [{
    `ins` `(` $ids `,` $cotangent `:` type($ids) `,` type($cotangent) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict `->` type($result)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def BPT_CrossEntropyBackwardOp : BPT_BlockedOp<"cross_entropy_backward", [
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface,
      ["countFlops", "isCheapToRecompute", "getStrategyOptions"]>]> {
  let summary = "gradients of the softmax cross-entropy, from the saved log-sum-exp";
  let description = [{
    With logits z[v] = Σ_e hidden[b,s,e] · weight[e,v] and lse as in
    `bpt.cross_entropy`, c the cotangent of the row's loss (0 where the label
    lies outside [0, V)) and l that of its log-sum-exp (0 if absent):

    ```
    g[v]    = (c + l) · exp(z[v] − lse) − c · [v = label]
    dhidden = init + Σ_v g[v] · weight[:,v]
    dweight = init + Σ_{b,s} hidden[b,s,:] ⊗ g
    ```

    Logits are computed again, one block of the vocabulary at a time; rows and
    vocabulary are **reduction** dimensions.

    **Shapes.** hidden `[B, S, E]`, weight `[E, V]`, labels i32 or i64 `[B, S]`,
    lse, loss cotangent and lse cotangent f32 `[B, S]`; destinations f32
    `[B, S, E]` and `[E, V]`.

    Example:

    ```mlir
    %d:2 = bpt.cross_entropy_backward
        ins(%h, %w, %y : tensor<1x?x64xf32>, tensor<64x1000xf32>, tensor<1x?xi32>)
        cotangent(%lse, %c : tensor<1x?xf32>, tensor<1x?xf32>)
        outs(%dh, %dw : tensor<1x?x64xf32>, tensor<64x1000xf32>)
        -> tensor<1x?x64xf32>, tensor<64x1000xf32>
    ```
  }];
  let arguments = (ins BPT_Tensor3D:$hidden, BPT_Tensor2D:$weight, BPT_IdTensor2D:$labels,
                       BPT_F32Tensor2D:$lse, BPT_F32Tensor2D:$loss_cotangent,
                       Optional<BPT_F32Tensor2D>:$lse_cotangent,
                       BPT_F32Tensor3D:$hidden_init, BPT_F32Tensor2D:$weight_init);
  let results = (outs BPT_F32Tensor3D:$hidden_gradient, BPT_F32Tensor2D:$weight_gradient);
  let assemblyFormat = [{
    `ins` `(` $hidden `,` $weight `,` $labels `:` type($hidden) `,` type($weight) `,` type($labels) `)`
    `cotangent` `(` $lse `,` $loss_cotangent (`,` $lse_cotangent^)? `:`
      type($lse) `,` type($loss_cotangent) (`,` type($lse_cotangent)^)? `)`
    `outs` `(` $hidden_init `,` $weight_init `:` type($hidden_init) `,` type($weight_init) `)`
    attr-dict `->` type($hidden_gradient) `,` type($weight_gradient)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable();
  }];
}

def BPT_BarrierOp : Op<BPT_Dialect, "barrier", [Pure,
    AllTypesMatch<["kept", "result"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "a value that is used again not before another one exists";
  let description = [{
    The result is `kept`; what is computed from it comes after `after`. The
    backward function computes results of the forward function again from what
    was kept. Both are the same operations on the same values, and CSE would
    make them one, which keeps everything; from the result of a barrier they are
    not the same, and cannot be computed before the backward pass needs them.

    Barriers are dropped when buffers are made (`bpt-remove-barriers`).

    Example:

    ```mlir
    %again = bpt.barrier %x after %dy : tensor<1x?x64xf32>, tensor<1x?x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$kept, AnyType:$after);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$kept `after` $after attr-dict `:` type($kept) `,` type($after)";
}

#endif // BPT_GRADIENT_OPS
