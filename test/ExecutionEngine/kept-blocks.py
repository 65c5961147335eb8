# The memory of one call is used again by the next one: pages are touched for the
# first time in the first call only.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/Inputs %python %s %t

import resource
import sys

from tensor_files import *

# How many calls follow the first ones, and how many pages each may touch anew.
CALLS, FEW = 50, 60


def check(name: str, program: str, *types: str) -> None:
    path = f"{sys.argv[1]}/{name}.mlir"
    with open(path, "w") as file:
        file.write(program)

    def count_faults(calls: int) -> int:
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
        inputs = [f"--input={type}=random:{seed}" for seed, type in enumerate(types)]
        code, output = run(path, *inputs, f"--benchmark={calls}", "--threads=1",
                           f"--output=@{sys.argv[1]}/out.safetensors#y")
        assert code == 0, output
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before

    count_faults(1)
    more = count_faults(10 + CALLS) - count_faults(10)
    assert more < CALLS * FEW, f"{name}: {more} pages in {CALLS} calls"


# A result of 300 pages and a bit: its size is no multiple of a page's, nor of the
# allocator's alignment.
SIZE = 300 * 1024 + 9
check("result", f"""
func.func @main(%x: tensor<{SIZE}xf32>, %y: tensor<{SIZE}xf32>) -> tensor<{SIZE}xf32> {{
  %empty = tensor.empty() : tensor<{SIZE}xf32>
  %sum = linalg.add ins(%x, %y : tensor<{SIZE}xf32>, tensor<{SIZE}xf32>) outs(%empty : tensor<{SIZE}xf32>) -> tensor<{SIZE}xf32>
  return %sum : tensor<{SIZE}xf32>
}}
""", f"{SIZE}xf32", f"{SIZE}xf32")

# Panels of a weight (of a CPU that multiplies pairs of bf16), 1152 pages: a result, which is allocated while they are kept
# and does not fit beside them, takes the place of something smaller.
check("panels", """
func.func @main(%x: tensor<1x17x3072xbf16>, %w: tensor<3072x768xbf16>) -> tensor<1x17x768xbf16> {
  %zero = arith.constant 0.0 : bf16
  %empty = tensor.empty() : tensor<1x17x768xbf16>
  %zeros = linalg.fill ins(%zero : bf16) outs(%empty : tensor<1x17x768xbf16>) -> tensor<1x17x768xbf16>
  %y = bpt.linear ins(%x, %w : tensor<1x17x3072xbf16>, tensor<3072x768xbf16>) outs(%zeros : tensor<1x17x768xbf16>) -> tensor<1x17x768xbf16>
  return %y : tensor<1x17x768xbf16>
}
""", "1x17x3072xbf16", "3072x768xbf16")
