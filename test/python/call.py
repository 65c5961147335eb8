# Compiled functions against NumPy in fp64: layers, several results, sizes that
# the call chooses, empty tensors, 16-bit types, and what binds arguments.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path:%S/Inputs %python %s

import pathlib
import tempfile

import ml_dtypes
import numpy as np
from checks import attention, random, relative_error

import bpt
from bpt.layer import Layer
from bpt.reference import layer_rows

MAX_ERROR = 1e-5


def check(actual, expected, bound=MAX_ERROR):
    error = relative_error(actual, expected)
    assert error <= bound, error


# A whole layer, of odd length; weights by name.
layer = Layer(seq=67, embed=32, heads=2, ffn=48)
sizes = dict(seq=67, embed=32, heads=2, ffn=48)
ir = bpt.generate("layer", **sizes, act="gelu_tanh", bias=True, causal=True)
f = bpt.compile(ir)
x, weights = layer.make_input(), layer.make_weights()
expected = layer_rows(layer, x, weights, range(layer.seq))
assert f.workspace_bytes is None
y = f(x, **weights)
assert type(y) is np.ndarray and y.dtype == np.float32 and y.shape == (1, 67, 32)
check(y[0], expected)
assert 0 < f.workspace_bytes <= f.planned_bytes
assert f.plan_bytes() == f.planned_bytes

# What dynamic sizes come to, before the call.
dynamic = bpt.compile(bpt.generate("layer", **{**sizes, "seq": None}, causal=True), threads=1)
assert dynamic.planned_bytes is None
for seq in (1, 67, 1025):
    planned = dynamic.plan_bytes(x=(1, seq, 32))
    dynamic(np.zeros((1, seq, 32), np.float32), **{a.name: np.zeros(a.shape, a.dtype) for a in dynamic.arguments[1:]})
    assert dynamic.workspace_bytes == planned, (seq, planned, dynamic.workspace_bytes)
for shapes, message in [
    ({}, "argument 'x' has dynamic sizes: 1x?x32xfloat32; give its shape"),
    ({"x": (1, 4, 33)}, "argument 0 ('x'): expected 1x?x32xf32, got 1x4x33xf32"),
    ({"y": (1,)}, "has no argument 'y'"),
]:
    try:
        dynamic.plan_bytes(**shapes)
    except bpt.Error as error:
        assert message in str(error), error
    else:
        raise AssertionError(message)
assert y.flags.c_contiguous and y.flags.writeable

# By position, and names that are mixed with positions.
in_order = [weights[argument.name] for argument in f.arguments[1:]]
assert np.array_equal(f(x, *in_order), y)
some = {name: weights[name] for name in ("wq", "b2")}
rest = [weights[argument.name] for argument in f.arguments[1:] if argument.name not in some]
assert np.array_equal(f(x, *rest, **some), y)

# What a function takes and gives.
assert f.name == "main" and f.device == "cpu"
assert f.arguments[0] == bpt.TensorType("x", (1, 67, 32), np.dtype(np.float32))
assert {argument.name for argument in f.arguments} == {"x", *weights}
assert f.results == [bpt.TensorType("result0", (1, 67, 32), np.dtype(np.float32))]
assert repr(f).startswith("<bpt.Function main(x: 1x67x32xfloat32, ln1.weight: 32xfloat32, "), f

# A file; text that was given as bytes; a strategy by its name and by its file.
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "layer.mlir"
    path.write_text(ir)
    assert np.array_equal(bpt.compile(path)(x, **weights), y)
assert np.array_equal(bpt.compile(ir.encode(), strategy="cpu", threads=1)(x, **weights), y)
source = pathlib.Path(bpt.compiler.__file__).resolve().parents[2]
split = source / "docs/strategies/split_keys.mlir"
check(bpt.compile(ir, strategy=split)(x, **weights)[0], expected)

# Several results are a tuple. Sizes of None are the call's.
f = bpt.compile(
    bpt.generate("attention", batch=None, seq=None, kv_seq=None, heads=3, head_dim=8, causal=True, lse=True)
)
assert [a.name for a in f.arguments] == ["q", "k", "v"]
assert f.arguments[1].shape == (None, None, 3, 8)
for batch, seq, kv_seq in [(1, 1, 1), (2, 5, 9), (1, 130, 131), (3, 7, 4), (0, 5, 5), (2, 0, 3), (1, 4, 0)]:
    q = random(1, batch, seq, 3, 8)
    k, v = random(2, batch, kv_seq, 3, 8), random(3, batch, kv_seq, 3, 8)
    result = f(q, k, v)
    assert type(result) is tuple and len(result) == 2
    for actual, wanted in zip(result, attention(q, k, v, causal=True)):
        infinite = np.isneginf(wanted)
        assert np.array_equal(np.isneginf(actual), infinite)
        check(np.where(infinite, 0, actual), np.where(infinite, 0, wanted))

# 16-bit types, within twice the error of rounding the exact result's operands.
for name, dtype, bound in [("f16", np.float16, 2e-3), ("bf16", ml_dtypes.bfloat16, 2e-2)]:
    f = bpt.compile(bpt.generate("attention", seq=33, embed=16, heads=2, dtype=name))
    q, k, v = (random(seed, 1, 33, 2, 8, dtype=dtype) for seed in range(3))
    y = f(q, k, v)
    assert y.dtype == dtype == f.results[0].dtype == f.arguments[0].dtype and isinstance(y, np.ndarray)
    check(y.astype(np.float64), attention(q, k, v)[0], bound)
    assert type(y + y) is type(y)
    out = np.full(y.shape, 7, dtype)
    assert f(q, k, v, out=out) is out and np.array_equal(out.view(np.uint16), y.view(np.uint16))

# Every element type, as it is; a rank of 0; no arguments; no results.
for name, dtype in bpt.arrays.DTYPES.items():
    signless = name.removeprefix("u") if name.startswith("ui") else name
    f = bpt.compile(f"func.func @main(%x: tensor<?x{name}>) -> tensor<?x{name}> {{ return %x : tensor<?x{name}> }}")
    x = np.array([0, 1, 1, 0, 1]).astype(dtype)
    y = f(x)
    assert f.results[0].dtype == y.dtype == dtype and y.tobytes() == x.tobytes()
    # An argument that is returned is a copy.
    assert not np.shares_memory(x.view(np.uint8), y.view(np.uint8))
    if signless != name:
        g = bpt.compile(
            f"func.func @main(%x: tensor<?x{signless}>) -> tensor<?x{signless}> {{ return %x : tensor<?x{signless}> }}"
        )
        assert g(x).tobytes() == x.tobytes()
f = bpt.compile("func.func @main(%x: tensor<f32>) -> tensor<f32> { return %x : tensor<f32> }")
assert f(np.float32(3)).shape == () and f(np.float32(3)) == 3 and f(np.array(4, np.float32)) == 4
f = bpt.compile(
    "func.func @main() -> tensor<2xi32> { %c = arith.constant dense<[4, 2]> : tensor<2xi32> return %c : tensor<2xi32> }"
)
assert list(f()) == [4, 2] and f.arguments == []
assert bpt.compile("func.func @main(%x: tensor<2xi32>) { return }")(np.zeros(2, np.int32)) == ()

# Two functions of one module, one of which calls the other.
ir = """
func.func @twice(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.add ins(%x, %x : tensor<?xf32>, tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}
func.func @main(%x: tensor<?xf32> {bpt.name = "in"}) -> (tensor<?xf32> {bpt.name = "out"}) {
  %y = call @twice(%x) : (tensor<?xf32>) -> tensor<?xf32>
  %z = call @twice(%y) : (tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}
"""
twice, main = bpt.compile(ir, function="twice"), bpt.compile(ir, function="main")
assert (twice.arguments[0].name, twice.results[0].name) == ("arg0", "result0")
assert (main.arguments[0].name, main.results[0].name) == ("in", "out")
x = np.arange(5, dtype=np.float32)
assert np.array_equal(twice(x), 2 * x) and np.array_equal(main(x), 4 * x) and np.array_equal(twice(main(x)), 8 * x)

# An array for the result: contiguous, strided, reversed, an input, several.
for out in (np.zeros(5, np.float32), np.zeros((5, 3), np.float32)[:, 1], np.zeros(5, np.float32)[::-1], x.copy()):
    assert main(x, out=out) is out and np.array_equal(out, 4 * x)
x = np.arange(5, dtype=np.float32)
assert np.array_equal(main(x, out=x), 4 * np.arange(5))
assert (
    np.array_equal(main(arg := np.ones(3, np.float32), out=[out := np.empty(3, np.float32)])[0], 4 * arg)
    and out[0] == 4
)
wide = np.zeros((2, 3, 40), np.float32)
pair = bpt.compile(bpt.generate("attention", batch=2, seq=3, heads=2, head_dim=8, lse=True))
q, k, v = (random(seed, 2, 3, 2, 8) for seed in range(3))
outs = [wide[:, :, 4:20].reshape(2, 3, 2, 8), np.empty((2, 3, 2), np.float32)]
assert pair(q, k, v, out=outs) is outs
for actual, wanted in zip(outs, pair(q, k, v)):
    assert np.array_equal(actual, wanted)

# Inputs that do not lie one element after the other, or not at their size.
f = bpt.compile("func.func @main(%x: tensor<3x4xf32>) -> tensor<3x4xf32> { return %x : tensor<3x4xf32> }")
base = random(1, 3, 8)
shifted = np.frombuffer(b"\0" + base[:, :4].tobytes(), np.uint8)[1:].view(np.float32).reshape(3, 4)
records = np.zeros((3, 4), np.dtype([("tag", np.uint8), ("value", np.float32)]))
records["value"] = base[:, :4]
for x in (
    base[:, ::2],
    base[::-1, 3::-1],
    random(2, 4, 3).T,
    np.broadcast_to(base[0, :4], (3, 4)),
    shifted,
    records["value"],
):
    assert np.array_equal(f(x), x)
read_only = base[:, :4].copy()
read_only.flags.writeable = False
assert np.array_equal(f(read_only), read_only)
assert np.array_equal(f(memoryview(read_only)), read_only)
