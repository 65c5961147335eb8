"""Runs the benchmark command as if PyTorch and IREE were not installed; --break-peer
makes the unfused attention causal where it should not be, and --refuse-peer makes
it say that it cannot run."""

import runpy
import sys

sys.modules["torch"] = sys.modules["iree"] = None

if "--break-peer" in sys.argv:
    sys.argv.remove("--break-peer")
    from bpt.bench import openblas

    attention = openblas.attention
    openblas.attention = lambda arguments, causal: attention(arguments, not causal)

if "--refuse-peer" in sys.argv:
    sys.argv.remove("--refuse-peer")
    from bpt.bench import openblas
    from bpt.bench.case import Unavailable

    def refuse(arguments, causal):
        raise Unavailable("it is tired")

    openblas.attention = refuse

runpy.run_module("bpt.bench", run_name="__main__", alter_sys=True)
