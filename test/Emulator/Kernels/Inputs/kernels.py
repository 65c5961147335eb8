"""The real kernels: their inputs, launches and NumPy references."""

import pathlib

import numpy as np

from formats import BF16
from harness import Buffer, Case, Close, Scalar, TensorMap

HERE = pathlib.Path(__file__).resolve().parent
TILE = 64 * 128


def text(name):
    return (HERE / f"{name}.ptx").read_text()


def normal(random, shape):
    """bf16 bits and the values they stand for."""
    values = random.standard_normal(shape).astype(np.float32)
    # Cut to bf16: which way does not matter for an input.
    bits = (values.view(np.uint32) >> 16).astype(np.uint16)
    return bits, BF16.decode(bits)


def output(shape):
    return np.full(shape, np.nan, np.float32)


def reduce_case(random, ptx):
    n = 3000
    x = random.standard_normal(n).astype(np.float32)
    exact = np.array([x.astype(np.float64).sum()])
    bound = np.array([np.abs(x).sum() * n / 256 * 2.0**-23])
    return Case("reduce", ptx, [Buffer(x), Buffer(np.zeros(1, np.float32), Close(exact, bound)),
                                Scalar("i32", n)],
                grid=(3, 1, 1), block=(256, 1, 1), kernel="reduce")


def product_bound(a, b):
    return np.abs(a) @ np.abs(b) * a.shape[1] * 2.0**-21


def matmul_case(random, ptx):
    m, n, k = 128, 128, 320
    a, va = normal(random, (m, k))
    b, vb = normal(random, (k, n))
    return Case("matmul", ptx, [Buffer(a), Buffer(b),
                                Buffer(output((m, n)), Close(va @ vb, product_bound(va, vb))),
                                Scalar("i32", n), Scalar("i32", k)],
                grid=(n // 64, m // 64, 1), block=(128, 1, 1), shared=3 * 2 * TILE,
                kernel="matmul")


def flash_case(random, ptx, causal=1):
    heads, length, depth = 2, 192, 64
    (q, vq), (k, vk), (v, vv) = (normal(random, (heads, length, depth)) for _ in range(3))
    scale = 0.125
    scores = vq @ vk.transpose(0, 2, 1) * scale
    if causal:
        scores = np.where(np.tri(length, dtype=bool), scores, -np.inf)
    largest = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - largest)
    total = weights.sum(axis=-1, keepdims=True)
    weights /= total
    # The weights are rounded to bf16, half an ulp each, and added up in f32.
    bound = weights @ np.abs(vv) * 2.0**-8 + 1e-5
    lse = (largest + np.log(total))[..., 0]
    return Case("flash causal" if causal else "flash", ptx,
                [Buffer(q), Buffer(k), Buffer(v),
                 Buffer(output((heads, length, depth)), Close(weights @ vv, bound)),
                 Buffer(output((heads, length)), Close(lse, np.full(lse.shape, 1e-4))),
                 Scalar("i32", length), Scalar("i32", causal), Scalar("f32", scale)],
                grid=(length // 64, heads, 1), block=(128, 1, 1), shared=5 * TILE, kernel="flash")


def gemm_case(random, ptx):
    m, n, k = 128, 128, 448
    a, va = normal(random, (m, k))
    b, vb = normal(random, (n, k))
    c = Close(va @ vb.T, product_bound(va, vb.T))
    return Case("gemm", ptx, [
        TensorMap(4, "bf16", (k, m), (2 * k,), (64, 128), 128),
        TensorMap(5, "bf16", (k, n), (2 * k,), (64, 64), 128),
        TensorMap(6, "f32", (n, m), (4 * n,), (64, 64)),
        Scalar("i32", k), Buffer(a), Buffer(b), Buffer(output((m, n)), c)],
        grid=(n // 64, m // 128, 1), block=(384, 1, 1), shared=3 * 3 * TILE + 2 * 16384,
        kernel="gemm")


CASES = {"reduce": reduce_case, "matmul": matmul_case, "flash": flash_case, "gemm": gemm_case,
         "flash-full": lambda random, ptx: flash_case(random, ptx, 0)}


def make(name, random, ptx=None):
    return CASES[name](random, ptx or text(name.partition("-")[0]))
