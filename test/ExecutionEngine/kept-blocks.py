# The memory of a result is used again by the next call, of any size: pages are
# touched for the first time in the first call only.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/Inputs %python %s %t

import resource
import sys

from tensor_files import *

PAGES = 300
# A size that is no multiple of a page's, nor of the allocator's alignment.
TYPE = f"tensor<{PAGES * 1024 + 9}xf32>"

program = f"{sys.argv[1]}/copy.mlir"
with open(program, "w") as file:
    file.write(f"""
func.func @main(%x: {TYPE}, %y: {TYPE}) -> {TYPE} {{
  %empty = tensor.empty() : {TYPE}
  %sum = linalg.add ins(%x, %y : {TYPE}, {TYPE}) outs(%empty : {TYPE}) -> {TYPE}
  return %sum : {TYPE}
}}
""")


def count_faults(calls: int) -> int:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
    inputs = [f"--input={TYPE[7:-1]}=random:{seed}" for seed in (1, 2)]
    code, output = run(program, *inputs, f"--benchmark={calls}", "--threads=1",
                       f"--output=@{sys.argv[1]}/sum.npy")
    assert code == 0, output
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before


count_faults(1)
more = count_faults(60) - count_faults(10)
# 50 calls that took new pages would have 15000 faults more.
assert more < 50 * PAGES // 5, more
