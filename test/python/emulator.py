# The emulator of GPUs, as in bpt-runner; what device code cannot do is an error
# and leaves nothing behind.
#
# REQUIRES: python-extension, emulator
# RUN: env PYTHONPATH=%bpt_python_path:%S/Inputs %python %s

import ml_dtypes
import numpy as np
from checks import attention, error_of, expect_error, random, relative_error

import bpt

ir = bpt.generate("attention", batch=1, seq=None, kv_seq=None, heads=1, head_dim=16, causal=True)
f = bpt.compile(ir, device="cuda-emulator", threads=2)
assert f.device == "cuda-emulator"
q, k, v = (random(seed, 1, 33, 1, 16) for seed in range(3))
y = f(q, k, v)
assert type(y) is np.ndarray and relative_error(y, attention(q, k, v, causal=True)[0]) <= 1e-5
assert f.workspace_bytes is not None
out = np.zeros_like(y)
assert f(q, k, v, out=out) is out and np.array_equal(out, y)

# On tensor cores and without.
ir = bpt.generate("attention", batch=1, seq=64, heads=1, head_dim=16, dtype="bf16")
q, k, v = (random(seed, 1, 64, 1, 16, dtype=ml_dtypes.bfloat16) for seed in range(3))
for options in ({"chip": "sm_90"}, {"tensor_cores": False}):
    y = bpt.compile(ir, device="cuda-emulator", **options)(q, k, v)
    assert y.dtype == ml_dtypes.bfloat16 and relative_error(y, attention(q, k, v)[0]) <= 2e-2, options

# Sizes are compared by the host's part of the program.
q, k, v = random(1, 1, 8, 1, 16), random(2, 1, 5, 1, 16), random(3, 1, 6, 1, 16)
good = f(q, k, k)
held = f.workspace_bytes
for _ in range(3):
    error = expect_error("key size of 'value' (dimension 1) is not that of 'key' (dimension 1)", f, q, k, v)
    assert error.diagnostics[0].location.startswith("<string>:")
assert np.array_equal(f(q, k, k), good) and f.workspace_bytes == held

# What a GPU cannot compute is said when it is compiled.
error = error_of(
    bpt.compile,
    """
    func.func @main(%x: tensor<4xf32>) -> f32 {
      %c0 = arith.constant 0 : index
      %y = tensor.extract %x[%c0] : tensor<4xf32>
      return %y : f32
    }""",
    device="cuda-emulator",
)
assert "result 0 is of type 'f32'" in str(error), error
