"""Makes a folder that checks and times BPT's kernels on a machine with a GPU and
nothing else: no BPT, no LLVM, no CUDA toolkit, no compiler.

    pack.py FOLDER [--build=build] [--chip=sm_80] [--cases=60] [--only=REGEX] [--timed=REGEX]
        [--archive] [--seed=N]

FOLDER/run.sh, on the other machine, does everything. The golden results are
those of the reference in fp64, for cases of the integration tests' grid.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT / "test" / "Integration"), str(ROOT / "python")]

import numpy as np

import cases
import reference
from arithmetic import EXACT, plain
from bpt.bench import nvcc
from run_cases import ERROR_FLOOR, F32_TOLERANCE, relative_error

MAX_BYTES = 64 << 20
# Multiply-adds of a case that is checked: the emulator, too, runs all of them.
MAX_COST = 1e7


class PackError(Exception):
    pass


def run(command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise PackError(f"{pathlib.Path(command[0]).name}: {next((l for l in lines if 'error' in l), lines[0])}")
    return done.stdout


def attention_flops(seq, heads, head_dim, causal):
    pairs = seq * (seq + 1) / 2 if causal else seq**2
    return 4 * pairs * heads * head_dim


def timed_cases():
    """(name, who, model IR or its flags, flops, what peers.py needs)."""
    for head_dim in (64, 128):
        for causal in (False, True):
            for seq in (1024, 4096, 8192):
                heads = 16
                name = f"attention, bf16, S {seq}, {heads} heads of {head_dim}{', causal' if causal else ''}"
                flops = attention_flops(seq, heads, head_dim, causal)
                peer = {"kind": "attention", "seq": seq, "heads": heads, "head_dim": head_dim, "causal": causal}
                flags = ["attention", f"--seq={seq}", f"--heads={heads}", f"--head-dim={head_dim}", "--dtype=bf16"]
                yield name, "BPT", flags + ["--causal"] * causal, flops, peer
                yield name, "nvcc", nvcc.attention(1, seq, heads, head_dim, causal), flops, None
    for seq in (1024, 4096):
        embed, heads, ffn = 768, 12, 3072
        name = f"layer of GPT-2 small, bf16, S {seq}, causal"
        flops = 2 * seq * embed * (4 * embed + 2 * ffn) + attention_flops(seq, heads, embed // heads, True)
        peer = {"kind": "layer", "seq": seq, "embed": embed, "heads": heads, "ffn": ffn}
        flags = ["layer", f"--seq={seq}", f"--embed={embed}", f"--heads={heads}", f"--ffn={ffn}"]
        yield name, "BPT", flags + ["--act=gelu_tanh", "--bias", "--causal", "--dtype=bf16"], flops, peer
    # A small one, so that a test can time something.
    flags = ["attention", "--seq=64", "--heads=1", "--head-dim=64", "--dtype=bf16"]
    yield "attention, bf16, S 64", "BPT", flags, attention_flops(64, 1, 64, False), None


def golden_cases(options):
    found = [
        (name, config)
        for name, config in cases.all_cases(options.seed, 0)
        if config.cost() <= MAX_COST and re.search(options.only, name)
    ]
    chosen = np.linspace(0, len(found) - 1, min(options.cases, len(found))).round().astype(int)
    return [found[i] for i in sorted(set(chosen.tolist()))]


def golden_data(config, arguments, names):
    """What Check.h says of a file in data/."""

    def with_sizes(array):
        return struct.pack(f"<{array.ndim}q", *array.shape) + np.ascontiguousarray(array).tobytes()

    exact = reference.evaluate(EXACT, config, arguments)
    rounded = exact
    if config.dtype != "f32" or config.data == "large":
        rounded = reference.evaluate(plain(config.dtype), config, arguments)
    data = b"".join(with_sizes(arguments[name]) for name in names)
    for expected, other in zip(exact, rounded):
        allowed = 2 * relative_error(other.astype(np.float64), expected) + ERROR_FLOOR
        if config.dtype == "f32":
            allowed = max(allowed, F32_TOLERANCE)
        data += with_sizes(expected.astype(np.float64)) + struct.pack("<d", allowed)
    return data


class Packer:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.bin = options.build / "bin"

    def generate(self, flags):
        return run([self.bin / "bpt-gen", *flags])

    def compile(self, symbol, ir):
        """Writes SYMBOL.o and SYMBOL.h; the function is bpt_SYMBOL."""
        path = self.work / f"{symbol}.mlir"
        path.write_text(ir.replace("@main(", f"@{symbol}(").replace("@_mlir_ciface_main(", f"@_mlir_ciface_{symbol}("))
        for emit, suffix in (("object", "o"), ("header", "h")):
            run([self.bin / "bpt-compile", path, f"--function={symbol}", "--device=cuda",
                 f"--chip={self.options.chip}", f"--emit={emit}", "-o", self.work / f"{symbol}.{suffix}"])  # fmt: skip

    def golden(self, symbol, name, config):
        ir = self.generate(config.flags())
        self.compile(symbol, ir)
        inputs, weights = cases.random_arguments(config, self.options.seed)
        names = re.findall(r'bpt\.name = "([^"]+)"', ir)
        (self.options.folder / "data" / name).write_bytes(golden_data(config, inputs | weights, names))
        return f'{{"{name}", &bpt_{symbol}}}'

    def timed(self, symbol, case):
        name, who, program, flops, _ = case
        self.compile(symbol, program if isinstance(program, str) else self.generate(program))
        return f'{{"{name}", "{who}", &bpt_{symbol}, {flops:.6e}}}'

    def link(self, symbols, golden, timed):
        def table(kind, name, lines):
            return f"const {kind} {name}[] = {{\n  " + ",\n  ".join(lines + ["{}"]) + "\n};\n"

        (self.work / "cases.cpp").write_text(
            '#include "Check.h"\n'
            + "".join(f'#include "{symbol}.h"\n' for symbol in symbols)
            + table("GoldenCase", "kGoldenCases", golden)
            + table("TimedCase", "kTimedCases", timed)
            + f"const int kNumGoldenCases = {len(golden)}, kNumTimedCases = {len(timed)};\n"
        )
        folder = self.options.folder
        self.link_as("libcases.so", [self.work / "cases.cpp", *(self.work / f"{symbol}.o" for symbol in symbols),
                                     "-shared", "-fPIC", "-nostdlib++", "-static-libgcc"])  # fmt: skip
        program = [*sorted(HERE.glob("*.cpp")), "-L", folder, "-lcases", "-Wl,-rpath,$ORIGIN",
                   "-L", self.options.build / "lib", "-lBPTDevice", "-lBPTRuntime", "-ldl", "-lpthread"]  # fmt: skip
        # One finds the C++ library of the other machine, which may be older than this
        # one's; the other has it along, which needs a C library as new as this one's.
        self.link_as("check", program)
        self.link_as("check-static", program + ["-static-libstdc++", "-static-libgcc"])

    def link_as(self, name, inputs):
        run([os.environ.get("CXX", "clang++-22"), "-std=c++17", "-O2", "-s", "-I", ROOT / "include", "-I", HERE,
             "-I", self.work, *inputs, "-o", self.options.folder / name])  # fmt: skip


def copy_files(folder):
    for name in ("run.sh", "peers.py"):
        shutil.copy(HERE / name, folder / name)
    for part in ("Conformance", "Kernels"):
        ignored = shutil.ignore_patterns("__pycache__", "*.cu", "*.cuh")
        shutil.copytree(ROOT / "test" / "Emulator" / part / "Inputs", folder / "emulator" / part / "Inputs",
                        ignore=ignored, dirs_exist_ok=True)  # fmt: skip


def pack(options):
    (options.folder / "data").mkdir(parents=True)
    chosen = golden_cases(options)
    timed = [case for case in timed_cases() if re.search(options.timed, case[0])]
    if not chosen and not timed:
        raise PackError("no case has such a name")
    with tempfile.TemporaryDirectory(prefix="bpt-pack-") as work:
        packer = Packer(options, pathlib.Path(work))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            golden = [pool.submit(packer.golden, f"golden{i}", *case) for i, case in enumerate(chosen)]
            times = [pool.submit(packer.timed, f"timed{i}", case) for i, case in enumerate(timed)]
            golden, times = ([task.result() for task in tasks] for tasks in (golden, times))
        symbols = [f"golden{i}" for i in range(len(golden))] + [f"timed{i}" for i in range(len(times))]
        packer.link(symbols, golden, times)
    peers = [{"name": name, **peer} for name, _, _, _, peer in timed if peer]
    (options.folder / "peers.json").write_text(json.dumps(peers, indent=1) + "\n")
    copy_files(options.folder)
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    if size > MAX_BYTES:
        raise PackError(f"the folder has {size} bytes; {MAX_BYTES} are allowed")
    if options.archive:
        with tarfile.open(f"{options.folder}.tar.gz", "w:gz") as archive:
            archive.add(options.folder, options.folder.name)
    print(f"{options.folder}: {len(golden)} cases to check, {len(times)} to time, {size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="where BPT is built")
    parser.add_argument("--chip", default="sm_80", help="the oldest GPU that it is for")
    parser.add_argument("--cases", type=int, default=60, help="how many are checked")
    parser.add_argument("--only", default="", help="regular expression on their names")
    parser.add_argument("--timed", default="", help="regular expression on what is timed")
    parser.add_argument("--archive", action="store_true", help="write FOLDER.tar.gz, too")
    parser.add_argument("--seed", type=int, default=1, help="of inputs")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder} is there already")
    try:
        pack(options)
    except (PackError, OSError) as error:
        shutil.rmtree(options.folder, ignore_errors=True)
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
