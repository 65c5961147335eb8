"""Runs the benchmark command as if PyTorch were not installed; --break-peer
makes the unfused attention causal where it should not be."""

import runpy
import sys

sys.modules["torch"] = None

if "--break-peer" in sys.argv:
    sys.argv.remove("--break-peer")
    from bpt.bench import openblas

    attention = openblas.attention
    openblas.attention = lambda arguments, causal: attention(arguments, not causal)

runpy.run_module("bpt.bench", run_name="__main__", alter_sys=True)
