"""`python -m bpt.tune PROGRAM.mlir -o SPEC.mlir`: finds the block sizes with which
a program runs fastest on this machine, and writes them as a spec for
`--strategy`: the default strategy, before which operations of that kind, element
type and class of sizes get what was found. A spec that is there already is added
to. What is measured is kept in SPEC.mlir.jsonl, and not measured again: an
interrupted search goes on where it was, and the best so far is in the spec."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

from bpt.tools import ToolError, progress
from bpt.tune.search import Measurements, Program, random_inputs, search
from bpt.tune.space import Choice, find_operations
from bpt.tune.spec import make_entry, read_entries, write_spec


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bpt.tune", description=__doc__)
    parser.add_argument("program", type=Path, metavar="PROGRAM.mlir", help="model IR")
    parser.add_argument("-o", dest="spec", type=Path, required=True, metavar="SPEC.mlir", help="what to write")
    parser.add_argument("--function", default="main", metavar="NAME", help="of the program (default: main)")
    parser.add_argument(
        "--input",
        action="append",
        metavar="TENSOR",
        help="an argument, as of bpt-runner; once per argument, in order (default: random)",
    )
    parser.add_argument("--threads", type=_positive, default=1, metavar="N", help="(default: 1)")
    parser.add_argument("--seconds", type=float, default=300, metavar="N", help="when to stop (default: 300)")
    parser.add_argument(
        "--iterations", type=_positive, default=5, metavar="N", help="timed runs of a choice (default: 5)"
    )
    return parser.parse_args()


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def cpu_name() -> str:
    """The model of this machine's CPU."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def main() -> int:
    """0, or 2 after an error."""
    args = parse_arguments()
    cpu = cpu_name()
    try:
        read_entries(args.spec)
        operations = find_operations(args.program, args.function)
        inputs = tuple(args.input) if args.input else random_inputs(args.program, args.function)
        program = Program(args.program, args.function, args.threads, inputs, args.iterations)
        measurements = Measurements(args.spec.with_name(args.spec.name + ".jsonl"), program.key(cpu))
        before = len(measurements.found)

        def improved(choice: Choice, milliseconds: float) -> None:
            write_spec(args.spec, make_entry(operations, choice), cpu)

        best, least, default = search(program, operations, measurements, cpu, args.seconds, improved)
        progress("")
        entry = make_entry(operations, best)
        write_spec(args.spec, entry, cpu)
    except (ToolError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    print(f"{len(measurements.found) - before} choices measured now, {before} before")
    print(f"default {default:.3f} ms, tuned {least:.3f} ms ({default / least:.2f}×)")
    for name, options in entry.strategies:
        if any(op.name == name for op in operations):
            print(f"bpt.{name}: #bpt.strategy<{options}>")
    return 0


if __name__ == "__main__":
    sys.exit(main())
