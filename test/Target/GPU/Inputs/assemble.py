"""Compiles generated models for several chips and assembles their PTX.

    assemble.py FOLDER

Prints what ptxas refuses, and what keeps a variable in local memory.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys

SIZES = "--seq=100 --embed=64 --heads=4"
MODELS = [
    f"attention {SIZES}",
    f"attention {SIZES} --causal --dtype=bf16",
    f"attention {SIZES} --kv-heads=2 --window=17 --segments --attn-bias",
    f"attention {SIZES} --dtype=f16 --dynamic",
    f"layer {SIZES} --ffn=128 --bias --rotary=half --dtype=bf16",
    f"layer {SIZES} --ffn=128 --norm=rms --act=silu --gated --rotary=interleaved --causal",
    f"layer {SIZES} --ffn=128 --act=gelu_tanh --post-norm --dynamic --dtype=f16",
    f"model {SIZES} --ffn=128 --layers=1 --vocab=200 --causal",
]
CHIPS = ["sm_80", "sm_86", "sm_89", "sm_90"]


def run(command):
    return subprocess.run(command, capture_output=True, text=True)


def check(folder, ptxas, flags, chip):
    """The number of kernels; exits with a message if something is wrong."""
    model, ptx = os.path.join(folder, "model.mlir"), os.path.join(folder, "model.ptx")
    with open(model, "w") as file:
        file.write(run(["bpt-gen", *flags.split()]).stdout)
    done = run(["bpt-compile", model, "--device=cuda", f"--chip={chip}", "--emit=ptx",
                "-o", ptx])  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{flags} for {chip}: {done.stderr}")
    done = run([ptxas, "-v", f"-arch={chip}", ptx, "-o", os.path.join(folder, "cubin")])
    report = done.stdout + done.stderr
    if done.returncode != 0:
        sys.exit(f"{flags} for {chip}: ptxas refuses it: {report}")
    with open(ptx) as file:
        if re.search(r"\.local\b", file.read()):
            sys.exit(f"{flags} for {chip}: a variable lies in local memory")
    return len(re.findall("Compiling entry function", report))


def main(folder):
    ptxas = shutil.which("ptxas") or "/usr/local/cuda/bin/ptxas"
    # Every model for one chip, and one model for every chip.
    pairs = [(model, CHIPS[i % len(CHIPS)]) for i, model in enumerate(MODELS)]
    pairs += itertools.product(MODELS[-1:], CHIPS)
    count = sum(check(folder, ptxas, *pair) for pair in pairs)
    print(f"all accepted: {count} kernels")


main(sys.argv[1])
