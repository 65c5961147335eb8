"""The cases that run as kernels on the emulator of a GPU.

The emulator computes about ten million multiply-adds a second, so that these
cases are chosen, not drawn: every feature in every type, every head dimension
in every type, and sizes that make several blocks of rows and of keys with a
ragged last one, as far as they are affordable.
"""

import dataclasses
import itertools

import numpy as np

from arithmetic import DTYPES
from cases import (
    ACTIVATIONS,
    ATTENTION_FEATURES,
    Config,
    affordable,
    random_case,
    zero_length_cases,
)

MAX_COST = 20e6
# Blocks of a kernel have at most so many rows of queries, and so many keys.
BLOCK_ROWS, BLOCK_KEYS = 128, 64

LENGTHS = [
    (130, 190), (257, 65), (193, 130), (131, 131), (150, 257), (300, 70), (256, 128),
]  # fmt: skip
HEAD_DIMS = [8, 16, 17, 32, 40, 64, 80, 96, 111, 128, 160, 256]
HEADS = [(2, 1), (1, 1), (4, 2), (2, 2), (3, 1)]


def rotation(values, start):
    """The values in turn, beginning with the given one."""
    return itertools.islice(itertools.cycle(values), start, None)


def has_many_blocks(config):
    return config.seq > BLOCK_ROWS and config.kv_seq > BLOCK_KEYS


def attention_cases():
    """Features and head dimensions in every type; static and dynamic sizes in
    turn."""
    for i, dtype in enumerate(DTYPES):
        # Starts that differ pair a feature with other sizes in each type.
        dims, lengths = rotation(HEAD_DIMS, 5 * i), rotation(LENGTHS, 3 * i)
        heads, batches = rotation(HEADS, 2 * i), rotation([1, 1, 2, 1, 1, 3], i)
        dynamics = rotation([False, True], i)
        for features in ATTENTION_FEATURES:
            (seq, kv_seq), (h, hk) = next(lengths), next(heads)
            config = Config("attention", dtype, next(batches), seq, kv_seq, heads=h,
                            kv_heads=hk, head_dim=next(dims), dynamic=next(dynamics),
                            **features)  # fmt: skip
            yield affordable(config, MAX_COST)


def usual_head_dim_cases(head_dims=(64, 128)):
    """In 16 bits, plain and causal, with sizes that blocks divide and sizes that
    they do not."""
    shapes = [(256, 256), (200, 328), (129, 129)]
    for dtype, head_dim, causal in itertools.product(
        ["bf16", "f16"], head_dims, [False, True]
    ):
        seq, kv_seq = shapes[0]
        shapes = shapes[1:] + shapes[:1]
        yield Config("attention", dtype, 1, seq, kv_seq, heads=1, head_dim=head_dim,
                     causal=causal, lse=causal, dynamic=not causal)  # fmt: skip


def decoding_cases():
    """One query, or a few, against many keys."""
    for dtype, (seq, kv_seq) in zip(DTYPES, [(1, 301), (5, 200), (1, 64)]):
        yield Config("attention", dtype, 2, seq, kv_seq, heads=4, kv_heads=1, head_dim=64,
                     causal=True, dynamic=True)  # fmt: skip
        yield Config("attention", dtype, 1, seq, kv_seq, heads=3, head_dim=59)
    # Heads that share keys are rows of one block.
    for dtype, features in zip(itertools.cycle(DTYPES), [
        {"attn_bias": "heads", "lse": True}, {"score": "alibi", "causal": True, "window": 90},
        {"segments": True, "attn_bias": "shared"}, {"attn_dropout": 0.2},
        {"score": "softcap:9.0", "lse": True, "dynamic": False}, {"attn_bias": "full", "attn_dropout": 0.1},
    ]):  # fmt: skip
        yield Config("attention", dtype, 2, 1, 203, heads=10, kv_heads=2, head_dim=96, **features)


def large_score_cases():
    for dtype, causal in itertools.product(DTYPES, [False, True]):
        yield Config("attention", dtype, 1, 131, 150, heads=2, kv_heads=1, head_dim=64,
                     causal=causal, lse=True, data="large")  # fmt: skip
    yield Config("attention", "f32", 1, 130, 203, heads=2, head_dim=32,
                 score="softcap:30.0", data="large")  # fmt: skip


def empty_row_cases():
    for dtype in DTYPES:
        base = dict(dtype=dtype, heads=2, kv_heads=1, head_dim=40, lse=True)
        yield Config("attention", seq=200, kv_seq=67, causal=True, **base)
        yield Config(
            "attention", seq=131, kv_seq=70, segments=True, data="empty_rows", **base
        )
        yield Config(
            "attention", seq=140, kv_seq=113, attn_bias="full", data="empty_rows", **base
        )
        yield Config("attention", seq=203, kv_seq=2, window=3, dynamic=True, **base)


def feed_forward_cases():
    """Every activation, gated and not, in every type."""
    for i, dtype in enumerate(DTYPES):
        sizes = rotation(
            [(131, 96, 200), (150, 33, 130), (260, 64, 77), (129, 128, 144)], i
        )
        for j, (act, gated) in enumerate(itertools.product(ACTIVATIONS, [False, True])):
            seq, embed, ffn = next(sizes)
            yield Config("feed_forward", dtype, 1, seq, embed=embed, ffn=ffn, act=act,
                         gated=gated, bias=j % 3 == 0, dynamic=(i + j) % 2 == 1)  # fmt: skip


def layer_cases():
    """Both norms, pre and post, in every type, static and dynamic."""
    for i, dtype in enumerate(DTYPES):
        shapes = rotation([  # seq, embed, heads, kv_heads, head_dim, ffn
            (131, 64, 2, 2, 32, 128), (150, 96, 3, 1, 32, 100), (70, 128, 2, 1, 64, 160),
            (201, 40, 5, 5, 8, 77), (139, 36, 4, 2, 16, 200),
        ], i)  # fmt: skip
        rotaries = rotation([None, "half", "interleaved"], i)
        masks = rotation([
            {"causal": True}, {}, {"causal": True, "window": 33}, {"segments": True},
            {"attn_bias": "full"}, {"causal": True, "score": "alibi"},
            {"score": "softcap:20.0"},
        ], 2 * i)  # fmt: skip
        acts, switches = rotation(ACTIVATIONS, i), rotation([True, False, False], i)
        for norm, post, dynamic in itertools.product(
            ["layer", "rms"], [False, True], [False, True]
        ):
            seq, embed, heads, kv_heads, head_dim, ffn = next(shapes)
            rotary = next(rotaries)
            part = head_dim // 4 * 2 if rotary and post else None
            yield Config("layer", dtype, 1, seq, embed=embed, heads=heads, kv_heads=kv_heads,
                         head_dim=head_dim, ffn=ffn, act=next(acts), gated=next(switches),
                         bias=next(switches), norm=norm, post_norm=post, rotary=rotary,
                         rotary_dim=part, dynamic=dynamic, **next(masks))  # fmt: skip


def model_cases():
    for dtype, dynamic in itertools.product(DTYPES, [False, True]):
        yield Config("model", dtype, 1 + dynamic, 70 if dynamic else 131, embed=48, heads=3,
                     kv_heads=1, ffn=96, layers=2, causal=True, rotary="half", act="silu",
                     gated=dynamic, bias=not dynamic, norm="rms" if dynamic else "layer",
                     dynamic=dynamic)  # fmt: skip


def dropout_cases():
    """In layers, of attention, of sublayers and of both."""
    for dtype, (dropout, attn_dropout) in zip(DTYPES, [(0.1, 0.2), (0.3, 0.0), (0.0, 0.1)]):
        yield Config("layer", dtype, 1, 131, embed=64, heads=2, head_dim=32, ffn=96, causal=True,
                     dropout=dropout, attn_dropout=attn_dropout, dynamic=dtype == "bf16")  # fmt: skip


def random_cases(seed, count):
    """Others in every run, of at most a block or two."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        config = random_case(rng)
        while config.cost() > MAX_COST / 4:
            config = dataclasses.replace(
                config, batch=1, seq=max(config.seq // 2, 1),
                kv_seq=max(config.kv_seq // 2, 1) if config.kv_seq != config.seq else None,
            )  # fmt: skip
        yield f"random{i}-{config.name}", config


def all_cases(seed, num_random):
    """(name, config), the names unique."""
    chosen = itertools.chain(
        attention_cases(), usual_head_dim_cases(), decoding_cases(), large_score_cases(),
        empty_row_cases(), zero_length_cases(), feed_forward_cases(), layer_cases(),
        model_cases(), dropout_cases(),
    )  # fmt: skip
    cases = {config.name: config for config in chosen}
    return list(cases.items()) + list(random_cases(seed, num_random))
