"""Runs the real kernels over many schedules; there must be no report and no wrong result.

    run_kernels.py [KERNEL...] --tool=build/bin/bpt-emulate [--schedules=20] [--seed=N]
        [--backend=emulator|cuda]

Half the schedules deliver asynchronous work as late as it may be, half at once.
"""

import argparse
import os
import pathlib
import secrets
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Conformance" / "Inputs"))

import numpy as np

import cuda_backend
import kernels
from emulator_backend import Emulator


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="*", metavar="KERNEL",
                        help=", ".join(kernels.CASES))
    parser.add_argument("--tool", default="build/bin/bpt-emulate")
    parser.add_argument("--backend", choices=("emulator", "cuda"), default="emulator")
    parser.add_argument("--schedules", type=int, default=20)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    seed = options.seed
    if seed is None:
        seed = int(os.environ.get("BPT_SEED", secrets.randbelow(10**6)))
    names = options.kernels or list(kernels.CASES)
    unknown = [n for n in names if n not in kernels.CASES]
    if unknown:
        parser.error(f"there is no kernel '{unknown[0]}'; there are {', '.join(kernels.CASES)}")
    cases = []
    for name in names:
        for schedule in range(options.schedules):
            case = kernels.make(name, np.random.default_rng(seed))
            eager = schedule % 2 == 1
            case.options = {"seed": seed + schedule, "eager": eager}
            case.name += f", schedule {seed + schedule} {'eager' if eager else 'late'}"
            cases.append(case)
    with tempfile.TemporaryDirectory(prefix="bpt-kernels-") as directory:
        if options.backend == "cuda":
            try:
                backend = cuda_backend.Cuda()
            except cuda_backend.NoDevice as error:
                print(f"error: {error}", file=sys.stderr)
                return 2
            cases = [case for case in cases if backend.can_run(case)]
        else:
            backend = Emulator(options.tool, directory)
        results = backend.run(cases)
    failed = 0
    for case, result in zip(cases, results):
        wrong = result if isinstance(result, str) else case.check(result)
        if wrong:
            failed += 1
            print(f"FAILED {case.name}: {wrong}")
    print(f"{len(cases)} runs, {failed} failed, seed {seed}")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
