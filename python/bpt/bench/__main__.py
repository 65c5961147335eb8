"""`python -m bpt.bench [SUITE...]`: BPT against PyTorch, IREE and OpenBLAS, on the
same arguments and processors, in alternation. PyTorch and IREE are left out where
they are not installed (`pip install torch`, `pip install iree-base-compiler
iree-base-runtime`)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

# They make OpenBLAS choose kernels of another machine.
MISLEADING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bpt.bench", description=__doc__)
    suites = (
        "gemm",
        "layer",
        "layer_gradient",
        "attention",
        "attention_gradient",
        "decode",
        "model",
        "feed_forward",
        "matmul",
    )
    parser.add_argument("suite", nargs="*", metavar="SUITE", help=f"{', '.join(suites)} (default: layer)")
    parser.add_argument(
        "--seq", type=_sizes, default=[2048], metavar="N,...", help="tokens (decode: keys); one case for each"
    )
    parser.add_argument("--embed", type=_positive, default=768, metavar="N")
    parser.add_argument("--heads", type=_positive, default=12, metavar="N")
    parser.add_argument("--ffn", type=_positive, default=3072, metavar="N", help="hidden units")
    parser.add_argument("--causal", action="store_true")
    parser.add_argument("--window", type=_positive, metavar="N", help="of attention alone; peers have none")
    parser.add_argument("--score", metavar="F", help="score region of attention alone, as bpt-gen has them; likewise")
    parser.add_argument("--layers", type=_positive, default=6, metavar="N", help="of the model (default: 6)")
    parser.add_argument("--vocab", type=_positive, default=8192, metavar="N", help="of the model (default: 8192)")
    parser.add_argument(
        "--dtype", choices=("f32", "bf16", "f16"), default="f32", help="element type of everyone (default: f32)"
    )
    parser.add_argument("--threads", type=_positive, default=1, metavar="N", help="of everyone (default: 1)")
    parser.add_argument("--rounds", type=_positive, default=5, metavar="N", help="alternations (default: 5)")
    parser.add_argument("--iterations", type=_positive, default=3, metavar="N", help="timed runs of a round")
    parser.add_argument("--no-pin", action="store_true", help="leave it to the system which processors threads run on")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all measurements")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the table (.svg or .png)")
    args = parser.parse_args()
    args.suite = args.suite or ["layer"]
    for suite in args.suite:
        if suite not in suites:
            parser.error(f"'{suite}' is no suite; there are {', '.join(suites)}")
    masked = [s for s in args.suite if not s.startswith("attention")]
    if masked and (args.window or args.score):
        parser.error(f"--window and --score are of attention alone, not of {masked[0]}")
    if args.embed % args.heads:
        parser.error(f"--embed={args.embed} is not a multiple of --heads={args.heads}")
    return args


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def _sizes(text: str) -> list[int]:
    return [_positive(size) for size in text.split(",")]


def main() -> int:
    args = parse_arguments()
    # Read when the libraries are loaded, hence the imports below.
    for name in MISLEADING:
        os.environ.pop(name, None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(args.threads)
    if not args.no_pin:
        # Everyone's threads, and bpt-runner's, on the same processors; the first
        # one has the system's interrupts.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-args.threads :])

    from bpt.bench.measure import Mismatch, measure
    from bpt.bench.report import markdown, plot
    from bpt.bench.suites import Sizes, make_cases
    from bpt.tools import ToolError

    entries = []
    try:
        lengths = [
            Sizes(
                seq,
                args.embed,
                args.heads,
                args.ffn,
                args.causal,
                args.window,
                args.score,
                args.layers,
                args.vocab,
                args.dtype,
            )
            for seq in args.seq
        ]
        for suite in args.suite:
            for case in make_cases(suite, lengths):
                entries.append(measure(case, args.threads, args.rounds, args.iterations))
        table = markdown(entries)
        if args.json:
            args.json.write_text(json.dumps({"machine": _machine(), "cases": entries}, indent=2) + "\n")
        if args.markdown:
            args.markdown.write_text(table)
        if args.plot:
            plot(entries, args.plot)
    except (ToolError, Mismatch, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1 if isinstance(error, Mismatch) else 2
    print(table, end="")
    return 0


def _machine() -> dict[str, object]:
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {"cpu": model, "processors": os.cpu_count()}


if __name__ == "__main__":
    sys.exit(main())
