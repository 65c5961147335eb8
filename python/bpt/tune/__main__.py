"""`python -m bpt.tune PROGRAM.mlir [-o SPEC.mlir]`: finds the block sizes with which
a program runs fastest on this machine, and writes them as a spec for
`--strategy`: the default strategy, before which operations of that kind, element
type and class of sizes get what was found. Without -o the spec becomes the default
of this machine's CPU. A spec that is there already is added to. What is measured is
kept in SPEC.mlir.jsonl, and not measured again: an interrupted search goes on where
it was, and the best so far is in the spec.

With --device=cuda it is the GPU's kernels that are timed; with
--device=cuda-emulator a model of them counts, and no GPU is needed. The spec is then
applied after the strategy of the chip."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bpt.tools import ToolError, progress
from bpt.tune import gpu_spec
from bpt.tune.gpu import GpuProgram, find_tunable, search_gpu
from bpt.tune.gpu_report import report
from bpt.tune.search import Measurements, Program, random_inputs, search
from bpt.tune.space import Choice, find_operations
from bpt.tune.spec import make_entry, read_entries, write_spec


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bpt.tune", description=__doc__)
    parser.add_argument("program", type=Path, metavar="PROGRAM.mlir", help="model IR")
    parser.add_argument(
        "-o",
        dest="spec",
        type=Path,
        metavar="SPEC.mlir",
        help="what to write (default: tuned-TARGET.mlir where compiled programs are kept)",
    )
    parser.add_argument("--function", default="main", metavar="NAME", help="of the program (default: main)")
    parser.add_argument(
        "--input",
        action="append",
        metavar="TENSOR",
        help="an argument, as of bpt-runner; once per argument, in order (default: random)",
    )
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda", "cuda-emulator"),
        default="cpu",
        help="what is tuned for; cuda-emulator: by a model (default: cpu)",
    )
    parser.add_argument("--chip", metavar="sm_NN", help="the GPU (default: that of cuda, sm_80 of cuda-emulator)")
    parser.add_argument("--threads", type=_positive, default=1, metavar="N", help="(default: 1)")
    parser.add_argument("--seconds", type=float, default=300, metavar="N", help="when to stop (default: 300)")
    parser.add_argument(
        "--iterations", type=_positive, default=5, metavar="N", help="timed runs of a choice (default: 5)"
    )
    args = parser.parse_args()
    if args.chip and args.device != "cuda-emulator":
        parser.error(f"--chip={args.chip}: {args.device} is what it is; a model is of any chip (--device=cuda-emulator)")
    return args


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def default_spec(target: str) -> Path:
    """Where bpt-runner and bpt.compile look for the spec of a CPU, or of a chip."""
    if (folder := os.environ.get("BPT_CACHE_DIR")) is None:
        cache, home = os.environ.get("XDG_CACHE_HOME", ""), os.environ.get("HOME", "")
        folder = f"{cache}/bpt" if cache.startswith("/") else f"{home}/.cache/bpt" if home.startswith("/") else ""
    if not folder:
        raise ToolError("nothing is kept (BPT_CACHE_DIR), so there is no default to tune; say where to write: -o")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) / f"tuned-{target}.mlir"


def tune_cpu(args: argparse.Namespace) -> str:
    """What to print."""
    if args.spec:
        read_entries(args.spec)
    operations = find_operations(args.program, args.function)
    inputs = tuple(args.input) if args.input else random_inputs(args.program, args.function)
    program = Program(args.program, args.function, args.threads, inputs, args.iterations)
    cpu = program.cpu()
    spec = args.spec or default_spec(cpu)
    measurements = Measurements(spec.with_name(spec.name + ".jsonl"), program.key(cpu))
    before = len(measurements.found)

    def improved(choice: Choice, milliseconds: float) -> None:
        write_spec(spec, make_entry(operations, choice), cpu)

    best, least, default = search(program, operations, measurements, cpu, args.seconds, improved)
    entry = make_entry(operations, best)
    write_spec(spec, entry, cpu)
    lines = [
        f"{len(measurements.found) - before} choices measured now, {before} before",
        f"{spec}: default {default:.3f} ms, tuned {least:.3f} ms ({default / least:.2f}×)",
    ]
    for name, options in entry.strategies:
        if any(op.name == name for op in operations):
            lines.append(f"bpt.{name}: #bpt.strategy<{options}>")
    return "\n".join(lines)


def tune_gpu(args: argparse.Namespace) -> str:
    """What to print."""
    inputs = tuple(args.input) if args.input else random_inputs(args.program, args.function)
    chip = args.chip or "sm_80"
    if args.device == "cuda":
        chip = GpuProgram.find_chip(args.program, args.function, inputs)
    spec = args.spec or default_spec(chip)
    gpu_spec.read_entries(spec, chip)
    operations = find_tunable(args.program, args.function, chip)
    program = GpuProgram(args.program, args.function, args.device, chip, inputs, args.iterations)
    measurements = Measurements(spec.with_name(spec.name + ".jsonl"), program.key())
    before = len(measurements.found)

    def improved(choice: Choice) -> None:
        gpu_spec.write_spec(spec, gpu_spec.make_entries(operations, choice, chip, program.measures))

    best, default = search_gpu(program, operations, measurements, args.seconds, improved)
    improved(best)
    return report(program, operations, measurements, before, best, default, spec)


def main() -> int:
    """0, or 2 after an error."""
    args = parse_arguments()
    try:
        text = tune_cpu(args) if args.device == "cpu" else tune_gpu(args)
    except (ToolError, OSError) as error:
        progress("")
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    progress("")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
