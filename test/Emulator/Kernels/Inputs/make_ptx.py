"""Compiles the kernels to the PTX that is committed beside them, or compares it.

    make_ptx.py [--nvcc=nvcc] [--check]

Comments do not count: they name the build of the compiler.
"""

import argparse
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CHIPS = {"reduce": "sm_80", "matmul": "sm_80", "flash": "sm_80", "attention": "sm_80",
         "gemm": "sm_90a"}


def without_comments(text):
    lines = (line.partition("//")[0].rstrip() for line in text.splitlines())
    return [line for line in lines if line]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    stale = []
    for name, chip in CHIPS.items():
        command = [options.nvcc, "-ptx", f"-arch={chip}", "-O3", HERE / f"{name}.cu", "-o", "-"]
        made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        path = HERE / f"{name}.ptx"
        if not options.check:
            path.write_text(made)
        elif without_comments(made) != without_comments(path.read_text()):
            stale.append(path.name)
    if stale:
        print(f"not what nvcc makes of the sources: {', '.join(stale)}; run {HERE.name}/make_ptx.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
