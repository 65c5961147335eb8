"""Measurements as a table and as a plot."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any, Sequence

from bpt.bench.measure import BOUND

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
        if bound := entry["bound"]:
            cells = f"{bound['speedup']:.2f}×", f"{bound['rel_error']:.1e}", f"{bound['workspace_bytes'] / 1e6:.1f}"
            lines.append(_row("", BOUND, bound, *cells))
        for name, peer in entry["peers"].items():
            lines.append(_row("", name, peer, f"{peer['speedup']:.2f}×", f"{peer['rel_error']:.1e}", ""))
        for name, bound in entry["bounds"].items():
            cells = ["", f"*{name}*", f"{bound['median_ms']:.1f}", f"{bound['min_ms']:.1f}–{bound['max_ms']:.1f}"]
            lines.append("| " + " | ".join([*cells, "", "", f"{bound['share']:.0%} of its rate", "", ""]) + " |")
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


def plot(entries: Sequence[dict[str, Any]], path: Path) -> None:
    """Bars of GFLOP/s, one group per case, and the peak; PNG or SVG by the suffix."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 0.6 + 0.35 * sum(3 + len(entry["peers"]) for entry in entries)))
    colors: dict[str, str] = {}
    labels: list[tuple[float, str]] = []
    y = 0.0
    for entry in entries:
        labels.append((y, entry["case"]))
        y += 1
        bound = {BOUND: entry["bound"]} if entry["bound"] else {}
        for name, times in {"BPT": entry["bpt"], **bound, **entry["peers"]}.items():
            known = name in colors
            color = colors.setdefault(name, f"C{len(colors)}")
            axes.barh(y, times["gflops"], color=color, label=None if known else name)
            axes.text(times["gflops"], y, f" {times['median_ms']:.3g} ms", va="center", fontsize=7)
            y += 1
    peaks = [entry["peak_gflops"] for entry in entries if entry["peak_gflops"]]
    if peaks:
        axes.axvline(statistics.median(peaks), color="gray", linestyle="--", linewidth=1, label="peak, measured")
    for at, text in labels:
        axes.text(0, at, text, va="center", fontsize=8)
    axes.set(xlabel="GFLOP/s", yticks=[])
    axes.invert_yaxis()
    axes.legend(fontsize=8, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
