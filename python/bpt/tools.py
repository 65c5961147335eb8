"""Finds and runs the command-line tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Sequence


class ToolError(Exception):
    """A tool is missing, failed, or took too long; the message says which."""


def find_tool(name: str) -> str:
    """The path of a tool: in $BPT_BIN, on PATH, or in the source tree's build."""
    build = Path(__file__).resolve().parents[2] / "build" / "bin"
    folders = [os.environ.get("BPT_BIN"), os.environ.get("PATH"), str(build)]
    for folder in filter(None, folders):
        if path := shutil.which(name, path=folder):
            return path
    raise ToolError(f"{name} is neither on PATH nor in {build}; build first: cmake --build --preset release")


def run_tool(name: str, arguments: Sequence[str | Path], timeout: float = 600) -> str:
    """Runs a tool and returns what it printed on stdout."""
    command = [find_tool(name), *map(str, arguments)]
    # Some machines set these, and OpenBLAS (a peer in benchmarks) then guesses
    # the wrong kernels.
    environment = {
        key: value for key, value in os.environ.items() if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    }
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{name} took longer than {timeout:.0f} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        message = next((line for line in lines if "error" in line), lines[0] if lines else "no message")
        raise ToolError(f"{name} failed with exit code {done.returncode}: {message}")
    return done.stdout


def run_json(arguments: Sequence[str | Path], timeout: float = 600) -> dict[str, Any]:
    """Runs bpt-runner --json and returns its report."""
    return json.loads(run_tool("bpt-runner", [*arguments, "--json"], timeout))


def progress(text: str) -> None:
    """Says what is going on, on a terminal only; the next line replaces it."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
