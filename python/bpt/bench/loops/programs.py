"""BPT's kernels as cubins: what is compiled, and with which options of passes."""

from __future__ import annotations

import math
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bpt.bench.loops.disassembly import Function, read_kernels, run_cuda_tool
from bpt.bench.loops.pipes import WARP_SIZE
from bpt.tools import ToolError, find_tool, run_tool

SCHEDULE = "bpt-gpu-schedule"
DISTRIBUTE = "bpt-distribute-to-lanes"

# Of bpt-gpu-schedule.
COPYING_WARPS = 4

# The function that bpt-differentiate adds.
GRADIENT = "main_vjp"


@dataclass(frozen=True)
class Program:
    """Model IR, and how it is compiled."""

    name: str
    gen: tuple[str, ...]
    function: str = "main"
    strategy: str = "chip"
    passes: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Options of passes, where they are others than the chip's."""

    def generate(self, work: Path) -> Path:
        source = work / "model.mlir"
        source.write_text(run_tool("bpt-gen", self.gen))
        if self.function == GRADIENT:
            flags = "--bpt-differentiate=function=main keep=attention"
            source.write_text(run_tool("bpt-opt", [source, flags]))
        return source


def attention(seq: int, head_dim: int, causal: bool) -> tuple[str, ...]:
    flags = ("attention", f"--seq={seq}", "--heads=16", f"--head-dim={head_dim}", "--dtype=bf16")
    return flags + ("--causal",) * causal


def usual_programs(seq: int) -> list[Program]:
    programs = [
        Program(f"attention, head dim {head_dim}{', causal' * causal}", attention(seq, head_dim, causal))
        for head_dim in (64, 128, 256)
        for causal in (False, True)
    ]
    programs += [
        Program(f"attention's gradient, head dim 128{', causal' * causal}", attention(seq, 128, causal), GRADIENT)
        for causal in (False, True)
    ]
    sizes = ("--seq=4096", "--embed=4096", "--ffn=4096", "--act=gelu_tanh", "--bias", "--dtype=bf16")
    return [*programs, Program("4096³, bias and GELU, then bias", ("feed_forward", *sizes))]


def steps(seq: int, head_dim: int) -> list[Program]:
    """What sm_90a brings, one thing after the other."""

    def step(
        name: str, strategy: str, wgmma: bool, warp_roles: bool, overlap: bool, turns: bool = False
    ) -> Program:
        schedule = {"warp-roles": warp_roles, "overlap": overlap, "ping-pong": turns}
        passes = {DISTRIBUTE: {"wgmma": wgmma}, SCHEDULE: schedule}
        return Program(name, attention(seq, head_dim, causal=False), strategy=strategy, passes=passes)

    return [
        step("products of warps", "gpu", wgmma=False, warp_roles=False, overlap=False),
        step("of warpgroups", "gpu", wgmma=True, warp_roles=False, overlap=False),
        step("larger blocks", "chip", wgmma=True, warp_roles=False, overlap=False),
        step("warps that copy", "chip", wgmma=True, warp_roles=True, overlap=False),
        step("a product during the softmax", "chip", wgmma=True, warp_roles=True, overlap=True),
        step("turns of warpgroups", "chip", wgmma=True, warp_roles=True, overlap=True, turns=True),
    ]


def make_pipeline(chip: str, program: Program) -> str:
    """The passes of bpt-gpu up to PTX, with the program's options."""
    flags = [f"--bpt-gpu=chip={chip} strategy={program.strategy}", "--dump-pass-pipeline"]
    dumped = _run_opt(["/dev/null", *flags]).stderr
    found = re.search(r"builtin\.module\(.*", dumped, re.DOTALL)
    if not found:
        raise ToolError("bpt-opt --dump-pass-pipeline printed no pipeline")
    pipeline = found[0]
    for name, options in program.passes.items():
        for option, value in options.items():
            setting = rf"({name}{{[^}}]*\b{option}=)\w+"
            pipeline, count = re.subn(setting, rf"\g<1>{str(value).lower()}", pipeline)
            if not count:
                raise ToolError(f"bpt-opt --bpt-gpu runs no {name} with an option {option}")
    # What follows is of the host.
    end = re.search(r"bpt-gpu-emit-ptx{[^}]*}", pipeline)
    if not end:
        raise ToolError("bpt-opt --bpt-gpu runs no bpt-gpu-emit-ptx")
    return pipeline[: end.end()] + ")"


@dataclass
class Kernel:
    function: Function
    info: dict[str, Any]
    """What the cubin does not say: threads, bytes of shared memory, buffers."""

    @property
    def copied_bytes_of_a_warp(self) -> float:
        """The share of one that computes in what warps that copy write."""
        copied = self.info.get("copied_bytes", 0)
        return copied / (self.info["threads"] / WARP_SIZE - COPYING_WARPS) if copied else 0


def compile_kernels(program: Program, chip: str, work: Path) -> list[Kernel]:
    """The kernels of a program's function."""
    modules, infos = lower(program, chip, work)
    kernels = []
    for number, text in enumerate(modules):
        ptx, cubin = work / f"{number}.ptx", work / f"{number}.cubin"
        ptx.write_text(text)
        spills = assemble(ptx, cubin, chip)
        for function in read_kernels(cubin, chip, rf"^{program.function}_\d+$"):
            info = infos.get(function.name, {}) | {"spilled_bytes": spills.get(function.name)}
            kernels.append(Kernel(function, info))
    return kernels


def lower(program: Program, chip: str, work: Path) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Modules of PTX, and what the cubin will not say of kernels."""
    done = _run_opt([
        program.generate(work),
        f"--pass-pipeline={make_pipeline(chip, program)}",
        f"--mlir-print-ir-after={SCHEDULE}",
        f"--mlir-print-ir-after={DISTRIBUTE}",
    ])  # fmt: skip
    modules = re.findall(r'assembly = "((?:[^"\\]|\\.)*)"', done.stdout)
    return list(map(_unescape, modules)), read_infos(done.stderr)


def read_infos(printed: str) -> dict[str, dict[str, Any]]:
    """Of what bpt-opt printed after the passes: buffers from the program that is
    scheduled, threads and bytes from the one that is distributed."""
    infos: dict[str, dict[str, Any]] = {}
    for dump in re.split(r"^// -----// IR Dump After ", printed, flags=re.MULTILINE)[1:]:
        scheduled = SCHEDULE in dump.partition("\n")[0]
        for text in re.split(r"^ *(?:gpu|llvm)\.func @", dump, flags=re.MULTILINE)[1:]:
            name, _, body = text.partition("(")
            info = infos.setdefault(name, {"buffers": []})
            if scheduled:
                info["buffers"] = _find_buffers(body)
                info["copied_bytes"] = _copied_bytes(body)
                continue
            if threads := re.search(r"nvvm\.reqntid = array<i32: (\d+)", body):
                info["threads"] = int(threads[1])
            if shared := re.search(r"bpt_tile\.shared_bytes = (\d+)", body):
                info["shared_bytes"] = int(shared[1])
    return infos


def _find_buffers(body: str) -> list[str]:
    """Rings, and memory of workgroups that holds several tiles, as in `2×128×64`."""
    rings = re.findall(r"bpt_tile\.create_ring : <memref<((?:\d+x)+)", body)
    if not rings:
        rings = re.findall(r"memref\.alloc\(\) : memref<((?:\d+x){3})\w+, #gpu\.address_space<workgroup>", body)
    return [ring.rstrip("x").replace("x", "×") for ring in rings]


def _copied_bytes(body: str) -> int:
    """What the warps that copy write in an iteration: a tile of every ring that has
    several."""
    rings = re.findall(r"bpt_tile\.create_ring : <memref<(\d+)x((?:\d+x)+)[a-z]+(\d+)", body)
    return sum(
        math.prod(map(int, tile.rstrip("x").split("x"))) * int(bits) // 8
        for count, tile, bits in rings
        if int(count) > 1
    )


def assemble(ptx: Path, cubin: Path, chip: str) -> dict[str, int]:
    """Bytes that kernels spill, stored and loaded, by name."""
    report = run_cuda_tool("ptxas", ["-v", f"-arch={chip}", ptx, "-o", cubin])
    parts = re.split(r"Compiling entry function '([^']*)'", report)[1:]
    return {
        name: sum(map(int, re.findall(r"(\d+) bytes spill (?:stores|loads)", part)))
        for name, part in zip(parts[::2], parts[1::2])
    }


def _unescape(text: str) -> str:
    """From a string of MLIR."""
    return re.sub(r"\\(?:([0-9A-F]{2})|(\\))", lambda found: found[2] or chr(int(found[1], 16)), text)


def _run_opt(arguments: list[str | Path]) -> subprocess.CompletedProcess[str]:
    """What IR is printed on the way is on stderr."""
    done = subprocess.run([find_tool("bpt-opt"), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or ["no message"]
        raise ToolError(f"bpt-opt failed with exit code {done.returncode}: {lines[0]}")
    return done
