"""Seeds bugs in the real kernels; the emulator must notice every one.

    run_mutants.py [KERNEL...] --tool=build/bin/bpt-emulate [--filter=REGEX] [--quiet]

A mutant is caught by a report, or by a result outside the bound of the reference, in any
of three runs: the order of threads of seed 0, a random one, and eager delivery. Prints
what caught each mutant; exit code 1 if one was not caught.
"""

import argparse
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Conformance" / "Inputs"))

import numpy as np

import kernels
from emulator_backend import Emulator
from mutants import MUTANTS

RUNS = ({"seed": 0, "eager": False}, {"seed": 1234, "eager": False}, {"seed": 99, "eager": True})


def summary(text):
    """A report without where it happened."""
    first = text.splitlines()[0]
    return re.sub(r"^kernel .*?PTX line (\d+): `.*?`: ", r"line \1: ", first)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="*", metavar="KERNEL")
    parser.add_argument("--tool", default="build/bin/bpt-emulate")
    parser.add_argument("--filter", default="", help="regular expression on the mutants' names")
    parser.add_argument("--quiet", action="store_true", help="print what was missed only")
    options = parser.parse_args()
    selected = [m for m in MUTANTS if re.search(options.filter, m.name)
                and (not options.kernels or m.kernel in options.kernels)]
    cases = []
    for mutant in selected:
        text = mutant.apply(kernels.text(mutant.kernel))
        for run in RUNS:
            case = kernels.make(mutant.kernel, np.random.default_rng(5), text)
            case.options = run
            case.name = mutant.name
            cases.append(case)
    with tempfile.TemporaryDirectory(prefix="bpt-mutants-") as directory:
        results = Emulator(options.tool, directory).run(cases)
    missed = 0
    for i, mutant in enumerate(selected):
        found = []
        for case, result, run in zip(cases[len(RUNS) * i:], results[len(RUNS) * i:], RUNS):
            if isinstance(result, str):
                found.append((0, run, summary(result)))
            elif case.check(result):
                found.append((1, run, "wrong result: " + case.check(result)))
        # A report says more than a wrong result.
        found.sort(key=lambda f: f[0])
        if not found:
            missed += 1
            print(f"MISSED {mutant.kernel}: {mutant.name}")
        elif not options.quiet:
            runs = f"{len(found)} of {len(RUNS)} runs"
            print(f"{mutant.kernel}: {mutant.name}\n    {runs}; {found[0][2][:200]}")
    print(f"{len(selected)} mutants, {missed} missed")
    return 1 if missed or not selected else 0


if __name__ == "__main__":
    sys.exit(main())
