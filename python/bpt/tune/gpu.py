"""Looks for the best blocks of a GPU's kernels: of those within the budget, by a
model, or by time where there is a device."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from bpt.tools import ToolError, find_tool, progress, run_json
from bpt.tune.gpu_space import BLOCKS, CHIPS_WITH_ROLES, blocks_of, default_choice, schedules_of
from bpt.tune.gpu_spec import make_entries, render
from bpt.tune.model import is_sound, model_kernels
from bpt.tune.search import Measurements
from bpt.tune.space import Choice, Operation, find_operations

NO_TILE_PROGRAM = "no tile program"


@dataclass(frozen=True)
class Kernels:
    misfit: str
    """Why they are not those that a strategy means; empty if they are."""
    overlaps: bool = False
    """A product runs while its own warps compute, or their warps do not have roles."""


@dataclass(frozen=True)
class GpuProgram:
    """What is tuned."""

    path: Path
    function: str
    device: str
    chip: str
    inputs: tuple[str, ...]
    iterations: int

    @staticmethod
    def find_chip(path: Path, function: str, inputs: tuple[str, ...]) -> str:
        """That of the GPU."""
        flags = [f"--function={function}", "--device=cuda", *(f"--input={text}" for text in inputs)]
        return str(run_json([path, *flags])["chip"])

    @property
    def measures(self) -> bool:
        return self.device == "cuda"

    def key(self) -> str:
        text = self.path.read_text() + repr((self.function, self.device, self.chip, self.inputs))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def compile(self, strategy: str) -> Kernels:
        """As far as they are known before code is generated."""
        flags = f"--bpt-gpu-kernels=chip={self.chip} strategy={strategy}"
        remarks = ["--remarks-filter=bpt-gpu", "--remark-policy=all", "-o", "/dev/null"]
        done = subprocess.run(
            [find_tool("bpt-opt"), str(self.path), flags, *remarks], capture_output=True, text=True
        )
        if done.returncode:
            line = next((line for line in done.stderr.splitlines() if "error" in line), "no message")
            return Kernels(f"error: {line}")
        if found := re.search(r"op has blocks that do not fit: (.*)", done.stderr):
            return Kernels(f"over the budget: {found[1]}")
        if found := re.search(r"\[Missed\] NoTileProgram .*Remark=(.*)", done.stderr):
            return Kernels(f"{NO_TILE_PROGRAM}: {found[1]}")
        has_roles, overlaps = (f"[Passed] {name} " in done.stderr for name in ("WarpRoles", "Overlap"))
        return Kernels("", overlaps or not has_roles)

    def run(self, strategy: str, overlaps: bool) -> tuple[float, list[dict[str, Any]]]:
        """Milliseconds, and what is known of the kernels: timed on a device, else
        modelled."""
        command: list[str | Path] = [
            self.path,
            f"--function={self.function}",
            f"--device={self.device}",
            f"--strategy={strategy}",
            *(f"--input={text}" for text in self.inputs),
        ]
        if self.measures:
            return float(run_json([*command, f"--benchmark={self.iterations}"])["median_ms"]), []
        profile = run_json([*command, f"--chip={self.chip}", "--profile"])
        return model_kernels(profile["kernels"], overlaps)


def find_tunable(program: Path, function: str, chip: str) -> list[Operation]:
    """The operations of a function whose blocks have knobs."""
    strategy = "gpu,hopper" if chip in CHIPS_WITH_ROLES else "gpu"
    operations = [op for op in find_operations(program, function, strategy) if op.name in BLOCKS]
    if not operations:
        raise ToolError(f"@{function} has none of the operations that are tuned for a GPU: {', '.join(BLOCKS)}")
    return operations


def search_gpu(
    program: GpuProgram,
    operations: list[Operation],
    measurements: Measurements,
    seconds: float,
    improved: Callable[[Choice], None],
) -> tuple[Choice, Choice]:
    """Operation by operation, all blocks and then schedules, beside the best of the
    others so far. Returns the best choice and the default."""
    end = time.monotonic() + seconds
    number = len(measurements.found)

    with tempfile.TemporaryDirectory(prefix="bpt-tune-") as folder:
        file = Path(folder) / "strategy.mlir"
        unlike = False

        def measure(choice: Choice, strategy: str | None = None) -> None:
            nonlocal number
            if str(choice) in measurements.found:
                return
            number += 1
            progress(f"{number}: {choice}")
            if strategy is None:
                file.write_text(render(make_entries(operations, choice, program.chip, False)))
                strategy = f"chip,{file}"
            known = program.compile(strategy)
            # What no strategy makes a tile program is compared as it is.
            if known.misfit and not (unlike and known.misfit.startswith(NO_TILE_PROGRAM)):
                measurements.add(choice, None, misfit=known.misfit)
                return
            try:
                milliseconds, kernels = program.run(strategy, known.overlaps)
            except ToolError as error:
                measurements.add(choice, None, misfit=f"error: {error}")
                return
            measurements.add(choice, milliseconds, kernels=kernels, sound=is_sound(kernels))

        default = default_choice(operations, program.chip)
        unlike = program.compile("chip").misfit.startswith(NO_TILE_PROGRAM)
        measure(default, "chip")
        if measurements.found[str(default)] is None:
            raise ToolError(
                f"{program.path} cannot be run with the chip's strategy: "
                f"{measurements.details[str(default)].get('misfit')}"
            )
        best = default

        def consider(choice: Choice) -> bool:
            """False when the time is over."""
            nonlocal best
            if time.monotonic() > end and str(choice) not in measurements.found:
                return False
            measure(choice)
            if is_better(measurements, choice, best):
                best = choice
                improved(best)
            return True

        for op in operations:
            # The model does not see what a schedule makes overlap.
            for choices in (blocks_of, schedules_of) if program.measures else (blocks_of,):
                for choice in [*choices(best, op)]:
                    if not consider(choice):
                        return best, default
    return best, default


def is_better(measurements: Measurements, choice: Choice, best: Choice) -> bool:
    """Whether it takes less time; what spills comes behind all that does not."""
    if (milliseconds := measurements.found.get(str(choice))) is None:
        return False
    spills, best_spills = (
        not measurements.details[str(other)].get("sound", True) for other in (choice, best)
    )
    return (spills, milliseconds) < (best_spills, 0.99 * (measurements.found[str(best)] or 0))
