# The pass bpt-adamw against the algorithm in fp64: shapes of rank 0 to 3, all
# types, warm-up, cosine, clipping, decay, and a step that is not finite.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path %python %s

import math

import bpt
import numpy as np

IR = """func.func @main(%x: tensor<7x33xf32> {bpt.name = "x"}, %n: tensor<i32>, %b: tensor<5xf32> {bpt.name = "b"},
                        %s: tensor<f32> {bpt.name = "s"}, %h: tensor<3x2x5xbf16>, %k: tensor<4x4xf16> {bpt.name = "k"},
                        %e: tensor<0x3xf32> {bpt.name = "e"}) -> tensor<7x33xf32> {
  return %x : tensor<7x33xf32>
}"""
SEED = int(np.random.SeedSequence().entropy % 2**32)
print("seed", SEED)
rng = np.random.default_rng(SEED)


def rate(step, highest, lowest, warmup, steps):
    if step < warmup:
        return highest * step / warmup
    if not steps:
        return highest
    part = min(max((step - warmup) / (steps - warmup), 0), 1)
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * part)) / 2


def check(pass_options, rate_options, clip, decay, beta1=0.9, beta2=0.95, epsilon=1e-8):
    f = bpt.compile(bpt.run_passes(IR, f"bpt-adamw{{{pass_options}}}"), "main_adamw")
    names = ["x", "b", "s", "4", "k", "e"]
    kinds = ["", "gradient.", "moment1.", "moment2."]
    assert [a.name for a in f.arguments] == ["step"] + [kind + name for kind in kinds for name in names]
    assert [a.name for a in f.results] == ["gradient_norm", "learning_rate"]
    arrays = {
        a.name: np.zeros(a.shape, a.dtype)
        if a.name.startswith("moment")
        else np.asarray(rng.standard_normal(a.shape)).astype(a.dtype)
        for a in f.arguments[1:]
    }
    for step in range(1, 13):
        before = {name: array.copy() for name, array in arrays.items()}
        scale = 30 if step < 5 else 0.01
        for name in names:
            gradient = arrays["gradient." + name]
            gradient[...] = rng.standard_normal(gradient.shape) * scale
        if step == 8:
            arrays["gradient.b"][3] = np.nan if pass_options else np.inf
        gradients = {name: arrays["gradient." + name].astype(np.float64) for name in names}
        norm = math.sqrt(sum((g * g).sum() for g in gradients.values()))
        actual_norm, actual_rate = f(np.array(step), **arrays)
        expected_rate = rate(step, *rate_options)
        assert math.isclose(actual_rate, expected_rate, rel_tol=1e-6), (step, actual_rate, expected_rate)
        assert all((arrays["gradient." + name] == 0).all() for name in names)
        if step == 8:
            assert not math.isfinite(actual_norm)
            for name, array in arrays.items():
                assert name.startswith("gradient.") or array.tobytes() == before[name].tobytes(), name
            continue
        assert math.isclose(actual_norm, norm, rel_tol=1e-6), (step, actual_norm, norm)
        for name in names:
            g = gradients[name] * (min(1, clip / (norm + 1e-6)) if clip else 1)
            w, m, v = (before[kind + name].astype(np.float64) for kind in ("", "moment1.", "moment2."))
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            if w.ndim >= 2:
                w = w * (1 - expected_rate * decay)
            w = w - expected_rate * m / (1 - beta1**step) / (np.sqrt(v / (1 - beta2**step)) + epsilon)
            for kind, wanted in (("", w), ("moment1.", m), ("moment2.", v)):
                actual = arrays[kind + name]
                # Rounded once to the parameter's type; the moments cancel.
                precision = {"float32": 2e-6, "float16": 6e-4, "bfloat16": 4.5e-3}[actual.dtype.name]
                bound = precision * np.maximum(np.abs(wanted), np.abs(before[kind + name].astype(np.float64)))
                error = np.abs(actual.astype(np.float64) - wanted)
                assert (error <= bound + 1e-6 * scale * (kind != "")).all(), (step, kind + name, error.max())


check("", (3e-4, 3e-5, 0, 0), clip=1, decay=0.1)
check("learning-rate=1e-2 warmup=3 steps=10 clip=0 weight-decay=0", (1e-2, 1e-3, 3, 10), clip=0, decay=0)
check(
    "learning-rate=5e-3 min-learning-rate=0 warmup=4 steps=9 clip=2.5 weight-decay=0.5 beta1=0.8 beta2=0.99 epsilon=1e-6",
    (5e-3, 0, 4, 9), clip=2.5, decay=0.5, beta1=0.8, beta2=0.99, epsilon=1e-6,
)  # fmt: skip
