"""Runs a layer whose sequence has a length known at run time only on the CPU and,
with a strategy, on the emulator, and compares the results.

    run_layer.py LENGTH LAYER.mlir STRATEGY.mlir
"""

import re
import subprocess
import sys

length, layer, strategy = sys.argv[1:]
reference = layer + ".npy"

with open(layer) as file:
    arguments = re.search(r"@main\((.*?)\) ->", file.read()).group(1)
types = re.findall(r"tensor<([^>]*)>", arguments)
inputs = [f"--input={type.replace('?', length)}=random:{i}" for i, type in enumerate(types)]
subprocess.run(["bpt-runner", layer, *inputs, f"--output=@{reference}"], check=True)
subprocess.run(
    ["bpt-runner", layer, *inputs, "--device=cuda-emulator", f"--strategy={strategy}",
     "--memory-report", f"--expected-output=@{reference}", "--atol=1e-3", "--rtol=1e-4"],
    check=True,
)
