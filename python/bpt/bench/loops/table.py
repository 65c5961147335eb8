"""Main loops as a table: a column for each kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpt.bench.loops.pipes import CLASSES, PIPES

Entry = dict[str, Any]


def markdown(entries: list[Entry]) -> str:
    rows: list[tuple[str, Callable[[Entry], str]]] = [
        ("threads", lambda e: _or_unknown(e.get("threads"))),
        ("registers (warps that copy, compute)", _registers),
        ("spills: bytes; instructions (in the loop)", _spills),
        ("shared memory, bytes", lambda e: _or_unknown(e.get("shared_bytes"))),
        ("buffers", lambda e: _count(e.get("buffers") or [])),
        ("products", lambda e: ", ".join(f"{n} {opcode}" for opcode, n in e["products"].items())),
        ("instructions (with what some iterations do)", lambda e: f"{e['instructions']} ({e['loop_instructions']})"),
    ]
    rows += [(f"– {name}", _class_row(name)) for name in CLASSES]
    rows += [
        ("exponentials (while a product runs)", _exponentials),
        ("copies in the loop", lambda e: _copies(e["own_copies"])),
        ("loop of the warps that copy: instructions", lambda e: str(e["copy_instructions"] or "–")),
        ("– copies", lambda e: _copies(e["copies"])),
    ]
    if any(entry.get("model") for entry in entries):
        rows += [(f"*{pipe}, cycles (of the bound)*", _pipe_row(pipe)) for pipe in PIPES]
        rows += [
            ("*tensor busy, if all pipes overlap*", _share_row("overlapped")),
            ("*tensor busy, as one warpgroup is scheduled*", _share_row("scheduled")),
            ("*tensor busy, if nothing overlaps products*", _share_row("serial")),
        ]
    lines = [
        "| | " + " | ".join(entry["title"] for entry in entries) + " |",
        "|---|" + "---:|" * len(entries),
    ]
    for title, row in rows:
        lines.append(f"| {title} | " + " | ".join(map(row, entries)) + " |")
    return "\n".join(lines) + "\n"


def _or_unknown(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _count(items: list[str]) -> str:
    """Equal ones once, with their number."""
    counts = {item: items.count(item) for item in items}
    return ", ".join(f"{n} of {item}" if n > 1 else item for item, n in counts.items()) or "–"


def _registers(entry: Entry) -> str:
    roles = ", ".join(map(str, entry["role_registers"]))
    return _or_unknown(entry["registers"]) + (f" ({roles})" if roles else "")


def _spills(entry: Entry) -> str:
    instructions = f"{entry['spill_instructions']} ({entry['spill_instructions_in_loop']})"
    return f"{_or_unknown(entry.get('spilled_bytes'))}; {instructions}"


def _copies(copies: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in copies.items()) or "–"


def _exponentials(entry: Entry) -> str:
    hidden = (entry.get("model") or {}).get("exponentials_in_flight")
    return str(entry["exponentials"]) + (f" ({hidden})" if entry["exponentials"] and hidden is not None else "")


def _class_row(name: str) -> Callable[[Entry], str]:
    return lambda entry: str(entry["classes"][name])


def _pipe_row(pipe: str) -> Callable[[Entry], str]:
    def row(entry: Entry) -> str:
        cycles = entry["model"]["cycles"]
        return f"{cycles[pipe]:.0f} ({cycles[pipe] / max(cycles.values()):.0%})"

    return row


def _share_row(which: str) -> Callable[[Entry], str]:
    def row(entry: Entry) -> str:
        share = entry["model"][which]
        return "–" if share is None else f"{share:.0%}"

    return row
