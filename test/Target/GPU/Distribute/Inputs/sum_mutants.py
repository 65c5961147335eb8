"""Seeds bugs in a product of matrices on sm_90a, of which one iteration's part runs into the
next, as it is compiled; the emulator must notice each.

    sum_mutants.py [--emulator=bpt-emulate] [--filter=REGEX] [--quiet]

Prints what caught each; exit code 1 if one was not caught, or if the kernel itself is.
"""

import numpy as np

from hopper_mutants import Case, Mutant, WholeKernel, check_mutants, drop
from tile_kernel import from_bits, to_bits

# Two blocks of rows, which one block takes one after the other; five tiles in four buffers.
ROWS, TERMS, COLUMNS = 256, 320, 256
MODEL = f"""
func.func @main(%x: tensor<1x{ROWS}x{TERMS}xbf16>, %w: tensor<{TERMS}x{COLUMNS}xbf16>) -> tensor<1x{ROWS}x{COLUMNS}xbf16> {{
  %zero = arith.constant 0.0 : bf16
  %e = tensor.empty() : tensor<1x{ROWS}x{COLUMNS}xbf16>
  %z = linalg.fill ins(%zero : bf16) outs(%e : tensor<1x{ROWS}x{COLUMNS}xbf16>) -> tensor<1x{ROWS}x{COLUMNS}xbf16>
  %y = bpt.linear ins(%x, %w : tensor<1x{ROWS}x{TERMS}xbf16>, tensor<{TERMS}x{COLUMNS}xbf16>) outs(%z : tensor<1x{ROWS}x{COLUMNS}xbf16>) -> tensor<1x{ROWS}x{COLUMNS}xbf16>
  return %y : tensor<1x{ROWS}x{COLUMNS}xbf16>
}}
"""


class Product(Case):
    """All rows times all columns."""

    def __init__(self):
        rng = np.random.default_rng(7)
        x, w = (
            to_bits(rng.standard_normal(shape), "bf16")
            for shape in ((1, ROWS, TERMS), (TERMS, COLUMNS))
        )
        self.expected = from_bits(x, "bf16")[0] @ from_bits(w, "bf16")
        out = np.full((1, ROWS, COLUMNS), 0x7FFF, np.uint16)
        maps = [f"map:1;type=bf16;dims={TERMS}x{ROWS}x1;strides={2 * TERMS}x{2 * TERMS * ROWS};"
                "box=64x128x1;swizzle=128",
                f"map:2;type=bf16;dims={COLUMNS}x{TERMS};strides={2 * COLUMNS};box=64x64;"
                "swizzle=128"]  # fmt: skip
        self.args = [out, x, w, f"i64:{ROWS // 128}", *maps]
        self.output = 0


WAITED = r"@P1 bra\.uni DONE;"
# The waits of the text: for a tile of each operand to be free, then for the first ones. A
# right tile is free when the left one is: no other wait is missed.
FREE_LEFT, FIRST_LEFT = 0, 2
PENDING = r"wgmma\.wait_group\.sync\.aligned\s+1;"

MUTANTS = [
    Mutant("a tile is released while the product before runs", PENDING,
           "wgmma.wait_group.sync.aligned 2;"),
    drop("a tile is released without a wait", PENDING[:-1], 0),
    Mutant("the last product is not waited for", r"wgmma\.wait_group\.sync\.aligned\s+0;",
           "wgmma.wait_group.sync.aligned 1;"),
    Mutant("a left tile is filled before it is free", WAITED, "bra.uni DONE;", FREE_LEFT),
    Mutant("the first tile is not waited for", WAITED, "bra.uni DONE;", FIRST_LEFT),
    drop("a left tile is not released in the loop", r"mbarrier\.arrive\.shared", 0),
    drop("the last right tile is not released", r"mbarrier\.arrive\.shared", -1),
    Mutant("the sums are not begun anew", r"setp\.ne\.b32 adds, 0, 0;",
           "setp.eq.b32 adds, 0, 0;"),
    Mutant("a later product begins anew", r"(setp\.)eq(\.b32 adds, 0, 0; add\.s64 left)",
           r"\1ne\2", -1),
]  # fmt: skip


if __name__ == "__main__":
    check_mutants(__doc__, lambda: WholeKernel(MODEL), Product, MUTANTS)
