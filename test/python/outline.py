# What is compiled as one layer gives the bits of what is compiled layer by layer,
# and holds no more memory.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path %python %s

import bpt
import numpy as np

SEED = int(np.random.SeedSequence().entropy % 2**32)
print("seed", SEED)
rng = np.random.default_rng(SEED)


def make_input(argument, sizes):
    shape = tuple(next(sizes) if size is None else size for size in argument.shape)
    if argument.dtype == np.int32:
        # Documents of a sequence come in order.
        values = rng.integers(0, 11, shape)
        return (np.sort(values) if argument.name == "segments" else values).astype(np.int32)
    return (rng.standard_normal(shape) * 0.3).astype(argument.dtype)


def run(module, function, outline, inputs):
    """The results, and what the function writes in place, and the bytes it holds."""
    lowered = bpt.run_passes(module, f"bpt-cpu{{outline={str(outline).lower()}}}")
    assert ("main_layer" in lowered or f"{function}_layer" in lowered) == outline, lowered[:2000]
    compiled = bpt.compile(lowered, function, threads=2)
    arguments = [value.copy() for value in inputs]
    results = compiled(*arguments)
    results = results if isinstance(results, tuple) else (results,)
    held = compiled.planned_bytes
    return [np.asarray(result) for result in results] + arguments, held


def check(passes="", function="main", **options):
    sizes = dict(seq=37, embed=24, heads=4, layers=3, vocab=11, causal=True) | options
    module = bpt.generate("model", **sizes)
    if passes:
        module = bpt.run_passes(module, passes)
    compiled = bpt.compile(module, function)
    inputs = [make_input(argument, iter(lambda: 29, None)) for argument in compiled.arguments]
    alone, held_alone = run(module, function, False, inputs)
    outlined, held = run(module, function, True, inputs)
    for a, b in zip(alone, outlined, strict=True):
        assert a.tobytes() == b.tobytes(), (passes, options, np.abs(a - b).max())
    assert held is None or held <= held_alone, (passes, options, held, held_alone)


check()
check(seq=None)
check(rotary="half", kv_heads=2, gated=True, segments=True, seq=None)
check(batch=2, window=9, norm="rms", post_norm=True, bias=True, layers=4, score="softcap:3")
check("bpt-differentiate{keep=attention accumulate=true}", "main_vjp", loss=True, layers=4)
check("bpt-differentiate{keep=everything}", "main_vjp", loss=True)
# Of layers that are calls already, what updates their weights.
check("bpt-differentiate{keep=attention accumulate=true}", "main_vjp", loss=True, layers=4, outline_layers=True)
