"""`python -m bpt.bench.compile`: how long model IR takes to become code.

On the CPU, `bpt.compile` of attention, a layer of GPT-2's size, its gradient, and
twelve such layers; and the same again, from the code that is kept. For CUDA, what
bpt-compile takes from reading attention or a layer to writing PTX."""

from __future__ import annotations

import argparse
import itertools
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import bpt
from bpt.layer import Layer
from bpt.tools import ToolError, progress, run_tool

ATTENTION = "attention, 12 heads of 64, causal"
LAYER = "layer, embed 768, hidden 3072, causal"
OUTLINED = "12 layers, outlined"

CPU_HEADER = [
    "| program | type | length | median s | spread s | from cache s |",
    "|---|---|---|---:|---:|---:|",
]
CUDA_HEADER = [
    "| program | type | length | chip | median s | spread s | kernels | PTX KiB |",
    "|---|---|---|---|---:|---:|---:|---:|",
]


def programs(seq: int) -> dict[str, list[str]]:
    """The flags of bpt-gen by name, without type and length."""
    layer = [flag for flag in Layer(seq).gen_flags() if not flag.startswith("--seq=")]
    return {ATTENTION: ["attention", "--heads=12", "--head-dim=64", "--causal"], LAYER: layer}


def cpu_programs(seq: int) -> dict[str, list[str]]:
    """As `programs`, with models of twelve layers."""
    attention_and_layer = programs(seq)
    model = ["model", *attention_and_layer[LAYER][1:], "--layers=12", "--loss"]
    return attention_and_layer | {"12 layers": model, OUTLINED: [*model, "--outline-layers"]}


def select(named: dict[str, list[str]], only: str) -> dict[str, list[str]]:
    return {name: flags for name, flags in named.items() if re.search(only, name)}


def generate(flags: list[str], dtype: str, seq: str) -> str:
    kv_seq = ["--kv-seq=?"] if flags[0] == "attention" and seq == "?" else []
    return run_tool("bpt-gen", [*flags, f"--dtype={dtype}", f"--seq={seq}", *kv_seq])


def summarize(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} | {min(seconds):.2f}–{max(seconds):.2f}"


def measure_ptx(model: str, chip: str, rounds: int, work: Path) -> tuple[list[float], str]:
    """Seconds of every round, and the PTX."""
    source, ptx = work / "model.mlir", work / "model.ptx"
    source.write_text(model)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run_tool("bpt-compile", [source, "--device=cuda", f"--chip={chip}", "--emit=ptx", "-o", ptx])
        seconds.append(time.perf_counter() - start)
    return seconds, ptx.read_text()


def cuda_lines(args: argparse.Namespace, work: Path) -> Iterator[str]:
    yield from CUDA_HEADER
    for (name, flags), dtype, seq in itertools.product(
        select(programs(args.seq), args.only).items(), ["bf16", "f32"], [str(args.seq), "?"]
    ):
        progress(f"{name}, {dtype}, {seq}")
        seconds, ptx = measure_ptx(generate(flags, dtype, seq), args.chip, args.rounds, work)
        kernels = len(re.findall(r"\.entry\s", ptx))
        yield (
            f"| {name} | {dtype} | {seq} | {args.chip} | {summarize(seconds)} | {kernels} | {len(ptx) / 1024:.0f} |"
        )


def measure_cpu(model: str, function: str, rounds: int, work: Path) -> tuple[list[float], list[float]]:
    """Seconds of every round, of compiling and of finding what was compiled."""
    compiled, found = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=work) as cache:
            os.environ["BPT_CACHE_DIR"] = cache
            for seconds in (compiled, found):
                start = time.perf_counter()
                bpt.compile(model, function=function)
                seconds.append(time.perf_counter() - start)
    return compiled, found


def cpu_lines(args: argparse.Namespace, work: Path) -> Iterator[str]:
    yield from CPU_HEADER
    chosen = select(cpu_programs(args.seq), args.only)
    for (name, flags), seq in itertools.product(chosen.items(), [str(args.seq), "?"]):
        model = generate(flags, "f32", seq)
        whole = [(name, model, "main")]
        if name != ATTENTION:
            source = work / "model.mlir"
            source.write_text(model)
            gradient = run_tool("bpt-opt", [source, "--bpt-differentiate=function=main keep=attention"])
            whole.append((f"{name}: gradient", gradient, "main_vjp"))
        for title, text, function in whole:
            progress(f"{title}, {seq}")
            compiled, found = measure_cpu(text, function, args.rounds, work)
            yield f"| {title} | f32 | {seq} | {summarize(compiled)} | {statistics.median(found):.3f} |"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bpt.bench.compile", description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: cpu")
    parser.add_argument("--seq", type=int, default=1024, metavar="N", help="the length that is known")
    parser.add_argument("--chip", default="sm_80", metavar="sm_NN", help="of a GPU; default: sm_80")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--only", default="", metavar="REGEX", help="programs whose names match")
    args = parser.parse_args()
    try:
        re.compile(args.only)
    except re.error as error:
        parser.error(f"--only: {error}")
    if args.seq < 1 or args.rounds < 1:
        parser.error("--seq and --rounds are at least 1")
    return args


def main() -> int:
    args = parse_arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="bpt-bench-") as folder:
            make_lines = cuda_lines if args.device == "cuda" else cpu_lines
            lines = list(make_lines(args, Path(folder)))
    except (ToolError, bpt.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        progress("")
    print(*lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
