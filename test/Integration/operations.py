# Operations that bpt-gen does not print, or not alone, against NumPy in fp64:
# projections and feed-forward networks that add to a residual, norms, embeddings,
# cross-entropy with blocks of rows and of the vocabulary, and rotary embeddings
# at a position. What follows the folder of the tools are flags of bpt-runner.
#
# RUN: %python %s %bpt_tools_dir
#
#   operations.py TOOLS [flags of bpt-runner]     (with flags: smaller cases)

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import reference
import tensor_files
from arithmetic import DTYPES, EXACT, plain

TOOLS, FLAGS = Path(sys.argv[1]), sys.argv[2:]
SEED = int(os.environ.get("BPT_SEED", secrets.randbelow(10**6)))
F32_TOLERANCE = 1e-5
rng = np.random.default_rng(SEED)
print(f"seed {SEED}")


def run(text, arrays, results):
    """Runs @main of the text on the arrays, memory poisoned, and reads results."""
    with tempfile.TemporaryDirectory(prefix="bpt-op-") as name:
        folder = Path(name)
        (folder / "main.mlir").write_text(text)
        command = [TOOLS / "bpt-runner", folder / "main.mlir", "--poison-memory", *FLAGS]
        for i, array in enumerate(arrays):
            command.append(
                f"--input={tensor_files.write_tensor(folder, f'in{i}', array)}"
            )
        for i, dtype in enumerate(results):
            path = tensor_files.path_for(folder, f"out{i}", DTYPES[dtype])[1]
            command.append(f"--output={path}")
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [
            tensor_files.read_tensor(folder, f"out{i}", DTYPES[dtype])
            for i, dtype in enumerate(results)
        ]


def check(what, actual, exact, scale=None, rounded=None):
    """Relative to `scale`, by default the exact value. With `rounded`, which is
    what the plain computation in the type gives, at most twice its error."""
    scale = exact if scale is None else scale
    actual = actual.astype(np.float64)
    assert np.isfinite(actual).all(), f"{what}: {actual[~np.isfinite(actual)]}"
    error = np.linalg.norm(actual - exact) / np.linalg.norm(scale)
    allowed = F32_TOLERANCE
    if rounded is not None:
        allowed += 2 * np.linalg.norm(rounded - exact) / np.linalg.norm(scale)
    print(f"{what}: relative error {error:.2e}, allowed {allowed:.2e}")
    assert error <= allowed, what


def shape_of(sizes, dynamic):
    """The text of a shape, of which the dimensions named may be dynamic."""
    return "x".join("?" if dynamic and name in "bs" else str(size) for name, size in sizes)


def normal(dtype, *shape):
    return rng.standard_normal(shape).astype(DTYPES[dtype])


def weights(dtype, inputs, *outputs):
    shape = (*inputs, *outputs) if isinstance(inputs, tuple) else (inputs, *outputs)
    fan_in = np.prod(inputs)
    return (rng.standard_normal(shape) / np.sqrt(fan_in)).astype(DTYPES[dtype])


def apply(what, operation, arrays, dtype, dynamic, compute):
    """Runs an operation on arguments %0, %1, ..., of which the activations (those
    that are [batch, seq, ...]) may be dynamic; the last one is its init. `compute`
    is the reference, of the arithmetic. Placeholders {0}, {1}, ... are types."""

    def type_of(index, array):
        element = {np.dtype(np.int32): "i32"}.get(array.dtype, dtype)
        is_activation = array.ndim >= 2 and index in (0, len(arrays) - 1)
        names = "bs" + "." * array.ndim if is_activation else "." * array.ndim
        return f"tensor<{shape_of(list(zip(names, array.shape)), dynamic)}x{element}>"

    types = [type_of(i, array) for i, array in enumerate(arrays)]
    arguments = ", ".join(f"%arg{i}: {t}" for i, t in enumerate(types))
    text = f"""
func.func @main({arguments}) -> {types[-1]} {{
  %r = {operation.format(*types)} -> {types[-1]}
  return %r : {types[-1]}
}}"""
    (actual,) = run(text, arrays, [dtype])
    exact, rounded = compute(EXACT), None
    if dtype != "f32":
        rounded = compute(plain(dtype)).astype(np.float64)
    check(f"{what} {dtype} dynamic={dynamic}", actual, exact, rounded=rounded)


def linear(batch, seq, inputs, outputs, dtype, dynamic, bias):
    """Adds x · weight (+ bias) to the init; dimensions may be split by heads."""
    arrays = [normal(dtype, batch, seq, *inputs), weights(dtype, inputs, *outputs)]
    operation = "bpt.linear ins(%arg0, %arg1 : {0}, {1})"
    if bias:
        arrays.append(normal(dtype, *outputs))
        operation += " bias(%arg2 : {2})"
    init = len(arrays)
    arrays.append(normal(dtype, batch, seq, *outputs))
    operation += f" outs(%arg{init} : {{{init}}})"

    def compute(arith):
        x, weight, *rest = map(arith.load, arrays)
        y = np.tensordot(x, weight, len(inputs))
        y = arith.store(y + rest[0]) if bias else arith.store(y)
        return arith.store(y + rest[-1])

    what = f"linear {batch}x{seq} {inputs} to {outputs} bias={bias}"
    apply(what, operation, arrays, dtype, dynamic, compute)


def residual_feed_forward(batch, seq, embed, ffn, act, dtype, dynamic):
    """Adds the network to a residual of its own, with another width."""
    width = embed + 5
    arrays = [normal(dtype, batch, seq, embed), weights(dtype, embed, ffn), weights(dtype, ffn, width),
              weights(dtype, embed, ffn), normal(dtype, batch, seq, width)]  # fmt: skip
    operation = ("bpt.feed_forward ins(%arg0, %arg1, %arg2 : {0}, {1}, {2}) gate(%arg3 : {3})"
                 " outs(%arg4 : {4}) {{activation = #bpt.activation<" + act + ">}}")  # fmt: skip

    def compute(arith):
        x, w1, w2, w3, init = map(arith.load, arrays)
        hidden = arith.store(reference.ACTIVATIONS[act](arith.store(x @ w1)))
        hidden = arith.store(hidden * arith.store(x @ w3))
        return arith.store(arith.store(hidden @ w2) + init)

    apply(f"feed_forward {act} {batch}x{seq}x{embed}x{ffn}", operation, arrays, dtype, dynamic, compute)


def norms(batch, seq, embed, dtype, dynamic):
    x, init = normal(dtype, batch, seq, embed), normal(dtype, batch, seq, embed)
    weight, bias = normal(dtype, embed), normal(dtype, embed)
    eps = "{{eps = 1.0e-5 : f32}}"
    apply(f"layer_norm {batch}x{seq}x{embed}",
          "bpt.layer_norm ins(%arg0 : {0}) weight(%arg1 : {1}) bias(%arg2 : {2}) outs(%arg3 : {3}) " + eps,
          [x, weight, bias, init], dtype, dynamic,
          lambda arith: reference.layer_norm(arith, x, weight, bias))  # fmt: skip
    apply(f"rms_norm {batch}x{seq}x{embed}",
          "bpt.rms_norm ins(%arg0 : {0}) weight(%arg1 : {1}) outs(%arg2 : {2}) " + eps,
          [x, weight, init], dtype, dynamic,
          lambda arith: reference.rms_norm(arith, x, weight))  # fmt: skip


def embedding(batch, seq, vocab, embed, dtype, dynamic):
    """Rows of the table, and zeros for ids outside it."""
    ids = rng.integers(-1, vocab + 1, (batch, seq), dtype=np.int32)
    table = normal(dtype, vocab, embed)
    exact = reference.embedding(EXACT, ids, table)
    apply(f"embedding {batch}x{seq} of {vocab}x{embed}",
          "bpt.embedding ins(%arg0, %arg1 : {0}, {1}) outs(%arg2 : {2})",
          [ids, table, normal(dtype, batch, seq, embed)], dtype, dynamic, lambda arith: exact)  # fmt: skip


def cross_entropy(
    batch, seq, embed, vocab, dtype, ids, dynamic, magnitude=1.0, strategy="", smoothing=0.0, z_loss=0.0
):
    hidden = (magnitude * rng.standard_normal((batch, seq, embed))).astype(DTYPES[dtype])
    weight = (rng.standard_normal((embed, vocab)) / np.sqrt(embed)).astype(DTYPES[dtype])
    labels = rng.integers(0, vocab, (batch, seq)).astype(np.int32 if ids == "i32" else np.int64)
    labels[rng.random((batch, seq)) < 0.2] = -100
    labels[rng.random((batch, seq)) < 0.1] = vocab
    rows = [("b", batch), ("s", seq)]
    x = f"tensor<{shape_of(rows + [('e', embed)], dynamic)}x{dtype}>"
    w = f"tensor<{embed}x{vocab}x{dtype}>"
    y = f"tensor<{shape_of(rows, dynamic)}x{ids}>"
    r = f"tensor<{shape_of(rows, dynamic)}xf32>"
    sizes = "%b, %s" if dynamic else ""
    options = f"label_smoothing = {smoothing:e} : f32, z_loss = {z_loss:e} : f32"
    attributes = f"{{{', '.join([options, *filter(None, [strategy])])}}}"
    text = f"""
func.func @main(%x: {x}, %w: {w}, %y: {y}) -> ({r}, {r}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : {x}
  %s = tensor.dim %x, %c1 : {x}
  %e = tensor.empty({sizes}) : {r}
  %r:2 = bpt.cross_entropy ins(%x, %w, %y : {x}, {w}, {y}) outs(%e, %e : {r}, {r}) {attributes} -> {r}, {r}
  return %r#0, %r#1 : {r}, {r}
}}"""
    loss, lse = run(text, [hidden, weight, labels], ["f32", "f32"])
    exact_loss, exact_lse = reference.cross_entropy(EXACT, hidden, weight, labels, smoothing, z_loss)
    kept = (labels >= 0) & (labels < vocab)
    what = f"cross_entropy {batch}x{seq}x{embed}x{vocab} {dtype} {ids} dynamic={dynamic} ±{magnitude:g}"
    what += f" smoothing={smoothing:g} z_loss={z_loss:g}"
    assert (loss[~kept] == 0).all(), what
    # The logits are f32 sums of products that 16-bit inputs hold exactly.
    check(f"{what} lse", lse, exact_lse)
    # The loss is a difference of two numbers of this size.
    check(f"{what} loss", loss, exact_loss, scale=exact_lse)


def rotary(batch, seq, heads, dim, rotated, kind, position, dynamic):
    x = rng.standard_normal((batch, seq, heads, dim)).astype(np.float32)
    type = f"tensor<{shape_of([('b', batch), ('s', seq), ('h', heads), ('d', dim)], dynamic)}xf32>"
    sizes = "%b, %s" if dynamic else ""
    text = f"""
func.func @main(%x: {type}) -> {type} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : {type}
  %s = tensor.dim %x, %c1 : {type}
  %p = arith.constant {position} : index
  %e = tensor.empty({sizes}) : {type}
  %r = bpt.rotary_embedding ins(%x : {type}) at(%p) outs(%e : {type})
    {{kind = #bpt.rotary_kind<{kind}>, dim = {rotated} : i64}} -> {type}
  return %r : {type}
}}"""
    (actual,) = run(text, [x], ["f32"])
    exact = reference.rotary_embedding(EXACT, x, kind, rotated, position)
    what = f"rotary {kind} {batch}x{seq}x{heads}x{dim} of which {rotated}, at {position}, dynamic={dynamic}"
    check(what, actual, exact)


for dtype in DTYPES:
    for dynamic in (False, True):
        linear(2, 131, (33,), (77,), dtype, dynamic, bias=True)
        linear(1, 150, (64,), (3, 16), dtype, dynamic, bias=True)
        linear(1, 129, (4, 16), (40,), dtype, dynamic, bias=False)
        norms(2, 131, 100, dtype, dynamic)
        norms(1, 3, 1, dtype, dynamic)
        embedding(2, 131, 50, 33, dtype, dynamic)
    for act in reference.ACTIVATIONS:
        residual_feed_forward(1, 70, 40, 77, act, dtype, act in ("gelu", "silu"))


def run_all():
    for dtype in DTYPES:
        for dynamic in (False, True):
            cross_entropy(2, 131, 40, 1111, dtype, "i32", dynamic)
            cross_entropy(1, 75, 24, 301, dtype, "i32", dynamic, smoothing=0.1, z_loss=1e-3)
    cross_entropy(1, 1, 8, 1, "f32", "i64", False)
    cross_entropy(1, 300, 64, 5000, "f32", "i64", True)
    cross_entropy(2, 17, 33, 257, "f32", "i32", False, magnitude=1e3)
    cross_entropy(2, 50, 16, 100, "f32", "i32", True,
                  strategy="bpt.strategy = #bpt.strategy<rows = 7, vocab = 13>")
    for kind in ("interleaved", "half"):
        for dynamic in (False, True):
            rotary(2, 150, 3, 64, 64, kind, 1000, dynamic)
            rotary(1, 9, 2, 10, 6, kind, 131072, dynamic)


def run_few():
    """What an emulator does in seconds: several blocks of rows and of the
    vocabulary, none of which they divide."""
    for dtype in DTYPES:
        for dynamic in (False, True):
            cross_entropy(2, 37, 20, 331, dtype, "i32", dynamic)
    cross_entropy(1, 1, 8, 1, "f32", "i64", False)
    cross_entropy(1, 70, 12, 515, "f32", "i64", True)
    cross_entropy(2, 17, 33, 257, "f32", "i32", False, magnitude=1e3)
    for kind in ("interleaved", "half"):
        rotary(2, 37, 3, 16, 16, kind, 1000, False)
        rotary(1, 9, 2, 10, 6, kind, 131072, True)


if FLAGS:
    run_few()
else:
    run_all()
