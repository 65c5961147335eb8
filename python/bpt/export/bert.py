"""BERT's encoder (post-norm, learned positions) as `bpt` model IR."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from bpt.export.builder import FunctionBuilder, Value, tensor_type

# What config.json calls an activation -> what #bpt.activation calls it.
ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "relu": "relu", "silu": "silu"}


@dataclass(frozen=True)
class BertConfig:
    """Sizes of a BERT encoder, as published in its config.json."""

    embed: int
    heads: int
    ffn: int
    layers: int
    vocab: int
    positions: int
    token_types: int
    eps: float
    activation: str

    @property
    def head_dim(self) -> int:
        return self.embed // self.heads

    @staticmethod
    def load(path: Path) -> "BertConfig":
        """Reads a config.json; ValueError if it is not a model that is known."""
        try:
            config = json.loads(path.read_text())
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}: not JSON: {error}") from None
        if config.get("model_type") != "bert":
            raise ValueError(f"{path}: model_type is {config.get('model_type')!r}; only 'bert' is known")
        if config.get("position_embedding_type", "absolute") != "absolute":
            raise ValueError(f"{path}: only absolute position embeddings are known")
        try:
            result = BertConfig(
                embed=config["hidden_size"],
                heads=config["num_attention_heads"],
                ffn=config["intermediate_size"],
                layers=config["num_hidden_layers"],
                vocab=config["vocab_size"],
                positions=config["max_position_embeddings"],
                token_types=config["type_vocab_size"],
                eps=config["layer_norm_eps"],
                activation=ACTIVATIONS.get(config["hidden_act"], ""),
            )
        except KeyError as missing:
            raise ValueError(f"{path}: there is no {missing}") from None
        if not result.activation:
            raise ValueError(f"{path}: hidden_act is {config['hidden_act']!r}; known: {', '.join(ACTIVATIONS)}")
        if result.embed % result.heads:
            raise ValueError(
                f"{path}: hidden_size {result.embed} is not a multiple of num_attention_heads {result.heads}"
            )
        return result


class BertEncoder:
    """Emits the encoder into `@main` and a function of one layer, which `@main`
    calls once per layer: it is compiled once, however deep the model is.

    Batch and sequence length are dynamic. Weights are arguments under their
    published names.
    """

    def __init__(self, config: BertConfig) -> None:
        self.config = config
        self.main = FunctionBuilder("main")
        self.ids = self.main.argument("input_ids", tensor_type(["?", "?"], "i32"))
        # 1 for a token, 0 for padding: as segment ids it keeps the two apart.
        self.mask = self.main.argument("attention_mask", self.ids.type)
        self.batch = self.main.dim(self.ids, 0)
        self.seq = self.main.dim(self.ids, 1)

    def build(self) -> tuple[Value, str]:
        """The last hidden states, `[batch, seq, embed]`, in `@main`, and the
        text of the layer's function."""
        layer = BertLayer(self.config)
        layer_text = layer.build()
        x = self._embeddings()
        for i in range(self.config.layers):
            weights = [
                self.main.argument(f"encoder.layer.{i}.{name}", value.type)
                for name, value in layer.rows.b.arguments
                if value not in (layer.x, layer.mask)
            ]
            x = self.main.call("layer", [x, self.mask, *weights], x.type)
        return x, layer_text

    def _embeddings(self) -> Value:
        c, b, rows = self.config, self.main, RowOps(self.main, [self.batch, self.seq], self.config)
        words = b.argument("embeddings.word_embeddings.weight", tensor_type([c.vocab, c.embed]))
        positions = b.argument("embeddings.position_embeddings.weight", tensor_type([c.positions, c.embed]))
        types = b.argument("embeddings.token_type_embeddings.weight", tensor_type([c.token_types, c.embed]))
        word = b.op(
            f"bpt.embedding ins({self.ids}, {words} : {self.ids.type}, {words.type}) "
            f"outs({rows.empty()} : {rows.type}) -> {rows.type}",
            rows.type,
        )
        first_type = tensor_type(["?", c.embed])
        first = b.op(
            f"tensor.extract_slice {positions}[0, 0] [{self.seq}, {c.embed}] [1, 1] "
            f": {positions.type} to {first_type}",
            first_type,
        )
        # Sentences are of token type 0 throughout.
        row_type = tensor_type([c.embed])
        row = b.op(f"tensor.extract_slice {types}[0, 0] [1, {c.embed}] [1, 1] : {types.type} to {row_type}", row_type)
        total = b.generic(
            ["(b, s, e) -> (b, s, e)", "(b, s, e) -> (s, e)", "(b, s, e) -> (e)", "(b, s, e) -> (b, s, e)"],
            ["parallel"] * 3,
            [word, first, row],
            rows.empty(),
            [
                "%sum = arith.addf %in0, %in1 : f32",
                "%all = arith.addf %sum, %in2 : f32",
                "linalg.yield %all : f32",
            ],
        )
        return rows.layer_norm(total, "embeddings.LayerNorm")


class BertLayer:
    """One post-norm layer as a function of (x, attention_mask, weights...)."""

    def __init__(self, config: BertConfig) -> None:
        self.config = config
        b = FunctionBuilder("layer")
        self.x = b.argument("x", tensor_type(["?", "?", config.embed]))
        self.mask = b.argument("attention_mask", tensor_type(["?", "?"], "i32"))
        self.rows = RowOps(b, [b.dim(self.x, 0), b.dim(self.x, 1)], config)

    def build(self) -> str:
        """The function's text."""
        rows = self.rows
        context = rows.merge_heads(self._attention(), "attention.output.dense")
        x = rows.layer_norm(rows.add(self.x, context), "attention.output.LayerNorm")
        y = rows.feed_forward(x, "intermediate.dense", "output.dense")
        return rows.b.build(rows.layer_norm(rows.add(x, y), "output.LayerNorm"), private=True)

    def _attention(self) -> Value:
        b, mask = self.rows.b, self.mask
        q, k, v = (self.rows.split_heads(self.x, f"attention.self.{part}") for part in ("query", "key", "value"))
        destination = b.empty(q.type, self.rows.sizes)
        return b.op(
            f"bpt.attention ins({q}, {k}, {v} : {q.type}, {k.type}, {v.type}) "
            f"segments({mask}, {mask} : {mask.type}, {mask.type}) "
            f"outs({destination} : {destination.type}) -> {q.type}",
            q.type,
        )


class RowOps:
    """Operations on rows `[batch, seq, embed]`, their weights as arguments.

    Published matrices are `[out, in]` and `bpt` applies `[in, out]`, hence the
    transposes, which are done once per call.
    """

    def __init__(self, builder: FunctionBuilder, sizes: Sequence[Value], config: BertConfig) -> None:
        self.b = builder
        self.sizes = sizes
        self.config = config
        self.type = tensor_type(["?", "?", config.embed])

    def empty(self) -> Value:
        return self.b.empty(self.type, self.sizes)

    def add(self, a: Value, b: Value) -> Value:
        return self.b.elementwise("add", a, b, self.empty())

    def layer_norm(self, x: Value, name: str) -> Value:
        weight, bias = (self._vector(f"{name}.{part}", self.config.embed) for part in ("weight", "bias"))
        return self.b.op(
            f"bpt.layer_norm ins({x} : {x.type}) weight({weight} : {weight.type}) bias({bias} : {bias.type}) "
            f"outs({self.empty()} : {x.type}) {{eps = {self.config.eps:.9e} : f32}} -> {x.type}",
            x.type,
        )

    def split_heads(self, x: Value, name: str) -> Value:
        """A projection to `[batch, seq, heads, head_dim]`."""
        c = self.config
        weight, bias = self._dense(name, c.embed, c.embed)
        weight = self._expand(weight, "[[0], [1, 2]]", [c.embed, c.heads, c.head_dim])
        bias = self._expand(bias, "[[0, 1]]", [c.heads, c.head_dim])
        return self._linear(x, weight, bias, tensor_type(["?", "?", c.heads, c.head_dim]))

    def merge_heads(self, x: Value, name: str) -> Value:
        """A projection from `[batch, seq, heads, head_dim]`."""
        c = self.config
        weight, bias = self._dense(name, c.embed, c.embed)
        weight = self._expand(weight, "[[0, 1], [2]]", [c.heads, c.head_dim, c.embed])
        return self._linear(x, weight, bias, self.type)

    def feed_forward(self, x: Value, up: str, down: str) -> Value:
        c = self.config
        w1, b1 = self._dense(up, c.embed, c.ffn)
        w2, b2 = self._dense(down, c.ffn, c.embed)
        zeros = self.b.zeros(self.type, self.sizes)
        return self.b.op(
            f"bpt.feed_forward ins({x}, {w1}, {w2} : {x.type}, {w1.type}, {w2.type}) "
            f"up_bias({b1} : {b1.type}) down_bias({b2} : {b2.type}) outs({zeros} : {zeros.type}) "
            f"{{activation = #bpt.activation<{c.activation}>}} -> {self.type}",
            self.type,
        )

    def _vector(self, name: str, size: int) -> Value:
        return self.b.argument(name, tensor_type([size]))

    def _dense(self, name: str, in_: int, out: int) -> tuple[Value, Value]:
        """Weight, transposed to `[in, out]`, and bias."""
        weight = self.b.argument(f"{name}.weight", tensor_type([out, in_]))
        bias = self._vector(f"{name}.bias", out)
        type = tensor_type([in_, out])
        empty = self.b.empty(type)
        transposed = self.b.op(
            f"linalg.transpose ins({weight} : {weight.type}) outs({empty} : {type}) permutation = [1, 0]", type
        )
        return transposed, bias

    def _expand(self, value: Value, groups: str, shape: Sequence[int]) -> Value:
        type = tensor_type(shape)
        sizes = ", ".join(map(str, shape))
        return self.b.op(
            f"tensor.expand_shape {value} {groups} output_shape [{sizes}] : {value.type} into {type}", type
        )

    def _linear(self, x: Value, weight: Value, bias: Value, type: str) -> Value:
        zeros = self.b.zeros(type, self.sizes)
        return self.b.op(
            f"bpt.linear ins({x}, {weight} : {x.type}, {weight.type}) bias({bias} : {bias.type}) "
            f"outs({zeros} : {type}) -> {type}",
            type,
        )
