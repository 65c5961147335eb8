"""Measures choices, and looks for better ones; what was measured is kept."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from bpt.tools import ToolError, progress, run_json, run_tool
from bpt.tune.space import Caches, Choice, Operation, default_choice, neighbours
from bpt.tune.spec import make_entry, render


@dataclass
class Measurements:
    """Milliseconds by choice, in a file to which every one is added at once: a
    search that was interrupted goes on where it was. `key` tells programs,
    machines and numbers of threads apart."""

    path: Path
    key: str
    found: dict[str, float | None] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What else is known of choices."""

    def __post_init__(self) -> None:
        if not self.path.exists():
            return
        for line in self.path.read_text().splitlines():
            # The last line may be torn.
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry["key"] == self.key:
                self.found[entry["choice"]] = entry["ms"]
                self.details[entry["choice"]] = entry.get("details", {})

    def add(self, choice: Choice, milliseconds: float | None, **details: Any) -> None:
        self.found[str(choice)] = milliseconds
        self.details[str(choice)] = details
        entry = {"key": self.key, "choice": str(choice), "ms": milliseconds}
        if details:
            entry["details"] = details
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


@dataclass(frozen=True)
class Program:
    """What is timed."""

    path: Path
    function: str
    threads: int
    inputs: tuple[str, ...]
    iterations: int

    def cpu(self) -> str:
        """LLVM's name of this machine's CPU, from a run with the default."""
        return str(self.run("cpu", 1)["cpu"])

    def key(self, cpu: str) -> str:
        text = self.path.read_text() + repr((self.function, self.threads, self.inputs, cpu))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def time(self, strategy: Path) -> float:
        """The median in milliseconds."""
        return float(self.run(strategy, self.iterations)["median_ms"])

    def run(self, strategy: Path | str, iterations: int) -> dict[str, Any]:
        """bpt-runner's report."""
        return run_json(
            [
                self.path,
                f"--function={self.function}",
                f"--strategy={strategy}",
                f"--threads={self.threads}",
                f"--benchmark={iterations}",
                *(f"--input={text}" for text in self.inputs),
            ]
        )


def random_inputs(program: Path, function: str) -> tuple[str, ...]:
    """A random tensor for every argument."""
    text = run_tool("bpt-opt", [program])
    header = re.search(rf"func\.func [^@]*@{re.escape(function)}\((.*)\) ->", text)
    types = re.findall(r"tensor<([^>]*)>", header[1]) if header else []
    if not types:
        raise ToolError(f"{program} has no function @{function} of tensors")
    if any("?" in text for text in types):
        raise ToolError(
            f"@{function} has dynamic sizes; say which to tune for, once per argument: "
            "--input=1x4096x12x64xf32=random:1"
        )
    return tuple(f"{text}=random:{number}" for number, text in enumerate(types, 1))


def search(
    program: Program,
    operations: list[Operation],
    measurements: Measurements,
    cpu: str,
    seconds: float,
    improved: Callable[[Choice, float], None],
) -> tuple[Choice, float, float]:
    """Knob by knob, the best value beside the others' best so far, until none is
    better or the time is over. Returns the best choice, its time and that of
    the default."""
    caches = Caches.of_this_machine()
    end = time.monotonic() + seconds
    measured = 0

    with tempfile.TemporaryDirectory(prefix="bpt-tune-") as folder:
        strategy = Path(folder) / "strategy.mlir"

        def measure(choice: Choice) -> float | None:
            nonlocal measured
            if str(choice) in measurements.found:
                return measurements.found[str(choice)]
            strategy.write_text(render([make_entry(operations, choice)], cpu))
            try:
                milliseconds: float | None = program.time(strategy)
            except ToolError:
                # Not every choice that fits can be made.
                milliseconds = None
            measured += 1
            measurements.add(choice, milliseconds)
            return milliseconds

        best = default_choice(operations)
        default = measure(best)
        if default is None:
            raise ToolError(f"{program.path} cannot be run with the default strategy")
        least = default
        better = True
        while better:
            better = False
            for knob, _ in best.values:
                for choice in neighbours(best, knob, operations, caches):
                    if time.monotonic() > end:
                        return best, least, default
                    progress(f"{measured} measured, best {least:.3f} ms of {default:.3f}: {choice}")
                    milliseconds = measure(choice)
                    # A difference that another measurement could undo is none.
                    if milliseconds is not None and milliseconds < 0.99 * least:
                        best, least, better = choice, milliseconds, True
                        improved(best, least)
    return best, least, default
