"""IREE on the CPU, of the same program in linalg. Optional: ModuleNotFoundError
where it is not installed (`pip install iree-base-compiler iree-base-runtime`)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np

from bpt.bench.case import Arrays, Compute, Unavailable
from bpt.tools import run_tool

# A layer as frameworks write it: probabilities and hidden activations as tensors.
# Names of linalg's operations differ between IREE's MLIR and ours.
LINALG = ("--bpt-materialize", "--bpt-decompose", "--canonicalize", "--cse", "--linalg-generalize-named-ops")


def compute(ir: str, arguments: Arrays, threads: int) -> Compute:
    """Calls @main of model IR with the arguments, which lie on IREE's device."""
    from iree import compiler, runtime

    if any(array.dtype == ml_dtypes.bfloat16 for array in arguments.values()):
        raise Unavailable("its arrays have no bf16")
    with tempfile.TemporaryDirectory(prefix="bpt-bench-") as folder:
        source = Path(folder) / "main.mlir"
        source.write_text(ir)
        linalg = run_tool("bpt-opt", [source, *LINALG])
    try:
        program = compiler.compile_str(
            linalg,
            target_backends=["llvm-cpu"],
            extra_args=["--iree-llvmcpu-target-cpu=host"],
        )
    except compiler.CompilerToolError as error:
        raise Unavailable(f"iree-compile: {str(error).strip().splitlines()[0]}") from error
    runtime.flags.parse_flags(f"--task_topology_max_group_count={threads}")
    config = runtime.Config("local-sync" if threads == 1 else "local-task")
    module = runtime.load_vm_module(runtime.VmModule.copy_buffer(config.vm_instance, program), config)
    values = [runtime.asdevicearray(config.device, array) for array in arguments.values()]

    def run() -> list[np.ndarray]:
        return [module.main(*values).to_host()]

    return run
