# Arguments that are bound once: the same bits as without, for other arrays again,
# of every element type, dynamic sizes, and nothing that can be computed before.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path:%S/Inputs %python %s

import gc
import secrets
import threading

import ml_dtypes
import numpy as np
from checks import expect_error

import bpt

seed = secrets.randbits(32)
print("seed", seed)
generator = np.random.default_rng(seed)


def random(shape, dtype=np.float32, scale=0.3):
    return (generator.standard_normal(shape, np.float32) * scale).astype(dtype)


def fill(types, **sizes):
    """Arrays for arguments by name; dynamic sizes come from `sizes` in turn."""
    result = {}
    for name, shape, dtype in types:
        result[name] = random([next(iter(sizes.values())) if size is None else size for size in shape], dtype)
    return result


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


# A layer of odd sizes in every type: all weights, and some; other weights; calls
# by position and by name; into an array.
for dtype in ("f32", "bf16", "f16"):
    layer = bpt.compile(bpt.generate("layer", seq=None, embed=48, heads=3, ffn=70, bias=True, causal=True, dtype=dtype))
    x = random((1, 37, 48), layer.arguments[0].dtype)
    for _ in range(2):
        weights = fill(layer.arguments[1:])
        wanted = layer(x, **weights)
        bound = layer.bind(**weights)
        assert bound.arguments == layer.arguments[:1] and bound.results == layer.results
        assert (bound.name, bound.device) == ("main", "cpu")
        assert same(bound(x), wanted) and same(bound(x=x), wanted) and same(bound(x), wanted)
        out = np.zeros_like(wanted)
        assert bound(x, out=out) is out and same(out, wanted)
        longer = random((1, 130, 48), x.dtype)
        assert same(bound(longer), layer(longer, **weights))
        some = {name: weights.pop(name) for name in ("w1", "wq", "b1")}
        partly = layer.bind(**some)
        assert [a.name for a in partly.arguments] == [a.name for a in layer.arguments if a.name not in some]
        assert same(partly(x, **weights), wanted)
    # Rows of length zero.
    assert partly(x[:, :0], **weights).shape == (1, 0, 48)

# What is kept counts, in advance as well: for one thread byte for byte.
layer = bpt.compile(bpt.generate("layer", seq=300, embed=64, heads=2, ffn=160), threads=1)
weights = fill(layer.arguments[1:])
bound = layer.bind(**weights)
bound(random((1, 300, 64)))
assert bound.planned_bytes == bound.workspace_bytes
assert bound.planned_bytes == bound.plan_bytes() and bound.plan_bytes(x=(1, 300, 64)) == bound.planned_bytes
panels = 4 * sum(weights[name].size for name in ("wq", "wk", "wv", "wo", "w1", "w2"))
assert panels <= bound.planned_bytes <= layer.planned_bytes + panels, (panels, bound.planned_bytes)

# Products of bound arguments alone are computed once, and are dynamic here; sizes
# of them that do not fit are found when they are bound, and those of the others
# by the call.
IR = """
func.func @main(%x: tensor<1x?x?xf32>, %u: tensor<1x?x?xf32>, %w: tensor<?x20xf32>) -> (tensor<1x?x20xf32>, tensor<1x?x20xf32>) {
  %zero = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  %n = tensor.dim %u, %c1 : tensor<1x?x?xf32>
  %m = tensor.dim %x, %c1 : tensor<1x?x?xf32>
  %eu = tensor.empty(%n) : tensor<1x?x20xf32>
  %zu = linalg.fill ins(%zero : f32) outs(%eu : tensor<1x?x20xf32>) -> tensor<1x?x20xf32>
  %a = bpt.linear ins(%u, %w : tensor<1x?x?xf32>, tensor<?x20xf32>) outs(%zu : tensor<1x?x20xf32>) -> tensor<1x?x20xf32>
  %ex = tensor.empty(%m) : tensor<1x?x20xf32>
  %zx = linalg.fill ins(%zero : f32) outs(%ex : tensor<1x?x20xf32>) -> tensor<1x?x20xf32>
  %b = bpt.linear ins(%x, %w : tensor<1x?x?xf32>, tensor<?x20xf32>) outs(%zx : tensor<1x?x20xf32>) -> tensor<1x?x20xf32>
  return %a, %b : tensor<1x?x20xf32>, tensor<1x?x20xf32>
}
"""
f = bpt.compile(IR)
x, u, w = random((1, 33, 21)), random((1, 50, 21)), random((21, 20))
g = f.bind(arg1=u, arg2=w)
assert [a.name for a in g.arguments] == ["arg0"]
for actual, wanted in zip(g(x), f(x, u, w)):
    assert same(actual, wanted)
h = f.bind(arg0=x)
assert [a.name for a in h.arguments] == ["arg1", "arg2"]
for actual, wanted in zip(h(arg2=w, arg1=u), f(x, u, w)):
    assert same(actual, wanted)
expect_error("input size", lambda: f.bind(arg1=u, arg2=w[:20]))
expect_error("input size", lambda: g(x[:, :, :20]))
assert same(g(x)[1], f(x, u, w)[1])

# Attention has no weights; keys and values that stay can be bound all the same.
attention = bpt.compile(bpt.generate("attention", seq=5, kv_seq=70, heads=2, head_dim=8))
q, k, v = random((1, 5, 2, 8)), random((1, 70, 2, 8)), random((1, 70, 2, 8))
assert same(attention.bind(k=k, v=v)(q), attention(q, k, v))
assert same(attention.bind(q=q, k=k, v=v)(), attention(q, k, v))
assert same(attention.bind()(q, k, v), attention(q, k, v))

# A bound argument that is returned is a copy, as are parts of it and what is kept.
identity = bpt.compile("func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> { return %x : tensor<?xf32> }")
x = random(5)
y = identity.bind(arg0=x)()
assert same(y, x) and not np.shares_memory(x, y)
double = bpt.compile("""
func.func @main(%x: tensor<5xf32>) -> tensor<5xf32> {
  %e = tensor.empty() : tensor<5xf32>
  %y = linalg.add ins(%x, %x : tensor<5xf32>, tensor<5xf32>) outs(%e : tensor<5xf32>) -> tensor<5xf32>
  return %y : tensor<5xf32>
}
""").bind(arg0=x)
first, second = double(), double()
assert same(first, x + x) and same(second, first) and not np.shares_memory(first, second)

# Arrays that are copied because of how they lie, and that nobody else holds.
layer = bpt.compile(bpt.generate("layer", seq=8, embed=32, heads=2))
weights = fill(layer.arguments[1:])
x = random((1, 8, 32))
wanted = layer(x, **weights)
bound = layer.bind(**{name: np.repeat(w, 2, axis=-1)[..., ::2] for name, w in weights.items()})
gc.collect()
assert same(bound(x), wanted)

# The function that was bound may go first, and calls run at the same time.
del layer
gc.collect()
outputs = [None] * 4


def call(i):
    outputs[i] = bound(x)


threads = [threading.Thread(target=call, args=(i,)) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert all(same(output, wanted) for output in outputs)

# Where nothing is computed before: kernels, and code that was lowered.
ir = bpt.generate("feed_forward", seq=16, embed=32, ffn=48)
for f in (bpt.compile(ir, device="cuda-emulator"), bpt.compile(bpt.run_passes(ir, "bpt-record-signature,bpt-cpu"))):
    weights = fill(f.arguments[1:])
    x = random(f.arguments[0].shape)
    assert same(f.bind(**weights)(x), f(x, **weights))

# What can be wrong.
f = bpt.compile(bpt.generate("feed_forward", seq=4, embed=8, ffn=16))
weights = fill(f.arguments[1:])
x = random((1, 4, 8))
bound = f.bind(**weights)
expect_error("function 'main' has no argument 'w9'", lambda: f.bind(w9=weights["w1"]))
expect_error("argument 1 ('w1'): expected 8x16xf32, got 16x8xf32", lambda: f.bind(w1=weights["w1"].T))
expect_error("argument 1 ('w1'): expected 8x16xf32, got 8x16xf64", lambda: f.bind(w1=weights["w1"].astype(np.float64)))
expect_error("argument 1 ('w1')", lambda: f.bind(w1=3.5))
expect_error("function 'main' has no argument 'w1'", lambda: bound(x, w1=weights["w1"]))
expect_error("takes 1 arguments, got 2", lambda: bound(x, weights["w1"]))
expect_error("function 'main' has bound arguments already; bind all of them at once", lambda: bound.bind(x=x))
assert same(bound(x), f(x, **weights))
memref = bpt.compile("func.func @main(%x: tensor<4xf32>, %s: memref<4xf32> {bpt.name = \"sum\"}) { return }")
expect_error(
    "argument 1 ('sum') is a memref, which calls may write; only tensors can be bound",
    lambda: memref.bind(sum=np.zeros(4, np.float32)),
)
assert memref.bind(arg0=np.zeros(4, np.float32))(np.zeros(4, np.float32)) == ()
