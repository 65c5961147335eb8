"""Attention in the emulator: attention.py PROGRAM ELEMENT HEAD_DIM KEYS [EMULATOR] [-- PASSES]

A program named attention-scores takes a bias, segments, a window and a soft cap.
"""

import sys

import numpy as np

from tile_kernel import TileKernel, check_close, from_bits, rounded, to_bits

# batch, queries, keys, query heads, key heads, causal
CASES = [
    (1, 64, 64, 1, 1, False),
    (1, 200, 200, 1, 1, True),
    (1, 70, 200, 4, 2, True),
    (2, 130, 33, 2, 2, False),
    (1, 90, 40, 1, 1, True),
]


WINDOW, CAP = 50, 10.0


def change_scores(scores, bias, q_segments, kv_segments):
    """The scores before their scale, as attention-scores.mlir changes them."""
    rows, keys = scores.shape[2:]
    limit = np.arange(rows)[:, None] + keys - rows
    hidden = np.arange(keys)[None, :] <= limit - WINDOW
    hidden = hidden | (q_segments[:, None, :, None] != kv_segments[:, None, None, :])
    return np.where(hidden, -np.inf, np.tanh((scores + bias) / CAP) * CAP)


def attend(q, k, v, causal, to_element, changes):
    """softmax(q k^T / sqrt(d)) v, and its log-sum-exp in base 2; to_element rounds what is stored."""
    group = q.shape[2] // k.shape[2]
    k, v = np.repeat(k, group, axis=2), np.repeat(v, group, axis=2)
    scores = to_element(np.einsum("bqhd,bkhd->bhqk", q, k))
    if changes:
        scores = change_scores(scores, *changes)
    scores = scores / np.sqrt(q.shape[3])
    if causal:
        rows, keys = scores.shape[2:]
        hidden = np.arange(keys)[None, :] > np.arange(rows)[:, None] + keys - rows
        scores = np.where(hidden, -np.inf, scores)
    largest = np.maximum(scores.max(axis=3, keepdims=True), -1e30)
    p = np.exp(scores - largest)
    total = p.sum(axis=3, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = to_element(np.where(total > 0, p / total, 0))
        lse = (largest + np.log(total))[..., 0] / np.log(2)
    return to_element(np.einsum("bhqk,bkhd->bqhd", weights, v)), lse


def main():
    arguments = sys.argv[1:]
    passes = ["--bpt-distribute-to-lanes"]
    if "--" in arguments:
        passes = arguments[arguments.index("--") + 1 :]
        arguments = arguments[: arguments.index("--")]
    program, element, dim, keys = arguments[:4]
    emulator = arguments[4] if len(arguments) > 4 else "bpt-emulate"
    source = open(program).read()
    source = source.replace("ELT", element).replace("DIM", dim).replace("KEYS", keys)
    kernel = TileKernel(source, "attention", passes)
    rng = np.random.default_rng(int(dim))
    for number, (batch, sq, sk, heads, kv_heads, causal) in enumerate(CASES):
        q = to_bits(rng.standard_normal((batch, sq, heads, int(dim))), element)
        k = to_bits(rng.standard_normal((batch, sk, kv_heads, int(dim))), element)
        v = to_bits(rng.standard_normal((batch, sk, kv_heads, int(dim))), element)
        changes = ()
        if "attention-scores" in program:
            bias = rng.standard_normal((sq, sk)).astype(np.float32)
            segments = [np.sort(rng.integers(0, 2, (batch, size), np.int32)) for size in (sq, sk)]
            changes = (bias, *segments)
        output, lse = kernel.run(
            (-(-sq // 64), heads, batch),
            [
                q,
                k,
                v,
                np.full_like(q, 0x7FFF),
                np.full((batch, heads, sq), np.nan, np.float32),
                *(f"i64:{size}" for size in (sq, sk, heads, kv_heads)),
                f"f32:{np.log2(np.e) / np.sqrt(int(dim))}",
                f"i32:{int(causal)}",
                *changes,
                *((f"i64:{WINDOW}", f"f32:{CAP}") if changes else ()),
            ],
            outputs=[3, 4],
            emulator=emulator,
            options=[f"--seed={number}", "--profile"],
        )
        kernel.check_bank_conflicts()
        inputs = [from_bits(x, element) for x in (q, k, v)]
        exact, exact_lse = attend(*inputs, causal, lambda x: x, changes)
        plain, _ = attend(*inputs, causal, lambda x: rounded(x, element), changes)
        what = f"{element} {dim}: {batch}x{sq}x{sk}, {heads}/{kv_heads} heads, causal {causal}"
        check_close(what, from_bits(output, element), exact, plain)
        empty = np.isneginf(exact_lse)
        if not (np.isneginf(lse) == empty).all():
            sys.exit(f"{what}: the log-sum-exp of empty rows, and of no others, is -inf")
        if np.abs(np.where(empty, 0, lse) - np.where(empty, 0, exact_lse)).max() > 1e-3:
            sys.exit(f"{what}: the log-sum-exp is wrong")


main()
