"""What a program's strategies can be: which operations, which sizes, which fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from bpt.tools import ToolError, run_tool

# Block sizes of every knob, in the order in which they are tried; 0: not cut.
KNOBS: dict[str, tuple[int, ...]] = {
    "rows": (64, 128, 256, 512, 1024, 2048),
    "keys": (64, 128, 256, 512),
    "score_rows": (0, 8, 16, 32, 64),
    "heads": (0, 1),
    "hidden": (256, 512, 768, 1024, 1536),
    "vocab": (256, 512, 1024, 2048),
}

# The knobs of an operation; of all others, the rows.
KNOBS_OF: dict[str, tuple[str, ...]] = {
    "attention": ("rows", "keys", "score_rows", "heads"),
    "feed_forward": ("rows", "hidden"),
    "cross_entropy": ("rows", "vocab"),
}

# The name that a dimension table gives the loop over rows.
ROWS_OF = {"attention": "query row"}

LINE = re.compile(r"bpt\.(\w+) .*bpt\.strategy = #bpt\.strategy<([^>]*)>")
TENSOR = re.compile(r"tensor<((?:\d+x|\?x)+)(\w+)>")


@dataclass(frozen=True)
class Operation:
    """An operation that the default strategy blocks."""

    name: str
    element: str
    shapes: tuple[tuple[int, ...], ...]
    """Of its inputs, −1 for a dynamic size."""
    strategy: tuple[tuple[str, str], ...]
    """The default."""
    features: frozenset[str] = frozenset()
    """The words before its groups of operands."""

    @property
    def rows(self) -> int:
        return self.shapes[0][1]

    def default(self, option: str) -> int:
        return int(dict(self.strategy).get(option, 0))


@dataclass(frozen=True)
class Caches:
    """Sizes in bytes."""

    level1: int = 32 << 10
    level2: int = 1 << 20

    @staticmethod
    def of_this_machine() -> Caches:
        """What the kernel says; what it does not say is as above."""
        sizes = {}
        for index in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
            try:
                kind, level, size = ((index / name).read_text().strip() for name in ("type", "level", "size"))
            except OSError:
                continue
            if kind != "Instruction" and size.endswith("K"):
                sizes[level] = int(size[:-1]) << 10
        return Caches(sizes.get("1", Caches.level1), sizes.get("2", Caches.level2))


def find_operations(program: Path, function: str, strategy: str = "cpu") -> list[Operation]:
    """Every kind of operation that the default strategy blocks in a function."""
    text = run_tool("bpt-opt", [program, f"--bpt-apply-strategy={strategy}"])
    body = re.search(rf"func\.func [^@]*@{re.escape(function)}\(.*?(?=\n  func\.func |\Z)", text, re.DOTALL)
    if not body:
        raise ToolError(f"{program} has no function @{function}")
    found: dict[tuple[str, str], Operation] = {}
    for match in LINE.finditer(body[0]):
        kind, strategy = match.groups()
        tensors = TENSOR.findall(match[0])
        shapes = tuple(
            tuple(-1 if size == "?" else int(size) for size in sizes[:-1].split("x")) for sizes, _ in tensors
        )
        parsed = tuple(tuple(part.strip() for part in option.split("=")) for option in strategy.split(","))
        features = frozenset(re.findall(r"(\w+)\(", match[0]))
        found.setdefault((kind, tensors[0][1]), Operation(kind, tensors[0][1], shapes, parsed, features))
    if not found:
        raise ToolError(f"@{function} has no operation that a strategy blocks")
    return list(found.values())


@dataclass(frozen=True)
class Choice:
    """A value for every knob of a program, by `operation.option`; `rows` is that
    of all operations, which share their loops."""

    values: tuple[tuple[str, int], ...]

    def get(self, name: str) -> int:
        return dict(self.values)[name]

    def replace(self, name: str, value: int) -> Choice:
        return Choice(tuple((n, value if n == name else v) for n, v in self.values))

    def of(self, operation: Operation) -> dict[str, str]:
        """The options of an operation's strategy: its default's, and the knobs."""
        options = dict(operation.strategy)
        for name, value in self.values:
            owner, _, option = name.rpartition(".")
            if owner not in ("", operation.name) or (not owner and option not in options):
                continue
            if value:
                options[option] = str(value)
            else:
                options.pop(option, None)
        return options

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in self.values)


def enough_rows(op: Operation) -> int:
    """The smallest block that has all rows, if there is one: larger ones are the
    same."""
    return next((value for value in KNOBS["rows"] if 0 < op.rows <= value), KNOBS["rows"][-1])


def default_choice(operations: list[Operation]) -> Choice:
    """The choice that the default strategy makes."""
    rows = [min(op.default("rows"), enough_rows(op)) for op in operations if op.default("rows")]
    values = [("rows", rows[0])] if rows else []
    for op in operations:
        alone = len(operations) == 1
        for option in KNOBS_OF.get(op.name, ()):
            # Heads are cut in a loop that is the operation's own.
            if option != "rows" and (option != "heads" or alone):
                values.append((f"{op.name}.{option}", op.default(option)))
    return Choice(tuple(dict(values).items()))


def neighbours(choice: Choice, knob: str, operations: list[Operation], caches: Caches) -> Iterator[Choice]:
    """The choice with every other value of one knob, of those that fit."""
    for value in KNOBS[knob.rpartition(".")[2]]:
        other = choice.replace(knob, value)
        if other != choice and all(fits(other, op, caches) for op in operations):
            yield other


def fits(choice: Choice, op: Operation, caches: Caches) -> bool:
    """Whether the blocks of an operation stay in the caches that they are meant
    for, and are not the same as those of another choice."""
    options = {name: int(value) for name, value in choice.of(op).items() if value.isdigit()}
    rows = options.get("rows", 0)
    if rows > enough_rows(op):
        return False
    if op.name == "attention":
        head_dim, keys = max(op.shapes[0][3], 1), options.get("keys", 0)
        score_rows = options.get("score_rows", 0)
        if score_rows >= rows:
            return False
        # The panels of a block of keys and its values, and what a row sums up.
        panels = 2 * keys * head_dim * 4
        scores = (score_rows or rows) * keys * 4
        return panels + scores <= caches.level2 and (not score_rows or scores <= caches.level1)
    if op.name == "feed_forward":
        hidden = op.shapes[1][1]
        block = options.get("hidden", 0)
        return (hidden < 0 or block < 2 * hidden) and rows * block * 4 <= 2 * caches.level2
    return True
