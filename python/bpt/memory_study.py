"""`python -m bpt.memory_study`: the longest context that trains within a budget of
memory, by method, and the peak against the length.

It is about one step's gradient: what it holds beyond parameters, gradients and
moments, which are the same for all methods. The compiler's plan, which is known
before anything runs, finds the longest context and gives the curve; contexts are then
measured, each in a process of its own, so that the system's count of its memory can
be compared as well.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np

import bpt
from bpt.tools import progress
from bpt.training import METHODS

GIB = 1 << 30
GRAIN = 128


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The model that is trained."""

    layers: int = 4
    embed: int = 512
    heads: int = 8
    vocab: int = 32768
    dtype: str = "f32"

    def ir(self, seq: int | None) -> str:
        """One sequence of that length, or of any, and the loss of its positions."""
        return bpt.generate(
            "model", batch=1, seq=seq, causal=True, loss=True, outline_layers=True, **dataclasses.asdict(self)
        )


def resident_bytes(field: str) -> int:
    """VmRSS, or VmHWM, of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def compile_gradient(sizes: Sizes, method: str, seq: int | None, threads: int | None = None) -> bpt.Function:
    """The gradient of the model's loss by all its parameters."""
    how = METHODS[method]
    module = bpt.run_passes(sizes.ir(seq), f"{how.passes}bpt-differentiate{{keep={how.keep} accumulate=true}}")
    return bpt.compile(module, "main_vjp", strategy=how.strategy, threads=threads)


def plan(sizes: Sizes, method: str, seq: int) -> dict[str, Any]:
    """What one gradient would hold."""
    progress(f"{method}: {seq} tokens, planned ...")
    planned = compile_gradient(sizes, method, seq).planned_bytes
    progress("")
    if planned is None:
        raise bpt.Error(f"{method} at {seq} tokens has no memory plan")
    return {"method": method, "seq": seq, "planned_bytes": planned}


def measure(sizes: Sizes, method: str, seq: int) -> dict[str, Any]:
    """One gradient, in this process."""
    began = time.perf_counter()
    gradient = compile_gradient(sizes, method, seq)
    compiled = time.perf_counter() - began
    rng = np.random.Generator(np.random.Philox(key=0))
    arguments = []
    for argument in gradient.arguments:
        if argument.dtype.kind == "i":
            arguments.append(rng.integers(0, sizes.vocab, argument.shape).astype(argument.dtype))
        elif argument.name == "cotangent":
            arguments.append(np.full(argument.shape, 1 / seq, argument.dtype))
        elif argument.name.startswith("gradient."):
            # Written, so that the system has given it before the measurement.
            arguments.append(np.full(argument.shape, 0, argument.dtype))
        else:
            arguments.append((0.02 * rng.standard_normal(argument.shape, np.float32)).astype(argument.dtype))
    before = resident_bytes("VmRSS")
    # Forgets the highest so far; where that is not allowed, it counts as well.
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    began = time.perf_counter()
    losses = gradient(*arguments)
    seconds = time.perf_counter() - began
    return {
        "method": method,
        "seq": seq,
        "planned_bytes": gradient.planned_bytes,
        "workspace_bytes": gradient.workspace_bytes,
        "resident_bytes": resident_bytes("VmHWM") - before,
        "seconds": seconds,
        "compile_seconds": compiled,
        "loss": float(losses.astype(np.float64).mean()),
    }


def measure_apart(sizes: Sizes, method: str, seq: int) -> dict[str, Any]:
    """The same in a process of its own."""
    progress(f"{method}: {seq} tokens ...")
    task = json.dumps({"sizes": dataclasses.asdict(sizes), "method": method, "seq": seq})
    done = subprocess.run(
        [sys.executable, "-m", "bpt.memory_study", "--measure", task], capture_output=True, text=True
    )
    progress("")
    if done.returncode:
        raise bpt.Error(f"{method} at {seq} tokens: {done.stderr.strip() or f'exit code {done.returncode}'}")
    point: dict[str, Any] = json.loads(done.stdout)
    print(
        f"{method:21s} {seq:8d} tokens  {point['planned_bytes'] / 1e6:9.1f} MB planned  "
        f"{point['workspace_bytes'] / 1e6:9.1f} MB held  {point['resident_bytes'] / 1e6:9.1f} MB resident  "
        f"{point['seconds']:8.1f} s",
        flush=True,
    )
    return point


def predict(points: list[dict[str, Any]], budget: float) -> int:
    """Where the peak reaches the budget, by a parabola through the three points
    that are nearest to it; by a line through two, by twice one."""
    last = sorted(points, key=lambda point: abs(point["planned_bytes"] - budget))[:3]
    if len(last) < 2:
        return 2 * int(last[0]["seq"]) if last[0]["planned_bytes"] < budget else int(last[0]["seq"]) // 2
    lengths = np.array([point["seq"] for point in last], np.float64)
    peaks = np.array([point["planned_bytes"] for point in last], np.float64)
    terms = np.polyfit(lengths, peaks - budget, len(last) - 1)
    roots = [root.real for root in np.roots(terms) if abs(root.imag) < 1e-9 and root.real > 0]
    # The rising branch; a parabola that bends down within rounding is a line.
    nearest = float(lengths[0])
    return int(min(roots, key=lambda root: abs(root - nearest), default=2 * nearest))


def find_longest(
    plan_of: Callable[[int], dict[str, Any]], budget: float, shortest: int, longest: int
) -> list[dict[str, Any]]:
    """Plans, that of the longest context within the budget among them: to a grain,
    or a hundredth of it, unless it is `longest`."""
    points: list[dict[str, Any]] = []
    fits, fails, seq = 0, longest + GRAIN, shortest
    while True:
        width = fails - fits
        points.append(plan_of(seq))
        if points[-1]["planned_bytes"] <= budget:
            fits = max(fits, seq)
        else:
            fails = min(fails, seq)
        # Within a hundredth, there is no more to find.
        if fails - fits <= max(GRAIN, fits // 100):
            return points
        if len(points) < 3 and fails > longest:
            seq = 2 * seq
        elif len(points) > 3 and fails - fits > width // 2:
            # The curve has a bend there, and predictions creep towards it.
            seq = (fits + fails) // 2
        else:
            seq = predict(points, budget)
        seq = min(max(seq // GRAIN * GRAIN, fits + GRAIN), fails - GRAIN)


def longest_of(points: list[dict[str, Any]], method: str, budget: float) -> int:
    """The longest context of a method that the plan has within the budget, or 0."""
    return max((p["seq"] for p in points if p["method"] == method and p["planned_bytes"] <= budget), default=0)


def study(
    sizes: Sizes, method: str, budget: float, shortest: int, longest: int, measured: int
) -> list[dict[str, Any]]:
    """Plans up to the budget, doubling, and measurements of so many contexts from the
    shortest to the longest, which are about as far apart as each other."""
    points = find_longest(functools.partial(plan, sizes, method), budget, shortest, longest)
    end = longest_of(points, method, budget)
    seq = shortest
    while seq < end:
        if all(p["seq"] != seq for p in points):
            points.append(plan(sizes, method, seq))
        seq *= 2
    print(f"{method:21s} {end:8d} tokens are within the budget as planned", flush=True)
    for seq in sorted({round(s) // GRAIN * GRAIN for s in np.geomspace(shortest, end, measured)}) if end else []:
        points = [p for p in points if p["seq"] != seq]
        points.append(measure_apart(sizes, method, seq))
    return points


def write_table(path: Path, sizes: Sizes, budget: float, points: list[dict[str, Any]]) -> str:
    """Markdown: the longest of each method, then all points."""
    longest = {method: longest_of(points, method, budget) for method in METHODS}
    lines = [
        f"{sizes.layers} layers, {sizes.embed} wide, {sizes.heads} heads, {sizes.vocab} words, {sizes.dtype}; "
        f"{budget / GIB:g} GiB beyond parameters, gradients and moments, as planned.",
        "",
        "| method | longest context | to vanilla |",
        "|---|---|---|",
    ]
    for method, seq in longest.items():
        if seq:
            ratio = f"{seq / longest['vanilla']:.1f}" if longest["vanilla"] else ""
            lines.append(f"| {method} | {seq} | {ratio} |")
    lines += ["", "| method | tokens | planned, MB | held, MB | resident, MB | seconds |", "|---|---|---|---|---|---|"]
    for p in sorted(points, key=lambda point: (list(METHODS).index(point["method"]), point["seq"])):
        measured = "| | |"
        if "seconds" in p:
            measured = f"{p['workspace_bytes'] / 1e6:.1f} | {p['resident_bytes'] / 1e6:.1f} | {p['seconds']:.1f} |"
        lines.append(f"| {p['method']} | {p['seq']} | {p['planned_bytes'] / 1e6:.1f} | {measured}")
    text = "\n".join(lines) + "\n"
    path.write_text(text)
    return text


def plot(folder: Path, budget: float, points: list[dict[str, Any]]) -> None:
    """memory.svg and memory.png."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for method in METHODS:
        own = sorted((p["seq"], p["planned_bytes"] / GIB) for p in points if p["method"] == method)
        measured = [(p["seq"], p["workspace_bytes"] / GIB) for p in points if p["method"] == method and "seconds" in p]
        if own:
            (line,) = axes.plot(*zip(*own), label=method)
        if measured:
            axes.plot(*zip(*measured), marker="o", linestyle="", color=line.get_color())
    axes.axhline(budget / GIB, color="gray", linestyle="--", linewidth=1, label="budget")
    axes.set(xscale="log", yscale="log", xlabel="context, tokens", ylabel="peak of a training step, GiB")
    axes.set_title("A training step: planned (lines) and measured (dots)")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    figure.tight_layout()
    for suffix in ("svg", "png"):
        figure.savefig(folder / f"memory.{suffix}", dpi=150)
    pyplot.close(figure)


def main() -> int:
    """0, or 1 after an error."""
    parser = argparse.ArgumentParser(prog="python -m bpt.memory_study", description=__doc__)
    for field in dataclasses.fields(Sizes):
        kind = type(field.default)
        parser.add_argument(f"--{field.name}", type=kind, default=field.default, help=f"of the model; {field.default}")
    parser.add_argument("--budget", type=float, default=2.0, help="GiB; 2")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS), help="all")
    parser.add_argument("--shortest", type=int, default=512, help="the first context; 512")
    parser.add_argument("--longest", type=int, default=1 << 20, help="no longer context is tried; 1048576")
    parser.add_argument("--measured", type=int, default=3, help="how many contexts of each method are measured; 3")
    parser.add_argument("--out", type=Path, default=Path("memory-study"), help="a folder; memory-study")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        task = json.loads(arguments.measure)
        print(json.dumps(measure(Sizes(**task["sizes"]), task["method"], task["seq"])))
        return 0
    sizes = Sizes(**{field.name: getattr(arguments, field.name) for field in dataclasses.fields(Sizes)})
    if not 0 < arguments.shortest <= arguments.longest or arguments.budget <= 0:
        parser.error("the budget and --shortest must be positive, and --shortest at most --longest")
    if arguments.measured < 0:
        parser.error("--measured must not be negative")
    arguments.out.mkdir(parents=True, exist_ok=True)
    points: list[dict[str, Any]] = []
    budget = arguments.budget * GIB
    try:
        for method in arguments.methods:
            points += study(sizes, method, budget, arguments.shortest, arguments.longest, arguments.measured)
            # What has been measured stays if the next takes too long.
            (arguments.out / "memory.json").write_text(json.dumps(points, indent=1) + "\n")
    except bpt.Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n" + write_table(arguments.out / "memory.md", sizes, budget, points))
    plot(arguments.out, budget, points)
    print(f"{arguments.out}/memory.svg, memory.png, memory.md and memory.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
