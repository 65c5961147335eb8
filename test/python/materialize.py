# What BPT is compared with computes the same: attention and a feed-forward network
# with their intermediates as tensors, forward and backward, in every feature,
# static and dynamic.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path %python %s

import bpt
import numpy as np

SEED = int(np.random.SeedSequence().entropy % 2**32)
print("seed", SEED)
rng = np.random.default_rng(SEED)


def check(kind, length, bound=2e-5, **options):
    ir = bpt.generate(kind, **options)
    blocks = bpt.compile(bpt.run_passes(ir, "bpt-differentiate"), "main_vjp")
    module = bpt.run_passes(ir, "func.func(bpt-materialize),bpt-differentiate{keep=everything}")
    assert "linalg.softmax" in module or kind == "feed_forward"
    assert "bpt.attention" not in module and "bpt.feed_forward" not in module
    whole = bpt.compile(module, "main_vjp", strategy="none")
    arguments = []
    for a in blocks.arguments:
        shape = [length if size is None else size for size in a.shape]
        if a.dtype.kind == "i":
            # The first is everyone's, so that no row is without a key.
            segments = rng.integers(0, 2, shape)
            segments[:, 0] = segments[:, 1] = 0
            segments[:, 2] = segments[:, 3] = 1
            arguments.append(segments.astype(a.dtype))
        else:
            arguments.append(rng.standard_normal(shape).astype(a.dtype))
    for result, a, b in zip(blocks.results, blocks(*arguments), whole(*arguments)):
        a, b = a.astype(np.float64), b.astype(np.float64)
        error = np.linalg.norm(a - b) / max(np.linalg.norm(a), 1e-30)
        assert error <= bound, (kind, options, result.name, error)


heads = dict(heads=4, head_dim=8)
check("attention", 9, seq=9, batch=2, **heads)
check("attention", 11, seq=None, causal=True, kv_heads=2, **heads)
check("attention", 9, seq=9, kv_seq=12, causal=True, window=4, scale=0.5, kv_heads=1, **heads)
check("attention", 10, seq=10, window=3, score="softcap:2.0", attn_bias="full", batch=2, **heads)
check("attention", 9, seq=9, attn_bias="heads", kv_heads=2, batch=2, score="alibi", **heads)
check("attention", 9, seq=9, attn_bias="batch", segments=True, batch=2, **heads)
check("attention", 9, seq=9, attn_bias="shared", causal=True, **heads)
check("attention", 13, seq=None, causal=True, dtype="bf16", bound=3e-2, **heads)
check("feed_forward", 7, seq=7, embed=12, gated=True, act="silu", bias=True)
check("feed_forward", 7, seq=None, embed=12, dtype="f16", bound=5e-3)
