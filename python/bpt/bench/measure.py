"""Times a case and its peers in alternation."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Sequence

import numpy as np
from safetensors.numpy import load_file, save_file

from bpt.bench.case import Case, Compute, Unavailable
from bpt.tools import progress, run_json


# BPT with weights bound before, in tables.
BOUND = "BPT, weights bound"


class Mismatch(Exception):
    """A peer computes something else, so that its times mean nothing."""


def measure(case: Case, threads: int, rounds: int, iterations: int) -> dict[str, Any]:
    """One round runs bpt-runner, again with the weights bound before if the case has
    any, and then every peer, `iterations` times each after a warm-up; the results
    are the medians over the rounds' medians.

    Alternation in short rounds, since the machine's speed drifts. Results are
    compared before anything is timed.
    """
    with tempfile.TemporaryDirectory(prefix="bpt-bench-") as folder:
        work = Path(folder)
        (work / "case.mlir").write_text(case.ir)
        save_file(case.arguments, str(work / "arguments.safetensors"))
        command = [
            work / "case.mlir",
            f"--weights={work / 'arguments.safetensors'}",
            f"--function={case.function}",
            f"--threads={threads}",
        ]
        progress(f"{case.name}: comparing results")
        names = [f"result{i}" for i in range(case.results)]
        outputs = [f"--output=@{work / name}.safetensors#{name}" for name in names]

        def compute_once(*flags: str) -> list[np.ndarray]:
            run_json([*command, *outputs, *flags])
            return [load_file(work / f"{name}.safetensors")[name] for name in names]

        results = compute_once()
        peers, errors, missing = _prepare_peers(case, threads, results)
        bind = f"--bind={','.join(case.weights)}"
        if case.weights:
            errors[BOUND] = _check(case, BOUND, results, compute_once(bind))
        bounds = {name: prepare(case.arguments, threads) for name, prepare in case.bounds.items()}

        reports: list[dict[str, Any]] = []
        bound_reports: list[dict[str, Any]] = []
        times: dict[str, list[float]] = {name: [] for name in (*peers, *bounds)}
        for number in range(1, rounds + 1):
            progress(f"{case.name}: round {number} of {rounds}")
            timed = [*command, f"--benchmark={iterations}", "--memory-report"]
            reports.append(run_json(timed))
            if case.weights:
                bound_reports.append(run_json([*timed, bind]))
            for name, compute in (peers | bounds).items():
                times[name].append(_median_ms(compute, iterations))
        progress("")

    bpt = _summary([report["median_ms"] for report in reports], case.flops)
    peaks = [report["peak_gflops"] for report in reports if report.get("peak_gflops")]
    peak = statistics.median(peaks) if peaks else None
    entry: dict[str, Any] = {
        "case": case.name,
        "threads": threads,
        "flops": case.flops,
        "peak_gflops": peak,
        "bpt": bpt
        | {
            "compile_ms": statistics.median(report["compile_ms"] for report in reports),
            "workspace_bytes": max(report["workspace_bytes"] for report in reports),
            "roofline_share": bpt["gflops"] / peak if peak else None,
        },
        "bound": None,
        "peers": {},
        "bounds": {},
        "missing": missing,
    }

    def speedup(name: str) -> float:
        # Of the same round, so that drift cancels.
        return statistics.median(theirs / ours["median_ms"] for theirs, ours in zip(times[name], reports))

    if bound_reports:
        times[BOUND] = [report["median_ms"] for report in bound_reports]
        summary = _summary(times[BOUND], case.flops)
        entry["bound"] = summary | {
            "bind_ms": statistics.median(report["bind_ms"] for report in bound_reports),
            "workspace_bytes": max(report["workspace_bytes"] for report in bound_reports),
            "roofline_share": summary["gflops"] / peak if peak else None,
            "rel_error": errors[BOUND],
            "speedup": speedup(BOUND),
        }

    for name in peers:
        summary = _summary(times[name], case.flops)
        entry["peers"][name] = summary | {
            "roofline_share": summary["gflops"] / peak if peak else None,
            "rel_error": errors[name],
            "speedup": speedup(name),
        }
    for name in bounds:
        entry["bounds"][name] = _summary(times[name], case.flops) | {"share": speedup(name)}
    return entry


def _prepare_peers(
    case: Case, threads: int, results: Sequence[np.ndarray]
) -> tuple[dict[str, Compute], dict[str, float], dict[str, str]]:
    """The peers that there are, how far they are from `results`, and why others
    are missing."""
    peers: dict[str, Compute] = {}
    errors: dict[str, float] = {}
    missing: dict[str, str] = {}
    for name, prepare in case.peers.items():
        try:
            compute = prepare(case.arguments, threads)
            theirs = compute()
        except ModuleNotFoundError as error:
            missing[name] = f"no module {error.name}"
            continue
        except Unavailable as error:
            missing[name] = str(error)
            continue
        errors[name] = _check(case, name, results, theirs)
        peers[name] = compute
    return peers, errors, missing


def _check(case: Case, name: str, results: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> float:
    """The error of `theirs`, which must be a small one."""
    error = _largest_error(results, theirs)
    if not error <= case.max_error:
        raise Mismatch(f"{case.name}: {name} differs by {error:.1e}; at most {case.max_error:.0e} is the same")
    return error


def _largest_error(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> float:
    """The largest of relative Frobenius errors. A result that is small beside the
    others because what it sums cancels, as the gradient of a key's bias, is measured
    by a tenth of what it would be if its elements were as large as theirs."""
    theirs = [result.astype(np.float64) for result in theirs]
    size = sum(result.size for result in theirs)
    typical = np.sqrt(sum(np.sum(np.square(result)) for result in theirs) / size)
    return max(
        float(np.linalg.norm(our.astype(np.float64) - their))
        / max(float(np.linalg.norm(their)), 0.1 * typical * their.size**0.5)
        for our, their in zip(ours, theirs, strict=True)
    )


def _median_ms(compute: Compute, iterations: int) -> float:
    compute()
    times = []
    for _ in range(iterations):
        start = time.perf_counter()
        compute()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def _summary(rounds_ms: Sequence[float], flops: float) -> dict[str, Any]:
    median = statistics.median(rounds_ms)
    return {
        "median_ms": median,
        "min_ms": min(rounds_ms),
        "max_ms": max(rounds_ms),
        "rounds_ms": list(rounds_ms),
        "gflops": flops / median * 1e-6,
    }
