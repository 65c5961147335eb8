"""`python -m bpt.bench.compile`: how long model IR takes to become PTX.

Attention and a layer of GPT-2's size, in bf16 and f32, with a length that is known
and one that is not. What is timed is all of bpt-compile, from reading the model to
writing PTX."""

from __future__ import annotations

import argparse
import itertools
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bpt.layer import Layer
from bpt.tools import ToolError, progress, run_tool

HEADER = [
    "| program | type | length | chip | median s | spread s | kernels | PTX KiB |",
    "|---|---|---|---|---:|---:|---:|---:|",
]


def programs(seq: int) -> dict[str, list[str]]:
    """The flags of bpt-gen by name, without type and length."""
    layer = Layer(seq).gen_flags()
    without_length = [flag for flag in layer if not flag.startswith("--seq=")]
    return {
        "attention, 12 heads of 64, causal": ["attention", "--heads=12", "--head-dim=64", "--causal"],
        "layer, embed 768, hidden 3072, causal": without_length,
    }


def measure(flags: list[str], chip: str, rounds: int, work: Path) -> tuple[list[float], str]:
    """Seconds of every round, and the PTX."""
    model, ptx = work / "model.mlir", work / "model.ptx"
    model.write_text(run_tool("bpt-gen", flags))
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run_tool("bpt-compile", [model, "--device=cuda", f"--chip={chip}", "--emit=ptx", "-o", ptx])
        seconds.append(time.perf_counter() - start)
    return seconds, ptx.read_text()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bpt.bench.compile", description=__doc__)
    parser.add_argument("--seq", type=int, default=1024, metavar="N", help="the length that is known")
    parser.add_argument("--chip", default="sm_80", metavar="sm_NN")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    args = parser.parse_args()
    if args.seq < 1 or args.rounds < 1:
        parser.error("--seq and --rounds are at least 1")
    return args


def main() -> int:
    args = parse_arguments()
    lines = list(HEADER)
    try:
        with tempfile.TemporaryDirectory(prefix="bpt-bench-") as folder:
            for (name, flags), dtype, seq in itertools.product(
                programs(args.seq).items(), ["bf16", "f32"], [str(args.seq), "?"]
            ):
                progress(f"{name}, {dtype}, {seq}")
                kv_seq = ["--kv-seq=?"] if flags[0] == "attention" and seq == "?" else []
                generated = [*flags, f"--dtype={dtype}", f"--seq={seq}", *kv_seq]
                seconds, ptx = measure(generated, args.chip, args.rounds, Path(folder))
                kernels = len(re.findall(r"\.entry\s", ptx))
                lines.append(
                    f"| {name} | {dtype} | {seq} | {args.chip} | {statistics.median(seconds):.2f} "
                    f"| {min(seconds):.2f}–{max(seconds):.2f} | {kernels} | {len(ptx) / 1024:.0f} |"
                )
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        progress("")
    print(*lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
