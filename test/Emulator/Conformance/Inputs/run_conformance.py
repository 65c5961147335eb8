"""Runs a group of conformance cases and compares them with their NumPy models.

    run_conformance.py GROUP... --tool=build/bin/bpt-emulate [--seed=N] [--filter=REGEX]
        [--backend=emulator|cuda|ptxas] [--golden=DIR [--update-golden]] [--separate]

A case is a small PTX kernel with random inputs. Integers, conversions and moved data must
be equal bit for bit, products lie within a bound of the sum in double precision,
approximate functions within the error that the PTX ISA states. `--golden=DIR` also
compares with the outputs stored in DIR/GROUP.npz, which `--update-golden` writes (with
the seed); so a run on a GPU can be compared with later. `ptxas` only assembles.
Exit code 1 if a case fails, 2 if the backend has no device.
"""

import argparse
import importlib
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile

import numpy as np

import cuda_backend
import elementwise
from emulator_backend import Emulator
from harness import Close

GROUPS = ("integer", "floating", "conversion", "warp", "fragment", "product", "copy",
          "barrier", "tensor_map", "warpgroup", "atomic", "cluster", "memory")


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--tool", default="build/bin/bpt-emulate")
    parser.add_argument("--backend", choices=("emulator", "cuda", "ptxas"), default="emulator")
    parser.add_argument("--ptxas", default="ptxas", help="the assembler of --backend=ptxas")
    parser.add_argument("--seed", type=int, help="of inputs and of the schedule")
    parser.add_argument("--filter", default="", help="regular expression on case names")
    parser.add_argument("--golden", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--update-golden", action="store_true")
    parser.add_argument("--separate", action="store_true",
                        help="one kernel for every elementwise form")
    parser.add_argument("--eager", action="store_true",
                        help="asynchronous work is delivered at once")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--show", action="store_true", help="print the PTX of the cases")
    options = parser.parse_args()
    unknown = [g for g in options.groups if g not in GROUPS]
    if unknown:
        parser.error(f"there is no group '{unknown[0]}'; there are {', '.join(GROUPS)}")
    if options.update_golden and not options.golden:
        parser.error("--update-golden needs --golden=DIR")
    options.groups = options.groups or list(GROUPS)
    return options


def group_cases(group, seed, options):
    # Each group draws from its own stream: what others add does not change it.
    random = np.random.default_rng([seed, GROUPS.index(group)])
    cases = importlib.import_module(group + "_cases").cases(random)
    cases = elementwise.pack(cases, 1 if options.separate else 24, seed)
    return [c for c in cases if re.search(options.filter, c.name)]


def assemble(cases, ptxas):
    results = []
    for case in cases:
        target = re.search(r"^\.target (\w+)", case.ptx, re.M)[1]
        done = subprocess.run([ptxas, f"-arch={target}", "-O0", "-o", "/dev/null", "-"],
                              input=case.ptx, capture_output=True, text=True)
        results.append(None if done.returncode == 0 else
                       (done.stderr + done.stdout).strip())
    return results


def compare_golden(path, seed, cases, results):
    """Bit for bit, except where the model itself has a bound."""
    stored = np.load(path)
    wrong = {}
    for case, result in zip(cases, results):
        for index, actual in result.items() if isinstance(result, dict) else ():
            name = f"{case.name}#{index}"
            if name not in stored:
                wrong[case.name] = f"{path} has no output '{name}'"
            elif not isinstance(case.arguments[index].expected, Close) and not np.array_equal(
                    stored[name], actual):
                wrong[case.name] = f"argument {index} is not what {path} holds"
    return wrong


def run_group(group, backend, seed, options):
    golden = options.golden / f"{group}.npz" if options.golden else None
    if golden and not options.update_golden:
        if not golden.exists():
            sys.exit(f"error: there is no {golden}; --update-golden writes it")
        seed = int(np.load(golden)["seed"])
    cases = group_cases(group, seed, options)
    left_out = 0
    if options.backend == "cuda":
        left_out = sum(not backend.can_run(c) for c in cases)
        cases = [c for c in cases if backend.can_run(c)]
    if options.list or options.show:
        for case in cases:
            print(case.name)
            if options.show:
                print(case.ptx)
        return 0, 0, 0
    if options.backend == "ptxas":
        failures = {c.name: r for c, r in zip(cases, assemble(cases, options.ptxas)) if r}
    else:
        results = backend.run(cases)
        failures = {}
        for case, result in zip(cases, results):
            wrong = result if isinstance(result, str) else case.check(result)
            if wrong:
                failures[case.name] = wrong
        if golden and options.update_golden:
            golden.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(golden, seed=seed, **{
                f"{c.name}#{i}": a for c, r in zip(cases, results)
                if isinstance(r, dict) for i, a in r.items()})
        elif golden:
            failures |= compare_golden(golden, seed, cases, results)
    for name, wrong in failures.items():
        print(f"FAILED {group}: {name}: {wrong}")
    if failures:
        print(f"repeat with: {os.path.basename(__file__)} {group} --seed={seed}")
    return len(cases), len(failures), left_out


def main():
    options = parse_options()
    seed = options.seed
    if seed is None:
        seed = int(os.environ.get("BPT_SEED", secrets.randbelow(10**6)))
    total = failed = left_out = 0
    with tempfile.TemporaryDirectory(prefix="bpt-conformance-") as directory:
        backend = None
        if options.backend == "emulator":
            backend = Emulator(options.tool, directory, seed, options.eager)
        elif options.backend == "cuda":
            try:
                backend = cuda_backend.Cuda()
            except cuda_backend.NoDevice as error:
                print(f"error: {error}", file=sys.stderr)
                return 2
        for group in options.groups:
            count, failures, skipped = run_group(group, backend, seed, options)
            total += count
            failed += failures
            left_out += skipped
    if not options.list and not options.show:
        newer = f", {left_out} left out that need another GPU" if left_out else ""
        print(f"{total} cases, {failed} failed{newer}, seed {seed}")
        # A filter that selects nothing tests nothing.
        return 1 if failed or not total else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
