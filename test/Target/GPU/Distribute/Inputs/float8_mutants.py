"""Seeds bugs in a projection of f8E4M3FN for sm_90a, with scales of blocks, as it is
compiled; the emulator must notice each.

    float8_mutants.py [--emulator=bpt-emulate] [--filter=REGEX] [--quiet]

Prints what caught each; exit code 1 if one was not caught, or if the kernel itself is.
"""

import ml_dtypes
import numpy as np

from hopper_mutants import Case, Mutant, WholeKernel, check_mutants, drop
from tile_kernel import to_bits

ROWS, COLUMNS, TERMS, BLOCK = 256, 128, 640, 128
BLOCKS = TERMS // BLOCK
X, W, Y = f"1x{ROWS}x{TERMS}xf8E4M3FN", f"{COLUMNS}x{TERMS}xf8E4M3FN", f"1x{ROWS}x{COLUMNS}xbf16"
XS, WS = f"1x{ROWS}x{BLOCKS}xf32", f"{COLUMNS}x{BLOCKS}xf32"
MODEL = f"""
func.func @main(%x: tensor<{X}>, %w: tensor<{W}>, %xs: tensor<{XS}>, %ws: tensor<{WS}>) -> tensor<{Y}> {{
  %z = arith.constant 0.0 : bf16
  %t = tensor.empty() : tensor<{Y}>
  %e = linalg.fill ins(%z : bf16) outs(%t : tensor<{Y}>) -> tensor<{Y}>
  %y = bpt.linear ins(%x, %w : tensor<{X}>, tensor<{W}>) scales(%xs, %ws : tensor<{XS}>, tensor<{WS}>)
      outs(%e : tensor<{Y}>) {{transposed, x_blocks = array<i64: 1, 1, {BLOCK}>,
      weight_blocks = array<i64: 1, {BLOCK}>}} -> tensor<{Y}>
  return %y : tensor<{Y}>
}}"""


class ScaledCase(Case):
    """Two blocks of rows."""

    grid = ROWS // 128

    def __init__(self):
        rng = np.random.default_rng(7)
        x, w = (rng.standard_normal((n, TERMS)).astype(ml_dtypes.float8_e4m3fn) for n in (ROWS, COLUMNS))
        xs, ws = (rng.uniform(0.5, 2, (n, BLOCKS)).astype(np.float32) for n in (ROWS, COLUMNS))
        wide = lambda code, scale: code.astype(np.float64) * np.repeat(scale, BLOCK, 1)
        self.expected = wide(x, xs) @ wide(w, ws).T
        out = to_bits(np.full((1, ROWS, COLUMNS), np.nan), "bf16")
        self.output = 0
        describe = lambda argument, rows, more: (
            f"map:{argument};type=u8;dims={TERMS}x{rows}{more[0]};strides={TERMS}{more[1]};"
            f"box=128x128{more[0]};swizzle=128")  # fmt: skip
        arrays = {"out": out, "x": x.view(np.uint8), "w": w.view(np.uint8), "xs": xs, "ws": ws}
        self.args = [*(arrays[name] for name in ORDER), f"i64:{self.grid}"]
        self.args += [describe(ORDER.index("x"), ROWS, ("x1", f"x{ROWS * TERMS}")),
                      describe(ORDER.index("w"), COLUMNS, ("", ""))]  # fmt: skip
        self.output = ORDER.index("out")


# In which the kernel takes its memory; behind it, how many items of work there are.
ORDER = ["out", "x", "w", "xs", "ws"]

FIELDS = 1 << 62 | 64 << 32 | 1 << 16
FIRST_SUM = r"setp\.ne\.b32 adds, 0, 0;"

MUTANTS = [
    # Scales.
    Mutant("one scale of a row is dropped", r"mul\.(?:rn\.)?f32 (\s*%r\d+), (%r\d+), %r\d+;", r"mov.b32 \1, \2;", 0),
    Mutant("a scale is that of the block before",
           r"(ld\.global\.b32 \s*%r\d+, \[%rd\d+)\+(\d+)\];", r"\1+\2-4];", -1),
    # Sums in two levels.
    Mutant("a product is added to the one before", FIRST_SUM, "setp.eq.b32 adds, 0, 0;"),
    Mutant("a step of the sum in f32 is dropped", r"fma\.rn\.f32 (\s*%r\d+), %r\d+, %r\d+, (%r\d+);",
           r"mov.b32 \1, \2;", 0),
    drop("the product is not waited for", r"wgmma\.wait_group\.sync\.aligned", 0),
    # What 32 terms of 8 bits are.
    Mutant("32 terms are taken for 16", r"(add\.s64 left, %rd\d+, )2;", r"\g<1>1;"),
    Mutant("terms of the weight are counted twice", r"(add\.s64 right, %rd\d+, )4;", r"\g<1>2;"),
    Mutant("the descriptors have a swizzle of 64 bytes", rf"\b{FIELDS}\b", str(FIELDS + (1 << 62))),
    Mutant("elements are of the other type of 8 bits", r"f32\.e4m3\.e4m3", "f32.e5m2.e4m3"),
]  # fmt: skip


if __name__ == "__main__":
    check_mutants(__doc__, lambda: WholeKernel(MODEL), ScaledCase, MUTANTS)
