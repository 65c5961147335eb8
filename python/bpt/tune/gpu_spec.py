"""The file that a tuner writes for a GPU: what was found, to be applied after the
strategy of the chip."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from bpt.tools import ToolError
from bpt.tune.gpu_space import schedule_of
from bpt.tune.space import Choice, Operation
from bpt.tune.spec import MARK

# Optional operands that ask for other blocks, as they are printed.
FEATURES: dict[str, dict[str, str]] = {
    "attention": {"seed": "seed"},
    "attention_backward": {"seed": "seed"},
    "feed_forward": {"w3": "gate"},
}

# Head dimensions of a class are as many multiples of this.
HEAD_DIM_UNIT = 32


@dataclass(frozen=True)
class GpuEntry:
    """What was found for operations of a kind, element type, head dimension and with
    the same operands, on a chip."""

    chip: str
    name: str
    element: str
    operands: tuple[str, ...]
    head_dim: int
    """The largest of its class; 0 for operations that have none."""
    strategy: str
    schedule: str
    measured: bool
    """On a device; else by a model."""

    @property
    def key(self) -> tuple[object, ...]:
        return self.name, self.element, self.operands, self.head_dim


def make_entries(operations: list[Operation], choice: Choice, chip: str, measured: bool) -> list[GpuEntry]:
    """What a choice says of operations like those that were tuned."""
    entries = []
    for op in operations:
        options = choice.of(op)
        is_attention = op.name.startswith("attention")
        width = op.shapes[2][3] if is_attention else 0
        entries.append(
            GpuEntry(
                chip,
                op.name,
                op.element,
                tuple(o for o, printed in FEATURES.get(op.name, {}).items() if printed in op.features),
                -(-width // HEAD_DIM_UNIT) * HEAD_DIM_UNIT,
                _join(options),
                _join(schedule_of(choice, op)),
                measured,
            )
        )
    return entries


def _join(options: dict[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in options.items())


def render(entries: list[GpuEntry]) -> str:
    """The text of a spec."""
    # What asks for more matches first.
    entries = sorted(entries, key=lambda entry: -len(entry.operands))
    sequences, pairs = [], []
    for number, entry in enumerate(entries):
        for operand in FEATURES.get(entry.name, {}):
            if operand not in entry.operands:
                matcher = f"is_tuned_{number}_with_{operand}"
                sequences.append(_matcher(matcher, entry, (operand,)))
                pairs.append(f"        @{matcher} -> @leave")
        sequences.append(_matcher(f"is_tuned_{number}", entry, entry.operands) + _action(number, entry))
        pairs.append(f"        @is_tuned_{number} -> @block_tuned_{number}")
    chip = entries[0].chip
    how = "on a GPU" if all(entry.measured for entry in entries) else "by a model, not a GPU, where measured is false"
    return (
        f"// Tuned for {chip} by python -m bpt.tune, {how}.\n"
        "// Applied after the strategy of the chip: --strategy=chip,FILE\n"
        + "".join(MARK + json.dumps(vars(entry)) + "\n" for entry in entries)
        + "module attributes {transform.with_named_sequence} {\n"
        "  transform.named_sequence @leave(%op: !transform.any_op {transform.readonly}) {\n"
        "    transform.yield\n"
        "  }\n"
        + "".join(sequences)
        + "  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.consumed}) {\n"
        "    %annotated = transform.foreach_match in %module\n"
        + ",\n".join(pairs)
        + "\n        : (!transform.any_op) -> !transform.any_op\n"
        "    transform.yield\n"
        "  }\n"
        "}\n"
    )


def _matcher(name: str, entry: GpuEntry, operands: tuple[str, ...]) -> str:
    lines = [
        f'transform.match.operation_name %op ["bpt.{entry.name}"] : !transform.any_op',
        f"transform.bpt.match.element_type %op [{entry.element}] : !transform.any_op",
    ]
    lines += [f'transform.bpt.match.operand %op "{operand}" : !transform.any_op' for operand in operands]
    if entry.head_dim:
        lines.append(
            '%width = transform.bpt.match.size %op "value head_dim" : (!transform.any_op) -> !transform.param<i64>'
        )
        for predicate, value in (("gt", entry.head_dim - HEAD_DIM_UNIT), ("le", entry.head_dim)):
            lines.append(f"%{predicate} = transform.param.constant {value} : i64 -> !transform.param<i64>")
            lines.append(f"transform.match.param.cmpi {predicate} %width, %{predicate} : !transform.param<i64>")
    lines.append("transform.yield %op : !transform.any_op")
    return (
        f"  transform.named_sequence @{name}(%op: !transform.any_op {{transform.readonly}}) "
        "-> !transform.any_op {\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"
    )


def _action(number: int, entry: GpuEntry) -> str:
    attributes = [("bpt.strategy", f"#bpt.strategy<{entry.strategy}>")]
    if entry.schedule:
        attributes.append(("bpt_tile.schedule", f"#bpt_tile.schedule<{entry.schedule}>"))
    lines = []
    for i, (name, value) in enumerate(attributes):
        lines.append(f"%{i} = transform.param.constant {value} -> !transform.any_param")
        lines.append(f'transform.annotate %op "{name}" = %{i} : !transform.any_op, !transform.any_param')
    return (
        f"  transform.named_sequence @block_tuned_{number}(%op: !transform.any_op {{transform.readonly}}) {{\n"
        + "".join(f"    {line}\n" for line in [*lines, "transform.yield"])
        + "  }\n"
    )


def read_entries(path: Path, chip: str) -> list[GpuEntry]:
    """The entries of a spec that a tuner wrote for the chip."""
    if not path.exists():
        return []
    marks = re.findall(rf"^{re.escape(MARK)}(.*)$", path.read_text(), re.MULTILINE)
    try:
        fields = [json.loads(mark) for mark in marks]
        entries = [GpuEntry(**f | {"operands": tuple(f["operands"])}) for f in fields]
    except (ValueError, TypeError, KeyError):
        entries = []
    if not entries:
        raise ToolError(f"{path} is not a spec that python -m bpt.tune wrote for a GPU; it would be overwritten")
    if entries[0].chip != chip:
        raise ToolError(f"{path} is a spec for {entries[0].chip}, and not for {chip}; say where else to write: -o")
    return entries


def write_spec(path: Path, entries: list[GpuEntry]) -> None:
    """Adds entries to those of the file, in place of the same ones."""
    keys = {entry.key for entry in entries}
    kept = [other for other in read_entries(path, entries[0].chip) if other.key not in keys]
    part = path.with_name(path.name + ".part")
    part.write_text(render([*entries, *kept]))
    os.replace(part, path)
