"""The grid of cases, and random inputs for them."""

import dataclasses
import itertools
import math
import zlib
from dataclasses import dataclass
from typing import Optional

import numpy as np

from arithmetic import DTYPES


@dataclass(frozen=True)
class Config:
    """Flags of bpt-gen by their names, all sizes known, and the inputs' style.

    `data` is one of normal; large: scores of about ±1e4; empty_rows: query rows
    that keep no key.
    """

    kind: str
    dtype: str = "f32"
    batch: int = 1
    seq: int = 16
    kv_seq: Optional[int] = None
    embed: int = 32
    heads: int = 2
    kv_heads: Optional[int] = None
    head_dim: Optional[int] = None
    ffn: Optional[int] = None
    layers: int = 1
    vocab: int = 101
    act: str = "gelu"
    gated: bool = False
    bias: bool = False
    norm: str = "layer"
    post_norm: bool = False
    rotary: Optional[str] = None
    rotary_dim: Optional[int] = None
    causal: bool = False
    window: Optional[int] = None
    segments: bool = False
    attn_bias: Optional[str] = None
    scale: Optional[float] = None
    score: Optional[str] = None
    dropout: float = 0.0
    attn_dropout: float = 0.0
    lse: bool = False
    dynamic: bool = False
    data: str = "normal"

    def __post_init__(self):
        def default(name, value):
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)

        default("kv_seq", self.seq)
        default("kv_heads", self.heads)
        default("head_dim", self.embed // self.heads)
        default("ffn", 4 * self.embed)

    @property
    def name(self):
        parts = [self.kind, self.dtype, f"b{self.batch}", f"s{self.seq}"]
        if self.kv_seq != self.seq:
            parts[-1] += f"x{self.kv_seq}"
        if self.kind != "attention":
            parts.append(f"e{self.embed}f{self.ffn}")
            parts += [self.act] + ["gated"] * self.gated + ["bias"] * self.bias
        if self.kind != "feed_forward":
            shared = f"k{self.kv_heads}" if self.kv_heads != self.heads else ""
            parts.append(f"h{self.heads}{shared}d{self.head_dim}")
            parts += ["causal"] * self.causal
            parts += [f"window{self.window}"] * (self.window is not None)
            parts += ["segments"] * self.segments
            parts += [f"bias_{self.attn_bias}"] * (self.attn_bias is not None)
            parts += [f"scale{self.scale}"] * (self.scale is not None)
            parts += [(self.score or "").replace(":", "")] * (self.score is not None)
            parts += [f"drop{self.attn_dropout}"] * (self.attn_dropout != 0)
            parts += ["lse"] * self.lse
        if self.kind in ("layer", "model"):
            parts += [f"residual_drop{self.dropout}"] * (self.dropout != 0)
            parts += [self.norm, "post" if self.post_norm else "pre"]
            if self.rotary:
                parts.append(f"{self.rotary}{self.rotary_dim or ''}")
        if self.kind == "model":
            parts += [f"l{self.layers}v{self.vocab}"]
        parts += ["dynamic"] * self.dynamic
        parts += [self.data] * (self.data != "normal")
        return "-".join(parts)

    def flags(self):
        """The command line of bpt-gen."""
        common = ["dtype", "batch", "seq"]
        masks = ["heads", "kv_heads", "head_dim", "window", "scale", "score", "attn_dropout"]
        network = ["embed", "ffn", "act"]
        values = {
            "attention": common + ["kv_seq"] + masks,
            "feed_forward": common + network,
            "layer": common + masks + network + ["norm", "rotary", "rotary_dim", "dropout"],
        }
        values["model"] = values["layer"] + ["layers", "vocab"]
        switches = ["causal", "segments", "lse", "gated", "bias", "post_norm"]
        result = [self.kind]
        for name in values[self.kind]:
            value = getattr(self, name)
            if value is not None and not (value == 0 and name.endswith("dropout")):
                result.append(f"--{name.replace('_', '-')}={value}")
        for name in switches + ["dynamic"]:
            if getattr(self, name):
                result.append(f"--{name.replace('_', '-')}")
        if self.attn_bias:
            result.append(f"--attn-bias={self.attn_bias}")
        return result

    def arguments(self):
        """(name, shape) of @main's arguments: inputs, then weights."""
        rows = (self.batch, self.seq)
        if self.kind == "attention":
            keys = (self.batch, self.kv_seq, self.kv_heads, self.head_dim)
            inputs = {"q": rows + (self.heads, self.head_dim), "k": keys, "v": keys}
            if self.attn_bias:
                inputs["bias"] = self._bias_shape()
            if self.segments:
                inputs["q_segments"] = rows
                inputs["kv_segments"] = (self.batch, self.kv_seq)
            return self._with_seed(inputs), {}
        if self.kind == "feed_forward":
            return {"x": rows + (self.embed,)}, self._network_weights()
        inputs = (
            {"tokens": rows} if self.kind == "model" else {"x": rows + (self.embed,)}
        )
        if self.segments:
            inputs["segments"] = rows
        if self.attn_bias:
            inputs["attn_bias"] = self._bias_shape()
        inputs = self._with_seed(inputs)
        if self.kind == "layer":
            return inputs, self._layer_weights()
        weights = {"embed.weight": (self.vocab, self.embed)}
        for i in range(self.layers):
            for name, shape in self._layer_weights().items():
                weights[f"layers.{i}.{name}"] = shape
        weights |= self._norm_weights("ln_f")
        weights["lm_head.weight"] = (self.embed, self.vocab)
        return inputs, weights

    def results(self):
        """(shape, dtype) of @main's results."""
        rows, dtype = (self.batch, self.seq), DTYPES[self.dtype]
        if self.kind == "attention":
            shapes = [(rows + (self.heads, self.head_dim), dtype)]
            if self.lse:
                shapes.append((rows + (self.heads,), DTYPES["f32"]))
            return shapes
        width = self.vocab if self.kind == "model" else self.embed
        return [(rows + (width,), dtype)]

    @property
    def outline(self):
        """Whether layers are calls of one function."""
        return False

    def cost(self):
        """Multiply-adds, roughly."""
        rows = self.batch * self.seq
        attention = 2 * rows * self.kv_seq * self.heads * self.head_dim
        if self.kind == "attention":
            return attention
        network = (3 if self.gated else 2) * rows * self.embed * self.ffn
        if self.kind == "feed_forward":
            return network
        width = (self.heads + self.kv_heads) * self.head_dim
        layer = attention + network + 2 * rows * self.embed * width
        return layer if self.kind == "layer" else self.layers * layer

    def _with_seed(self, inputs):
        return inputs | {"seed": ()} if self.dropout or self.attn_dropout else inputs

    def _bias_shape(self):
        batch = self.batch if self.attn_bias in ("full", "batch") else 1
        heads = self.heads if self.attn_bias in ("full", "heads") else 1
        return (batch, heads, self.seq, self.kv_seq)

    def _linear_weights(self, letter, inputs, outputs):
        weights = {f"w{letter}": (inputs, outputs)}
        if self.bias:
            weights[f"b{letter}"] = (outputs,)
        return weights

    def _network_weights(self):
        weights = self._linear_weights("1", self.embed, self.ffn)
        if self.gated:
            weights |= self._linear_weights("3", self.embed, self.ffn)
        return weights | self._linear_weights("2", self.ffn, self.embed)

    def _norm_weights(self, name):
        weights = {f"{name}.weight": (self.embed,)}
        if self.norm == "layer":
            weights[f"{name}.bias"] = (self.embed,)
        return weights

    def _layer_weights(self):
        width = self.heads * self.head_dim
        kv_width = self.kv_heads * self.head_dim
        return (
            self._norm_weights("ln1")
            | self._linear_weights("q", self.embed, width)
            | self._linear_weights("k", self.embed, kv_width)
            | self._linear_weights("v", self.embed, kv_width)
            | self._linear_weights("o", width, self.embed)
            | self._norm_weights("ln2")
            | self._network_weights()
        )


def random_arguments(config, seed):
    """Inputs and weights by name; they depend on the seed and the case."""
    rng = np.random.default_rng([seed, zlib.crc32(config.name.encode())])
    dtype = DTYPES[config.dtype]
    inputs, weights = config.arguments()

    def fill(name, shape):
        last = name.rpartition(".")[2]
        if name == "tokens":
            # A few ids outside the vocabulary, which embed as zeros.
            return rng.integers(-1, config.vocab + 1, shape, dtype=np.int32)
        if name == "seed":
            return rng.integers(-(2**63), 2**63, shape, dtype=np.int64)
        if name == "labels":
            # As many again, and the usual id of tokens that count for nothing.
            values = rng.integers(-1, config.vocab + 1, shape, dtype=np.int32)
            values[rng.random(shape) < 0.2] = -100
            return values
        if name.endswith("segments"):
            missing = 3 if config.data == "empty_rows" and name != "kv_segments" else 0
            return rng.integers(0, 3 + missing, shape, dtype=np.int32)
        values = rng.standard_normal(shape)
        if name in ("q", "k") and config.data == "large":
            values *= 50
        if name in ("bias", "attn_bias"):
            values[rng.random(shape) < 0.1] = -np.inf
            if config.data == "empty_rows":
                values[..., ::3, :] = -np.inf
        elif len(shape) == 1:
            values = 0.1 * values + (1 if last == "weight" else 0)
        elif name in weights and name != "embed.weight":
            values /= math.sqrt(max(shape[0], 1))
        return values.astype(dtype)

    return (
        {name: fill(name, shape) for name, shape in inputs.items()},
        {name: fill(name, shape) for name, shape in weights.items()},
    )


# ---------------------------------------------------------------------------
# The grid
# ---------------------------------------------------------------------------

LENGTHS = [
    (1, 1), (1, 17), (2, 1), (17, 63), (63, 17), (64, 64), (65, 113), (113, 128),
    (128, 203), (203, 65), (256, 512), (512, 256), (1000, 64), (64, 1000),
    (1, 2048), (2048, 128), (128, 2048), (1000, 1000),
]  # fmt: skip
HEAD_DIMS = [8, 17, 32, 40, 59, 64, 96, 111, 128, 160, 256]
HEADS = [
    (1, 1), (2, 1), (2, 2), (3, 3), (4, 2), (4, 1), (5, 1), (6, 2), (6, 3),
    (8, 4), (9, 3), (12, 12), (12, 4), (12, 1),
]  # fmt: skip
ATTENTION_FEATURES = [
    {},
    {"causal": True},
    {"window": 1},
    {"window": 37},
    {"causal": True, "window": 1},
    {"causal": True, "window": 64},
    {"causal": True, "window": 5000},
    {"segments": True},
    {"segments": True, "causal": True},
    {"attn_bias": "full"},
    {"attn_bias": "heads", "causal": True},
    {"attn_bias": "batch"},
    {"attn_bias": "shared", "segments": True},
    {"score": "softcap:20.0"},
    {"score": "softcap:5.0", "causal": True, "lse": True},
    {"score": "alibi"},
    {"score": "alibi", "causal": True, "window": 65},
    {"scale": 0.25},
    {"scale": 1.0, "causal": True},
    {"lse": True},
    {"lse": True, "causal": True, "window": 9},
    {"lse": True, "segments": True, "attn_bias": "full"},
    {"causal": True, "window": 33, "segments": True, "attn_bias": "full",
     "score": "softcap:10.0", "scale": 0.3, "lse": True},
    {"attn_dropout": 0.1},
    {"attn_dropout": 0.5, "causal": True, "window": 70, "segments": True, "attn_bias": "full",
     "score": "softcap:10.0", "lse": True},
]  # fmt: skip
ACTIVATIONS = ["relu", "gelu", "gelu_tanh", "quick_gelu", "silu"]
MAX_COST = 150e6


def cycle(values):
    """Every value equally often, in an order that pairs all with all."""
    values = list(values)
    rng = np.random.default_rng(zlib.crc32(repr(values).encode()))
    while True:
        for i in rng.permutation(len(values)):
            yield values[i]


def affordable(config, max_cost=MAX_COST):
    """The same case with fewer sequences and heads, as far as it costs too much."""
    while config.cost() > max_cost:
        if config.batch > 1:
            config = dataclasses.replace(config, batch=1)
        elif config.kv_heads > 1:
            config = dataclasses.replace(
                config, heads=config.heads // config.kv_heads, kv_heads=1
            )
        elif config.heads > 1:
            config = dataclasses.replace(config, heads=1)
        else:
            break
    return config


def attention_cases():
    """Every feature in every type, static and dynamic, over cycling shapes."""
    lengths, dims = cycle(LENGTHS), cycle(HEAD_DIMS)
    heads, batches = cycle(HEADS), cycle([1, 2, 3, 1, 1])
    for features in ATTENTION_FEATURES:
        for dtype, dynamic in itertools.product(DTYPES, [False, True]):
            (seq, kv_seq), (h, hk) = next(lengths), next(heads)
            yield affordable(
                Config("attention", dtype, next(batches), seq, kv_seq, heads=h,
                       kv_heads=hk, head_dim=next(dims), dynamic=dynamic, **features)
            )  # fmt: skip


def large_score_cases():
    for dtype, causal in itertools.product(DTYPES, [False, True]):
        yield Config("attention", dtype, 2, 113, 128, heads=4, kv_heads=2,
                     head_dim=64, causal=causal, lse=True, data="large")  # fmt: skip
    yield Config("attention", "f32", 1, 65, 203, heads=2, head_dim=32,
                 score="softcap:30.0", data="large")  # fmt: skip


def empty_row_cases():
    for dtype in DTYPES:
        base = dict(dtype=dtype, batch=2, heads=2, kv_heads=1, head_dim=40, lse=True)
        yield Config("attention", seq=128, kv_seq=17, causal=True, **base)
        yield Config(
            "attention", seq=65, kv_seq=63, segments=True, data="empty_rows", **base
        )
        yield Config(
            "attention", seq=64, kv_seq=113, attn_bias="full", data="empty_rows", **base
        )
        yield Config("attention", seq=203, kv_seq=2, window=3, dynamic=True, **base)


def zero_length_cases():
    for dynamic in (False, True):
        base = dict(heads=4, kv_heads=2, head_dim=32, dynamic=dynamic)
        for dtype in DTYPES:
            yield Config("attention", dtype, 2, 17, 0, lse=True, **base)
            yield Config("attention", dtype, 2, 0, 17, lse=True, causal=True, **base)
        yield Config("attention", "f32", 0, 17, 17, **base)
        yield Config("attention", "f32", 1, 0, 0, segments=True, **base)
        for kind in ("feed_forward", "layer", "model"):
            yield Config(kind, "f32", 2, 0, heads=2, embed=32, dynamic=dynamic)
            yield Config(kind, "bf16", 0, 17, heads=2, embed=32, dynamic=dynamic)


def feed_forward_cases():
    sizes = cycle(
        [(1, 64, 256), (17, 40, 77), (113, 96, 384), (256, 33, 130), (65, 128, 128)]
    )
    flags = itertools.product(ACTIVATIONS, [False, True])
    for (act, gated), dtype in zip(
        itertools.chain(flags, [("gelu", True)] * 5), cycle(DTYPES)
    ):
        seq, embed, ffn = next(sizes)
        yield Config("feed_forward", dtype, 1 + seq % 3, seq, embed=embed, ffn=ffn, act=act,
                     gated=gated, bias=seq % 2 == 1, dynamic=embed % 3 == 0)  # fmt: skip


def layer_cases():
    """Both norms, pre and post, every activation, gated and not; each twice."""
    seqs = cycle([1, 2, 17, 63, 64, 65, 113, 128, 203, 256, 17, 64, 512, 65, 1000])
    shapes = cycle([  # embed, heads, kv_heads, head_dim, ffn
        (64, 4, 4, 16, 256), (96, 3, 1, 32, 100), (40, 5, 5, 8, 77), (128, 2, 1, 64, 128),
        (60, 6, 2, 10, 240), (36, 12, 4, 8, 200), (59, 1, 1, 59, 131), (120, 8, 2, 20, 64),
    ])  # fmt: skip
    rotaries = cycle([None, "half", "interleaved", "half_part", "interleaved_part"])
    masks = cycle([
        {"causal": True}, {}, {"causal": True, "window": 16}, {"segments": True},
        {"causal": True, "attn_bias": "full"}, {"causal": True, "score": "alibi"},
        {"causal": True, "score": "softcap:20.0"},
    ])  # fmt: skip
    dtypes, batches = cycle(DTYPES), cycle([1, 2, 1, 3])
    biases, dynamics = cycle([True, False, False]), cycle([True, False])
    variants = itertools.product(
        ["layer", "rms"], [False, True], ACTIVATIONS, [False, True], range(2)
    )
    for norm, post, act, gated, _ in variants:
        embed, heads, kv_heads, head_dim, ffn = next(shapes)
        rotary, rotary_dim = next(rotaries), None
        if rotary and rotary.endswith("_part"):
            rotary, rotary_dim = rotary[: -len("_part")], max(2, head_dim // 4 * 2)
        elif rotary and head_dim % 2:
            rotary_dim = head_dim - 1
        yield affordable(
            Config("layer", next(dtypes), next(batches), next(seqs), embed=embed, heads=heads,
                   kv_heads=kv_heads, head_dim=head_dim, ffn=ffn, act=act, gated=gated,
                   bias=next(biases), norm=norm, post_norm=post, rotary=rotary,
                   rotary_dim=rotary_dim, dynamic=next(dynamics), **next(masks))
        )  # fmt: skip


def model_cases():
    for dtype, dynamic in itertools.product(DTYPES, [False, True]):
        yield Config("model", dtype, 2, 33 if dynamic else 64, embed=48, heads=4, kv_heads=2, layers=2,
                     causal=True, rotary="half", act="silu", gated=dynamic, bias=not dynamic,
                     norm="rms" if dynamic else "layer", dynamic=dynamic)  # fmt: skip
    yield Config(
        "model",
        "f32",
        3,
        17,
        embed=24,
        heads=3,
        layers=3,
        post_norm=True,
        segments=True,
        act="gelu",
    )


def dropout_cases():
    """In layers and models, of attention, of sublayers and of both."""
    rates = cycle([(0.1, 0.0), (0.0, 0.2), (0.3, 0.1)])
    for dtype, dynamic in itertools.product(DTYPES, [False, True]):
        dropout, attn_dropout = next(rates)
        drops = dict(dropout=dropout, attn_dropout=attn_dropout, dynamic=dynamic)
        yield Config("layer", dtype, 2, 113, embed=72, heads=4, kv_heads=2, head_dim=20,
                     causal=True, post_norm=dynamic, **drops)  # fmt: skip
    yield Config("model", "f32", 2, 65, embed=40, heads=4, layers=2, causal=True, dropout=0.1,
                 attn_dropout=0.1)  # fmt: skip


def random_case(rng):
    pick = lambda values: values[rng.integers(len(values))]
    maybe = lambda chance: bool(rng.random() < chance)
    length = lambda: int(2 ** rng.uniform(0, 9))
    heads, kv_heads = pick(HEADS)
    common = dict(
        dtype=pick(list(DTYPES)), batch=int(rng.integers(1, 4)), seq=length(), heads=heads,
        kv_heads=kv_heads, causal=maybe(0.5), segments=maybe(0.2), dynamic=maybe(0.5),
        window=length() if maybe(0.3) else None,
        attn_bias=pick(["full", "heads", "batch", "shared"]) if maybe(0.2) else None,
        score=pick(["alibi", "softcap:15.0"]) if maybe(0.3) else None,
        scale=float(np.round(rng.uniform(0.05, 1), 3)) if maybe(0.2) else None,
        attn_dropout=float(np.round(rng.uniform(0, 0.9), 2)) if maybe(0.2) else 0.0,
    )  # fmt: skip
    if maybe(0.5):
        return affordable(
            Config(
                "attention",
                kv_seq=length(),
                head_dim=int(rng.integers(1, 161)),
                lse=maybe(0.3),
                **common,
            )
        )
    head_dim = int(rng.integers(2, 33))
    rotary = pick([None, "half", "interleaved"])
    return affordable(
        Config("layer", embed=int(rng.integers(1, 130)), head_dim=head_dim, ffn=int(rng.integers(1, 300)),
               act=pick(ACTIVATIONS), gated=maybe(0.5), bias=maybe(0.5), norm=pick(["layer", "rms"]),
               post_norm=maybe(0.5), rotary=rotary,
               rotary_dim=2 * int(rng.integers(1, head_dim // 2 + 1)) if rotary else None,
               dropout=float(np.round(rng.uniform(0, 0.9), 2)) if maybe(0.2) else 0.0, **common)
    )  # fmt: skip


def all_cases(seed, num_random):
    """(name, config), the names unique."""
    grid = itertools.chain(
        attention_cases(), large_score_cases(), empty_row_cases(), zero_length_cases(),
        feed_forward_cases(), layer_cases(), model_cases(), dropout_cases(),
    )  # fmt: skip
    cases = {config.name: config for config in grid}
    rng = np.random.default_rng(seed)
    for i in range(num_random):
        config = random_case(rng)
        cases[f"random{i}-{config.name}"] = config
    return list(cases.items())
