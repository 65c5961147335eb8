# Arguments that are memrefs in the IR are written where the caller has them, on
# every device; they are never copied behind the caller's back. Passes run in the
# process, and their errors are exceptions.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path:%S/Inputs %python %s

import numpy as np
from checks import expect_error

import bpt

IR = """
func.func @main(%x: tensor<?x5xf32>, %sum: memref<?x5xf32> {bpt.name = "sum"}) -> tensor<?x5xf32> {
  %held = bufferization.to_tensor %sum restrict writable : memref<?x5xf32> to tensor<?x5xf32>
  %new = linalg.add ins(%x, %held : tensor<?x5xf32>, tensor<?x5xf32>) outs(%held : tensor<?x5xf32>) -> tensor<?x5xf32>
  bufferization.materialize_in_destination %new in restrict writable %sum : (tensor<?x5xf32>, memref<?x5xf32>) -> ()
  return %x : tensor<?x5xf32>
}
"""
x = np.arange(15, dtype=np.float32).reshape(3, 5)
for device in ("cpu", "cuda-emulator"):
    f = bpt.compile(IR, device=device)
    total, given = np.full((3, 5), 2, np.float32), x.copy()
    for step in (1, 2):
        f(given, total)
        assert np.array_equal(total, 2 + step * x) and np.array_equal(given, x), device
    f(np.zeros((0, 5), np.float32), np.zeros((0, 5), np.float32))

    # What cannot be written, or not where it is, is refused and stays as it was.
    frozen = total.copy()
    frozen.flags.writeable = False
    expect_error("argument 1 ('sum') cannot be written: ", f, x, frozen)
    for strided in (np.asfortranarray(total), np.repeat(total, 2, axis=1)[:, ::2]):
        before = strided.copy()
        expect_error(
            "argument 1 ('sum') is written in place; it must be contiguous in row-major order", f, x, strided
        )
        assert np.array_equal(strided, before)
    # What is only read is copied as before.
    f(np.asfortranarray(x), total)
    assert np.array_equal(total, 2 + 3 * x)

ir = bpt.generate("layer", seq=4, embed=8, heads=2)
text = bpt.run_passes(ir, "bpt-differentiate{keep=attention}")
assert "@main_vjp" in text
assert text == bpt.run_passes(ir.encode(), "builtin.module(bpt-differentiate{keep=attention})")
for pipeline, message in [
    ("bpt-nothing", "pipeline 'bpt-nothing': 'bpt-nothing' does not refer to a registered pass or pass pipeline"),
    ("bpt-differentiate{keep=none}", "failed to add `bpt-differentiate` with options `keep=none`"),
    ("bpt-differentiate{function=other}", "has no function '@other' to differentiate"),
]:
    expect_error(message, bpt.run_passes, ir, pipeline)
expect_error("<string>:1:1", bpt.run_passes, "not IR", "canonicalize")
