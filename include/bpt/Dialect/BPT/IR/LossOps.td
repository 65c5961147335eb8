//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_LOSS_OPS
#define BPT_LOSS_OPS

include "bpt/Dialect/BPT/IR/BPTBase.td"

def BPT_CrossEntropyOp : BPT_BlockedOp<"cross_entropy", [
    DeclareOpInterfaceMethods<BPT_DifferentiableOpInterface, ["prepareForVjp"]>,
    DeclareOpInterfaceMethods<BPT_BlockedOpInterface,
      ["countFlops", "isCheapToRecompute", "getStrategyOptions"]>]> {
  let summary = "softmax cross-entropy of every row, from hidden states";
  let description = [{
    With logits z[v] = Σ_e hidden[b,s,e] · weight[e,v] of one row,

    ```
    lse  = log Σ_v exp(z[v])                 (natural logarithm; optional result)
    loss = lse − (1 − ε) · z[label] − ε/V · Σ_v z[v] + ζ · lse²
    ```

    with ε = `label_smoothing`, in [0, 1), and ζ = `z_loss`, at least 0; both are 0
    if left out. Without them −loss is the log-probability of the label.

    The logits of a row exist one block of the vocabulary at a time; the
    `[tokens, vocab]` matrix never does. A label outside [0, V), such as the
    usual −100 of ignored tokens, gives loss = 0 for that row, and no gradient.
    Means and weights over rows are the caller's.

    What smoothing and ζ add is computed from the loss without them, the
    log-sum-exp and hidden · Σ_v weight[:,v] (`bpt-expand-loss`).

    **Shapes.** hidden `[B, S, E]`, weight `[E, V]`, labels i32 or i64
    `[B, S]`, loss and lse f32 `[B, S]`. `outs` are written, not read.

    Example:

    ```mlir
    %loss = bpt.cross_entropy ins(%h, %w, %y : tensor<1x?x64xf32>, tensor<64x1000xf32>, tensor<1x?xi32>)
        outs(%e : tensor<1x?xf32>) {label_smoothing = 0.1 : f32, z_loss = 1.0e-4 : f32} -> tensor<1x?xf32>
    ```

    Errors: a smoothing or a ζ out of range; shapes that do not fit.

    Source: Liu and Abbeel 2023, section 3 (the loss is blocked as well); Szegedy et
    al. 2016, section 7 (smoothing); Chowdhery et al. 2022, section 5 (z-loss).
  }];
  let arguments = (ins BPT_Tensor3D:$hidden, BPT_Tensor2D:$weight, BPT_IdTensor2D:$labels,
                       BPT_F32Tensor2D:$init, Optional<BPT_F32Tensor2D>:$lse_init,
                       DefaultValuedAttr<F32Attr, "0.0f">:$label_smoothing,
                       DefaultValuedAttr<F32Attr, "0.0f">:$z_loss);
  let results = (outs BPT_F32Tensor2D:$loss, Optional<BPT_F32Tensor2D>:$lse);
  let assemblyFormat = [{
    `ins` `(` $hidden `,` $weight `,` $labels `:` type($hidden) `,` type($weight) `,` type($labels) `)`
    `outs` `(` $init (`,` $lse_init^)? `:` type($init) (`,` type($lse_init)^)? `)`
    attr-dict `->` type($loss) (`,` type($lse)^)?
  }];
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable();
    /// Whether the loss is more than lse − z[label].
    bool hasOptions() {
      return !getLabelSmoothing().isZero() || !getZLoss().isZero();
    }
  }];
}

#endif // BPT_LOSS_OPS
