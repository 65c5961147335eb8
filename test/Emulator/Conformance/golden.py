# Golden outputs: written once, compared with the seed that they were written with.
#
# RUN: rm -rf %t && mkdir %t
# RUN: %python %s %S/Inputs/run_conformance.py %bpt_bin_dir/bpt-emulate %t

import subprocess
import sys

import numpy as np

script, tool, directory = sys.argv[1:]


def run(*flags):
    done = subprocess.run(
        [sys.executable, script, "warp", "--filter=^redux", f"--tool={tool}",
         f"--golden={directory}", *flags], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


code, output = run()
assert code == 1 and "--update-golden writes it" in output, output
code, output = run("--update-golden", "--seed=5")
assert code == 0 and "0 failed" in output, output
# The inputs are those of the golden file, whatever the seed.
code, output = run("--seed=6")
assert code == 0 and "0 failed" in output, output

stored = dict(np.load(f"{directory}/warp.npz"))
name = next(n for n in stored if n.startswith("redux.sync.max.s32"))
stored[name] = stored[name] + 1
np.savez_compressed(f"{directory}/warp.npz", **stored)
code, output = run()
assert code == 1, output
assert f"FAILED warp: redux.sync.max.s32: argument 1 is not what {directory}/warp.npz holds" in \
    output, output
assert "1 failed" in output, output
