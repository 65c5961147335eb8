"""`python -m bpt.paper_models`: the longest contexts that the paper's models would
train, by method. Nothing is run: this is what the compiler plans.

A training step holds its state (parameters, gradients, two moments) and what the
memory plan of its gradient says. Eight devices hold an eighth of the state each, as
when it is sharded, and beside it, whole, the parameters and the gradients of the
layer at work, or of the vocabulary if that is larger; each trains a sequence of its
own. All layers are equal, so that two depths that are planned tell every other.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from pathlib import Path
from typing import Any

import bpt
from bpt.memory_study import GRAIN, Sizes, compile_gradient, find_longest, longest_of
from bpt.tools import progress
from bpt.training import METHODS

GB = 1e9
MODELS = {
    "1B": Sizes(24, 2048, 16, 50432, "bf16"),
    "3B": Sizes(32, 2560, 32, 50432, "bf16"),
    "7B": Sizes(32, 4096, 32, 50432, "bf16"),
    "13B": Sizes(40, 5120, 40, 50432, "bf16"),
    "30B": Sizes(48, 7168, 56, 50432, "bf16"),
    "70B": Sizes(80, 8192, 64, 50432, "bf16"),
}
"""Sizes of the published code: the hidden width is four times the embedding's."""

SHALLOW = (2, 3)
"""Depths that are planned."""


class Plan:
    """What one gradient of a model holds, by a method; functions of any length are
    compiled once, and tell for each."""

    def __init__(self, sizes: Sizes, method: str, threads: int) -> None:
        self.sizes, self.method = sizes, method
        self._gradients = []
        for layers in SHALLOW:
            progress(f"{method}: {layers} layers of {sizes.embed} ...")
            shallow = dataclasses.replace(sizes, layers=layers)
            self._gradients.append(compile_gradient(shallow, method, None, threads))
            progress("")

    def _of_all_layers(self, low: int, high: int) -> int:
        return low + (high - low) * (self.sizes.layers - SHALLOW[0]) // (SHALLOW[1] - SHALLOW[0])

    def planned(self, seq: int) -> dict[str, Any]:
        """As a point of `bpt.memory_study`."""
        rows = dict.fromkeys(("tokens", "labels", "cotangent"), (1, seq))
        low, high = (gradient.plan_bytes(**rows) for gradient in self._gradients)
        if low is None or high is None:
            raise bpt.Error(f"{self.method} at {seq} tokens has no memory plan")
        return {"method": self.method, "seq": seq, "planned_bytes": self._of_all_layers(low, high)}

    def state_bytes(self, devices: int) -> int:
        """Of one device."""
        (low, whole), (high, _) = map(_count_state, self._gradients)
        state = self._of_all_layers(low, high)
        return state if devices == 1 else state // devices + whole


def _count_state(gradient: bpt.Function) -> tuple[int, int]:
    """(bytes of parameters, gradients and moments; of parameters and gradients of
    the layer, or of the vocabulary, that has most)."""
    state = 0
    parts: dict[str, int] = {}
    for argument in gradient.arguments:
        name = argument.name.removeprefix("gradient.")
        if argument.dtype.kind == "i" or name == "cotangent":
            continue
        count = math.prod(size or 0 for size in argument.shape)
        # There are as many moments, in f32, as gradients, twice.
        state += count * argument.dtype.itemsize + (8 * count if name != argument.name else 0)
        part = ".".join(name.split(".")[:2])
        parts[part] = parts.get(part, 0) + count * argument.dtype.itemsize
    return state, max(parts.values())


def longest(plan: Plan, memory: float, devices: int, limit: int) -> tuple[int, int]:
    """(the longest context that fits, or 0; bytes of the state on each device)."""
    state = plan.state_bytes(devices)
    budget = memory - state
    if budget <= 0:
        return 0, state
    points = find_longest(plan.planned, budget, 8 * GRAIN, limit)
    return longest_of(points, plan.method, budget), state


def main() -> int:
    """0, or 1 after an error."""
    parser = argparse.ArgumentParser(prog="python -m bpt.paper_models", description=__doc__)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS), help="all")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS), help="all")
    parser.add_argument("--memory", type=float, default=80.0, help="GB of a device; 80")
    parser.add_argument("--devices", nargs="+", type=int, default=[1, 8], help="numbers of them; 1 and 8")
    parser.add_argument("--threads", type=int, default=8, help="that have blocks of their own; 8")
    parser.add_argument("--longest", type=int, default=1 << 24, help="no longer context is tried; 16777216")
    parser.add_argument("--out", type=Path, help="a file for the numbers, as JSON")
    arguments = parser.parse_args()
    if arguments.memory <= 0 or min([*arguments.devices, arguments.threads]) < 1 or arguments.longest < 8 * GRAIN:
        parser.error(f"--memory, --devices and --threads must be positive, --longest at least {8 * GRAIN}")
    rows = []
    print(f"Computed, not measured: contexts that {arguments.memory:g} GB a device would train.\n")
    print("| model | devices | state, GB | " + " | ".join(arguments.methods) + " |")
    print("|---|---|---|" + "---|" * len(arguments.methods))
    try:
        for model in arguments.models:
            plans = {method: Plan(MODELS[model], method, arguments.threads) for method in arguments.methods}
            for devices in arguments.devices:
                found = {m: longest(p, arguments.memory * GB, devices, arguments.longest) for m, p in plans.items()}
                state = next(iter(found.values()))[1]
                cells = [str(seq) if seq else "none" for seq, _ in found.values()]
                if state >= arguments.memory * GB:
                    cells = ["the state does not fit"] + [""] * (len(cells) - 1)
                print(f"| {model} | {devices} | {state / GB:.1f} | " + " | ".join(cells) + " |", flush=True)
                rows.append({"model": model, "devices": devices, "state_bytes": state,
                             "contexts": {m: seq for m, (seq, _) in found.items()}})  # fmt: skip
    except bpt.Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
