"""Kernels of cubins, and of libraries that hold cubins, as instructions: by NVIDIA's
cuobjdump and nvdisasm."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bpt.tools import ToolError

TOOLKIT = "/usr/local/cuda/bin"

# e_machine of an ELF file, at byte 18.
EM_CUDA = 190

SECTION = re.compile(r"\s*\.section\s+([^\s,]+)")
LABEL = re.compile(r"([.$\w]+):$")
INSTRUCTION = re.compile(r"\s*/\*[0-9a-f]+\*/\s+(?:@(!?U?P\w+)\s+)?([A-Z][\w.]*)\s*([^;]*);")


@dataclass(frozen=True)
class Instruction:
    opcode: str
    operands: str = ""
    guard: str = ""
    """The predicate that lets it execute, such as `!P0`; none: always."""

    @property
    def name(self) -> str:
        """The opcode without modifiers."""
        return self.opcode.partition(".")[0]


@dataclass
class Function:
    name: str
    instructions: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    """Numbers of the instructions that labels stand before."""
    registers: int | None = None
    """Of a thread, when the kernel starts."""
    shared_bytes: int | None = None
    """What the cubin says; memory whose size the launch gives is not in it."""


def find_cuda_tool(name: str) -> str:
    """The path of ptxas, cuobjdump or nvdisasm: in $BPT_PTXAS and so on, on PATH, in
    the CUDA toolkit, or in the package triton."""
    # As bpt-runner is told of ptxas.
    if named := os.environ.get(f"BPT_{name.upper()}"):
        return named
    folders = [os.environ.get("PATH", ""), TOOLKIT]
    triton = importlib.util.find_spec("triton")
    for package in (triton and triton.submodule_search_locations) or []:
        folders.append(str(Path(package) / "backends" / "nvidia" / "bin"))
    for folder in folders:
        if path := shutil.which(name, path=folder):
            return path
    raise ToolError(
        f"{name} is neither on PATH nor in {TOOLKIT} nor in the package triton; install the CUDA toolkit's "
        "ptxas, cuobjdump and nvdisasm, or triton (pip install triton), which brings them"
    )


def name_and_version(name: str) -> str:
    """As in `ptxas 13.0.88`."""
    found = re.search(r"V(\d+\.\d+\.\d+)", run_cuda_tool(name, ["--version"]))
    return f"{name} {found[1] if found else '?'}"


def parse(listing: str) -> list[Function]:
    """The functions of what `nvdisasm -c` printed."""
    functions: list[Function] = []
    current: Function | None = None
    for line in listing.splitlines():
        if section := SECTION.match(line):
            current = None
            if section[1].startswith(".text."):
                current = Function(section[1].removeprefix(".text."))
                functions.append(current)
        elif current is None:
            continue
        elif label := LABEL.match(line):
            current.labels[label[1]] = len(current.instructions)
        elif found := INSTRUCTION.match(line):
            guard, opcode, operands = found.groups()
            current.instructions.append(Instruction(opcode, operands.strip(), guard or ""))
    return functions


def read_kernels(file: Path, chip: str, pattern: str) -> list[Function]:
    """The functions of a cubin, a library or a listing of `nvdisasm -c` whose names
    match; of a library those of the chip."""
    data = file.read_bytes()
    if not data.startswith(b"\x7fELF"):
        return [f for f in parse(data.decode(errors="replace")) if re.search(pattern, f.name)]
    if int.from_bytes(data[18:20], "little") == EM_CUDA:
        return _read_cubin(file, pattern)
    with tempfile.TemporaryDirectory(prefix="bpt-cubins-") as folder:
        run_cuda_tool("cuobjdump", ["-xelf", f".{chip}.cubin", file.resolve()], cwd=folder)
        found: dict[str, Function] = {}
        for cubin in sorted(Path(folder).iterdir()):
            for function in _read_cubin(cubin, pattern):
                found.setdefault(function.name, function)
    return list(found.values())


def _read_cubin(cubin: Path, pattern: str) -> list[Function]:
    # Most cubins of a library have none, and their names of sections say so.
    names = re.findall(rb"\0\.text\.([^\0]+)", cubin.read_bytes())
    if not any(re.search(pattern, name.decode(errors="replace")) for name in names):
        return []
    usage = _read_usage(run_cuda_tool("cuobjdump", ["--dump-resource-usage", cubin]))
    functions = [f for f in parse(run_cuda_tool("nvdisasm", ["-c", cubin])) if re.search(pattern, f.name)]
    for function in functions:
        function.registers, function.shared_bytes = usage.get(function.name, (None, None))
    return functions


def _read_usage(report: str) -> dict[str, tuple[int, int]]:
    """Registers and bytes of shared memory by name."""
    found = re.findall(r"Function (\S+):\s+REG:(\d+) .*?SHARED:(\d+)", report)
    return {name: (int(registers), int(shared)) for name, registers, shared in found}


def run_cuda_tool(name: str, arguments: list[str | Path], cwd: str | None = None) -> str:
    """What it printed."""
    command = [find_cuda_tool(name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        message = next((line for line in lines if "error" in line), lines[0])
        raise ToolError(f"{name} failed with exit code {done.returncode}: {message}")
    return done.stdout + done.stderr
