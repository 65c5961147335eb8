"""Runs a function whose sequence has a length known at run time only on the CPU
and, with a strategy, on the emulator, and compares the results.

    run_layer.py LENGTH LAYER.mlir STRATEGY.mlir [--function=NAME] --atol=X --rtol=X
"""

import re
import subprocess
import sys

length, layer, strategy, *flags = sys.argv[1:]
function = next((f.partition("=")[2] for f in flags if f.startswith("--function=")), "main")
flags = [f for f in flags if not f.startswith("--function=")]

with open(layer) as file:
    signature = re.search(rf"@{function}\((.*?)\) -> (.*?) \{{\n", file.read())
arguments, results = (re.findall(r"tensor<([^>]*)>", part) for part in signature.groups())
references = [f"@{layer}.{i}.npy" for i in range(len(results))]
inputs = [f"--input={type.replace('?', length)}=random:{i}" for i, type in enumerate(arguments)]
command = ["bpt-runner", layer, f"--function={function}", *inputs]
subprocess.run([*command, *(f"--output={file}" for file in references)], check=True)
subprocess.run(
    [*command, "--device=cuda-emulator", f"--strategy={strategy}", "--memory-report",
     *(f"--expected-output={file}" for file in references), *flags],
    check=True,
)  # fmt: skip
