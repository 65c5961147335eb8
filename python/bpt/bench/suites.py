"""The cases, by suite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from bpt.bench import openblas, pytorch
from bpt.bench.case import Case
from bpt.layer import Layer
from bpt.tools import run_tool


@dataclass(frozen=True)
class Sizes:
    """Sizes that the command line chooses."""

    seq: int
    embed: int
    heads: int
    ffn: int
    causal: bool

    def __str__(self) -> str:
        return (
            f"S {self.seq}, embed {self.embed}, {self.heads} heads, hidden {self.ffn}"
            f"{', causal' if self.causal else ''}"
        )


def layer(sizes: Sizes) -> Case:
    """A whole pre-norm layer with biases and tanh GELU."""
    shape = Layer(sizes.seq, sizes.embed, sizes.heads, sizes.ffn, sizes.causal)
    return Case(
        f"layer: {sizes}",
        run_tool("bpt-gen", shape.gen_flags()),
        {"x": shape.make_input(), **shape.make_weights()},
        shape.flops(),
        {"PyTorch": lambda arguments, threads: pytorch.layer(arguments, threads, sizes.heads, sizes.causal)},
    )


def attention(sizes: Sizes) -> Case:
    """Attention alone."""
    head_dim = sizes.embed // sizes.heads
    flags = ["attention", f"--seq={sizes.seq}", f"--embed={sizes.embed}", f"--heads={sizes.heads}"]
    random = np.random.default_rng(0)
    shape = (1, sizes.seq, sizes.heads, head_dim)
    pairs = sizes.seq * (sizes.seq + 1) / 2 if sizes.causal else sizes.seq**2
    return Case(
        f"attention: S {sizes.seq}, {sizes.heads} heads of {head_dim}{', causal' if sizes.causal else ''}",
        run_tool("bpt-gen", flags + (["--causal"] if sizes.causal else [])),
        {name: random.standard_normal(shape, np.float32) for name in "qkv"},
        4 * pairs * sizes.embed,
        {
            "PyTorch": lambda arguments, threads: pytorch.attention(arguments, threads, sizes.causal),
            "unfused, OpenBLAS": lambda arguments, threads: openblas.attention(arguments, sizes.causal),
        },
    )


def feed_forward(sizes: Sizes) -> Case:
    """The feed-forward network alone."""
    shape = Layer(sizes.seq, sizes.embed, sizes.heads, sizes.ffn)
    flags = ["feed_forward", f"--seq={sizes.seq}", f"--embed={sizes.embed}", f"--ffn={sizes.ffn}"]
    weights = shape.make_weights()
    return Case(
        f"feed-forward: S {sizes.seq}, embed {sizes.embed}, hidden {sizes.ffn}",
        run_tool("bpt-gen", [*flags, "--act=gelu_tanh", "--bias"]),
        {"x": shape.make_input(), **{name: weights[name] for name in ("w1", "b1", "w2", "b2")}},
        4 * sizes.seq * sizes.embed * sizes.ffn,
        {"PyTorch": pytorch.feed_forward},
    )


def matmul(sizes: Sizes) -> Case:
    """The product of the feed-forward's first matrix."""
    m, k, n = sizes.seq, sizes.embed, sizes.ffn
    random = np.random.default_rng(0)
    x, w, y = f"tensor<1x{m}x{k}xf32>", f"tensor<{k}x{n}xf32>", f"tensor<1x{m}x{n}xf32>"
    ir = f"""
func.func @main(%x: {x} {{bpt.name = "x"}}, %w: {w} {{bpt.name = "w"}}) -> {y} {{
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : {y}
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : {y}) -> {y}
  %y = bpt.linear ins(%x, %w : {x}, {w}) outs(%zeros : {y}) -> {y}
  return %y : {y}
}}
"""
    return Case(
        f"matmul: {m} x {k} x {n}",
        ir,
        {
            "x": random.standard_normal((1, m, k), np.float32),
            "w": random.standard_normal((k, n), np.float32),
        },
        2.0 * m * n * k,
        {"PyTorch": pytorch.matmul, "OpenBLAS": lambda arguments, threads: openblas.matmul(arguments)},
    )


SUITES: dict[str, Callable[[Sizes], Case]] = {
    "layer": layer,
    "attention": attention,
    "feed_forward": feed_forward,
    "matmul": matmul,
}
