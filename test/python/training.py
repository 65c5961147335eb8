# bpt.training: a step is the mean's gradient, however it is cut into batches;
# checkpoints go on exactly, and what is damaged or foreign is refused.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path %python %s %t

import pathlib
import sys

import bpt
import ml_dtypes
import numpy as np
import safetensors.numpy
from bpt.training import AdamW, CheckpointError, Trainer

FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(exist_ok=True)
SEED = int(np.random.SeedSequence().entropy % 2**32)
print("seed", SEED)
rng = np.random.default_rng(SEED)
SIZES = dict(seq=19, embed=16, heads=2, layers=2, vocab=13, causal=True, loss=True, outline_layers=True)


def refused(call, *parts, kind=bpt.Error):
    try:
        call()
    except kind as error:
        assert all(part in str(error) for part in parts), str(error)
        return
    raise AssertionError(f"not refused: {parts}")


def make(batch, parameters=None, optimizer=AdamW(1e-2, warmup=2, steps=20), **options):
    return Trainer(bpt.generate("model", batch=batch, **SIZES), parameters or PARAMETERS, optimizer, **options)


PARAMETERS = {
    a.name: (rng.standard_normal(a.shape) * 0.3 + ("ln" in a.name)).astype(np.float32)
    for a in bpt.compile(bpt.generate("model", batch=1, **SIZES)).arguments[2:]
}


def draw(batch):
    labels = rng.integers(-3, 13, (batch, 19)).astype(np.int32)
    labels[:, 0] = 1
    return {"tokens": rng.integers(0, 13, (batch, 19)).astype(np.int32), "labels": labels}


# One batch of four, two of two, in any number of threads.
whole, halves = make(4, threads=1), make(2, keep="nothing", threads=2)
assert [given.name for given in whole.inputs] == ["tokens", "labels"]
for step in range(1, 4):
    batch = draw(4)
    parts = [{name: array[i : i + 2] for name, array in batch.items()} for i in (0, 2)]
    loss = whole.evaluate([batch])
    a, b = whole.step([batch]), halves.step(parts)
    assert a.step == b.step == step and a.tokens == b.tokens == np.count_nonzero(batch["labels"] >= 0)
    np.testing.assert_allclose([a.loss, a.loss, a.gradient_norm], [b.loss, loss, b.gradient_norm], rtol=1e-5)
    assert a.learning_rate == b.learning_rate
for name, array in whole.parameters.items():
    # Adam divides by the gradient's own size: where that is rounding, so is the step.
    difference = np.abs(array - halves.parameters[name])
    assert np.quantile(difference, 0.9) < 1e-4 and not np.array_equal(array, PARAMETERS[name]), name
print(f"loss {a.loss}, held {whole.workspace_bytes} bytes")

# What it is compared with gives the same, and holds more.
methods = {method: make(4, method=method) for method in bpt.training.METHODS}
for _ in range(3):
    batch = draw(4)
    results = {method: trainer.step([batch]) for method, trainer in methods.items()}
    for result in results.values():
        np.testing.assert_allclose(result[1:3], results["bpt"][1:3], rtol=1e-5)
refused(lambda: make(4, method="magic"), "there is no method 'magic'; there are bpt, memory-efficient, memory-efficient-loss, vanilla")

# Weights: 0 is no label, and a common factor changes nothing.
first, second = make(4), make(4)
batch = draw(4)
weights = rng.integers(0, 2, (4, 19)).astype(np.float64)
weights[0, 0] = 1
without = {"tokens": batch["tokens"], "labels": np.where(weights > 0, batch["labels"], -100).astype(np.int32)}
a, b = first.step([{**batch, "weights": 4 * weights}]), second.step([without])
assert a == b and all(np.array_equal(first.parameters[n], second.parameters[n]) for n in PARAMETERS)

# A model in bf16 trains and goes on as well; its moments are f32.
small = bpt.generate("model", batch=2, dtype="bf16", **SIZES)
half = {name: array.astype(ml_dtypes.bfloat16) for name, array in PARAMETERS.items()}
path, one, other = FOLDER / "bf16.safetensors", Trainer(small, half), Trainer(small, half)
one.step([draw(2)])
one.save(path)
other.restore(path)
assert other.parameters["embed.weight"].dtype == ml_dtypes.bfloat16
batch = draw(2)
assert one.step([batch]) == other.step([batch])
assert all(one.parameters[n].tobytes() == other.parameters[n].tobytes() for n in PARAMETERS)

# Dropout: every step and batch draws anew, as its seed and number say; all methods
# draw the same; evaluation drops nothing.
random = bpt.generate("model", batch=2, dropout=0.2, attn_dropout=0.3, **SIZES)
batch = draw(2)
runs = [Trainer(random, PARAMETERS, AdamW(0.0), seed=s, method=m)
        for s, m in [(1, "bpt"), (1, "vanilla"), (2, "bpt")]]  # fmt: skip
assert [given.name for given in runs[0].inputs] == ["tokens", "labels"]
losses = np.array([[trainer.step([batch]).loss for _ in range(3)] for trainer in runs])
np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
assert len(set(losses[[0, 2]].ravel().tolist())) == 6, losses
unchanged = make(2, optimizer=AdamW(0.0))
assert runs[0].evaluate([batch]) == unchanged.evaluate([batch])
# Both batches of a step draw on their own: equal ones have other losses.
once, twice = runs[1].step([batch]).loss, runs[0].step([batch, batch]).loss
assert abs(once - twice) > 1e-4 * abs(once), (once, twice)

# The trainer's arrays are its own.
assert all(PARAMETERS[name] is not array for name, array in first.parameters.items())

# A checkpoint goes on exactly.
path = FOLDER / "model.safetensors"
first.save(path, {"data": "a"})
resumed = make(4)
resumed.restore(path, {"data": "a"})
assert resumed.step_count == 1
for batch in [draw(4), draw(4)]:
    assert first.step([batch]) == resumed.step([batch])
assert all(np.array_equal(first.parameters[n], resumed.parameters[n]) for n in PARAMETERS)
assert not (FOLDER / "model.safetensors.partial").exists()

# What is refused changes nothing.
before = {name: array.copy() for name, array in resumed.parameters.items()}
good = path.read_bytes()
restore = lambda: resumed.restore(path, {"data": "a"})
refused(lambda: resumed.restore(path, {"data": "b"}), "data is 'a', not 'b'", kind=CheckpointError)
refused(lambda: resumed.restore(FOLDER / "none"), "cannot read checkpoint", kind=CheckpointError)
for length in (0, 7, len(good) // 2, len(good) - 1):
    path.write_bytes(good[:length])
    refused(restore, "is no whole safetensors file", kind=CheckpointError)
flipped = bytearray(good)
flipped[-5] ^= 4
path.write_bytes(flipped)
refused(restore, "damaged", "checksum", kind=CheckpointError)
path.write_bytes(safetensors.numpy.save({"x": np.zeros(3)}))
refused(restore, "is no checkpoint of BPT", kind=CheckpointError)
path.write_bytes(good.replace(rb'\"version\": 1', rb'\"version\": 9'))
refused(restore, "version 9", "version 1", kind=CheckpointError)
path.write_bytes(good.replace(rb'\"step\": 1', rb'\"stop\": 1'))
refused(restore, "metadata cannot be read", kind=CheckpointError)
other = bpt.generate("model", batch=4, **{**SIZES, "layers": 1})
few = {name: array for name, array in PARAMETERS.items() if "layers.1" not in name}
Trainer(other, few).save(path, {"data": "a"})
refused(restore, "it lacks 'layers.1.ln1.bias'", kind=CheckpointError)
wide = {**PARAMETERS, "embed.weight": np.zeros((13, 16), np.float64)}
refused(lambda: make(4, wide), "'embed.weight' is float64[13, 16]; the model has float32[13, 16]")
assert resumed.step_count == 3 and all(np.array_equal(before[n], resumed.parameters[n]) for n in before)

# Batches that cannot be used leave no part of a gradient behind.
batch = draw(4)
refused(lambda: resumed.step([batch, {"tokens": batch["tokens"]}]), "the batch has no 'labels'")
refused(lambda: resumed.step([batch, {"labels": batch["labels"]}]), "the batch has no 'tokens'")
refused(lambda: resumed.step([{**batch, "labels": np.full((4, 19), -1, np.int32)}]), "no position of the batches counts")
refused(lambda: resumed.step([batch, {**batch, "tokens": batch["tokens"].astype(np.int64)}]), "tokens")
assert first.step([batch]) == resumed.step([batch])

refused(lambda: Trainer(bpt.generate("layer", seq=4, embed=8, heads=2), {}), "@main must take 'labels'")
