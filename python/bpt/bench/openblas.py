"""NumPy's OpenBLAS: products at their best, everything between them stored."""

from __future__ import annotations

import numpy as np

from bpt.bench.case import Arrays, Compute


def matmul(arguments: Arrays) -> Compute:
    """x · w."""
    x, w = arguments["x"], arguments["w"]
    return lambda: [x @ w]


def attention(arguments: Arrays, causal: bool) -> Compute:
    """Attention head by head, the scores of a head stored."""
    q, k, v = (np.ascontiguousarray(arguments[name][0].swapaxes(0, 1)) for name in "qkv")
    heads, seq, head_dim = q.shape
    scale = np.float32(head_dim**-0.5)
    masked = np.triu(np.full((seq, seq), -np.inf, np.float32), 1) if causal else None

    def run() -> list[np.ndarray]:
        out = np.empty((1, seq, heads, head_dim), np.float32)
        for head in range(heads):
            scores = (q[head] * scale) @ k[head].T
            if masked is not None:
                scores += masked
            scores -= scores.max(axis=1, keepdims=True)
            np.exp(scores, out=scores)
            out[0, :, head] = (scores @ v[head]) / scores.sum(axis=1, keepdims=True)
        return [out]

    return run
