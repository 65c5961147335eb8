"""What the strategies of a program's kernels can be on a GPU."""

from __future__ import annotations

import itertools
from typing import Iterator

from bpt.tune.space import Choice, Operation

# Sizes of blocks, and what a schedule may leave out. How many warps a block has
# follows from its rows.
BLOCKS: dict[str, dict[str, tuple[int, ...]]] = {
    "attention": {
        "rows": (64, 128, 192),
        "keys": (32, 48, 64, 80, 96, 112, 128, 160, 192),
    },
    "attention_backward": {"rows": (64, 128, 192), "keys": (32, 48, 64, 80, 96, 128)},
    "linear": {"rows": (64, 128, 192, 256), "columns": (64, 128, 192, 256)},
    "feed_forward": {"rows": (64, 128, 192, 256), "columns": (64, 128, 192, 256)},
}
SCHEDULE = ("overlap", "ping_pong")

# Those whose warps have roles, so that a schedule has something to leave out.
CHIPS_WITH_ROLES = ("sm_90a",)


def schedule_knob(op: Operation, option: str) -> str:
    return f"{op.name}.schedule.{option}"


def default_choice(operations: list[Operation], chip: str) -> Choice:
    """The choice that the chip's own strategy makes."""
    values = []
    for op in operations:
        for option in BLOCKS[op.name]:
            values.append((f"{op.name}.{option}", op.default(option)))
        if chip in CHIPS_WITH_ROLES:
            values += [(schedule_knob(op, option), 1) for option in SCHEDULE]
    return Choice(tuple(values))


def extent(op: Operation, option: str) -> int:
    """The size of the dimension that is cut; −1 if it is dynamic."""
    if option == "rows":
        return op.rows
    return op.shapes[1][1] if option == "keys" else op.shapes[1][-1]


def sizes_of(op: Operation, option: str) -> tuple[int, ...]:
    """Those of a knob that differ: one that is large enough is as good as a larger."""
    sizes, size = BLOCKS[op.name][option], extent(op, option)
    enough = next((value for value in sizes if 0 < size <= value), sizes[-1])
    return tuple(value for value in sizes if value <= enough)


def blocks_of(choice: Choice, op: Operation) -> Iterator[Choice]:
    """The choice with every size of an operation's blocks, small ones first."""
    options = [*BLOCKS[op.name]]
    products = itertools.product(*(sizes_of(op, option) for option in options))
    for sizes in sorted(products, key=lambda sizes: (max(sizes), sum(sizes))):
        other = choice
        for option, size in zip(options, sizes):
            other = other.replace(f"{op.name}.{option}", size)
        yield other


def schedules_of(choice: Choice, op: Operation) -> Iterator[Choice]:
    """The choice with each part of an operation's schedule left out, or put back."""
    for name, value in choice.values:
        if name.startswith(f"{op.name}.schedule."):
            yield choice.replace(name, 1 - value)


def schedule_of(choice: Choice, op: Operation) -> dict[str, str]:
    """The options of the operation's schedule that are not the default."""
    start = f"{op.name}.schedule."
    left_out = {name.removeprefix(start): "false" for name, value in choice.values if name.startswith(start) and not value}
    # It takes the place of the chip's own, which leaves this out of attention as well.
    if left_out and op.name.startswith("attention"):
        left_out["persistent"] = "false"
    return left_out
