"""Layer norm in the emulator: layer_norm.py PROGRAM ELEMENT [EMULATOR]"""

import sys

import numpy as np

from tile_kernel import TileKernel, check_close, from_bits, rounded, to_bits


def main():
    program, element = sys.argv[1:3]
    emulator = sys.argv[3] if len(sys.argv) > 3 else "bpt-emulate"
    kernel = TileKernel(open(program).read().replace("ELT", element), "layer_norm")
    rng = np.random.default_rng(3)
    for rows, columns in [(64, 128), (70, 333), (3, 5)]:
        x = to_bits(rng.standard_normal((rows, columns)) * 3 + 5, element)
        weight, bias = rng.standard_normal((2, columns)).astype(np.float32)
        (y,) = kernel.run(
            (-(-rows // 64),),
            [
                *(x, weight, bias, np.full_like(x, 0x7FFF)),
                *(f"i64:{size}" for size in (rows, columns)),
                "f32:1e-5",
            ],
            outputs=[3],
            emulator=emulator,
        )
        values = from_bits(x, element)
        centred = values - values.mean(axis=1, keepdims=True)
        normal = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        exact = normal * weight + bias
        plain = rounded(rounded(normal, element) * weight + bias, element)
        check_close(f"{element} {rows}x{columns}", from_bits(y, element), exact, plain)


main()
