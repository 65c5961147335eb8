"""The cases, by suite."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Iterator, Sequence

import numpy as np

from bpt.arrays import DTYPES
from bpt.bench import bandwidth, iree, openblas, pytorch
from bpt.bench.case import Arrays, Case, Compute, Peer
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
    window: int | None = None
    score: str | None = None
    """Of attention alone."""
    layers: int = 6
    vocab: int = 8192
    """Of the model."""
    dtype: str = "f32"
    """Of all that is not a number of a token, as bpt-gen names it."""

    def __str__(self) -> str:
        return (
            f"S {self.seq}, embed {self.embed}, {self.heads} heads, hidden {self.ffn}"
            f"{', causal' if self.causal else ''}"
        )

    def attention(self) -> str:
        """What attention alone is like."""
        features = ["causal"] * self.causal
        features += [f"window {self.window}"] * (self.window is not None) + [self.score or ""]
        return ", ".join([f"S {self.seq}", f"{self.heads} heads of {self.embed // self.heads}", *filter(None, features)])

    def attention_flags(self) -> list[str]:
        """The arguments of bpt-gen that give attention alone."""
        flags = ["attention", f"--seq={self.seq}", f"--embed={self.embed}", f"--heads={self.heads}"]
        flags += ["--causal"] * self.causal
        flags += [f"--window={self.window}"] * (self.window is not None)
        return flags + [f"--score={self.score}"] * (self.score is not None)

    def generate(self, flags: Sequence[str]) -> str:
        """What bpt-gen makes, of this element type."""
        return run_tool("bpt-gen", [*flags, f"--dtype={self.dtype}"])

    def attention_arguments(self, *names: str) -> dict[str, np.ndarray]:
        """Random heads."""
        random = np.random.default_rng(0)
        shape = (1, self.seq, self.heads, self.embed // self.heads)
        return {name: random.standard_normal(shape, np.float32) for name in names}

    def pairs(self) -> int:
        """How many pairs of a query and a key no mask excludes."""
        before = self.seq if self.window is None else self.window
        seen = np.minimum(np.arange(self.seq) + 1, before).sum()
        return int(seen) if self.causal else int(2 * seen - self.seq)

    def is_plain(self) -> bool:
        """Whether the peers have it."""
        return self.window is None and self.score is None


def layer(sizes: Sizes) -> Case:
    """A whole pre-norm layer with biases and tanh GELU."""
    shape = Layer(sizes.seq, sizes.embed, sizes.heads, sizes.ffn, sizes.causal)
    ir = sizes.generate(shape.gen_flags())
    return Case(
        f"layer: {sizes}",
        ir,
        {"x": shape.make_input(), **shape.make_weights()},
        shape.flops(),
        eager_and_compiled(
            lambda arguments, threads, compiled: pytorch.layer(
                arguments, threads, sizes.heads, sizes.causal, compiled
            )
        )
        | of_iree(ir),
        weights=list(shape.make_weights()),
    )


def model(sizes: Sizes) -> Case:
    """Embedding, layers as above, a norm and the logits."""
    shape = Layer(sizes.seq, sizes.embed, sizes.heads, sizes.ffn, sizes.causal)
    random = np.random.default_rng(3)
    arguments = {
        "tokens": random.integers(0, sizes.vocab, (1, sizes.seq), np.int32),
        "embed.weight": random.standard_normal((sizes.vocab, sizes.embed), np.float32),
    }
    for i in range(sizes.layers):
        arguments |= {f"layers.{i}.{name}": value for name, value in shape.make_weights(seed=i).items()}
    arguments |= {
        "ln_f.weight": np.ones(sizes.embed, np.float32),
        "ln_f.bias": np.zeros(sizes.embed, np.float32),
        "lm_head.weight": random.standard_normal((sizes.embed, sizes.vocab), np.float32)
        * np.float32(sizes.embed**-0.5),
    }
    ir = sizes.generate(
        ["model", *shape.gen_flags()[1:], f"--layers={sizes.layers}", f"--vocab={sizes.vocab}"],
    )
    return Case(
        f"model: {sizes.layers} layers, {sizes.vocab} words, {sizes}",
        ir,
        arguments,
        sizes.layers * shape.flops() + 2 * sizes.seq * sizes.embed * sizes.vocab,
        eager_and_compiled(
            lambda arguments, threads, compiled: pytorch.model(
                arguments, threads, sizes.layers, sizes.heads, sizes.causal, compiled
            )
        )
        | of_iree(ir),
        max_error=2e-5 * sizes.layers,
        weights=[name for name in arguments if name != "tokens"],
    )


def eager_and_compiled(peer: Callable[[Arrays, int, bool], Compute]) -> dict[str, Peer]:
    """PyTorch as it is, and through torch.compile."""
    return {
        "PyTorch": lambda arguments, threads: peer(arguments, threads, False),
        "PyTorch, compiled": lambda arguments, threads: peer(arguments, threads, True),
    }


def of_iree(ir: str) -> dict[str, Peer]:
    """IREE, of the same program."""
    return {"IREE": lambda arguments, threads: iree.compute(ir, arguments, threads)}


def layer_gradient(sizes: Sizes) -> Case:
    """The layer, and the gradients of its input and all its weights."""
    shape = Layer(sizes.seq, sizes.embed, sizes.heads, sizes.ffn, sizes.causal)
    arguments = {"x": shape.make_input(), **shape.make_weights()}

    def peer(checkpointed: bool) -> Peer:
        return lambda arguments, threads: pytorch.layer_gradient(
            arguments, threads, sizes.heads, sizes.causal, checkpointed
        )

    return Case(
        f"layer, forward and backward: {sizes}",
        differentiate(sizes, shape.gen_flags()),
        arguments | {"cotangent": shape.make_input(seed=2)},
        shape.gradient_flops(),
        {"PyTorch": peer(False), "PyTorch, checkpointed": peer(True)},
        function="main_vjp",
        results=1 + len(arguments),
        max_error=2e-4,
    )


def attention(sizes: Sizes) -> Case:
    """Attention alone."""
    peers: dict[str, Peer] = {
        "PyTorch": lambda arguments, threads: pytorch.attention(arguments, threads, sizes.causal),
        "unfused, OpenBLAS": lambda arguments, threads: openblas.attention(arguments, sizes.causal),
    }
    return Case(
        f"attention: {sizes.attention()}",
        sizes.generate(sizes.attention_flags()),
        sizes.attention_arguments("q", "k", "v"),
        4 * sizes.pairs() * sizes.embed,
        peers if sizes.is_plain() else {},
    )


def decode(sizes: Sizes) -> Case:
    """Attention of one query over a cache of `seq` keys, which is as fast as
    keys and values can be read."""
    random = np.random.default_rng(0)
    shape = (1, sizes.seq, sizes.heads, sizes.embed // sizes.heads)
    arguments = {name: random.standard_normal(shape, np.float32) for name in "kv"}
    arguments = {"q": random.standard_normal((1, 1, *shape[2:]), np.float32), **arguments}
    flags = ["attention", "--seq=1", f"--kv-seq={sizes.seq}", f"--embed={sizes.embed}", f"--heads={sizes.heads}"]
    return Case(
        f"decode: 1 query, {sizes.seq} keys, {sizes.heads} heads of {shape[-1]}",
        sizes.generate(flags),
        arguments,
        4 * sizes.seq * sizes.embed,
        {"PyTorch": lambda arguments, threads: pytorch.attention(arguments, threads, causal=False)},
        bounds={"sum of keys and values": lambda arguments, threads: bandwidth.sums(arguments, threads, "kv")},
    )


def attention_gradient(sizes: Sizes) -> Case:
    """Attention alone, and its gradients."""
    return Case(
        f"attention, forward and backward: {sizes.attention()}",
        differentiate(sizes, sizes.attention_flags()),
        sizes.attention_arguments("q", "k", "v", "cotangent"),
        14 * sizes.pairs() * sizes.embed,
        {"PyTorch": lambda arguments, threads: pytorch.attention_gradient(arguments, threads, sizes.causal)}
        if sizes.is_plain()
        else {},
        function="main_vjp",
        results=4,
        max_error=2e-4,
    )


def differentiate(sizes: Sizes, flags: list[str]) -> str:
    """The IR of what bpt-gen makes, and of its gradient."""
    with tempfile.TemporaryDirectory(prefix="bpt-bench-") as folder:
        forward = Path(folder) / "forward.mlir"
        forward.write_text(sizes.generate(flags))
        return run_tool("bpt-opt", [forward, "--bpt-differentiate=keep=attention"])


def feed_forward(sizes: Sizes) -> Case:
    """The feed-forward network alone."""
    shape = Layer(sizes.seq, sizes.embed, sizes.heads, sizes.ffn)
    flags = ["feed_forward", f"--seq={sizes.seq}", f"--embed={sizes.embed}", f"--ffn={sizes.ffn}"]
    weights = shape.make_weights()
    return Case(
        f"feed-forward: S {sizes.seq}, embed {sizes.embed}, hidden {sizes.ffn}",
        sizes.generate([*flags, "--act=gelu_tanh", "--bias"]),
        {"x": shape.make_input(), **{name: weights[name] for name in ("w1", "b1", "w2", "b2")}},
        4 * sizes.seq * sizes.embed * sizes.ffn,
        {"PyTorch": pytorch.feed_forward},
        weights=("w1", "b1", "w2", "b2"),
    )


def matmul(sizes: Sizes) -> Case:
    """The product of the feed-forward's first matrix."""
    return product(sizes.seq, sizes.ffn, sizes.embed, sizes.dtype)


# Rows, columns and summed dimension of a layer's products, of one with edges
# everywhere, and of few rows.
GEMM_SIZES = ((4096, 768, 768), (1024, 768, 3072), (1024, 3072, 768), (1000, 1000, 1000), (17, 768, 3072))


def product(m: int, n: int, k: int, t: str) -> Case:
    """A matrix product whose second factor is a weight."""
    random = np.random.default_rng(0)
    x, w, y = f"tensor<1x{m}x{k}x{t}>", f"tensor<{k}x{n}x{t}>", f"tensor<1x{m}x{n}x{t}>"
    ir = f"""
func.func @main(%x: {x} {{bpt.name = "x"}}, %w: {w} {{bpt.name = "w"}}) -> {y} {{
  %zero = arith.constant 0.0 : {t}
  %empty = tensor.empty() : {y}
  %zeros = linalg.fill ins(%zero : {t}) outs(%empty : {y}) -> {y}
  %y = bpt.linear ins(%x, %w : {x}, {w}) outs(%zeros : {y}) -> {y}
  return %y : {y}
}}
"""
    return Case(
        f"matmul: {m} × {n}, summed over {k}",
        ir,
        {
            "x": random.standard_normal((1, m, k), np.float32),
            "w": random.standard_normal((k, n), np.float32),
        },
        2.0 * m * n * k,
        {
            "PyTorch": pytorch.matmul,
            "OpenBLAS": lambda arguments, threads: openblas.matmul(arguments),
            **of_iree(ir),
        },
        weights=("w",),
    )


# One case for each length.
SUITES: dict[str, Callable[[Sizes], Case]] = {
    "layer": layer,
    "layer_gradient": layer_gradient,
    "attention": attention,
    "attention_gradient": attention_gradient,
    "decode": decode,
    "model": model,
    "feed_forward": feed_forward,
    "matmul": matmul,
}


# How far two computations of the same may be apart that round to 16 bits.
MAX_ERRORS = {"bf16": 2e-2, "f16": 3e-3}


def make_cases(suite: str, lengths: Sequence[Sizes]) -> Iterator[Case]:
    """The cases of a suite; `gemm` has its own sizes."""
    for sizes in lengths:
        cases = (product(*gemm, sizes.dtype) for gemm in GEMM_SIZES) if suite == "gemm" else [SUITES[suite](sizes)]
        for case in cases:
            yield case if sizes.dtype == "f32" else of_type(case, sizes.dtype)
        if suite == "gemm":
            return


def of_type(case: Case, dtype: str) -> Case:
    """The case with arguments of 16 bits, and the peers that have such."""
    element = DTYPES[dtype]
    arguments = {
        name: array.astype(element) if array.dtype == np.float32 else array for name, array in case.arguments.items()
    }
    return replace(
        case,
        name=f"{case.name}, {dtype}",
        arguments=arguments,
        peers={name: peer for name, peer in case.peers.items() if "OpenBLAS" not in name},
        max_error=MAX_ERRORS[dtype],
        bounds={},
    )
