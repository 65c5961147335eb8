"""Assembles the kernels of the GPU's grid of cases, and prints what they need.

    assemble.py [--bin=build/bin] [--part=PART] [--all] [--filter=REGEX]
                [-- flags of bpt-compile]

A row for every kernel: registers, bytes of spills, stack frame and static shared
memory, as ptxas reports them. There are five parts:
  grid       every case of gpu_cases.py for one chip, in turn (of the feed-forward
             networks every form in some type); with --all for every chip
  attention  the usual attention for every chip, older and newer ones too, and other
             head dimensions for sm_80 and sm_90a
  gradients  the gradients of the same, for sm_80 and sm_90a
  layers     the usual layers and a model, each for one chip
  float8     projections and attention of f8E4M3FN with each kind of scales
Fails if ptxas refuses a kernel, or takes what wgmma and setmaxnreg say otherwise
than they are meant (messages C75xx), if one keeps an array in local memory, and if
one spills in a program with a head dimension of SPILL_FREE_HEAD_DIMS.
"""

import argparse
import concurrent.futures
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Integration"))
import gpu_cases
from cases import Config
from gradient_cases import GradientConfig

CHIPS = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_90a"]
OTHER_CHIPS = ["sm_70", "sm_75", "sm_100", "sm_120"]
OTHER_HEAD_DIMS = (96, 192, 256)
SPILL_FREE_HEAD_DIMS = (64, 128, *OTHER_HEAD_DIMS)
HEADER = f"{'registers':>9} {'spills':>6} {'stack':>6} {'shared':>7}  {'chip':7} kernel of case"


@dataclass
class Kernel:
    """What ptxas says of a kernel; sizes in bytes."""

    name: str
    registers: int
    spills: int
    stack: int
    shared: int


@dataclass
class Float8Linear:
    """A projection of f8E4M3FN, for which bpt-gen has no flags."""

    name: str
    attributes: str
    x_scale: str
    weight_scale: str
    seq: str = "200"
    kind = "linear"
    # None may spill.
    head_dim = 64

    def text(self):
        x, w = f"tensor<1x{self.seq}x640xf8E4M3FN>", "tensor<384x640xf8E4M3FN>"
        y, xs, ws = (f"tensor<{t}>" for t in (f"1x{self.seq}x384xbf16", self.x_scale, self.weight_scale))
        return f"""
func.func @main(%x: {x}, %w: {w}, %xs: {xs}, %ws: {ws}, %e: {y}) -> {y} {{
  %y = bpt.linear ins(%x, %w : {x}, {w}) scales(%xs, %ws : {xs}, {ws}) outs(%e : {y})
      {{transposed{self.attributes}}} -> {y}
  return %y : {y}
}}"""


@dataclass
class Float8Attention:
    """Attention of f8E4M3FN, with scales of tensors or of blocks of rows."""

    name: str
    head_dim: int
    block: int = 0
    causal: bool = False
    kind = "attention"

    def text(self):
        q, y = (f"tensor<1x256x4x{self.head_dim}x{t}>" for t in ("f8E4M3FN", "bf16"))
        kv = q.replace("256x4x", "256x2x")
        count = 256 // self.block if self.block else 0
        qs, ks = (f"tensor<1x{count}x{h}x1xf32>" if self.block else "tensor<f32>" for h in (4, 2))
        attributes = ["causal"] if self.causal else []
        if self.block:
            names = ("query_blocks", "key_blocks", "value_blocks")
            attributes += [f"{name} = array<i64: 1, {self.block}, 1, 0>" for name in names]
        return f"""
func.func @main(%q: {q}, %k: {kv}, %v: {kv}, %qs: {qs}, %ks: {ks}, %vs: {ks}, %e: {y}) -> {y} {{
  %y = bpt.attention ins(%q, %k, %v : {q}, {kv}, {kv}) scales(%qs, %ks, %vs : {qs}, {ks}, {ks})
      outs(%e : {y}) {{{", ".join(attributes)}}} -> {y}
  return %y : {y}
}}"""


class Refused(Exception):
    pass


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    output = done.stdout + done.stderr
    if done.returncode != 0:
        lines = [line for line in output.splitlines() if "error" in line.lower()]
        said = (lines or output.splitlines() or ["no message"])[0]
        raise Refused(f"{os.path.basename(command[0])}: {said}")
    return output


def read_report(report):
    """The kernels of the output of `ptxas -v`."""
    kernels = []
    for part in report.split("Compiling entry function ")[1:]:
        number = lambda pattern: sum(map(int, re.findall(pattern, part)))
        kernels.append(
            Kernel(
                re.match(r"'([^']*)'", part)[1],
                number(r"Used (\d+) registers"),
                number(r"(\d+) bytes spill (?:stores|loads)"),
                number(r"(\d+) bytes stack frame"),
                number(r"(\d+) bytes smem"),
            )
        )
    return kernels


def find_faults(config, kernel, ptx):
    may_spill = config.kind == "feed_forward" or config.head_dim not in SPILL_FREE_HEAD_DIMS
    if kernel.spills and not may_spill:
        yield f"{kernel.spills} bytes of spills at head dimension {config.head_dim}"
    if re.search(r"\.local\s", ptx) or (kernel.stack and not kernel.spills):
        yield f"an array in local memory (stack frame of {kernel.stack} bytes)"


def assemble(options, config, chip):
    """(rows of the table, faults)."""
    case = f"{config.name} for {chip}"
    with tempfile.TemporaryDirectory(prefix="bpt-ptxas-") as name:
        model, ptx, cubin = (os.path.join(name, f) for f in ("m.mlir", "m.ptx", "m.cubin"))
        try:
            is_text = isinstance(config, (Float8Linear, Float8Attention))
            text = config.text() if is_text else run([f"{options.bin}/bpt-gen", *config.flags()])
            Path(model).write_text(text)
            function = []
            if isinstance(config, GradientConfig):
                run([f"{options.bin}/bpt-opt", model, "--bpt-differentiate=function=main",
                     "-o", model])  # fmt: skip
                function = ["--function=main_vjp"]
            run([f"{options.bin}/bpt-compile", model, "--device=cuda", f"--chip={chip}",
                 "--emit=ptx", "-o", ptx, *function, *options.compile_flags])  # fmt: skip
            report = run([options.ptxas, "-v", f"-arch={chip}", ptx, "-o", cubin])
        except Refused as refused:
            return [], [f"{case}: {refused}"]
        text = Path(ptx).read_text()
    if messages := re.findall(r".*\(C75\d\d\).*", report):
        return [], [f"{case}: {message}" for message in messages]
    kernels = read_report(report)
    if len(kernels) != len(re.findall(r"\.entry\s", text)) or not kernels:
        return [], [f"{case}: ptxas reports {len(kernels)} kernels"]
    rows = [
        f"{k.registers:9} {k.spills:6} {k.stack:6} {k.shared:7}  {chip:7} {k.name} of {config.name}"
        for k in kernels
    ]
    faults = [
        f"{case}, {k.name}: {fault}" for k in kernels for fault in find_faults(config, k, text)
    ]
    return rows, faults


def usual_attention():
    yield from gpu_cases.usual_head_dim_cases()
    for dtype, dynamic in [("f32", False), ("bf16", True), ("f16", False)]:
        yield Config("attention", dtype, seq=200, heads=4, kv_heads=2, head_dim=64, causal=True,
                     dynamic=dynamic)  # fmt: skip


def other_head_dims(head_dims=OTHER_HEAD_DIMS):
    cases = gpu_cases.usual_head_dim_cases(head_dims)
    return [config for config in cases if config.dtype == "bf16"]


def usual_gradients():
    for config in gpu_cases.usual_head_dim_cases():
        yield GradientConfig(**vars(config))
    for config in other_head_dims((192, 256)):
        yield GradientConfig(**vars(config))
    yield GradientConfig("attention", "bf16", seq=200, heads=4, kv_heads=2, head_dim=64, causal=True)


def usual_layers():
    for dtype, dynamic in [("bf16", True), ("f32", False), ("f16", False)]:
        yield Config("layer", dtype, seq=200, embed=128, heads=2, ffn=256, act="gelu_tanh",
                     bias=True, causal=True, dynamic=dynamic)  # fmt: skip
        yield Config("layer", dtype, seq=200, embed=256, heads=2, ffn=256, act="silu", gated=True,
                     norm="rms", rotary="half", causal=True, dynamic=not dynamic)  # fmt: skip
    yield Config("model", "bf16", seq=200, embed=128, heads=2, causal=True)


def float8_programs():
    for head_dim, block, causal in [(64, 0, True), (64, 128, False), (128, 0, False), (128, 128, True)]:
        name = f"attention-float8-d{head_dim}-block{block}{'-causal' * causal}"
        yield Float8Attention(name, head_dim, block, causal)
    yield Float8Linear("linear-float8-tensors", "", "f32", "f32")
    yield Float8Linear("linear-float8-rows", ", x_blocks = array<i64: 1, 1, 0>, weight_blocks = array<i64: 1, 0>",
                       "1x200x1xf32", "384x1xf32")  # fmt: skip
    yield Float8Linear("linear-float8-blocks",
                       ", x_blocks = array<i64: 1, 1, 128>, weight_blocks = array<i64: 128, 128>",
                       "1x?x5xf32", "3x5xf32", "?")  # fmt: skip


def choose(options):
    """The pairs of a case and a chip."""
    grid = [
        config
        for name, config in gpu_cases.all_cases(seed=0, num_random=0)
        if config.batch * config.seq * config.kv_seq > 0
    ]
    networks = [config for config in grid if config.kind == "feed_forward"]
    rest = [config for config in grid if config.kind != "feed_forward"]
    attention = list(usual_attention())
    parts = {
        # Ten forms of a network in each of three types.
        "grid": zip(rest + networks[::3], itertools.cycle(CHIPS)),
        "attention": itertools.chain(
            itertools.product(attention, CHIPS), itertools.product(attention[-3:], OTHER_CHIPS),
            itertools.product(other_head_dims(), ["sm_80", "sm_90a"]),
        ),
        "gradients": itertools.product(usual_gradients(), ["sm_80", "sm_90a"]),
        "layers": zip(usual_layers(), itertools.cycle(CHIPS)),
        "float8": itertools.product(float8_programs(), ["sm_80", "sm_90a"]),
    }
    if options.all:
        parts["grid"] = itertools.product(grid, CHIPS)
        parts["layers"] = itertools.product(usual_layers(), CHIPS)
    pairs = [pair for part in options.part or parts for pair in parts[part]]
    pairs = [(c, chip) for c, chip in pairs if re.search(options.filter, f"{c.name} {chip}")]
    index, _, count = options.shard.partition("/")
    return pairs[int(index) :: int(count)]


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", default="build/bin", help="folder of the tools")
    parser.add_argument("--ptxas", help="the assembler, if elsewhere")
    parser.add_argument("--all", action="store_true", help="every case for every chip")
    parser.add_argument("--filter", default="", help="regular expression on 'NAME CHIP'")
    parser.add_argument("--part", action="append", choices=["grid", "attention", "gradients", "layers", "float8"])
    parser.add_argument("--shard", default="0/1", help="I/N: pair I, I+N, I+2N, …")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("compile_flags", nargs="*", help="flags of bpt-compile, after --")
    options = parser.parse_args()
    options.ptxas = options.ptxas or shutil.which("ptxas") or "/usr/local/cuda/bin/ptxas"
    return options


def main():
    options = parse_options()
    pairs = choose(options)
    # Versions of ptxas forget old chips.
    known = set(re.findall(r"'(sm_\d+[af]?)'", run([options.ptxas, "--help"])))
    for chip in sorted({chip for _, chip in pairs} - known):
        print(f"left out: {chip}, which this ptxas does not know")
    pairs = [(config, chip) for config, chip in pairs if chip in known]

    print(HEADER)
    count, faults = 0, []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for rows, found in pool.map(lambda pair: assemble(options, *pair), pairs):
            print(*rows, sep="\n", end="\n" * bool(rows), flush=True)
            count += len(rows)
            faults += found
    print(*(f"FAIL {fault}" for fault in faults), sep="\n", end="\n" * bool(faults))
    print(f"{len(pairs)} programs, {count} kernels, {len(faults)} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
