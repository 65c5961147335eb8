"""Assembles a tile program: assemble.py PROGRAM KERNEL CHIP PTXAS TOKEN=VALUE... -- PASSES

ptxas must take the PTX without a warning, and keep all values in registers.
"""

import re
import subprocess
import sys
import tempfile

from tile_kernel import TileKernel


def main():
    split = sys.argv.index("--")
    program, name, chip, ptxas, *tokens = sys.argv[1:split]
    source = open(program).read()
    for token in tokens:
        source = source.replace(*token.split("="))
    kernel = TileKernel(source, name, sys.argv[split + 1 :], chip=chip)
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as file:
        file.write(kernel.ptx)
        file.flush()
        done = subprocess.run(
            [ptxas, "-v", f"-arch={chip}", file.name, "-o", "/dev/null"],
            capture_output=True,
            text=True,
        )
    print(done.stderr)
    if done.returncode != 0 or "warning" in done.stderr:
        sys.exit("ptxas does not take it as it is")
    spills = re.findall(r"(\d+) bytes spill", done.stderr)
    if not spills or any(int(size) for size in spills):
        sys.exit("values are spilled to memory")


main()
