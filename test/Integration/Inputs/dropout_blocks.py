"""Attention with dropout in main.mlir, where its result tells which keys are kept:
blocked in several ways, with several numbers of threads, on a CPU and the emulator;
in narrow.mlir the same of f16, which tensor cores multiply."""

import itertools
import pathlib
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from philox import Draws

SEED = 2**40 + 12345
batch, rows, keys, heads = 2, 70, 256, 4
# Every column of V selects an eighth of the keys.
v = np.repeat(np.eye(8), keys // 8, axis=0)
tensors = {
    "q": np.zeros((batch, rows, heads, 8)),
    "k": np.zeros((batch, keys, 2, 8)),
    "v": np.broadcast_to(v[None, :, None], (batch, keys, 2, 8)),
}
for (name, values), dtype in itertools.product(tensors.items(), (np.float32, np.float16)):
    np.save(f"{name}.{dtype.__name__}.npy", values.astype(dtype))
np.save("seed.npy", np.array(SEED, np.int64))

factors = Draws(SEED).factors(0.5, batch, heads, rows, keys)
expected = np.einsum("bhqk,kd->bqhd", factors, v) / keys

strategy = """module attributes {{transform.with_named_sequence}} {{
  transform.named_sequence @__transform_main(%module: !transform.any_op {{transform.readonly}}) {{
    %op = transform.structured.match ops{{["bpt.attention"]}} in %module : (!transform.any_op) -> !transform.any_op
    %strategy = transform.param.constant #bpt.strategy<{}> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param
    transform.yield
  }}
}}
"""
flags = [["--threads=1"], ["--threads=3"], ["--strategy=none"], ["--device=cuda-emulator"]]
for i, options in enumerate(["rows = 1, keys = 1", "rows = 17, keys = 33", "rows = 64, keys = 100, heads = 2"]):
    pathlib.Path(f"strategy{i}.mlir").write_text(strategy.format(options))
    flags.append([f"--strategy=strategy{i}.mlir"])
programs = [("main.mlir", extra) for extra in flags] + [("materialized.mlir", ["--strategy=none"])]
for chip, blocks in itertools.product(("sm_80", "sm_90a"), ([], ["--strategy=strategy1.mlir"])):
    programs.append(("narrow.mlir", ["--device=cuda-emulator", f"--chip={chip}", *blocks]))
for program, extra in programs:
    dtype = "float16" if program == "narrow.mlir" else "float32"
    inputs = [f"--input=@{name}.{dtype}.npy" for name in tensors] + ["--input=@seed.npy"]
    subprocess.run(["bpt-runner", program, "--function=main", *inputs, "--output=@o.npy", *extra],
                   check=True)  # fmt: skip
    np.testing.assert_array_equal(np.load("o.npy"), expected, err_msg=f"{program} {extra}")
print(f"{len(programs)} ways, the same keys")
