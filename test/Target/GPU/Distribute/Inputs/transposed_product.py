"""P^T dO in the emulator: transposed_product.py PROGRAM ELEMENT DIM [EMULATOR]"""

import sys

import numpy as np

from tile_kernel import TileKernel, from_bits, rounded, to_bits


def main():
    program, element, dim = sys.argv[1:4]
    emulator = sys.argv[4] if len(sys.argv) > 4 else "bpt-emulate"
    source = open(program).read().replace("ELT", element).replace("DIM", dim)
    kernel = TileKernel(
        source, "transposed_product", ["--bpt-gpu-schedule", "--bpt-distribute-to-lanes"]
    )
    rng = np.random.default_rng(5)
    q, k, do = (to_bits(rng.standard_normal((64, int(dim))), element) for _ in range(3))
    scale = 1 / np.sqrt(int(dim))
    (dv,) = kernel.run(
        (1,),
        [q, k, do, np.full(do.shape, np.nan, np.float32), f"f32:{scale}"],
        outputs=[3],
        emulator=emulator,
        options=["--profile"],
    )
    kernel.check_bank_conflicts()
    q, k, do = (from_bits(x, element) for x in (q, k, do))
    # Rounding of P aside, the sums are of f32.
    exact = rounded(np.exp2(scale * (q @ k.T)), element).T @ do
    error = np.linalg.norm(dv - exact) / np.linalg.norm(exact)
    print(f"{element} {dim}: relative error {error:.2g}")
    if not error < 2e-4:
        sys.exit("the error is larger than 2e-4")


main()
