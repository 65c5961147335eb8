"""Compiles tile programs to PTX and runs them in the emulator."""

import os
import re
import subprocess
import sys
import tempfile

import numpy as np

LANES_TO_BINARY = (
    "builtin.module(gpu.module(canonicalize,cse,convert-scf-to-cf,convert-gpu-to-nvvm,"
    "convert-nvvm-to-llvm,canonicalize,cse,reconcile-unrealized-casts),"
    "nvvm-attach-target{{chip={chip} features=+ptx{ptx} O=3}},gpu-module-to-binary{{format=isa}})"
)


def check_run(command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, **kwargs)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)[:200]}\nexit code {done.returncode}\n{done.stderr[:4000]}")
    return done.stdout


class TileKernel:
    """One kernel of a tile program, as PTX."""

    def __init__(self, source, name, passes=("--bpt-distribute-to-lanes",), chip="sm_80", ptx=80):
        lanes = check_run(["bpt-opt", "-", *passes], input=source)
        self.name = name
        self.shared = int(re.search(r"bpt_tile.shared_bytes = (\d+)", lanes).group(1))
        self.threads = int(re.search(r"nvvm.reqntid = array<i32: (\d+)", lanes).group(1))
        binary = check_run(
            [
                "mlir-opt",
                "-",
                "--allow-unregistered-dialect",
                "--pass-pipeline=" + LANES_TO_BINARY.format(chip=chip, ptx=ptx),
            ],
            input=lanes,
        )
        text = re.search(r'assembly = "((?:[^"\\]|\\.)*)"', binary).group(1)
        text = re.sub(r"\\([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)), text)
        self.ptx = text.replace("\\\\", "\\").rstrip("\0")

    def run(self, grid, args, outputs, emulator="bpt-emulate", options=()):
        """Runs with args, arrays or "type:value", and returns the arrays of `outputs`."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kernel.ptx")
            with open(path, "w") as file:
                file.write(self.ptx)
            command = [
                emulator,
                path,
                f"--kernel={self.name}",
                "--grid=" + ",".join(map(str, grid)),
                f"--block={self.threads}",
                f"--shared={self.shared}",
                *options,
            ]
            for i, arg in enumerate(args):
                if isinstance(arg, np.ndarray):
                    np.save(os.path.join(folder, f"{i}.npy"), arg)
                    arg = f"@{folder}/{i}.npy"
                command.append(f"--arg={arg}")
            command += [f"--output={i}=@{folder}/out{i}.npy" for i in outputs]
            self.report = check_run(command)
            return [np.load(os.path.join(folder, f"out{i}.npy")) for i in outputs]

    def check_bank_conflicts(self):
        """After a run with --profile: workgroup memory is reached in as few steps as can be."""
        counts = dict(re.findall(r"(shared_\w*wavefronts) +(\d+)", self.report))
        if counts["shared_wavefronts"] != counts["shared_ideal_wavefronts"]:
            sys.exit(f"bank conflicts: {counts}")


def to_bits(values, element):
    """f32 values rounded to `element` ("bf16" or "f16"), as their bits."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    if element == "f16":
        return values.astype(np.float16).view(np.uint16)
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bits(bits, element):
    if element == "f16":
        return bits.view(np.float16).astype(np.float64)
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def rounded(values, element):
    return from_bits(to_bits(values, element), element)


def check_close(what, got, exact, plain):
    """The error is at most twice that of the plain computation in the same type."""
    got = got.astype(np.float64)
    if not np.isfinite(got).all():
        sys.exit(f"{what}: {np.count_nonzero(~np.isfinite(got))} values are not finite")
    error, allowed = np.linalg.norm(got - exact), 2 * np.linalg.norm(plain - exact)
    if error > allowed:
        worst = np.unravel_index(np.argmax(np.abs(got - exact)), got.shape)
        sys.exit(
            f"{what}: error {error:.3g}, allowed {allowed:.3g}; "
            f"at {worst} {got[worst]:.6g} instead of {exact[worst]:.6g}"
        )
    print(f"{what}: error {error:.3g}, allowed {allowed:.3g}")
