"""What a search for a GPU's blocks prints."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from bpt.tune.gpu import GpuProgram
from bpt.tune.gpu_space import schedule_of
from bpt.tune.search import Measurements
from bpt.tune.space import Choice, Operation


def report(
    program: GpuProgram,
    operations: list[Operation],
    measurements: Measurements,
    before: int,
    best: Choice,
    default: Choice,
    spec: Path,
) -> str:
    what = "measured" if program.measures else "modelled"
    misfits = Counter(
        known["misfit"].partition(":")[0] for known in measurements.details.values() if "misfit" in known
    )
    lines = [
        f"{len(measurements.found) - before} choices {what} now, {before} before"
        + "".join(f"; {count} left out: {reason}" for reason, count in misfits.items()),
        _compare(program, measurements, best, default, spec),
    ]
    if not program.measures:
        lines.append("The times are a model's, of counts of the emulator, and no measurement.")
    for op in operations:
        options = ", ".join(f"{name} = {value}" for name, value in best.of(op).items())
        schedule = ", ".join(f"{name} = {value}" for name, value in schedule_of(best, op).items())
        lines.append(
            f"bpt.{op.name}: #bpt.strategy<{options}>" + (f", #bpt_tile.schedule<{schedule}>" if schedule else "")
        )
    for kernel in measurements.details[str(best)].get("kernels", []):
        if kernel["tensor_share"]:
            lines.append(_describe(kernel))
    return "\n".join(lines)


def _compare(
    program: GpuProgram, measurements: Measurements, best: Choice, default: Choice, spec: Path
) -> str:
    before, after = (measurements.found[str(choice)] or 0 for choice in (default, best))
    where = f"on {program.chip}" if program.measures else f"in a model of {program.chip}"
    return f"{spec}: default {1e3 * before:.3f} µs, tuned {1e3 * after:.3f} µs {where} ({before / after:.2f}×)"


def _describe(kernel: dict[str, Any]) -> str:
    registers = kernel["registers"]
    ptxas = f"{registers} registers, {kernel['spill_bytes']} bytes of spills" if registers else "no ptxas"
    return (
        f"{kernel['name']}: {kernel['threads']} threads, {ptxas}, {kernel['shared_bytes']} bytes of shared memory, "
        f"tensor cores busy {kernel['tensor_share']:.0%} (model)"
    )
