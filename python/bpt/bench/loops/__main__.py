"""`python -m bpt.bench.loops`: what the main loops of BPT's kernels are made of on a
GPU, from their disassembly. Prints Markdown. Pipes and shares are a model's
(docs/gpu-counters.md), not measured; no GPU is needed, but ptxas and a disassembler
(the CUDA toolkit's, or those that the package triton brings). With --peer, kernels of
another library stand beside them."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from bpt.bench.loops.disassembly import name_and_version, read_kernels
from bpt.bench.loops.model import describe
from bpt.bench.loops.pipes import Rates, find_rates
from bpt.bench.loops.programs import Program, compile_kernels, steps, usual_programs
from bpt.bench.loops.table import markdown
from bpt.tools import ToolError, progress


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bpt.bench.loops", description=__doc__)
    parser.add_argument("--chip", default="sm_90a", metavar="sm_NN", help="default: sm_90a")
    parser.add_argument("--seq", type=int, default=16384, metavar="N", help="tokens of attention (default: 16384)")
    parser.add_argument("--only", type=_pattern, default="", metavar="REGEX", help="programs whose names match")
    parser.add_argument(
        "--steps",
        type=int,
        metavar="N",
        help="instead: attention of head dimension N, with what sm_90a brings switched on one by one",
    )
    parser.add_argument(
        "--peer",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a cubin, a library that holds cubins for the chip, or what `nvdisasm -c` printed",
    )
    parser.add_argument(
        "--peer-kernel",
        type=_pattern,
        action="append",
        default=[],
        metavar="REGEX",
        help="kernels of the peer whose names match; once for each --peer",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that is known")
    args = parser.parse_args()
    if len(args.peer) != len(args.peer_kernel):
        parser.error("--peer and --peer-kernel go together")
    if args.seq < 1:
        parser.error(f"--seq={args.seq} is less than 1")
    if args.steps is not None and args.chip != "sm_90a":
        parser.error(f"--steps is what sm_90a brings, and --chip is {args.chip}")
    return args


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from None
    return text


def own_entries(program: Program, chip: str, rates: Rates | None) -> tuple[list[dict[str, Any]], list[str]]:
    """The kernels that multiply, and the names of the others."""
    progress(program.name)
    with tempfile.TemporaryDirectory(prefix="bpt-loops-") as folder:
        kernels = compile_kernels(program, chip, Path(folder))
    entries, left_out = [], []
    for kernel in kernels:
        if entry := describe(kernel.function, rates, kernel.copied_bytes_of_a_warp):
            entries.append({"title": program.name} | entry | kernel.info)
        else:
            left_out.append(kernel.function.name)
    for number, entry in enumerate(entries if len(entries) > 1 else [], start=1):
        entry["title"] += f" ({number})"
    return entries, sorted(left_out)


def peer_entries(file: Path, pattern: str, chip: str, rates: Rates | None) -> list[dict[str, Any]]:
    progress(str(file))
    kernels = read_kernels(file, chip, pattern)
    if not kernels:
        raise ToolError(f"{file} has no kernel for {chip} whose name matches '{pattern}'")
    entries = []
    for kernel in kernels:
        if entry := describe(kernel, rates):
            entries.append({"title": file.name} | entry)
    if not entries:
        raise ToolError(f"{file}: no loop of {kernels[0].name} multiplies on tensor cores")
    return entries


def main() -> int:
    args = parse_arguments()
    rates = find_rates(args.chip)
    entries: list[dict[str, Any]] = []
    notes: list[str] = []
    try:
        programs = usual_programs(args.seq) if args.steps is None else steps(args.seq, args.steps)
        programs = [program for program in programs if re.search(args.only, program.name)]
        if not programs and not args.peer:
            raise ToolError(f"no program's name matches '{args.only}'")
        for program in programs:
            found, others = own_entries(program, args.chip, rates)
            entries += found
            if others:
                notes.append(f"{program.name}: no product on tensor cores in {', '.join(others)}")
        if programs:
            notes.append(f"{args.chip}, {name_and_version('ptxas')}, {name_and_version('nvdisasm')}")
        peers = [
            entry
            for file, pattern in zip(args.peer, args.peer_kernel)
            for entry in peer_entries(file, pattern, args.chip, rates)
        ]
        for number, entry in enumerate(peers, start=1):
            entry["title"] += f" [{number}]"
        entries += peers
        if args.json:
            args.json.write_text(json.dumps(entries, indent=2) + "\n")
    except (ToolError, OSError) as error:
        progress("")
        print(f"error: {error}", file=sys.stderr)
        return 2
    progress("")
    if entries:
        print(markdown(entries), end="")
    notes += [f"{entry['title']} is `{entry['name']}`" for entry in peers]
    print("".join(f"\n{note}.\n" for note in notes), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
