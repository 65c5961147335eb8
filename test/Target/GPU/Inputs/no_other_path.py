"""Attention, its gradient and layers in 16 bits run on tensor cores, whatever their size:
no program of the usual forms may be left to the SIMT path because it does not fit.

    no_other_path.py CHIP
"""

import itertools
import subprocess
import sys

LENGTHS = ["512", "1000", "1024", "4096", "?"]
HEAD_DIMS = [64, 96, 128, 160, 192, 256]
FORMS = [[], ["--causal"], ["--window=100", "--causal"]]
GRADIENTS = [[], ["--causal"], ["--causal", "--window=100"], ["--kv-heads=1"], ["--segments"]]
LAYERS = [[], ["--kv-heads=4", "--gated", "--bias"]]
# What has nothing for tensor cores to do.
OTHERS = "has no matrix product"


def run(command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr[:2000]}")
    return done


def list_programs():
    for length, head_dim, form in itertools.product(LENGTHS, HEAD_DIMS, FORMS):
        flags = [f"--seq={length}", "--heads=1", f"--embed={head_dim}", "--dtype=bf16", *form]
        yield ["attention", *flags], []
    for length, head_dim, form in itertools.product(["1000", "1024", "?"], [64, 128, 192], GRADIENTS):
        flags = [f"--seq={length}", "--heads=2", f"--embed={2 * head_dim}", "--dtype=bf16", *form]
        yield ["attention", *flags], ["--bpt-differentiate=function=main"]
    for length, form in itertools.product(LENGTHS, LAYERS):
        flags = [f"--seq={length}", "--heads=12", "--embed=768", "--dtype=bf16", *form]
        yield ["layer", *flags], []


def main():
    chip, faults, count = sys.argv[1], 0, 0
    for flags, passes in list_programs():
        count += 1
        program = run(["bpt-gen", *flags]).stdout
        if passes:
            program = run(["bpt-opt", "-", *passes], program).stdout
        remarks = run(["bpt-opt", "-", f"--bpt-gpu-kernels=chip={chip}",
                       "--remarks-filter=bpt-gpu", "--remark-policy=all"], program).stderr  # fmt: skip
        missed = [line for line in remarks.splitlines()
                  if "NoTileProgram" in line and OTHERS not in line]  # fmt: skip
        if missed or "[Passed] TileProgram" not in remarks:
            faults += 1
            print(f"FAIL {' '.join(flags + passes)}:\n{remarks[:500]}")
    print(f"{count} programs, {faults} on another path")
    return 1 if faults else 0


sys.exit(main())
