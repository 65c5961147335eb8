//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_ATTENTION_OPS
#define BPT_ATTENTION_OPS

include "bpt/Dialect/BPT/IR/BPTBase.td"

// What attention and its online form share: inputs, masks, positions.
class BPT_AttentionLikeOp<string mnemonic, list<Trait> traits = []>
    : BPT_BlockedOp<mnemonic, !listconcat(traits, [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface,
      ["locateTile", "countFlops", "isCheapToRecompute", "getStrategyOptions"]>])> {
  let hasCanonicalizer = 1;
  let regions = (region VariadicRegion<SizedRegion<1>>:$score);
  let hasRegionVerifier = 1;
}

def BPT_AttentionOp : BPT_AttentionLikeOp<"attention", [
    AttrSizedResultSegments,
    DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface, ["prepareForVjp"]>]> {
  let summary = "scaled dot-product attention of query rows over all their keys";
  let description = [{
    For batch b, query row i, query head h, with g = heads / kv_heads:

    ```
    s[j]   = score(scale · Σ_d query[b,i,h,d] · key[b,j,h÷g,d] + bias[b,h,i,j], b, h, i, j)
    p      = softmax over the kept keys j of s[j]
    out    = Σ_j p[j] · value[b,j,h÷g,:]
    lse    = log Σ_j exp(s[j])            (natural logarithm, f32; optional)
    m, l   = log2(e) · max_j s[j],  Σ_j 2^(s[j] · log2(e) − m)      (f32; optional)
    ```

    The *statistics* m and l say what lse says without its rounding:
    2^(s · log2(e) − m) / l is the probability of a score to full precision,
    however large scores are. The gradient is computed from them.

    Key j is **kept** for query i when all of these hold, with
    Δ = `diagonal`, which defaults to Sk − Sq, so that the last query is
    aligned to the last key:

    * `causal`: j ≤ i + Δ
    * `window = N`: i + Δ − j < N, and without `causal` also j − i − Δ < N
    * `segments`: query_segments[b,i] = key_segments[b,j]
    * the score is not −∞ (a bias of −∞ excludes a key)

    A row that keeps no key gives out = 0 and lse = −∞, never NaN; its l is 0 and
    its m the lowest finite f32.

    **Shapes.** query `[B, Sq, H, D]`, key `[B, Sk, Hk, D]`, value
    `[B, Sk, Hk, Dv]` with Hk dividing H (grouped-query attention; K and V are
    never repeated; dynamic head counts must be equal), bias
    `[B | 1, H | 1, Sq, Sk]`, segments i32 or i64 `[B, Sq]` and `[B, Sk]`,
    destination `[B, Sq, H, Dv]` and, when the log-sum-exp or the statistics are
    wanted, f32 `[B, Sq, H]` for each. Destinations are written, not read.

    **Score region.** Takes (score: f32, b, h, q, k: index) and yields an f32:
    arithmetic of the user's on the scaled, biased score, inlined in the loop.
    It may read values from above (slopes, tables). The indices are positions
    in the whole problem at every depth of tiling: q counts the rows of the
    untiled query tensor, k those of the key tensor.

    **Dropout.** With `dropout = #bpt.dropout<...>` and a `seed`, the element of a
    probability is (b, h, q, k), as the score region counts them, and

    ```
    out    = Σ_j keep(b,h,i,j) / (1 − rate) · p[j] · value[b,j,h÷g,:]
    ```

    What is dropped still counts in the softmax, lse, m and l.

    **Scales.** query, key and value may be `f8E4M3FN`, with f32 `scales` of all
    three; the destination is f32, f16 or bf16, whatever is scaled. The number that an element
    stands for is the element times its scale, which is one number (of rank 0), or one
    for each block of `query_blocks`, `key_blocks` and `value_blocks`, as in
    `bpt.linear`: `[B', S', H', 1]` for blocks along batch, rows and heads.
    Products of scores are those of the elements, scaled in f32; a probability is
    multiplied by the scale of its value. There is no gradient.

    Values that are `value_transposed` are `[B, Hk, Dv, Sk]`, as warpgroups read those
    of 8 bits (`bpt-transpose-values`). With transposed values of f8E4M3FN the
    probabilities are f8E4M3FN as well: times 256, which is near its largest number,
    or, where values have scales of their own, times their scales and as much that the
    largest of a row and a block of keys becomes 256. A block of keys is summed by
    itself, and added in f32. Elsewhere tensor cores multiply elements that are
    widened to 16 bits (`bpt-widen-attention`), and CPUs in f32.

    **Positions.** `at(b, q, h)` says where this tile lies in the whole, and
    `diagonal` the Δ of the whole; tiling sets both, a model leaves them out.

    **Numerics.** Scores, softmax and sums are f32 for every element type; the
    destination is rounded once. `scale` defaults to 1/√D and is applied to the
    query in f32.

    Example: causal attention with grouped heads and a soft cap on the scores.

    ```mlir
    %o = bpt.attention
        ins(%q, %k, %v : tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>)
        outs(%e : tensor<1x?x8x64xf32>) {causal} score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
        %cap = arith.constant 5.0e+01 : f32
        %d = arith.divf %s, %cap : f32
        %t = math.tanh %d : f32
        %r = arith.mulf %t, %cap : f32
        bpt.yield %r : f32
    } -> tensor<1x?x8x64xf32>
    ```

    Example: the same with dropout.

    ```mlir
    %o = bpt.attention
        ins(%q, %k, %v : tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>)
        seed(%seed) outs(%e : tensor<1x?x8x64xf32>)
        {causal, dropout = #bpt.dropout<rate = 0.1>} -> tensor<1x?x8x64xf32>
    ```

    Example: f8E4M3FN, with a scale for each 128 rows of a head.

    ```mlir
    %o = bpt.attention
        ins(%q8, %k8, %v8 : tensor<1x512x8x64xf8E4M3FN>, tensor<1x512x2x64xf8E4M3FN>, tensor<1x512x2x64xf8E4M3FN>)
        scales(%qs, %ks, %vs : tensor<1x4x8x1xf32>, tensor<1x4x2x1xf32>, tensor<f32>)
        outs(%h : tensor<1x512x8x64xbf16>)
        {query_blocks = array<i64: 1, 128, 1, 0>, key_blocks = array<i64: 1, 128, 1, 0>}
        -> tensor<1x512x8x64xbf16>
    ```

    Source: Liu and Abbeel 2023, section 3; the log-sum-exp as in Dao et al. 2022.
  }];
  let arguments = (ins
    BPT_ScaledTensor4D:$query, BPT_ScaledTensor4D:$key, BPT_ScaledTensor4D:$value,
    Optional<BPT_F32Tensor>:$query_scale, Optional<BPT_F32Tensor>:$key_scale,
    Optional<BPT_F32Tensor>:$value_scale,
    Optional<BPT_Tensor4D>:$bias,
    Optional<BPT_IdTensor2D>:$query_segments, Optional<BPT_IdTensor2D>:$key_segments,
    Optional<BPT_Seed>:$seed,
    Variadic<Index>:$positions, Optional<Index>:$diagonal,
    BPT_Tensor4D:$init, Optional<BPT_F32Tensor3D>:$lse_init,
    Optional<BPT_F32Tensor3D>:$max_init, Optional<BPT_F32Tensor3D>:$sum_init,
    UnitAttr:$causal, OptionalAttr<I64Attr>:$window, OptionalAttr<F32Attr>:$scale,
    OptionalAttr<BPT_DropoutAttr>:$dropout, UnitAttr:$value_transposed,
    OptionalAttr<DenseI64ArrayAttr>:$query_blocks,
    OptionalAttr<DenseI64ArrayAttr>:$key_blocks,
    OptionalAttr<DenseI64ArrayAttr>:$value_blocks);
  let results = (outs BPT_Tensor4D:$result, Optional<BPT_F32Tensor3D>:$lse,
                      Optional<BPT_F32Tensor3D>:$max, Optional<BPT_F32Tensor3D>:$sum);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    (`scales` `(` $query_scale^ `,` $key_scale `,` $value_scale `:`
      type($query_scale) `,` type($key_scale) `,` type($value_scale) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`segments` `(` $query_segments^ `,` $key_segments `:` type($query_segments) `,` type($key_segments) `)`)?
    (`seed` `(` $seed^ `)`)?
    (`at` `(` $positions^ `)`)?
    (`diagonal` `(` $diagonal^ `)`)?
    `outs` `(` $init (`,` $lse_init^)? `:` type($init) (`,` type($lse_init)^)? `)`
    (`statistics` `(` $max_init^ `,` $sum_init `:` type($max_init) `,` type($sum_init) `)`)?
    attr-dict (`score` $score^)?
    `->` type($result) (`,` type($lse)^)? (`statistics` type($max)^ `,` type($sum))?
  }];
  let extraClassDeclaration = [{
    /// Destinations: the output and, if asked for, the log-sum-exp and the
    /// statistics.
    ::mlir::MutableOperandRange getDpsInitsMutable();
    /// Whether queries, keys and values are of f8E4M3FN.
    bool multipliesFloat8();
    /// A copy with these destinations beside that of the output; null: none.
    ::mlir::bpt::AttentionOp cloneWithResults(::mlir::OpBuilder &builder,
        ::mlir::Value lseInit, ::mlir::Value maxInit, ::mlir::Value sumInit);
    /// The score region, or null if there is none.
    ::mlir::Region *getScoreRegion() {
      return getScore().empty() ? nullptr : &getScore().front();
    }
    /// Query heads that share one key/value head.
    int64_t getGroupSize();
    /// Whether the value depends on where in the whole problem the rows lie.
    bool dependsOnPositions();
  }];
}

def BPT_OnlineAttentionOp : BPT_AttentionLikeOp<"online_attention"> {
  let summary = "one step of attention's online softmax over a block of keys";
  let description = [{
    Takes the running state of rows that have seen some keys and adds the keys
    given: with s[j] as in `bpt.attention` times log2(e),

    ```
    m'   = max(m, max_j s[j])
    a    = 2^(m − m')
    l'   = a · l + Σ_j 2^(s[j] − m')
    acc' = a · acc + Σ_j 2^(s[j] − m') · value[b,j,h÷g,:]
    ```

    The keys are a **reduction** dimension: tiling them gives a loop that
    carries (acc, m, l), as tiling a matrix product's gives one that carries
    its sum. The running maximum is kept in base 2. Start from acc = 0,
    m = the lowest finite f32, l = 0; dropout multiplies what is added to acc, and
    nothing else. A key that is not kept adds nothing, so a
    row that keeps none ends with l = 0. `bpt.attention` is the loop followed by
    out = acc / l (0 where l = 0) and lse = (m + log2 l) · ln 2.

    **Shapes** as in `bpt.attention`; acc `[B, Sq, H, Dv]`, m and l
    `[B, Sq, H]`, all f32. **Positions** `at(b, q, h, k)` and `diagonal` are
    required when a mask, a score region or dropout depends on them.

    Example:

    ```mlir
    %r:3 = bpt.online_attention
        ins(%q, %k, %v : tensor<1x128x8x64xf32>, tensor<1x256x8x64xf32>, tensor<1x256x8x64xf32>)
        outs(%acc, %m, %l : tensor<1x128x8x64xf32>, tensor<1x128x8xf32>, tensor<1x128x8xf32>)
        -> tensor<1x128x8x64xf32>, tensor<1x128x8xf32>, tensor<1x128x8xf32>
    ```

    Source: Milakov and Gimelshein 2018 (online softmax); Liu and Abbeel 2023,
    section 3.
  }];
  let arguments = (ins
    BPT_ScaledTensor4D:$query, BPT_ScaledTensor4D:$key, BPT_ScaledTensor4D:$value,
    Optional<BPT_F32Tensor>:$query_scale, Optional<BPT_F32Tensor>:$key_scale,
    Optional<BPT_F32Tensor>:$value_scale,
    Optional<BPT_Tensor4D>:$bias,
    Optional<BPT_IdTensor2D>:$query_segments, Optional<BPT_IdTensor2D>:$key_segments,
    Optional<BPT_Seed>:$seed,
    Variadic<Index>:$positions, Optional<Index>:$diagonal,
    BPT_F32Tensor4D:$acc_init, BPT_F32Tensor3D:$max_init, BPT_F32Tensor3D:$sum_init,
    UnitAttr:$causal, OptionalAttr<I64Attr>:$window, OptionalAttr<F32Attr>:$scale,
    OptionalAttr<BPT_DropoutAttr>:$dropout, UnitAttr:$value_transposed,
    OptionalAttr<DenseI64ArrayAttr>:$query_blocks,
    OptionalAttr<DenseI64ArrayAttr>:$key_blocks,
    OptionalAttr<DenseI64ArrayAttr>:$value_blocks);
  let results = (outs BPT_F32Tensor4D:$acc, BPT_F32Tensor3D:$max, BPT_F32Tensor3D:$sum);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    (`scales` `(` $query_scale^ `,` $key_scale `,` $value_scale `:`
      type($query_scale) `,` type($key_scale) `,` type($value_scale) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`segments` `(` $query_segments^ `,` $key_segments `:` type($query_segments) `,` type($key_segments) `)`)?
    (`seed` `(` $seed^ `)`)?
    (`at` `(` $positions^ `)`)?
    (`diagonal` `(` $diagonal^ `)`)?
    `outs` `(` $acc_init `,` $max_init `,` $sum_init `:` type($acc_init) `,` type($max_init) `,` type($sum_init) `)`
    attr-dict (`score` $score^)?
    `->` type($acc) `,` type($max) `,` type($sum)
  }];
  let extraClassDeclaration = [{
    /// Destinations: accumulator, running maximum, running sum.
    ::mlir::MutableOperandRange getDpsInitsMutable();
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

def BPT_YieldOp : Op<BPT_Dialect, "yield",
    [Pure, Terminator, ParentOneOf<["AttentionOp", "OnlineAttentionOp", "AttentionBackwardOp"]>]> {
  let summary = "result of a score region";
  let description = [{
    Ends the score region of an attention operation with the score to use.

    Example:

    ```mlir
    bpt.yield %score : f32
    ```
  }];
  let arguments = (ins F32:$score);
  let assemblyFormat = "$score attr-dict `:` type($score)";
}

#endif // BPT_ATTENTION_OPS
