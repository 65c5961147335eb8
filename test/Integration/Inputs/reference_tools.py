#!/usr/bin/env python3
"""Stands in for bpt-opt and bpt-runner, which it is called as: the gradients that
the runner writes are those of the reference, then spoiled as $SPOIL says. The
case is the one of the name $CASE."""

import os
import pathlib
import shutil
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import gradient_cases
import jax_reference
import tensor_files
from arithmetic import EXACT

spoil = os.environ["SPOIL"]
flags = sys.argv[2:]
if sys.argv[1] == "opt":
    assert flags[1].startswith("--bpt-differentiate=function=main"), flags
    if spoil == "refuse":
        sys.exit("main.mlir:3:8: error: 'bpt.linear' cannot be differentiated")
    shutil.copy(flags[0], flags[flags.index("-o") + 1])
    sys.exit(0)

assert "--function=main_vjp" in flags, flags
case = dict(gradient_cases.all_cases(0, 0))[os.environ["CASE"]]


def read(flag):
    path, _, name = flag.removeprefix("@").partition("#")
    return tensor_files.read_safetensors(path)[name] if name else np.load(path)


inputs = [read(f.partition("=")[2]) for f in flags if f.startswith("--input=")]
names, weights = case.draw(0)
for flag in flags:
    if flag.startswith("--weights="):
        weights = tensor_files.read_safetensors(flag.partition("=")[2])
cotangents = inputs[len(names) :]
arguments = dict(zip(names, inputs)) | weights
results, gradients = jax_reference.results_and_gradients(
    EXACT, lambda arith, a: case.evaluate(jax_reference, arith, a),
    arguments, cotangents, case.wrt,
)  # fmt: skip
written = [r.astype(d) for r, (_, d) in zip(results, case.results())]
written += [gradients[n].astype(arguments[n].dtype) for n in gradients]

first = len(results)
if spoil == "result":
    written[0] *= 1 + 3e-5
elif spoil == "gradient":
    written[-1] *= 1 + 3e-4
elif spoil == "row":
    # An attention that takes one more key into account than it should.
    written[first][0, -1] *= 1.5
elif spoil == "nan":
    written[first].flat[3] = np.nan
elif spoil == "order":
    written[first + 1], written[first + 2] = written[first + 2], written[first + 1]
elif spoil == "zero":
    written[first + 2][:] = 0
elif spoil == "threads" and "--threads=3" in flags:
    written[first].flat[3] = np.nextafter(written[first].flat[3], np.float32(np.inf))
elif spoil == "round":
    # Twice what rounding to 16 bits gives, and more.
    dtype = written[first].dtype
    noise = np.random.default_rng(0).standard_normal(written[first].shape)
    written[first] = (written[first] * (1 + 0.03 * noise)).astype(dtype)

outputs = [f.partition("=")[2] for f in flags if f.startswith("--output=")]
assert len(outputs) == len(written), (outputs, len(written))
for flag, array in zip(outputs, written):
    path, _, name = flag.removeprefix("@").partition("#")
    if name:
        tensor_files.write_safetensors(path, {name: array})
    else:
        np.save(path, array)
