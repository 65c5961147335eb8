"""A feed-forward product in the emulator: feed_forward.py PROGRAM ELEMENT ROWS COLS DEPTH [EMULATOR]"""

import sys
from math import erf

import numpy as np

from tile_kernel import TileKernel, check_close, from_bits, rounded, to_bits

CASES = [(64, 128, 64), (70, 130, 98), (200, 72, 320)]


def main():
    program, element, rows_of_tile, columns_of_tile, depth_of_tile = sys.argv[1:6]
    emulator = sys.argv[6] if len(sys.argv) > 6 else "bpt-emulate"
    source = open(program).read()
    for token, value in [
        ("ELT", element),
        ("ROWS", rows_of_tile),
        ("COLS", columns_of_tile),
        ("DEPTH", depth_of_tile),
    ]:
        source = source.replace(token, value)
    kernel = TileKernel(
        source, "feed_forward", ["--bpt-gpu-schedule=stages=3", "--bpt-distribute-to-lanes"]
    )
    rng = np.random.default_rng(7)
    for rows, columns, depth in CASES:
        x = to_bits(rng.standard_normal((rows, depth)), element)
        w = to_bits(rng.standard_normal((depth, columns)) / np.sqrt(depth), element)
        bias = rng.standard_normal(columns).astype(np.float32)
        residual = to_bits(rng.standard_normal((rows, columns)), element)
        (y,) = kernel.run(
            (-(-columns // int(columns_of_tile)), -(-rows // int(rows_of_tile))),
            [
                *(x, w, bias, residual),
                np.full_like(residual, 0x7FFF),
                *(f"i64:{size}" for size in (rows, columns, depth)),
            ],
            outputs=[4],
            emulator=emulator,
        )

        def compute(to_element):
            h = to_element(from_bits(x, element) @ from_bits(w, element)) + bias
            gelu = to_element(h / 2 * (1 + np.vectorize(erf)(h / np.sqrt(2))))
            return to_element(gelu + from_bits(residual, element))

        what = f"{element} {rows}x{columns}x{depth}"
        plain = compute(lambda value: rounded(value, element))
        check_close(what, from_bits(y, element), compute(lambda value: value), plain)


main()
