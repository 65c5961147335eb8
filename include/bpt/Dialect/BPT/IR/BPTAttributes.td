//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef BPT_ATTRIBUTES
#define BPT_ATTRIBUTES

include "bpt/Dialect/BPT/IR/BPTDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def BPT_Activation : I32EnumAttr<"Activation",
    "activation function of a feed-forward network", [
      I32EnumAttrCase<"Relu", 0, "relu">,
      I32EnumAttrCase<"Gelu", 1, "gelu">,
      I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">,
      I32EnumAttrCase<"QuickGelu", 3, "quick_gelu">,
      I32EnumAttrCase<"Silu", 4, "silu">]> {
  let cppNamespace = "::mlir::bpt";
  let genSpecializedAttr = 0;
}

def BPT_ActivationAttr : EnumAttr<BPT_Dialect, BPT_Activation, "activation"> {
  let summary = "activation function of a feed-forward network";
  let description = [{
    | keyword | act(x) |
    |---|---|
    | `relu` | max(x, 0) |
    | `gelu` | x/2 · (1 + erf(x/√2)) |
    | `gelu_tanh` | x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) |
    | `quick_gelu` | x · σ(1.702 x) |
    | `silu` | x · σ(x) |

    σ is the logistic function 1 / (1 + e^-x). Computed in f32.
  }];
  let assemblyFormat = "`<` $value `>`";
}

def BPT_RotaryKind : I32EnumAttr<"RotaryKind",
    "which components of a head a rotary embedding pairs", [
      I32EnumAttrCase<"Interleaved", 0, "interleaved">,
      I32EnumAttrCase<"Half", 1, "half">]> {
  let cppNamespace = "::mlir::bpt";
  let genSpecializedAttr = 0;
}

def BPT_RotaryKindAttr : EnumAttr<BPT_Dialect, BPT_RotaryKind, "rotary_kind"> {
  let summary = "which components of a head a rotary embedding pairs";
  let description = [{
    With R rotated components, pair i (0 ≤ i < R/2) is
    `interleaved`: (2i, 2i + 1), as in GPT-J;
    `half`: (i, i + R/2), as in LLaMA's published weights.
  }];
  let assemblyFormat = "`<` $value `>`";
}

def BPT_AttentionGradients : I32EnumAttr<"AttentionGradients",
    "which gradients of attention are computed", [
      I32EnumAttrCase<"All", 0, "all">,
      I32EnumAttrCase<"Query", 1, "query">,
      I32EnumAttrCase<"KeyValue", 2, "key_value">,
      I32EnumAttrCase<"Key", 3, "key">,
      I32EnumAttrCase<"Value", 4, "value">]> {
  let cppNamespace = "::mlir::bpt";
  let genSpecializedAttr = 0;
}

def BPT_AttentionGradientsAttr : EnumAttr<BPT_Dialect, BPT_AttentionGradients, "attention_gradients"> {
  let summary = "which gradients of attention are computed";
  let description = [{
    | keyword | destinations, in order |
    |---|---|
    | `all` | those of query, key and value, and of the bias if there is one more |
    | `query` | that of query, and of the bias if there is one more |
    | `key_value` | those of key and value |
    | `key` | that of key |
    | `value` | that of value |
  }];
  let assemblyFormat = "`<` $value `>`";
}

def BPT_StrategyAttr : AttrDef<BPT_Dialect, "Strategy"> {
  let mnemonic = "strategy";
  let summary = "how an operation is blocked";
  let description = [{
    Attached to an operation as the discardable attribute `bpt.strategy` and
    read by the tiling passes. Sizes are in elements of the dimension they cut;
    0 (or leaving the option out) means that the dimension is not cut.

    | option | read by | meaning |
    |---|---|---|
    | `rows` | every blocked operation | query rows of one block; blocks run in parallel, and those of `bpt.linear_weight_gradient`, which are summed, in order |
    | `keys` | `bpt.attention`, `bpt.attention_backward` | keys of one step of the online softmax, and of one block of the gradients |
    | `score_rows` | `bpt.attention`, `bpt.attention_backward` | query rows of one block of scores: those of a block take turns inside each block of keys, whose packed panels serve all of them |
    | `chunk` | every blocked operation | query rows between which results are kept in memory; chunks run one after the other, each with the loops over blocks of its own |
    | `hidden` | `bpt.feed_forward` | hidden units of one step of the feed-forward |
    | `store_hidden` | `bpt.feed_forward`, `bpt.cross_entropy_backward` | `true`: the activations of the hidden units are stored, which makes two projections of the network; it excludes `hidden`. Of the loss, the gradients of a block of logits are stored, which makes three products |
    | `vocab` | `bpt.cross_entropy`, `bpt.cross_entropy_backward` | vocabulary entries of one step of the loss and its gradient |
    | `heads` | `bpt.attention` | heads of one block; blocks run in parallel |
    | `group_heads` | `bpt.attention` | `true`: `heads` counts heads of keys, with all heads of queries that share them. Of one query row these are the rows of one product, so that keys and values are read once for all of them; of several rows they take turns |
    | `columns` | `bpt.linear`, `bpt.feed_forward` and `bpt.cross_entropy_backward` with `store_hidden`, `bpt.linear_weight_gradient` (with `rows`, of its inputs as well) and `bpt.embedding_gradient` | columns of the result of one block; blocks run in parallel. Where a row of the result is a matrix (heads, head_dim), the first dimension is cut, as near to `columns` as it can be |
    | `separate` | `bpt.attention_backward` | `true`: the gradients of queries, and those of keys and values, get loops of their own, which are parallel over the blocks of what they write; probabilities are computed in both. A block is `rows` queries, with steps of `keys` keys, or as many keys, with steps of as many queries |
    | `separate_values` | `bpt.attention_backward` | `true`: with `separate`, the gradients of keys and those of values get loops of their own as well: a block then holds one sum instead of two, and the scores are computed once more |
    | `fuse` | every blocked operation | `false`: this operation gets a loop of its own and its result is stored, or that of the element-wise operation which alone reads it |

    `heads` and `columns` cut the operation that a loop over rows is made for, or
    the one whose result its element-wise operation takes up; what else is fused
    into that loop follows.

    `rows` is what works on a block at a time: it fits on chip. `chunk` bounds
    memory: what a layer keeps between its loops are results of one chunk,
    whatever the length of the sequence.

    A size that the dimension is not a multiple of is legal: the last block is
    smaller. An option that the operation does not read is an error, and so is
    `separate_values` without `separate`.

    Example:

    ```mlir
    #layer = #bpt.strategy<rows = 128, keys = 128>
    ```
  }];
  let parameters = (ins
    DefaultValuedParameter<"int64_t", "0">:$rows,
    DefaultValuedParameter<"int64_t", "0">:$keys,
    DefaultValuedParameter<"int64_t", "0">:$hidden,
    DefaultValuedParameter<"int64_t", "0">:$vocab,
    DefaultValuedParameter<"int64_t", "0">:$heads,
    DefaultValuedParameter<"int64_t", "0">:$columns,
    DefaultValuedParameter<"int64_t", "0">:$score_rows,
    DefaultValuedParameter<"int64_t", "0">:$chunk,
    DefaultValuedParameter<"bool", "false">:$store_hidden,
    DefaultValuedParameter<"bool", "false">:$separate,
    DefaultValuedParameter<"bool", "false">:$separate_values,
    DefaultValuedParameter<"bool", "false">:$group_heads,
    DefaultValuedParameter<"bool", "true">:$fuse);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def BPT_DropoutAttr : AttrDef<BPT_Dialect, "Dropout"> {
  let mnemonic = "dropout";
  let summary = "which elements are dropped at random, and how often";
  let description = [{
    An element is dropped with probability `rate`, and is multiplied by
    1 / (1 − rate) otherwise, so that its mean stays. The choice is a function
    of where the element is in the whole problem and of a `seed`, a
    `tensor<i64>` that the operation takes: a mask is computed where it is
    needed, again in the gradient, and never stored. It depends neither on
    block sizes nor on the number of threads or the device.

    The element at (batch b, head h, row q, column k) is kept when

    ```
    philox(key, counter)[⌊k / 16⌋ mod 4] ≥ ⌈rate · 2³²⌉
    key     = (seed mod 2³², ⌊seed / 2³²⌋)
    counter = (k − 16 · (⌊k / 16⌋ mod 4), q, b + 2¹⁶ · h, stream)      (each mod 2³²)
    ```

    where `philox` is Philox4x32-10, which makes four words of 32 bits at a
    time: those of one counter belong to columns 16 apart, so that a vector of
    columns takes the same word of as many counters. Operations of one
    `stream` and seed drop the same elements; give each its own. A training
    step takes another seed than the step before.

    `rate` lies in [0, 1), `stream` (0 by default) in [0, 2³²).

    Example:

    ```mlir
    #hidden = #bpt.dropout<rate = 0.1, stream = 2>
    ```

    Source: Srivastava et al. 2014; Salmon et al. 2011 (Philox).
  }];
  let parameters = (ins "::mlir::FloatAttr":$rate,
                        DefaultValuedParameter<"int64_t", "0">:$stream);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// What a kept element is multiplied by.
    double getFactor();
    /// The least random word of an element that is kept.
    uint32_t getThreshold();
    /// Whether no element is dropped.
    bool dropsNothing() { return getRate().getValueAsDouble() == 0; }
  }];
}

#endif // BPT_ATTRIBUTES
