"""Kernels that nvcc compiled, as programs for bpt-runner and bpt-compile."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Sequence

KERNELS = Path(__file__).resolve().parents[3] / "test" / "Emulator" / "Kernels" / "Inputs"

# As attention.cu has them: queries of a block, and keys of a stage by head_dim.
QUERIES = 128
KEYS = {64: 64, 128: 32}


def attention(batch: int, seq: int, heads: int, head_dim: int, causal: bool) -> str:
    """`@main(q, k, v)` on `[batch, seq, heads, head_dim]` in bf16, launching the
    kernel of attention.cu."""
    if head_dim not in KEYS or seq % QUERIES:
        raise ValueError(f"attention.cu has head_dim 64 and 128, and multiples of {QUERIES} rows")
    return _program(
        (KERNELS / "attention.ptx").read_text(),
        f"attention{head_dim}{'_causal' if causal else ''}",
        shape=(batch, seq, heads, head_dim),
        names="qkv",
        scalars=[f"{seq} : i32", f"{heads} : i32", f"{head_dim**-0.5:.9e} : f32"],
        grid=(seq // QUERIES, heads, batch),
        threads=128,
        shared=2 * head_dim * (QUERIES + 4 * KEYS[head_dim]),
    )


def _program(
    ptx: str,
    kernel: str,
    shape: Sequence[int],
    names: str,
    scalars: Sequence[str],
    grid: tuple[int, int, int],
    threads: int,
    shared: int,
) -> str:
    """A host program of one launch: bf16 tensors of one shape, named by a
    letter each, the result, then scalars, are the kernel's parameters."""
    tensor = f"tensor<{'x'.join(map(str, shape))}xbf16>"
    signature = f"({', '.join([tensor] * len(names))}) -> {tensor}"
    args = ", ".join(f'"{name}"' for name in names)
    lines: list[str] = []
    values: dict[str, str] = {}

    def constant(text: str) -> str:
        if text not in values:
            values[text] = f"%c{len(values)}"
            lines.append(f"  {values[text]} = llvm.mlir.constant({text}) : {text.rpartition(' ')[2]}")
        return values[text]

    def word(value: int) -> str:
        return constant(f"{value} : i64")

    def slot(value: str, kind: str, name: str) -> str:
        lines.append(f"  %{name} = llvm.alloca {word(1)} x {kind} : (i64) -> !llvm.ptr")
        lines.append(f"  llvm.store {value}, %{name} : {kind}, !llvm.ptr")
        return f"%{name}"

    def store_at(base: str, index: int, value: str, kind: str, name: str) -> None:
        lines.append(f"  %{name} = llvm.getelementptr {base}[{index}] : (!llvm.ptr) -> !llvm.ptr, i64")
        lines.append(f"  llvm.store {value}, %{name} : {kind}, !llvm.ptr")

    slots = []
    for name in names:
        lines.append(f"  %{name}_field = llvm.getelementptr %{name}[1] : (!llvm.ptr) -> !llvm.ptr, i64")
        lines.append(f"  %{name}_data = llvm.load %{name}_field : !llvm.ptr -> !llvm.ptr")
        slots.append(slot(f"%{name}_data", "!llvm.ptr", f"{name}_slot"))
    size, alignment = word(2 * math.prod(shape)), word(256)
    lines.append(f"  %out = llvm.call @bptDeviceAlloc({size}, {alignment}) : (i64, i64) -> !llvm.ptr")
    slots.append(slot("%out", "!llvm.ptr", "out_slot"))
    for number, scalar in enumerate(scalars):
        slots.append(slot(constant(scalar), scalar.rpartition(" ")[2], f"scalar{number}"))
    lines.append(f"  %arguments = llvm.alloca {word(len(slots))} x !llvm.ptr : (i64) -> !llvm.ptr")
    for index, value in enumerate(slots):
        store_at("%arguments", index, value, "!llvm.ptr", f"argument{index}")
    launch = ", ".join([*map(word, (*grid, threads, 1, 1, 1, 1, 1, shared))])
    lines += [
        "  %ptx = llvm.mlir.addressof @ptx : !llvm.ptr",
        "  %module_name = llvm.mlir.addressof @module_name : !llvm.ptr",
        "  %kernel_name = llvm.mlir.addressof @kernel_name : !llvm.ptr",
        f"  %module = llvm.call @bptDeviceLoadModule(%ptx, {word(len(ptx))}, %module_name)"
        " : (!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr",
        "  %kernel = llvm.call @bptDeviceGetKernel(%module, %kernel_name) : (!llvm.ptr, !llvm.ptr) -> !llvm.ptr",
        f"  llvm.call @bptDeviceLaunch(%kernel, {launch}, %arguments)"
        f" : (!llvm.ptr, {', '.join(['i64'] * 10)}, !llvm.ptr) -> ()",
    ]
    # The descriptor of the result: two pointers, offset, sizes, strides.
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    store_at("%result", 0, "%out", "!llvm.ptr", "allocated")
    store_at("%result", 1, "%out", "!llvm.ptr", "aligned")
    for index, value in enumerate([0, *shape, *strides]):
        store_at("%result", 2 + index, word(value), "i64", f"field{index}")

    parameters = "".join(f", %{name}: !llvm.ptr" for name in names)
    return "\n".join([
        f'llvm.mlir.global private constant @ptx("{_escape(ptx)}") {{addr_space = 0 : i32}}',
        f'llvm.mlir.global private constant @module_name("{kernel}\\00") {{addr_space = 0 : i32}}',
        f'llvm.mlir.global private constant @kernel_name("{kernel}\\00") {{addr_space = 0 : i32}}',
        "llvm.func @bptDeviceAlloc(i64, i64) -> !llvm.ptr",
        "llvm.func @bptDeviceLoadModule(!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr",
        "llvm.func @bptDeviceGetKernel(!llvm.ptr, !llvm.ptr) -> !llvm.ptr",
        f"llvm.func @bptDeviceLaunch(!llvm.ptr, {', '.join(['i64'] * 10)}, !llvm.ptr)",
        f'llvm.func @main() attributes {{bpt.signature = {{args = [{args}], results = [""], type = {signature}}}}}'
        " { llvm.return }",
        f"llvm.func @_mlir_ciface_main(%result: !llvm.ptr{parameters}) {{",
        *lines,
        "  llvm.return",
        "}",
        "",
    ])  # fmt: skip


def _escape(text: str) -> str:
    """For a string of MLIR."""
    return "".join(c if c.isprintable() and c not in '"\\' else f"\\{ord(c):02X}" for c in text)
