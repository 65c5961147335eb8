"""Measurements as a table."""

from __future__ import annotations

from typing import Any, Sequence

HEADER = [
    "| case | | median ms | spread ms | GFLOP/s | of peak | BPT is faster by | error | workspace MB |",
    "|---|---|---:|---:|---:|---:|---:|---:|---:|",
]


def markdown(entries: Sequence[dict[str, Any]]) -> str:
    """One row per case and who computed it; the spread is that of the rounds."""
    lines = list(HEADER)
    for entry in entries:
        bpt = entry["bpt"]
        lines.append(_row(entry["case"], "BPT", bpt, "", "", f"{bpt['workspace_bytes'] / 1e6:.1f}"))
        for name, peer in entry["peers"].items():
            lines.append(_row("", name, peer, f"{peer['speedup']:.2f}×", f"{peer['rel_error']:.1e}", ""))
        for name, reason in entry["missing"].items():
            lines.append(f"| | {name} | left out: {reason} | | | | | | |")
    return "\n".join(lines) + "\n"


def _row(case: str, who: str, times: dict[str, Any], speedup: str, error: str, workspace: str) -> str:
    share = times["roofline_share"]
    cells = [
        case,
        who,
        f"{times['median_ms']:.1f}",
        f"{times['min_ms']:.1f}–{times['max_ms']:.1f}",
        f"{times['gflops']:.0f}",
        f"{share:.0%}" if share else "",
        speedup,
        error,
        workspace,
    ]
    return "| " + " | ".join(cells) + " |"
