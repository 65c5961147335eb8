"""The main loops of a kernel, and a model of the time that they take: a bound, and
no measurement (docs/gpu-counters.md, "From the disassembly")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bpt.bench.loops.disassembly import Function, Instruction
from bpt.bench.loops.flow import Flow, Loop, weigh_all
from bpt.bench.loops.pipes import (
    CLASSES,
    COPIES,
    PARTITIONS,
    Rates,
    classify,
    cycles,
    is_group_product,
    tensor_operations,
)

# After so many iterations one takes as long as the next: there are never as many
# groups of products in flight.
WARM_UP = 8


def _is_copy(instruction: Instruction) -> bool:
    return instruction.name in COPIES


def _is_exponential(instruction: Instruction) -> bool:
    return instruction.opcode.startswith("MUFU.EX2")


def _weigh(instruction: Instruction) -> tuple[float, float]:
    """Most iterations multiply all that one can, and copy."""
    return tensor_operations(instruction), _is_copy(instruction)


def main_loops(function: Function) -> tuple[list[Instruction], list[Instruction], int] | None:
    """An iteration of the loop that multiplies, one of the loop of the warps that
    copy, empty where there are none, and the length of the first loop with all that
    only some iterations do. None without a loop that multiplies."""
    flow = Flow(function)
    bodies = [(loop, flow.instructions_of(loop)) for loop in flow.loops]
    multiplying = [loop for loop, body in bodies if any(map(tensor_operations, body))]
    copying = [loop for loop, body in bodies if any(map(_is_copy, body)) and loop not in multiplying]

    def heaviest(loops: list[Loop]) -> tuple[Loop, list[Instruction]] | None:
        # Of equal ones the shortest: iterations with masks may have a loop of their own.
        innermost = [loop for loop in loops if not any(loop.contains(other) for other in loops)]
        iterations = [(loop, flow.iteration(loop, _weigh)) for loop in innermost]
        return max(iterations, key=lambda found: weigh_all(found[1], _weigh), default=None)

    main = heaviest(multiplying)
    if main is None:
        return None
    loop, iteration = main
    whole = flow.instructions_of(loop)
    copies = None if any(map(_is_copy, whole)) else heaviest(copying)
    return iteration, copies[1] if copies else [], len(whole)


@dataclass
class Schedule:
    """Of an iteration that a group of four warps executes by itself."""

    cycles: float
    exponentials_in_flight: int
    """Those that execute while a product does."""


def schedule(iteration: Sequence[Instruction], rates: Rates) -> Schedule | None:
    """An iteration with products in flight only where the code leaves them so: they
    run one after the other from where they are started, until a wait says that so
    many may be left. What lies between two such points takes as long as its busiest
    pipe. None where products are not of this kind."""
    if not any(map(is_group_product, iteration)):
        return None
    now = finish = 0.0
    in_flight: list[float] = []
    group: list[Instruction] = []
    segment: list[Instruction] = []
    ends = []
    hidden = 0

    def pass_segment() -> None:
        nonlocal now
        now += max(cycles(segment, rates).values())
        segment.clear()

    for _ in range(WARM_UP + 1):
        hidden = 0
        for instruction in iteration:
            if is_group_product(instruction):
                if not group:
                    pass_segment()
                    finish = max(finish, now)
                group.append(instruction)
                if "gsb0" in instruction.operands:
                    finish += max(cycles(group, rates).values())
                    in_flight.append(finish)
                    group.clear()
            elif wait := re.match(r"gsb0, (0x[0-9a-f]+)", instruction.operands):
                pass_segment()
                allowed = int(wait[1], 16)
                if len(in_flight) > allowed:
                    now = max(now, in_flight[len(in_flight) - allowed - 1])
                    in_flight = in_flight[len(in_flight) - allowed :]
            else:
                segment.append(instruction)
                hidden += _is_exponential(instruction) and bool(group or in_flight)
        pass_segment()
        ends.append(now)
    return Schedule(ends[-1] - ends[-2], hidden)


def describe(function: Function, rates: Rates | None, copied_bytes: float = 0) -> dict[str, Any] | None:
    """What the table and the JSON have of a kernel; None without products. In an
    iteration other warps write `copied_bytes` to shared memory for each of those that
    multiply."""
    found = main_loops(function)
    if found is None:
        return None
    iteration, copying, whole = found
    classes = Counter(map(classify, iteration))
    entry: dict[str, Any] = {
        "name": function.name,
        "registers": function.registers,
        "static_shared_bytes": function.shared_bytes,
        # setmaxnreg: warps that copy give registers to those that compute.
        "role_registers": sorted(
            {
                int(amount[0], 16)
                for i in function.instructions
                if i.name == "USETMAXREG" and (amount := re.findall(r"0x[0-9a-f]+", i.operands))
            }
        ),
        "spill_instructions": sum(i.name in ("LDL", "STL") for i in function.instructions),
        "spill_instructions_in_loop": sum(i.name in ("LDL", "STL") for i in iteration),
        "loop_instructions": whole,
        "instructions": len(iteration),
        "classes": {name: classes[name] for name in CLASSES},
        "exponentials": sum(map(_is_exponential, iteration)),
        "products": dict(Counter(i.opcode for i in iteration if classify(i) == "tensor")),
        "others": dict(Counter(i.name for i in iteration if classify(i) == "other")),
        "own_copies": dict(Counter(i.name for i in iteration if _is_copy(i))),
        "copy_instructions": len(copying),
        "copies": dict(Counter(i.name for i in copying if _is_copy(i))),
        "copy_classes": dict(Counter(map(classify, copying))),
    }
    if rates is None:
        return entry
    work = cycles(iteration, rates)
    work["shared memory"] += PARTITIONS * copied_bytes / rates.shared
    products = cycles(filter(is_group_product, iteration), rates)
    rest = cycles((i for i in iteration if classify(i) != "tensor"), rates)
    scheduled = schedule(iteration, rates)
    tensor = work["tensor"]
    overlapped = tensor / max(work.values())
    serial = tensor / (max(tensor, products["shared memory"]) + max(rest.values()))
    entry["model"] = {
        "gpu": rates.gpu,
        "cycles": work,
        "overlapped": overlapped,
        "scheduled": scheduled and min(overlapped, tensor / scheduled.cycles),
        "exponentials_in_flight": scheduled and scheduled.exponentials_in_flight,
        "serial": min(overlapped, serial),
    }
    return entry
