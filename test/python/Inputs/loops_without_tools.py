"""Runs bpt.bench.loops as if neither the CUDA toolkit nor triton was installed."""

import os
import runpy
import sys

from bpt.bench.loops import disassembly

disassembly.TOOLKIT = "/nonexistent"
sys.modules["triton"] = None
os.environ["PATH"] = ""

runpy.run_module("bpt.bench.loops", run_name="__main__", alter_sys=True)
