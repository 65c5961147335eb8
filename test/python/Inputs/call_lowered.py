"""Calls the modules of a folder that test/python/lowered.test makes."""

import pathlib
import sys

import numpy as np
from checks import attention, expect_error, random, relative_error

import bpt

folder = pathlib.Path(sys.argv[1])
q, k, v = (random(seed, 1, 20, 2, 8) for seed in range(3))
expected = attention(q, k, v)[0]
model = bpt.compile(folder / "model.mlir")
for ir, device in [
    (folder / "cpu.mlir", "cpu"),
    (folder / "cpu.mlirbc", "cpu"),
    ((folder / "cpu.mlir").read_text(), "cpu"),
    ((folder / "cpu.mlirbc").read_bytes(), "cpu"),
    (folder / "gpu.mlir", "cuda-emulator"),
]:
    f = bpt.compile(ir, device=device)
    assert (f.arguments, f.results) == (model.arguments, model.results), f
    assert relative_error(f(q, k, v), expected) <= 1e-5, ir
assert np.array_equal(bpt.compile(folder / "cpu.mlir")(q, k, v), model(q, k, v))
expect_error(
    "is lowered to LLVM already; a strategy has nothing to apply to", bpt.compile, folder / "cpu.mlir", strategy="cpu"
)
