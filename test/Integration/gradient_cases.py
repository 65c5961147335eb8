"""The cases of gradients: those of the forward grid in all their features, with
fewer rows, and the operations and programs of gradient_operations.py.

A case has a name, a dtype, and
  ir(print_ir)         the text of @main; `print_ir` runs bpt-gen with some flags
  draw(seed)           (arguments that travel alone, arguments bound by name)
  results()            (shape, dtype) of @main's results
  evaluate(ops, arith, arguments)    the results; `ops` is reference or jax_reference
  wrt, keep            options of bpt-differentiate
  data                 "large" where scores are of ±1e4
  has_kinks            whether its derivative jumps somewhere
"""

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Optional

import numpy as np

from arithmetic import DTYPES
from cases import (
    ACTIVATIONS,
    ATTENTION_FEATURES,
    Config,
    affordable,
    cycle,
    random_arguments,
    random_case,
    zero_length_cases,
)
from gradient_operations import operation_cases

KEEPS = ["nothing", "attention", "everything"]
MAX_COST = 12e6
MAX_RANDOM_COST = 3e6


@dataclass(frozen=True)
class GradientConfig(Config):
    """What bpt-gen prints; with `loss`, a model that ends in the cross-entropy
    of labels in place of logits, with `outline`, one whose layers are calls."""

    keep: Optional[str] = None
    wrt: tuple = ()
    loss: bool = False
    outline: bool = False

    @property
    def name(self):
        parts = [super().name] + ["loss"] * self.loss + ["outlined"] * self.outline
        if self.wrt:
            parts.append("wrt_" + "_".join(self.wrt))
        return "-".join(parts + [self.keep] * (self.keep is not None))

    @property
    def has_kinks(self):
        return self.kind != "attention" and self.act == "relu"

    def arguments(self):
        inputs, weights = super().arguments()
        if self.loss:
            tokens, *masks = inputs.items()
            inputs = dict([tokens, ("labels", (self.batch, self.seq)), *masks])
        return inputs, weights

    def results(self):
        if self.loss:
            return [((self.batch, self.seq), DTYPES["f32"])]
        return super().results()

    def ir(self, print_ir):
        return print_ir(
            self.flags()
            + ["--loss"] * self.loss
            + ["--outline-layers"] * self.outline
        )

    def draw(self, seed):
        return random_arguments(self, seed)

    def evaluate(self, ops, arith, arguments):
        if not self.loss:
            return ops.evaluate(arith, self, arguments)
        masks = ops.get_masks(arguments)
        tokens = arguments["tokens"]
        hidden = ops.final_hidden(arith, self, tokens, arguments, masks)
        head = arguments["lm_head.weight"]
        return [ops.cross_entropy(arith, hidden, head, arguments["labels"])[0]]


# ---------------------------------------------------------------------------
# The grid
# ---------------------------------------------------------------------------

LENGTHS = [
    (1, 1), (1, 17), (17, 1), (17, 17), (23, 37), (37, 23), (64, 64), (65, 113),
    (128, 128), (130, 70), (33, 203), (5, 256), (131, 131),
]  # fmt: skip
HEAD_DIMS = [8, 16, 17, 32, 40, 64, 80, 96, 111, 128]
HEADS = [(1, 1), (2, 1), (2, 2), (3, 3), (4, 2), (4, 1), (5, 1), (6, 2), (9, 3)]


def attention_cases(keeps):
    """Every feature in every type, static or dynamic, over cycling shapes."""
    lengths, dims = cycle(LENGTHS), cycle(HEAD_DIMS)
    heads, batches = cycle(HEADS), cycle([1, 2, 3, 2])
    dynamics = cycle([False, True])
    for features in ATTENTION_FEATURES:
        for dtype in DTYPES:
            (seq, kv_seq), (h, hk) = next(lengths), next(heads)
            yield affordable(
                GradientConfig("attention", dtype, next(batches), seq, kv_seq, heads=h,
                               kv_heads=hk, head_dim=next(dims), dynamic=next(dynamics),
                               keep=next(keeps), **features),
                MAX_COST,
            )  # fmt: skip


def wide_head_cases():
    """Heads whose gradients of keys and of values are operations of their own on a
    GPU, with heads that share keys."""
    base = dict(batch=1, heads=4, kv_heads=2)
    yield GradientConfig("attention", "bf16", seq=70, kv_seq=131, head_dim=192, causal=True, **base)
    yield GradientConfig("attention", "f16", seq=65, kv_seq=33, head_dim=256, dynamic=True, **base)
    yield GradientConfig("attention", "bf16", seq=37, kv_seq=70, head_dim=160, window=20,
                         attn_dropout=0.2, attn_bias="full", **base)  # fmt: skip
    yield GradientConfig("attention", "f32", seq=33, kv_seq=40, head_dim=136, segments=True,
                         score="softcap:10.0", lse=True, **base)  # fmt: skip


def large_score_cases():
    for dtype, causal in itertools.product(DTYPES, [False, True]):
        yield GradientConfig("attention", dtype, 2, 37, 50, heads=4, kv_heads=2,
                             head_dim=64, causal=causal, lse=causal, data="large")  # fmt: skip
    yield GradientConfig("attention", "f32", 1, 33, 65, heads=2, head_dim=32,
                         score="softcap:30.0", data="large")  # fmt: skip
    # A few rows are left over beside whole blocks.
    yield GradientConfig("attention", "f32", 1, 133, 140, heads=4, kv_heads=2,
                         head_dim=64, data="large")  # fmt: skip


def empty_row_cases(keeps):
    for i, dtype in enumerate(DTYPES):
        base = dict(dtype=dtype, batch=2, heads=2, kv_heads=1, head_dim=24, lse=True)
        yield GradientConfig("attention", seq=70, kv_seq=17, causal=True, **base)
        yield GradientConfig("attention", seq=65, kv_seq=63, segments=True,
                             data="empty_rows", dynamic=i == 0, keep=next(keeps), **base)  # fmt: skip
        yield GradientConfig("attention", seq=40, kv_seq=71, attn_bias="full",
                             data="empty_rows", keep=next(keeps), **base)  # fmt: skip
        yield GradientConfig("attention", seq=101, kv_seq=2, window=3, dynamic=True, **base)
        yield GradientConfig("layer", dtype, 2, 29, embed=32, heads=4, kv_heads=2, segments=True,
                             attn_bias="heads", data="empty_rows", keep=next(keeps))  # fmt: skip


def zero_length(keeps):
    for config in zero_length_cases():
        yield GradientConfig(**vars(config), keep=next(keeps))
    yield GradientConfig("model", "f32", 2, 0, heads=2, embed=16, vocab=11, loss=True)


def feed_forward_cases():
    sizes = cycle([(1, 64, 128), (17, 40, 77), (65, 48, 96), (70, 33, 130), (131, 32, 64)])
    dtypes, dynamics = cycle(DTYPES), cycle([False, True])
    for act, gated in itertools.product(ACTIVATIONS, [False, True]):
        seq, embed, ffn = next(sizes)
        yield GradientConfig("feed_forward", next(dtypes), 1 + seq % 3, seq, embed=embed, ffn=ffn,
                             act=act, gated=gated, bias=seq % 2 == 1, dynamic=next(dynamics))  # fmt: skip


def layer_cases(keeps):
    """Both norms, pre and post, every activation, gated and not; in turn, the
    rest: masks, rotary embeddings, biases, types, what is kept."""
    seqs = cycle([1, 2, 17, 23, 37, 64, 65, 70, 130])
    shapes = cycle([  # embed, heads, kv_heads, head_dim, ffn
        (64, 4, 4, 16, 128), (48, 3, 1, 32, 100), (40, 5, 5, 8, 77), (64, 2, 1, 64, 96),
        (30, 6, 2, 10, 64), (36, 12, 4, 8, 72), (27, 1, 1, 27, 67), (40, 8, 2, 20, 64),
    ])  # fmt: skip
    rotaries = cycle([None, "half", "interleaved", "half_part", "interleaved_part"])
    masks = cycle([
        {"causal": True}, {}, {"causal": True, "window": 16}, {"segments": True},
        {"causal": True, "attn_bias": "full"}, {"causal": True, "score": "alibi"},
        {"causal": True, "score": "softcap:20.0"}, {"attn_bias": "shared", "segments": True},
    ])  # fmt: skip
    dtypes, batches = cycle(DTYPES), cycle([1, 2, 1, 3])
    biases, dynamics = cycle([True, False, False]), cycle([True, False])
    for norm, post, act, gated in itertools.product(
        ["layer", "rms"], [False, True], ACTIVATIONS, [False, True]
    ):
        embed, heads, kv_heads, head_dim, ffn = next(shapes)
        rotary, rotary_dim = next(rotaries), None
        if rotary and rotary.endswith("_part"):
            rotary, rotary_dim = rotary[: -len("_part")], max(2, head_dim // 4 * 2)
        elif rotary and head_dim % 2:
            rotary_dim = head_dim - 1
        yield affordable(
            GradientConfig("layer", next(dtypes), next(batches), next(seqs), embed=embed,
                           heads=heads, kv_heads=kv_heads, head_dim=head_dim, ffn=ffn, act=act,
                           gated=gated, bias=next(biases), norm=norm, post_norm=post,
                           rotary=rotary, rotary_dim=rotary_dim, dynamic=next(dynamics),
                           keep=next(keeps), **next(masks)),
            MAX_COST,
        )  # fmt: skip


def keep_cases():
    """The same layer and the same model with all that can be kept."""
    for keep in KEEPS:
        yield GradientConfig("layer", "f32", 2, 70, embed=48, heads=4, kv_heads=2, ffn=96, causal=True,
                             rotary="half", act="silu", gated=True, norm="rms", keep=keep)  # fmt: skip
        yield GradientConfig("model", "bf16", 1, 41, embed=32, heads=2, layers=2, vocab=67,
                             causal=True, loss=True, dynamic=True, keep=keep)  # fmt: skip


def wrt_cases():
    base = dict(batch=2, seq=23, embed=24, heads=3, ffn=40)
    yield GradientConfig("attention", "f32", heads=2, seq=31, batch=2, head_dim=16, wrt=("k",))
    yield GradientConfig("attention", "bf16", heads=2, seq=31, head_dim=16, attn_bias="heads",
                         wrt=("q", "v"), causal=True, dynamic=True)  # fmt: skip
    for seq in (31, 150):
        yield GradientConfig("attention", "f32", heads=2, seq=seq, kv_seq=12, head_dim=16,
                             attn_bias="batch", wrt=("bias",))  # fmt: skip
    yield GradientConfig("layer", "f32", wrt=("x",), causal=True, **base)
    yield GradientConfig("layer", "f32", wrt=("x", "wq"), dynamic=True, **base)
    yield GradientConfig("layer", "f16", wrt=("ln1.weight", "wk", "b2"), bias=True, **base)
    yield GradientConfig("layer", "f32", wrt=("w2",), keep="everything", **base)
    yield GradientConfig("feed_forward", "f32", wrt=("w3",), gated=True, bias=True, **base)
    model = dict(embed=16, heads=2, layers=2, vocab=31, causal=True, loss=True)
    yield GradientConfig("model", "f32", 2, 19, wrt=("layers.1.wv", "lm_head.weight"), **model)
    yield GradientConfig("model", "f32", 1, 37, wrt=("embed.weight",), keep="nothing", **model)


def model_cases(keeps):
    """Logits, and losses with ignored labels."""
    for loss, dtype, dynamic in itertools.product([True, False], DTYPES, [False, True]):
        if not loss and dynamic == (dtype == "f32"):
            continue
        yield GradientConfig("model", dtype, 2, 33 if dynamic else 24, embed=32, heads=4, kv_heads=2,
                             ffn=64, layers=2, vocab=101, causal=True, rotary="half", act="silu",
                             gated=dynamic, bias=not dynamic, norm="rms" if dynamic else "layer",
                             dynamic=dynamic, loss=loss, keep=next(keeps))  # fmt: skip
    yield GradientConfig("model", "f32", 3, 17, embed=24, heads=3, layers=3, vocab=50, post_norm=True,
                         segments=True, loss=True)  # fmt: skip
    yield GradientConfig("model", "f32", 1, 70, embed=16, heads=2, layers=1, vocab=601, causal=True,
                         window=9, act="relu", loss=True, dynamic=True)  # fmt: skip
    yield GradientConfig("model", "f32", 2, 9, embed=16, heads=2, layers=1, vocab=31, norm="rms",
                         loss=True)  # fmt: skip


def outlined_cases():
    """Models whose layers are calls of one function."""
    model = dict(embed=24, heads=3, layers=3, vocab=50, outline=True)
    for keep in KEEPS:
        yield GradientConfig("model", "f32", 2, 35, causal=True, loss=True, keep=keep, **model)
    yield GradientConfig("model", "bf16", 2, 21, segments=True, rotary="half", gated=True,
                         act="silu", loss=True, dynamic=True, keep="attention", **model)  # fmt: skip
    yield GradientConfig("model", "f16", 1, 26, attn_bias="heads", norm="rms", window=7,
                         keep="everything", **model)  # fmt: skip
    yield GradientConfig("model", "f32", 1, 19, bias=True, loss=True,
                         wrt=("layers.1.w1", "embed.weight"), **model)  # fmt: skip


def dropout_cases(keeps):
    """In layers and models, whose layers may be calls."""
    rates = cycle([(0.1, 0.0), (0.0, 0.2), (0.3, 0.1)])
    for dtype, dynamic in itertools.product(DTYPES, [False, True]):
        dropout, attn_dropout = next(rates)
        yield GradientConfig("layer", dtype, 2, 70, embed=40, heads=4, kv_heads=2, head_dim=12,
                             causal=True, post_norm=dynamic, dropout=dropout, dynamic=dynamic,
                             attn_dropout=attn_dropout, keep=next(keeps))  # fmt: skip
    for outline, keep in itertools.product([False, True], KEEPS):
        yield GradientConfig("model", "f32", 2, 33, embed=24, heads=3, layers=2, vocab=50,
                             causal=True, loss=True, dropout=0.1, attn_dropout=0.1, keep=keep,
                             outline=outline)  # fmt: skip


def random_cases(seed, count):
    """Others in every run; a third are models with a loss."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        config = random_case(rng)
        fields = dict(vars(config), keep=[None, *KEEPS][rng.integers(4)])
        if config.kind == "layer" and rng.random() < 0.6:
            fields |= dict(kind="model", loss=True, outline=bool(rng.integers(2)),
                           layers=int(rng.integers(1, 3)), vocab=int(rng.integers(1, 300)))  # fmt: skip
        config = GradientConfig(**fields)
        while config.cost() > MAX_RANDOM_COST:
            same = config.kv_seq == config.seq
            seq, kv_seq = max(config.seq // 2, 1), max(config.kv_seq // 2, 1)
            config = dataclasses.replace(
                config, batch=1, seq=seq, kv_seq=seq if same else kv_seq
            )
        yield f"random{i}-{config.name}", config


def all_cases(seed, num_random):
    """(name, case), the names unique."""
    keeps = cycle([None, *KEEPS])
    grid = itertools.chain(
        attention_cases(keeps), large_score_cases(), empty_row_cases(keeps), zero_length(keeps),
        feed_forward_cases(), layer_cases(keeps), keep_cases(), wrt_cases(), model_cases(keeps),
        outlined_cases(), operation_cases(), dropout_cases(keeps), wide_head_cases(),
    )  # fmt: skip
    cases = {case.name: case for case in grid}
    return list(cases.items()) + list(random_cases(seed, num_random))
