//===----------------------------------------------------------------------===//
//
// Part of the BPT project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Flags of bpt-gen, with the kinds of IR they have a meaning for.
//
//===----------------------------------------------------------------------===//

include "llvm/Option/OptParser.td"

def ForAttention : OptionVisibility;
def ForFeedForward : OptionVisibility;
def ForLayer : OptionVisibility;
def ForModel : OptionVisibility;

defvar Everything = [ForAttention, ForFeedForward, ForLayer, ForModel];
defvar WithAttention = [ForAttention, ForLayer, ForModel];
defvar WithFeedForward = [ForFeedForward, ForLayer, ForModel];
defvar WithLayers = [ForLayer, ForModel];

def sizes : OptionGroup<"sizes">, HelpText<"SIZES (? is known at run time only)">;
def attention : OptionGroup<"attention">, HelpText<"ATTENTION">;
def feed_forward : OptionGroup<"feed-forward network">, HelpText<"FEED-FORWARD NETWORK">;
def layer : OptionGroup<"layer">, HelpText<"LAYER">;
def general : OptionGroup<"general">, HelpText<"GENERAL">;

class ForKinds<list<OptionVisibility> kinds> {
  list<OptionVisibility> Visibility = kinds;
}

// --name=VALUE, and --name VALUE.
multiclass Value<string name, string metavar, string help, OptionGroup group,
                 list<OptionVisibility> kinds> {
  def NAME : Joined<["--"], name # "=">, MetaVarName<metavar>, HelpText<help>,
             Group<group>, ForKinds<kinds>;
  def NAME # _separate : Separate<["--"], name>, Alias<!cast<Option>(NAME)>,
                         ForKinds<kinds>;
}

class Switch<string name, string help, OptionGroup group,
             list<OptionVisibility> kinds>
    : Flag<["--"], name>, HelpText<help>, Group<group>, ForKinds<kinds>;

defm batch : Value<"batch", "N", "Sequences; 1", sizes, Everything>;
defm seq : Value<"seq", "N", "Positions of a sequence; 1024", sizes, Everything>;
defm kv_seq : Value<"kv-seq", "N", "Positions of keys and values; as --seq", sizes, [ForAttention]>;
defm embed : Value<"embed", "N", "Width of an activation; 768", sizes, Everything>;
defm heads : Value<"heads", "N", "Query heads; 12", sizes, WithAttention>;
defm kv_heads : Value<"kv-heads", "N", "Key/value heads, a divisor of --heads; as --heads", sizes, WithAttention>;
defm head_dim : Value<"head-dim", "N", "Components of a head; embed / heads", sizes, WithAttention>;
defm ffn : Value<"ffn", "N", "Hidden units of the feed-forward network; 4 embed", sizes, WithFeedForward>;
defm layers : Value<"layers", "N", "Layers of the model; 12", sizes, [ForModel]>;
defm vocab : Value<"vocab", "N", "Entries of the vocabulary; 50257", sizes, [ForModel]>;
def dynamic : Switch<"dynamic", "Make --seq and --kv-seq known at run time only", sizes, Everything>;

def causal : Switch<"causal", "Key j is seen by query i when j <= i + (Sk - Sq)", attention, WithAttention>;
defm window : Value<"window", "N", "Key j is seen by query i when i + (Sk - Sq) - j < N, and without --causal also j - i - (Sk - Sq) < N", attention, WithAttention>;
def segments : Switch<"segments", "A query sees the keys with its own i32 segment id", attention, WithAttention>;
def attn_bias : Switch<"attn-bias", "Add a bias [batch, heads, Sq, Sk] to the scores", attention, WithAttention>;
def attn_bias_shape : Joined<["--"], "attn-bias=">, MetaVarName<"SHAPE">,
    HelpText<"The same of shape full, heads [1, heads, ..], batch [batch, 1, ..] or shared [1, 1, ..]">,
    Group<attention>, ForKinds<WithAttention>;
defm scale : Value<"scale", "X", "Factor of the scores; 1 / sqrt(head-dim)", attention, WithAttention>;
defm score : Value<"score", "F", "Score region: softcap:X, or alibi", attention, WithAttention>;
defm attn_dropout : Value<"attn-dropout", "P", "Drop probabilities of attention with probability P, in [0, 1); takes a seed, tensor<i64>; 0", attention, WithAttention>;
def lse : Switch<"lse", "Return the log-sum-exp [batch, seq, heads] (f32) as well", attention, [ForAttention]>;

defm act : Value<"act", "F", "relu, gelu, gelu_tanh, quick_gelu or silu; gelu", feed_forward, WithFeedForward>;
def gated : Switch<"gated", "act(x w1) * (x w3) in place of act(x w1)", feed_forward, WithFeedForward>;

defm norm : Value<"norm", "KIND", "layer or rms (which has no bias), eps 1e-5; layer", layer, WithLayers>;
def post_norm : Switch<"post-norm", "Normalise after the residual, not before the sublayer", layer, WithLayers>;
defm rotary : Value<"rotary", "KIND", "Rotary embedding of queries and keys: interleaved, half or none; none", layer, WithLayers>;
defm rotary_dim : Value<"rotary-dim", "N", "Components that it turns; head-dim", layer, WithLayers>;
defm dropout : Value<"dropout", "P", "Drop what a sublayer adds to the residual with probability P, in [0, 1); takes a seed, tensor<i64>; 0", layer, WithLayers>;
def outline_layers : Switch<"outline-layers", "Make the layers calls of one private function @layer: compile time, and what is kept for the gradient, are then those of one layer", layer, [ForModel]>;
def loss : Switch<"loss", "Take labels, and return the cross-entropy [batch, seq] (f32) of each position in place of logits", layer, [ForModel]>;
defm label_smoothing : Value<"label-smoothing", "X", "Of the loss: the share in [0, 1) of a label's weight that all words get; 0", layer, [ForModel]>;
defm z_loss : Value<"z-loss", "X", "Of the loss: the factor of its squared log-sum-exp; 0", layer, [ForModel]>;
def bias : Switch<"bias", "Give the linear maps biases", layer, WithFeedForward>;

defm dtype : Value<"dtype", "T", "f32, bf16 or f16; f32", general, Everything>;
def help : Switch<"help", "Print this; after a kind, its flags only", general, Everything>;
def help_short : Flag<["-"], "h">, Alias<help>, ForKinds<Everything>;
