"""The file that a tuner writes: the default strategy, before which operations of
the sizes that were tuned get what was found."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from bpt.tools import ToolError
from bpt.tune.space import KNOBS_OF, ROWS_OF, Choice, Operation

MARK = "// bpt.tune: "


@dataclass(frozen=True)
class Entry:
    """What was found for a class of programs: those with so many rows, of an
    element type. Operations in one loop over rows must agree about them, so an
    entry has all operations that may be in one, also those that the program that
    was tuned has not; or one operation that has a loop of its own."""

    element: str
    rows: int
    """The lower bound of a class of row numbers, a power of two; −1: dynamic."""
    alone: bool
    strategies: tuple[tuple[str, str], ...]
    """Options by operation."""

    @property
    def key(self) -> tuple[object, ...]:
        names = [name for name, _ in self.strategies] if self.alone else []
        return self.element, self.rows, self.alone, *names


def make_entry(operations: list[Operation], choice: Choice) -> Entry:
    """What a choice says of programs like the one that was tuned."""
    # Words of an embedding are no elements.
    first = next((op for op in operations if op.name != "embedding"), operations[0])
    rows = first.rows if first.rows < 1 else 1 << (first.rows.bit_length() - 1)
    alone = len(operations) == 1
    strategies = {op.name: choice.of(op) for op in operations}
    if not alone:
        for name, options in default_strategies().items():
            strategies.setdefault(name, options | {"rows": str(choice.get("rows"))})
    return Entry(
        first.element,
        rows,
        alone,
        tuple((name, ", ".join(f"{k} = {v}" for k, v in options.items())) for name, options in strategies.items()),
    )


def render(entries: list[Entry], cpu: str) -> str:
    """The text of a spec."""
    sequences, pairs = [], []
    for entry in entries:
        for name, options in entry.strategies:
            number = len(pairs)
            sequences.append(_matcher(number, entry, name) + _action(number, options))
            pairs.append(f"        @is_tuned_{number} -> @block_tuned_{number},\n")
    head = f"// Tuned for {cpu} by python -m bpt.tune; after what it found, the default.\n"
    marks = [MARK + json.dumps(vars(entry)) + "\n" for entry in entries]
    text = default_text().replace(
        "  transform.named_sequence @", "".join(sequences) + "  transform.named_sequence @", 1
    )
    return head + "".join(marks) + text.replace("in %module\n", "in %module\n" + "".join(pairs), 1)


def _matcher(number: int, entry: Entry, name: str) -> str:
    lines = [f'transform.match.operation_name %op ["bpt.{name}"] : !transform.any_op']
    if name != "embedding":
        lines.append(f"transform.bpt.match.element_type %op [{entry.element}] : !transform.any_op")
    dimension = ROWS_OF.get(name, "row")
    lines.append(
        f'%rows = transform.bpt.match.size %op "{dimension}" : (!transform.any_op) -> !transform.param<i64>'
    )
    bounds = [("eq", -1)] if entry.rows < 0 else [("ge", entry.rows), ("lt", 2 * max(entry.rows, 1))]
    for predicate, value in bounds:
        lines.append(f"%{predicate} = transform.param.constant {value} : i64 -> !transform.param<i64>")
        lines.append(f"transform.match.param.cmpi {predicate} %rows, %{predicate} : !transform.param<i64>")
    if entry.alone:
        lines.append("transform.bpt.match.alone %op : !transform.any_op")
    lines.append("transform.yield %op : !transform.any_op")
    return (
        f"  transform.named_sequence @is_tuned_{number}(%op: !transform.any_op {{transform.readonly}}) "
        "-> !transform.any_op {\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"
    )


def _action(number: int, options: str) -> str:
    return (
        f"  transform.named_sequence @block_tuned_{number}(%op: !transform.any_op {{transform.readonly}}) {{\n"
        f"    %strategy = transform.param.constant #bpt.strategy<{options}> -> !transform.any_param\n"
        '    transform.annotate %op "bpt.strategy" = %strategy : !transform.any_op, !transform.any_param\n'
        "    transform.yield\n"
        "  }\n"
    )


def read_entries(path: Path) -> list[Entry]:
    """The entries of a spec that a tuner wrote."""
    if not path.exists():
        return []
    marks = [line.removeprefix(MARK) for line in path.read_text().splitlines() if line.startswith(MARK)]
    try:
        fields = [json.loads(mark) for mark in marks]
        entries = [Entry(**f | {"strategies": tuple(map(tuple, f["strategies"]))}) for f in fields]
    except (ValueError, TypeError, KeyError):
        entries = []
    if not entries:
        raise ToolError(f"{path} is not a spec that python -m bpt.tune wrote; it would be overwritten")
    return entries


def write_spec(path: Path, entry: Entry, cpu: str) -> None:
    """Adds an entry to those of the file, in place of the same one."""
    kept = [other for other in read_entries(path) if other.key != entry.key]
    part = path.with_name(path.name + ".part")
    part.write_text(render([entry, *kept], cpu))
    os.replace(part, path)


def default_text() -> str:
    """The default strategy for CPUs."""
    own = Path(__file__).resolve().parents[1] / "strategies" / "cpu.mlir"
    tree = Path(__file__).resolve().parents[3] / "lib/Dialect/BPT/Transforms/Strategies/cpu.mlir"
    for path in (own, tree):
        if path.exists():
            return path.read_text()
    raise ToolError(f"the default strategy is neither {own} nor {tree}")


def default_strategies() -> dict[str, dict[str, str]]:
    """What the default gives the operations that share loops over rows."""
    text = default_text()
    found: dict[str, dict[str, str]] = {}
    for matcher, action in re.findall(r"@(\w+) -> @(\w+),?", text):
        match = re.search(rf"@{matcher}\((?:.|\n)*?operation_name %op \[([^\]]*)\]", text)
        strategy = re.search(rf"@{action}\((?:.|\n)*?#bpt\.strategy<([^>]*)>", text)
        if not match or not strategy:
            continue
        options = dict(re.findall(r"(\w+) = (\w+)", strategy[1]))
        for name in re.findall(r"bpt\.(\w+)", match[1]):
            # Of the two of attention the last is that of a layer's.
            if "rows" in options and "chunk" not in options:
                found[name] = options
    return {name: options for name, options in found.items() if name in KNOBS_OF or set(options) == {"rows"}}
