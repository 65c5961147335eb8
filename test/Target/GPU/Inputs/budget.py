"""Compares what is counted of registers before code is generated with ptxas.

    budget.py --bin=build/bin --ptxas=PTXAS

A row for every kernel: registers that are counted and those there are, and those
that ptxas takes, with bytes of spills. The count is a lower bound: ptxas takes at
least as many, and at most SLACK more; what is over the budget spills, and of the
strategies that ship nothing is, nor spills. Where warps have roles ptxas says how
many registers a kernel starts with, which is not compared.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from assemble import read_report

SLACK = 72

TOO_MANY_ROWS = """
module attributes {transform.with_named_sequence} {
  transform.named_sequence @match(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["bpt.attention"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @block(%op: !transform.any_op {transform.readonly}) {
    %s = transform.param.constant #bpt.strategy<rows = 512, keys = 32, heads = 1, fuse = false> -> !transform.any_param
    transform.annotate %op "bpt.strategy" = %s : !transform.any_op, !transform.any_param
    transform.yield
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {
    %r = transform.foreach_match in %module @match -> @block : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
"""


@dataclass
class Case:
    name: str
    chip: str
    gen: list
    own_strategy: str = ""


def attention(head_dim):
    return ["attention", "--seq=1024", "--heads=2", f"--head-dim={head_dim}", "--dtype=bf16"]


def cases():
    for chip in ("sm_80", "sm_90a"):
        for head_dim in (64, 96, 128, 192, 256):
            yield Case(f"attention of {head_dim}", chip, attention(head_dim))
        gen = ["feed_forward", "--seq=512", "--embed=512", "--ffn=1024", "--act=gelu_tanh", "--bias"]
        yield Case("4 × 512 × 512 × 1024", chip, [*gen, "--dtype=bf16"])
    yield Case("attention of 64, 512 rows", "sm_90a", attention(64), TOO_MANY_ROWS)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr}")
    return done.stdout + done.stderr


def compare(options, case):
    """(rows, faults)."""
    with tempfile.TemporaryDirectory(prefix="bpt-budget-") as folder:
        model, ptx, cubin, own = (Path(folder) / name for name in ("m.mlir", "m.ptx", "m.cubin", "own.mlir"))
        model.write_text(run([f"{options.bin}/bpt-gen", *case.gen]))
        own.write_text(case.own_strategy)
        strategy = f"chip,{own}" if case.own_strategy else "chip"
        remarks = run([
            f"{options.bin}/bpt-opt", model, f"--bpt-gpu-kernels=chip={case.chip} strategy={strategy}",
            "--remarks-filter=bpt-gpu", "--remark-policy=all", "-o", "/dev/null",
        ])  # fmt: skip
        counted = re.findall(r"a thread needs (\d+) registers or more, of (\d+); a block", remarks)
        roles = len(re.findall(r"\] WarpRoles", remarks))
        run([f"{options.bin}/bpt-compile", model, "--device=cuda", f"--chip={case.chip}",
             f"--strategy={strategy}", "--emit=ptx", "-o", ptx])  # fmt: skip
        kernels = read_report(run([options.ptxas, "-v", f"-arch={case.chip}", ptx, "-o", cubin]))
    if len(kernels) != len(counted):
        return [], [f"{case.name}: {len(kernels)} kernels, and {len(counted)} were counted"]
    rows, faults = [], []
    for kernel, (needed, available) in zip(kernels, counted):
        needed, available = int(needed), int(available)
        rows.append(
            f"{case.chip:7} {needed:7} {available:9} {kernel.registers:6} {kernel.spills:6}  {kernel.name} of {case.name}"
        )
        if (needed > available) != (kernel.spills > 0):
            faults.append(f"{rows[-1]}: spills, or not, against the count")
        if not roles and not (needed <= kernel.registers <= needed + SLACK or needed > available):
            faults.append(f"{rows[-1]}: ptxas takes fewer, or more than {SLACK} beyond")
    return rows, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--ptxas", required=True)
    options = parser.parse_args()
    print("chip    counted available  ptxas spills  kernel")
    faults = []
    for case in cases():
        rows, found = compare(options, case)
        print(*rows, sep="\n", flush=True)
        faults += found
    print(*(f"FAIL {fault}" for fault in faults), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
