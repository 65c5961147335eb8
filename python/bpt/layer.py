"""A transformer layer: its sizes, weights, work and memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

BYTES = 4  # of an f32


@dataclass(frozen=True)
class Layer:
    """A pre-norm layer with biases, layer norms and tanh GELU, as GPT-2 has."""

    seq: int
    embed: int = 768
    heads: int = 12
    ffn: int = 3072
    causal: bool = True

    @property
    def head_dim(self) -> int:
        return self.embed // self.heads

    def gen_flags(self) -> list[str]:
        """The arguments of bpt-gen that give this layer."""
        flags = [
            "layer",
            f"--seq={self.seq}",
            f"--embed={self.embed}",
            f"--heads={self.heads}",
            f"--ffn={self.ffn}",
            "--act=gelu_tanh",
            "--bias",
        ]
        return flags + (["--causal"] if self.causal else [])

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes by `bpt.name`, in the order of the arguments; matrices are
        `[in, out]`."""
        e, f = self.embed, self.ffn
        shapes: dict[str, tuple[int, ...]] = {"ln1.weight": (e,), "ln1.bias": (e,)}
        for part in "qkvo":
            shapes |= {f"w{part}": (e, e), f"b{part}": (e,)}
        shapes |= {"ln2.weight": (e,), "ln2.bias": (e,)}
        return shapes | {"w1": (e, f), "b1": (f,), "w2": (f, e), "b2": (e,)}

    def make_weights(self, seed: int = 0) -> dict[str, np.ndarray]:
        """Random weights of the size that trained ones have."""
        random = np.random.default_rng(seed)
        weights = {}
        for name, shape in self.weight_shapes().items():
            spread = shape[0] ** -0.5 if len(shape) == 2 else 0.1
            values = spread * random.standard_normal(shape, np.float32)
            weights[name] = values + np.float32(1) if name.startswith("ln") and name.endswith("weight") else values
        return weights

    def make_input(self, seed: int = 1) -> np.ndarray:
        """Random rows, `[1, seq, embed]`."""
        return np.random.default_rng(seed).standard_normal((1, self.seq, self.embed), np.float32)

    def flops(self) -> float:
        """Floating-point operations of the products; a masked score is none."""
        return self._product_flops() + 4 * self._pairs() * self.embed

    def gradient_flops(self) -> float:
        """Of the result and all gradients, if every activation is kept but the
        probabilities: a product has two in its gradient, attention's two have
        five."""
        return 3 * self._product_flops() + 14 * self._pairs() * self.embed

    def _pairs(self) -> float:
        return self.seq * (self.seq + 1) / 2 if self.causal else self.seq**2

    def _product_flops(self) -> float:
        return 8 * self.seq * self.embed**2 + 4 * self.seq * self.embed * self.ffn

    def unfused_bytes(self) -> dict[str, int]:
        """What a layer that stores every operation's result holds beyond its
        input, output and weights, at its two peaks."""
        rows = self.seq * self.embed
        scores = self.heads * self.seq**2
        return {
            # Scores become probabilities in place.
            "attention: q, k, v, scores, result": (4 * rows + scores) * BYTES,
            # The activation is applied in place.
            "feed-forward: residual, norm, hidden": (2 * rows + self.seq * self.ffn) * BYTES,
        }


def save_weights(weights: dict[str, np.ndarray], path: Path) -> None:
    """Writes weights where `bpt-runner --weights=` finds them."""
    save_file(weights, str(path))
