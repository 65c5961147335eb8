"""Attention in 16 bits runs on tensor cores, whatever its size: no program of the usual
forms may be left to the SIMT path because it does not fit.

    no_other_path.py CHIP
"""

import itertools
import subprocess
import sys

LENGTHS = ["512", "1000", "1024", "4096", "?"]
HEAD_DIMS = [64, 96, 128, 160, 192, 256]
FORMS = [[], ["--causal"], ["--window=100", "--causal"]]


def run(command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr[:2000]}")
    return done


def main():
    chip, faults = sys.argv[1], 0
    for length, head_dim, form in itertools.product(LENGTHS, HEAD_DIMS, FORMS):
        flags = [f"--seq={length}", "--heads=1", f"--embed={head_dim}", "--dtype=bf16", *form]
        program = run(["bpt-gen", "attention", *flags]).stdout
        remarks = run(["bpt-opt", "-", f"--bpt-gpu-kernels=chip={chip}",
                       "--remarks-filter=bpt-gpu", "--remark-policy=all"], program).stderr  # fmt: skip
        if "NoTileProgram" in remarks or "TileProgram" not in remarks:
            faults += 1
            print(f"FAIL {' '.join(flags)}:\n{remarks[:500]}")
    print(f"{len(LENGTHS) * len(HEAD_DIMS) * len(FORMS)} programs, {faults} on another path")
    return 1 if faults else 0


sys.exit(main())
