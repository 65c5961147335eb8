"""Seeds bugs in attention for sm_90a as it is compiled; the emulator must notice each.

    hopper_mutants.py [--emulator=bpt-emulate] [--filter=REGEX] [--quiet]

What is seeded is what warps that copy, warps that compute and wgmma can get wrong: rings,
phases, proxies, descriptors, waits and registers that change hands. A mutant is caught by
a report, or by a wrong result, in one of the orders of warps that are tried. Prints what
caught each; exit code 1 if one was not caught, or if the kernel itself is.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tile_kernel import TileKernel, check_run, from_bits, to_bits

HERE = Path(__file__).resolve().parent
PASSES = (
    "--bpt-skip-masks",
    # Two buffers of each operand: rings go round.
    "--bpt-gpu-schedule=warp-roles overlap ping-pong max-shared-bytes=56000",
    "--bpt-distribute-to-lanes=wgmma",
)
SCHEDULES = (["--seed=0"], ["--seed=1"], ["--seed=2", "--eager"], ["--seed=3"], ["--seed=4"])
ROWS, KEYS, DIM = 128, 300, 64


def compile_kernel():
    """Attention of two warpgroups, each of 64 rows."""
    source = (HERE / "attention-plain.mlir").read_text()
    source = re.sub(r"(?<![a-z\d])64(?!\d)", str(ROWS), source)
    source = source.replace("bpt_tile.warps = 4", "bpt_tile.warps = 8")
    source = source.replace("ELT", "bf16").replace("DIM", str(DIM)).replace("KEYS", "64")
    return TileKernel(source, "attention", PASSES, chip="sm_90a", ptx=83)


class WholeKernel:
    """The first kernel of a model, as the whole pipeline compiles it, and what it is
    launched with. A strategy is applied after that of the chip."""

    name = "main_0"

    def __init__(self, model, strategy=None):
        with tempfile.TemporaryDirectory(prefix="bpt-mutant-") as folder:
            source, script = Path(folder) / "model.mlir", Path(folder) / "strategy.mlir"
            source.write_text(model)
            asked = "chip"
            if strategy:
                script.write_text(strategy)
                asked = f"chip,{script}"
            self.ptx = check_run([
                "bpt-compile", str(source), "--device=cuda", "--chip=sm_90a", "--emit=ptx",
                f"--strategy={asked}", "-o", "-"])  # fmt: skip
            lanes = check_run(["bpt-opt", str(source), f"--bpt-gpu-kernels=chip=sm_90a strategy={asked}"])
        self.shared = int(re.search(r"bpt_tile.shared_bytes = (\d+)", lanes).group(1))
        self.threads = int(re.search(r"nvvm.reqntid = array<i32: (\d+)", lanes).group(1))


class Case:
    """What a kernel is given, and what is right."""

    grid = 1

    def __init__(self):
        rng = np.random.default_rng(7)
        self.q, self.k, self.v = (
            to_bits(rng.standard_normal((1, rows, 1, DIM)), "bf16") for rows in (ROWS, KEYS, KEYS)
        )
        q, k, v = (from_bits(x, "bf16")[0, :, 0] for x in (self.q, self.k, self.v))
        scores = np.exp(q @ k.T / np.sqrt(DIM))
        self.expected = (scores / scores.sum(axis=1, keepdims=True) @ v)[:, None]
        self.args = [
            self.q, self.k, self.v, np.full_like(self.q, 0x7FFF),
            np.full((1, 1, ROWS), np.nan, np.float32),
            f"i64:{ROWS}", f"i64:{KEYS}", "i64:1", "i64:1",
            f"f32:{np.log2(np.e) / np.sqrt(DIM)}", "i32:0",
        ]  # fmt: skip
        self.output = 3

    def list_args(self):
        return self.args

    def find_fault(self, kernel, emulator):
        """What is wrong with the kernel, or nothing."""
        for schedule in SCHEDULES:
            fault = self.run(kernel, emulator, self.list_args(), schedule)
            if fault:
                return fault, schedule
        return None

    def run(self, kernel, emulator, args, schedule):
        with tempfile.TemporaryDirectory(prefix="bpt-mutant-") as folder:
            folder = Path(folder)
            (folder / "kernel.ptx").write_text(kernel.ptx)
            command = [emulator, str(folder / "kernel.ptx"), f"--kernel={kernel.name}", f"--grid={self.grid}",
                       f"--block={kernel.threads}", f"--shared={kernel.shared}", *schedule]  # fmt: skip
            for i, arg in enumerate(args):
                if isinstance(arg, np.ndarray):
                    np.save(folder / f"{i}.npy", arg)
                    arg = f"@{folder}/{i}.npy"
                command.append(f"--arg={arg}")
            command.append(f"--output={self.output}=@{folder}/out.npy")
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                lines = done.stderr.splitlines() or [f"exit code {done.returncode}"]
                return re.sub(r"^.*?PTX line (\d+): `.*?`: ", r"line \1: ", lines[0])
            got = from_bits(np.load(folder / "out.npy"), "bf16")[0]
        error = np.linalg.norm(got - self.expected) / np.linalg.norm(self.expected)
        return None if error < 0.01 else f"the result is wrong: relative error {error:.2g}"


@dataclass
class Mutant:
    name: str
    pattern: str
    replacement: str
    # The match that is replaced; all of them if there is none.
    which: int = None

    def seed(self, text, case):
        """The text with the bug, and what it is given."""
        changed = self.apply(text)
        assert changed != text, self.name
        return changed, case

    def apply(self, text):
        matches = list(re.finditer(self.pattern, text, re.M))
        if not matches:
            sys.exit(f"{self.name}: nothing matches '{self.pattern}'")
        for match in reversed(matches if self.which is None else [matches[self.which]]):
            text = text[: match.start()] + match.expand(self.replacement) + text[match.end() :]
        return text


def drop(name, pattern, which=None):
    return Mutant(name, r"^\s*(?:@!?%p\d+ )?" + pattern + r"[^;]*;$", "", which)


TRY_WAIT = r"(mbarrier\.try_wait\.parity\.shared\.b64 P1, \[%r\d+\], )(%r\d+|\d)(, 10000000;)"
WAITED = r"@P1 bra\.uni DONE;"
PRODUCT = r"(wgmma\.mma_async\.sync\.aligned\.m64n64k16\.f32\.bf16\.bf16 \{[^}]*\}, )"
A_REGISTERS = r"\{(%r\d+), (%r\d+), (%r\d+), (%r\d+)\}, right"
K_FIELDS, V_FIELDS = 1 << 62 | 64 << 32 | 1 << 16, 1 << 62 | 64 << 32 | 512 << 16
WRONG = "the descriptor of keys has a "


def change_fields(name, fields, changed):
    return Mutant(name, rf"\b{fields}\b", str(changed))


# The waits of the text: the producer's for queries, keys and values, then the consumer's
# for queries and the first keys, and in the loop for keys and values, then the last values.
# Keys that are there are there after all that was copied before them: no other wait than
# that for the last values is missed.
FREE_KEYS, FREE_VALUES, FULL_KEYS, FULL_VALUES, LAST_VALUES = 1, 2, 5, 6, 7

MUTANTS = [
    # Rings.
    Mutant("keys are not waited for", WAITED, "bra.uni DONE;", FULL_KEYS),
    Mutant("the last values are not waited for", WAITED, "bra.uni DONE;", LAST_VALUES),
    Mutant("a buffer of keys is filled before it is free", WAITED, "bra.uni DONE;", FREE_KEYS),
    Mutant("a buffer of values is filled before it is free", WAITED, "bra.uni DONE;", FREE_VALUES),
    drop("keys are not released in the loop", r"mbarrier\.arrive\.shared", 1),
    drop("values are not released in the loop", r"mbarrier\.arrive\.shared", 2),
    drop("keys are filled and it is not said", r"cp\.async\.mbarrier\.arrive", 1),
    Mutant("keys are said to be there when they are on their way",
           r"cp\.async\.mbarrier\.arrive\.noinc\.shared\.b64\s+(\[%rd\d+\+\d+\])",
           r"{ .reg .b64 s; mbarrier.arrive.shared.b64 s, \1; }", 0),
    Mutant("arrivals of copies raise the number that is waited for",
           r"arrive\.noinc\.", "arrive."),
    # Phases.
    Mutant("the consumer waits for the phase before", TRY_WAIT, r"\g<1>1\3", FULL_KEYS),
    Mutant("the consumer waits for one phase always", TRY_WAIT, r"\g<1>0\3", FULL_VALUES),
    Mutant("the producer waits for one phase always", TRY_WAIT, r"\g<1>1\3", FREE_KEYS),
    Mutant("the producer waits for the first release at once", TRY_WAIT, r"\g<1>0\3", 0),
    Mutant("a barrier expects a thread too many", r"(mov\.b32\s+%r\d+, )128;(?=\s+mbarrier)",
           r"\g<1>129;"),
    Mutant("a barrier expects a thread too few", r"(mov\.b32\s+%r\d+, )128;(?=\s+mbarrier)",
           r"\g<1>127;"),
    Mutant("a barrier expects the warps of one group", r"(mov\.b32\s+%r\d+, )8;(?=\s+mbarrier)",
           r"\g<1>4;"),
    # Proxies.
    drop("no fence between the proxies", r"fence\.proxy\.async\.shared::cta"),
    drop("no fence between the proxies for keys in the loop",
         r"fence\.proxy\.async\.shared::cta", 3),
    # Descriptors.
    change_fields(WRONG + "stride of 512 bytes", K_FIELDS, K_FIELDS - (32 << 32)),
    change_fields(WRONG + "swizzle of 64 bytes", K_FIELDS, K_FIELDS + (1 << 62)),
    change_fields(WRONG + "base offset", K_FIELDS, K_FIELDS + (1 << 49)),
    change_fields("the descriptor of values has a stride of 2048 bytes", V_FIELDS,
                  V_FIELDS + (64 << 32)),
    Mutant("16 terms of keys are taken for 16 bytes", r"(add\.s64 right, %rd\d+, )2;", r"\g<1>1;"),
    Mutant("16 keys of values are taken for 8", r"(add\.s64 right, %rd\d+, )128;", r"\g<1>64;"),
    Mutant("values are not transposed", r"(\}, right, adds, 1, 1, )1;", r"\g<1>0;"),
    Mutant("both groups multiply the first one's queries",
           r"(shl\.b32\s+%r\d+, %r\d+, )13;", r"\g<1>32;", 1),
    # Products.
    Mutant("no fence before a product", r"wgmma\.fence\.sync\.aligned; ", ""),
    Mutant("a product is not committed", r"wgmma\.commit_group\.sync\.aligned; ", "", 1),
    Mutant("the sums of scores are not begun anew", r"setp\.ne\.b32 adds, 0, 0;",
           "setp.eq.b32 adds, 0, 0;"),
    Mutant("the wait for scores is weak", r"wgmma\.wait_group\.sync\.aligned 1;",
           "wgmma.wait_group.sync.aligned 2;"),
    Mutant("the wait for sums is weak", r"wgmma\.wait_group\.sync\.aligned 0;",
           "wgmma.wait_group.sync.aligned 1;", 1),
    drop("the last product is not waited for", r"wgmma\.wait_group\.sync\.aligned", -1),
    Mutant("two registers of probabilities are swapped", A_REGISTERS,
           r"{\2, \1, \3, \4}, right", 1),
    # Turns.
    drop("the first turn is not given", r"bar\.arrive", 0),
    drop("a turn is not passed", r"bar\.arrive", 1),
    drop("the turn that is left over is not taken", r"bar\.sync\s+%r\d+, 256", -1),
    Mutant("a group passes its turn to itself", r"bar\.arrive %r\d+, 256;",
           "{ .reg .b32 g; mov.u32 g, %tid.x; shr.u32 g, g, 7; add.s32 g, g, 2; "
           "bar.arrive g, 256; }", -1),
    # Roles.
    drop("registers are taken that nobody gave", r"setmaxnreg\.dec\.sync"),
    Mutant("more registers are taken than there are", r"(setmaxnreg\.inc\S+\s+)232;",
           r"\g<1>240;"),
]  # fmt: skip


def check_mutants(description, compile_kernel, make_case, mutants):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--emulator", default="bpt-emulate")
    parser.add_argument("--filter", default="", help="regular expression on the mutants' names")
    parser.add_argument("--quiet", action="store_true", help="print what was missed only")
    options = parser.parse_args()
    kernel, case = compile_kernel(), make_case()
    fault = case.find_fault(kernel, options.emulator)
    if fault:
        sys.exit(f"the kernel itself has a fault: {fault}")
    original, missed = kernel.ptx, 0
    mutants = [m for m in mutants if re.search(options.filter, m.name)]
    for mutant in mutants:
        kernel.ptx, mutated = mutant.seed(original, case)
        fault = mutated.find_fault(kernel, options.emulator)
        if not fault:
            missed += 1
            print(f"MISSED {mutant.name}")
        elif not options.quiet:
            print(f"caught {mutant.name}: {fault[0]} ({' '.join(fault[1])})")
    print(f"{len(mutants)} mutants, {missed} missed")
    sys.exit(1 if missed or not mutants else 0)


if __name__ == "__main__":
    check_mutants(__doc__, compile_kernel, Case, MUTANTS)
