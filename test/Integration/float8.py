# f8E4M3FN against ml_dtypes and NumPy in fp64: conversions of every code and of
# numbers near the ends of the range, and projections and attention with scales of
# tensors and of blocks. What follows the folder of the tools are flags of bpt-runner.
#
# RUN: %python %s %bpt_tools_dir
#
#   float8.py TOOLS [flags of bpt-runner]     (with flags: smaller cases)

import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import ml_dtypes
import numpy as np

import tensor_files

TOOLS, FLAGS = Path(sys.argv[1]), sys.argv[2:]
SEED = int(os.environ.get("BPT_SEED", secrets.randbelow(10**6)))
rng = np.random.default_rng(SEED)
print(f"seed {SEED}")

F8 = np.dtype(ml_dtypes.float8_e4m3fn)
TYPES = {"f32": np.dtype(np.float32), "f16": np.dtype(np.float16),
         "bf16": np.dtype(ml_dtypes.bfloat16), "f8E4M3FN": F8}  # fmt: skip
LARGEST = 448.0


def run(text, arrays, dtype):
    """The result of @main of the text on the arrays."""
    with tempfile.TemporaryDirectory(prefix="bpt-float8-") as name:
        folder = Path(name)
        (folder / "main.mlir").write_text(text)
        command = [TOOLS / "bpt-runner", folder / "main.mlir", "--poison-memory", *FLAGS]
        for i, array in enumerate(arrays):
            command.append(f"--input={tensor_files.write_tensor(folder, f'in{i}', array)}")
        command.append(f"--output={tensor_files.path_for(folder, 'out', TYPES[dtype])[1]}")
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return tensor_files.read_tensor(folder, "out", TYPES[dtype])


def run_op(text, attributes, arrays, types):
    """The result of the operation, of which the text has the operands by name, and which
    takes up `init`. Of each name there are an array and its element type."""
    text = text.format(**types) + f" outs(%init : {types['init']}) {{{', '.join(attributes)}}}"
    arguments = ", ".join(f"%{name}: {type}" for name, type in types.items())
    result = run(f"""
func.func @main({arguments}) -> {types["init"]} {{
  %y = {text} -> {types["init"]}
  return %y : {types["init"]}
}}""", [array for array, _ in arrays.values()], arrays["init"][1])  # fmt: skip
    return result.astype(np.float64)


def convert(numbers, source, target):
    """The numbers in the type `target`, converted by compiled code."""
    size, op = len(numbers), "extf" if TYPES[source].itemsize < TYPES[target].itemsize else "truncf"
    return run(f"""
#map = affine_map<(i) -> (i)>
func.func @main(%x: tensor<{size}x{source}>) -> tensor<{size}x{target}> {{
  %e = tensor.empty() : tensor<{size}x{target}>
  %y = linalg.generic {{indexing_maps = [#map, #map], iterator_types = ["parallel"]}}
      ins(%x : tensor<{size}x{source}>) outs(%e : tensor<{size}x{target}>) {{
  ^bb0(%a: {source}, %b: {target}):
    %c = arith.{op} %a : {source} to {target}
    linalg.yield %c : {target}
  }} -> tensor<{size}x{target}>
  return %y : tensor<{size}x{target}>
}}""", [numbers], target)  # fmt: skip


def check_extension(target):
    codes = np.arange(256, dtype=np.uint8).view(F8)
    expected = codes.astype(np.float32)
    actual = convert(codes, "f8E4M3FN", target).astype(np.float32)
    same = (actual == expected) & (np.signbit(actual) == np.signbit(expected))
    assert (same | (np.isnan(actual) & np.isnan(expected))).all(), target
    print(f"every f8E4M3FN in {target}: exact")


def check_rounding(source):
    """To nearest even, saturating; between neighbours, at ties, and beyond the ends."""
    codes = np.arange(127, dtype=np.uint8).view(F8).astype(np.float64)
    ties = (codes[1:] + codes[:-1]) / 2
    numbers = np.concatenate([codes, ties, np.nextafter(ties, 0), np.nextafter(ties, 1e9),
                              rng.uniform(0, 500, 100), 2.0 ** rng.uniform(-14, 9, 200),
                              [464, 480, 1e9, np.inf, 1e-30, np.nan]])  # fmt: skip
    numbers = np.concatenate([numbers, -numbers])
    with np.errstate(over="ignore"):
        numbers = numbers.astype(np.float32).astype(TYPES[source])
    wide = numbers.astype(np.float32)
    expected = np.where(np.isnan(wide), wide, np.clip(wide, -LARGEST, LARGEST)).astype(F8)
    actual = convert(numbers, source, "f8E4M3FN")
    same = actual.view(np.uint8) == expected.view(np.uint8)
    same |= np.isnan(actual.astype(np.float32)) & np.isnan(wide)
    assert same.all(), (source, wide[~same], actual[~same])
    print(f"{source} in f8E4M3FN: {len(numbers)} numbers rounded to nearest even")


@dataclass
class Scale:
    """What a scale is of: blocks of the tensor's dimensions, or the whole (None)."""

    blocks: list = None

    def draw(self, shape):
        if self.blocks is None:
            return rng.uniform(0.1, 2, ()).astype(np.float32)
        sizes = [-(-n // b) if b else 1 for n, b in zip(shape, self.blocks)]
        return rng.uniform(0.1, 2, sizes).astype(np.float32)

    def spread(self, scale, shape):
        """The scale of every element."""
        for dim, block in enumerate(self.blocks or []):
            scale = np.repeat(scale, block or shape[dim], dim)
            scale = scale.take(range(shape[dim]), dim)
        return scale.astype(np.float64)


def draw_float8(*shape):
    return rng.standard_normal(shape).astype(np.float32).astype(F8)


def tensor_type(array, element, dynamic=False):
    sizes = ["?" if dynamic and dim < 2 else str(size) for dim, size in enumerate(array.shape)]
    return f"tensor<{'x'.join([*sizes, element])}>"


def check_linear(batch, seq, inputs, outputs, scales=None, dtype="f32", dynamic=False, transposed=False,
                 bias=False):  # fmt: skip
    x, weight = draw_float8(batch, seq, *inputs), draw_float8(*inputs, *outputs)
    exact_x, exact_weight = x.astype(np.float64), weight.astype(np.float64)
    init = rng.standard_normal((batch, seq, *outputs)).astype(TYPES[dtype])
    order = list(range(weight.ndim))
    if transposed:
        order = order[len(inputs) :] + order[: len(inputs)]
    stored = np.ascontiguousarray(weight.transpose(order))
    arrays = {"x": (x, "f8E4M3FN"), "weight": (stored, "f8E4M3FN")}
    attributes = ["transposed"] if transposed else []
    text = "bpt.linear ins(%x, %weight : {x}, {weight})"
    if scales:
        for name, scale, array in zip(("x", "weight"), scales, (x, stored)):
            drawn = scale.draw(array.shape)
            arrays[f"{name}_scale"] = (drawn, "f32")
            spread = scale.spread(drawn, array.shape)
            if name == "x":
                exact_x = exact_x * spread
            else:
                exact_weight = exact_weight * (spread.transpose(np.argsort(order)) if spread.ndim else spread)
            if scale.blocks is not None:
                sizes = ", ".join(map(str, scale.blocks))
                attributes.append(f"{name}_blocks = array<i64: {sizes}>")
        text += " scales(%x_scale, %weight_scale : {x_scale}, {weight_scale})"
    if bias:
        arrays["bias"] = (rng.standard_normal(outputs).astype(TYPES[dtype]), dtype)
        text += " bias(%bias : {bias})"
    arrays["init"] = (init, dtype)
    types = {name: tensor_type(array, element, dynamic and name in ("x", "x_scale", "init"))
             for name, (array, element) in arrays.items()}  # fmt: skip
    actual = run_op(text, attributes, arrays, types)
    exact = np.tensordot(exact_x, exact_weight, len(inputs)) + init.astype(np.float64)
    if bias:
        exact = exact + arrays["bias"][0].astype(np.float64)
    # Products are exact, and sums in f32: what is left is the rounding of the result.
    rounded = exact.astype(TYPES[dtype]).astype(np.float64)
    error, allowed = (np.linalg.norm(a - exact) / np.linalg.norm(exact) for a in (actual, rounded))
    allowed = 1e-5 if dtype == "f32" else 2 * allowed
    what = (f"linear {batch}x{seq} {inputs} to {outputs}, {dtype}, blocks "
            f"{[scale.blocks for scale in scales or []]}, {dynamic=}, {transposed=}, {bias=}")  # fmt: skip
    print(f"{what}: relative error {error:.2e}, allowed {allowed:.2e}")
    assert error <= allowed, what


WHOLE = Scale()
ROW_BLOCKS = Scale([1, 1, 128])


def attend(q, k, v, causal, store):
    """Of one entry of batch and head, with probabilities stored by `store`."""
    scores = q @ k.T / np.sqrt(q.shape[1])
    if causal:
        ahead = np.arange(len(k)) - (np.arange(len(q))[:, None] + len(k) - len(q))
        scores = np.where(ahead <= 0, scores, -np.inf)
    peak = scores.max(axis=1, keepdims=True)
    exponentials = np.exp(scores - np.where(np.isfinite(peak), peak, 0))
    sums = exponentials.sum(axis=1, keepdims=True)
    return store(exponentials) @ v / np.where(sums > 0, sums, 1)


def round_probabilities(p):
    """To f8E4M3FN, of the numbers times 256."""
    return (256 * p).astype(np.float32).astype(F8).astype(np.float64) / 256


def check_attention(batch, seq, kv_seq, heads, kv_heads, head_dim, scales=None, dtype="f32",
                    dynamic=False, causal=False):  # fmt: skip
    tensors = {name: draw_float8(batch, rows, h, head_dim)
               for name, rows, h in (("q", seq, heads), ("k", kv_seq, kv_heads), ("v", kv_seq, kv_heads))}  # fmt: skip
    arrays = {name: (array, "f8E4M3FN") for name, array in tensors.items()}
    wide = {name: array.astype(np.float64) for name, array in tensors.items()}
    attributes = ["causal"] if causal else []
    text = "bpt.attention ins(%q, %k, %v : {q}, {k}, {v})"
    for name, scale in zip(tensors, scales or []):
        drawn = scale.draw(tensors[name].shape)
        arrays[f"{name}_scale"] = (drawn, "f32")
        wide[name] = wide[name] * scale.spread(drawn, tensors[name].shape)
        if scale.blocks is not None:
            full = {"q": "query", "k": "key", "v": "value"}[name]
            attributes.append(f"{full}_blocks = array<i64: {', '.join(map(str, scale.blocks))}>")
    if scales:
        text += " scales(%q_scale, %k_scale, %v_scale : {q_scale}, {k_scale}, {v_scale})"
    arrays["init"] = (np.zeros((batch, seq, heads, head_dim), TYPES[dtype]), dtype)
    # Blocks of scales of a size that is not known are as many as they are.
    types = {name: tensor_type(array, element, dynamic) for name, (array, element) in arrays.items()}
    actual = run_op(text, attributes, arrays, types)
    exact, rounded = np.zeros(actual.shape), np.zeros(actual.shape)
    for b, h in np.ndindex(batch, heads):
        one = [wide[name][b, :, h if name == "q" else h * kv_heads // heads] for name in wide]
        exact[b, :, h] = attend(*one, causal, lambda p: p)
        rounded[b, :, h] = attend(*one, causal, round_probabilities)
    rounded = rounded.astype(TYPES[dtype]).astype(np.float64)
    # At most twice the error of the plain computation with probabilities of f8E4M3FN.
    error, allowed = (np.linalg.norm(a - exact) / np.linalg.norm(exact) for a in (actual, rounded))
    what = (f"attention {batch}x{seq}x{kv_seq}, {heads} of {kv_heads} heads of {head_dim}, {dtype}, blocks "
            f"{[scale.blocks for scale in scales or []]}, {dynamic=}, {causal=}")  # fmt: skip
    print(f"{what}: relative error {error:.2e}, allowed {2 * allowed:.2e}")
    assert np.isfinite(actual).all() and error <= 2 * allowed, what


def check_few_attention():
    rows = lambda block: Scale([1, block, 1, 0])
    check_attention(1, 130, 192, 2, 1, 64, None, "bf16")
    check_attention(1, 200, 320, 2, 2, 64, [WHOLE, WHOLE, WHOLE], "bf16", causal=True)
    check_attention(1, 130, 144, 1, 1, 128, [rows(1), rows(128), rows(50)], "f16", causal=True)
    check_attention(1, 131, 131, 2, 2, 64, [WHOLE, WHOLE, WHOLE], "f32", causal=True)
    check_attention(1, 150, 100, 2, 1, 40, [rows(64), rows(32), rows(32)], "f16", dynamic=True, causal=True)
    check_attention(1, 70, 256, 1, 1, 128, [Scale([0, 0, 1, 0]), rows(128), rows(1)], "bf16")


def check_few():
    """Each form of scales once, with sizes that no block divides."""
    check_linear(1, 131, (200,), (72,))
    check_linear(1, 70, (96,), (40,), [WHOLE, WHOLE], "bf16", transposed=True, bias=True)
    check_linear(2, 67, (300,), (150,), [ROW_BLOCKS, Scale([128, 128])], dynamic=True)
    check_linear(1, 130, (256,), (136,), [ROW_BLOCKS, Scale([128, 128])], "bf16", transposed=True)
    check_linear(1, 100, (80,), (48,), [Scale([1, 1, 0]), Scale([0, 1])], "f16", bias=True)
    check_linear(1, 66, (64,), (3, 16), [Scale([0, 50, 32]), Scale([32, 1, 0])])
    check_linear(1, 65, (4, 16), (40,), [Scale([1, 1, 0, 0]), Scale([0, 0, 16])], dynamic=True)


def check_more():
    for transposed in (False, True):
        for dynamic in (False, True):
            w = (lambda *blocks: Scale([*reversed(blocks)])) if transposed else lambda *blocks: Scale([*blocks])
            check_linear(2, 131, (33,), (77,), None, "bf16", dynamic, transposed)
            check_linear(2, 300, (384,), (200,), [ROW_BLOCKS, w(128, 128)], "f32", dynamic, transposed, True)
            check_linear(1, 9, (500,), (130,), [Scale([1, 4, 64]), w(0, 64)], "f32", dynamic, transposed)
            check_linear(1, 1, (64,), (300,), [WHOLE, w(16, 1)], "f16", dynamic, transposed)
    check_linear(1, 150, (64,), (3, 16), [Scale([1, 1, 0]), Scale([16, 1, 16])], "f16")


for name in ("f32", "f16", "bf16"):
    check_extension(name)
    check_rounding(name)
check_few()
check_few_attention()
if not FLAGS:
    check_more()
