"""Counters of kernels as a table: a column each."""

from __future__ import annotations

from typing import Any, Callable

Kernel = dict[str, Any]
Row = Callable[[dict[str, Any], Kernel], str]

# The pipes of the model whose work is always zero here are left out.
PIPES = ("tensor", "shared memory", "special", "float", "alu", "global memory", "issue")


def markdown(entries: list[dict[str, Any]]) -> str:
    columns = [(entry, who, kernel) for entry in entries for who, kernel in entry["kernels"].items()]
    classes = {
        name.partition(".")[2]: sum(kernel["counters"][name] for _, _, kernel in columns)
        for name in columns[0][2]["counters"]
        if name.startswith("warp_instructions.")
    }
    rows: list[tuple[str, Row]] = [
        ("grid, threads", lambda e, k: f"{'×'.join(map(str, k['grid']))}, {k['block'][0]}"),
        ("registers; spilled bytes", _registers),
        ("shared memory, bytes", lambda e, k: f"{k['shared_bytes']:,}"),
        ("warps a multiprocessor (limit)", _occupancy),
        ("tensor operations, of those needed", lambda e, k: f"{_tensor_share(e, k):.0%}"),
        ("exponentials, of the scores needed", lambda e, k: f"{k['counters']['exponentials'] / _scores(e):.0%}"),
        ("warp instructions a tile", lambda e, k: _per_tile(e, k, "warp_instructions")),
    ]
    for name in sorted(classes, key=lambda name: -classes[name]):
        if classes[name]:
            rows.append((f"– {name}", _class_row(name)))
    rows += [
        ("barriers of a block", lambda e, k: f"{k['counters']['barriers'] / _blocks(k):.0f}"),
        ("asynchronous copies, of global loads", _async_share),
        ("global loads, bytes of a sector used", lambda e, k: _sector_use(k, "load")),
        ("global stores, bytes of a sector used", lambda e, k: _sector_use(k, "store")),
        ("global loads, MB", lambda e, k: f"{k['counters']['global_load_bytes'] / 1e6:.1f}"),
        ("bank conflicts: ldmatrix", lambda e, k: _conflicts(k, "ldmatrix")),
        ("bank conflicts: cp.async", lambda e, k: _conflicts(k, "cp.async")),
        ("bank conflicts: other loads and stores", lambda e, k: _conflicts(k, "")),
    ]
    for pipe in PIPES:
        rows.append((f"*{pipe}, cycles (of the bound)*", _pipe_row(pipe)))
    rows += [
        ("*bound by*", lambda e, k: f"**{k['model']['bound']}**"),
        ("*lower bound, µs*", lambda e, k: f"{k['model']['lower_bound_us']:.1f}"),
        ("error, relative to fp64", lambda e, k: f"{k['rel_error']:.1e}"),
    ]
    lines = [
        "| | " + " | ".join(f"{entry['case']}: {who}" for entry, who, _ in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for title, row in rows:
        lines.append(f"| {title} | " + " | ".join(row(entry, kernel) for entry, _, kernel in columns) + " |")
    return "\n".join(lines) + "\n"


def _scores(entry: dict[str, Any]) -> float:
    """Pairs of a query and a key that the mask keeps."""
    seq = entry["seq"]
    return entry["heads"] * (seq * (seq + 1) / 2 if entry["causal"] else seq**2)


def _tensor_share(entry: dict[str, Any], kernel: Kernel) -> float:
    return kernel["counters"]["tensor_operations"] / (4 * _scores(entry) * entry["head_dim"])


def _blocks(kernel: Kernel) -> int:
    x, y, z = kernel["grid"]
    return x * y * z


def _per_tile(entry: dict[str, Any], kernel: Kernel, counter: str) -> str:
    """For 32 queries and 64 keys, so that kernels of any tiling compare."""
    return f"{kernel['counters'][counter] / (entry['heads'] * entry['seq'] ** 2 / (32 * 64)):.1f}"


def _class_row(name: str) -> Row:
    return lambda entry, kernel: _per_tile(entry, kernel, f"warp_instructions.{name}")


def _registers(entry: dict[str, Any], kernel: Kernel) -> str:
    if "registers" not in kernel:
        return "no ptxas"
    return f"{kernel['registers']}; {kernel['spill_bytes']}"


def _occupancy(entry: dict[str, Any], kernel: Kernel) -> str:
    model = kernel["model"]
    warps = -(-kernel["block"][0] // 32) * model["blocks_per_multiprocessor"]
    return f"{warps} ({model['occupancy_limit']})"


def _async_share(entry: dict[str, Any], kernel: Kernel) -> str:
    counters = kernel["counters"]
    return f"{counters['async_bytes'] / counters['global_load_bytes']:.0%}"


def _sector_use(kernel: Kernel, way: str) -> str:
    counters = kernel["counters"]
    return f"{counters[f'global_{way}_bytes'] / counters[f'global_{way}_sectors']:.0f} of 32"


def _conflicts(kernel: Kernel, opcode: str) -> str:
    """Wavefronts beyond what is needed; without an opcode, of the others."""
    named = ("ldmatrix", "cp.async")

    def belongs(text: str) -> bool:
        return opcode in text if opcode else not any(name in text for name in named)

    accesses = [access for access in kernel["accesses"] if "wavefronts" in access and belongs(access["text"])]
    ideal = sum(access["ideal_wavefronts"] for access in accesses)
    excess = sum(access["wavefronts"] for access in accesses) - ideal
    if not ideal:
        return "–"
    return f"{excess / ideal:.0%}" if excess else "none"


def _pipe_row(pipe: str) -> Row:
    def row(entry: dict[str, Any], kernel: Kernel) -> str:
        cycles = kernel["model"]["cycles"]
        return f"{cycles[pipe]:.0f} ({cycles[pipe] / max(cycles.values()):.0%})"

    return row
