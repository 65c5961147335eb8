"""NumPy fp64 reference of a layer, for some of its rows."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from bpt.layer import Layer

EPS = 1e-5


def layer_rows(layer: Layer, x: np.ndarray, weights: dict[str, np.ndarray], rows: Sequence[int]) -> np.ndarray:
    """The layer's result, `[len(rows), embed]`, at those rows of the sequence."""
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    x = x[0].astype(np.float64)
    index = np.asarray(rows)

    def split(rows_of_x: np.ndarray, part: str) -> np.ndarray:
        return (rows_of_x @ w[f"w{part}"] + w[f"b{part}"]).reshape(-1, layer.heads, layer.head_dim)

    normed = _layer_norm(x, w["ln1.weight"], w["ln1.bias"])
    q, k, v = split(normed[index], "q"), split(normed, "k"), split(normed, "v")
    attended = np.empty((len(index), layer.heads, layer.head_dim))
    for head in range(layer.heads):
        scores = q[:, head] @ k[:, head].T / np.sqrt(layer.head_dim)
        if layer.causal:
            scores[np.arange(len(x)) > index[:, None]] = -np.inf
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        attended[:, head] = scores @ v[:, head] / scores.sum(axis=1, keepdims=True)
    x = x[index] + attended.reshape(len(index), -1) @ w["wo"] + w["bo"]

    hidden = _layer_norm(x, w["ln2.weight"], w["ln2.bias"]) @ w["w1"] + w["b1"]
    hidden = hidden / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
    return x + hidden @ w["w2"] + w["b2"]


def relative_error(actual: np.ndarray, expected: np.ndarray) -> float:
    """Relative Frobenius error."""
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


def _layer_norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + EPS) * weight + bias
