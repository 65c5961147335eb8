"""Runs every wrong kernel of faults.py and its correction.

    run_faults.py --tool=build/bin/bpt-emulate [--filter=REGEX] [--seed=N] [--ptxas=PATH] [--list]

A wrong kernel must be reported with its kind and the line that is wrong; the corrected
one must run without a report. `--list` prints what each is reported as; `--ptxas` only
assembles the corrected kernels.
"""

import argparse
import os
import pathlib
import re
import secrets
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Conformance" / "Inputs"))

import faults
import run_conformance
from emulator_backend import Emulator


def reported_line(error):
    """Reports of a run say `PTX line N`, those of the parser `FILE:N:COLUMN`."""
    found = re.search(r"PTX line (\d+)|:(\d+):\d+", error)
    return int(found[1] or found[2]) if found else None


def judge(fault, result):
    if not isinstance(result, str):
        return "is not reported"
    for message in fault.messages:
        if not re.search(message, result):
            return f"does not match '{message}': {result}"
    marked = {number for number, text in enumerate(fault.text(1).splitlines(), 1)
              if "//!" in text}
    if fault.has_line and reported_line(result) not in marked:
        return f"is not at line {sorted(marked)}: {result}"
    return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default="build/bin/bpt-emulate")
    parser.add_argument("--filter", default="")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--ptxas", metavar="PATH")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    seed = options.seed
    if seed is None:
        seed = int(os.environ.get("BPT_SEED", secrets.randbelow(10**6)))
    selected = [f for f in faults.all_faults() if re.search(options.filter, f.name)]
    corrected = [f.case(2) for f in selected]
    failures = []
    if options.ptxas:
        failures = [f"{c.name}: {r}" for c, r in
                    zip(corrected, run_conformance.assemble(corrected, options.ptxas)) if r]
    else:
        with tempfile.TemporaryDirectory(prefix="bpt-faults-") as directory:
            backend = Emulator(options.tool, directory, seed)
            wrong = backend.run([f.case(1) for f in selected])
            right = backend.run(corrected)
        for fault, error, clean in zip(selected, wrong, right):
            if options.list:
                print(f"{fault.name}: {error if isinstance(error, str) else 'nothing'}")
            judgement = judge(fault, error)
            if judgement:
                failures.append(f"{fault.name}: {judgement}")
            if isinstance(clean, str):
                failures.append(f"{fault.name}, corrected: {clean}")
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{len(selected)} faults, {len(failures)} failures, seed {seed}")
    return 1 if failures or not selected else 0


if __name__ == "__main__":
    sys.exit(main())
