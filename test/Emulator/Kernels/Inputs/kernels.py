"""The real kernels: their inputs, launches and NumPy references."""

import pathlib

import numpy as np

from formats import BF16
from harness import Buffer, Case, Close, NoWorseThanPlain, Scalar, TensorMap

HERE = pathlib.Path(__file__).resolve().parent
TILE = 64 * 128
# 128 queries, and two stages of keys and values: 64 at depth 64, 32 at depth 128.
ATTENTION_SHARED = {64: 2 * 64 * (128 + 4 * 64), 128: 2 * 128 * (128 + 4 * 32)}


def text(name):
    return (HERE / f"{name}.ptx").read_text()


def normal(random, shape):
    """bf16 bits and the values they stand for."""
    values = random.standard_normal(shape).astype(np.float32)
    # Cut to bf16: which way does not matter for an input.
    bits = (values.view(np.uint32) >> 16).astype(np.uint16)
    return bits, BF16.decode(bits)


def round_bf16(values):
    """bf16 bits, rounded to nearest even; no NaNs."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype(np.uint16)


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


def attention_scores(q, k, causal):
    scores = np.einsum("bihd,bjhd->bhij", q, k) / np.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, -np.inf)
    return scores


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def attention_case(random, ptx, depth, causal):
    (batch, heads), length = ((1, 2) if causal else (2, 1)), 256
    (q, vq), (k, vk), (v, vv) = (
        normal(random, (batch, length, heads, depth)) for _ in range(3))

    def weigh(weights):
        return np.einsum("bhij,bjhd->bihd", weights, vv)

    def rounded(values):
        return BF16.decode(round_bf16(values))

    scores = attention_scores(vq, vk, causal)
    exact = weigh(softmax(scores))
    # What a computation that is not fused makes of it: every step in bf16.
    plain = rounded(weigh(rounded(softmax(rounded(scores)))))
    return Case(f"attention of depth {depth}{', causal' if causal else ''}", ptx,
                [Buffer(q), Buffer(k), Buffer(v),
                 Buffer(np.full(q.shape, 0x7fff, np.uint16),
                        NoWorseThanPlain(exact, plain, BF16.decode)),
                 Scalar("i32", length), Scalar("i32", heads), Scalar("f32", depth**-0.5)],
                grid=(length // 128, heads, batch), block=(128, 1, 1),
                shared=ATTENTION_SHARED[depth],
                kernel=f"attention{depth}{'_causal' if causal else ''}")


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
         "flash-full": lambda random, ptx: flash_case(random, ptx, 0),
         **{f"attention-{depth}{'-causal' if causal else ''}":
            lambda random, ptx, depth=depth, causal=causal: attention_case(random, ptx, depth,
                                                                           causal)
            for depth in ATTENTION_SHARED for causal in (False, True)}}


def make(name, random, ptx=None):
    return CASES[name](random, ptx or text(name.partition("-")[0]))
