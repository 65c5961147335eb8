# Results go to files together, one at a time, or to none; what is there is
# replaced, and nothing else is left behind.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/../../ExecutionEngine/Inputs %python %s %t

import os
import struct
import sys

from tensor_files import *

directory = sys.argv[1]
path = f"{directory}/two.mlir"
write(path, b"""
func.func @main(%x: tensor<2xf32>, %y: tensor<3xbf16>) -> (tensor<2xf32>, tensor<3xbf16>) {
  return %x, %y : tensor<2xf32>, tensor<3xbf16>
}
""")
INPUTS = ["--input=2xf32=1 2", "--input=3xbf16=splat:1"]
FLOATS = struct.pack("<2f", 1, 2)
BFLOATS = b"\x80\x3f" * 3

code, output = run(path, *INPUTS, f"--output=@{directory}/a.safetensors#x",
                   f"--output=@{directory}/a.safetensors#y")
assert code == 0 and output == "", output
assert parse_safetensors(read(f"{directory}/a.safetensors")) == {
    "x": ("F32", [2], FLOATS), "y": ("BF16", [3], BFLOATS)}

code, output = run(path, *INPUTS, f"--output=@{directory}/b.npy",
                   f"--output=@{directory}/a.safetensors#y#z")
assert code == 0 and output == "", output
assert parse_npy(read(f"{directory}/b.npy"))[3] == FLOATS
assert parse_safetensors(read(f"{directory}/a.safetensors")) == {
    "y#z": ("BF16", [3], BFLOATS)}

# The first result only.
code, output = run(path, *INPUTS, f"--output=@{directory}/b.npy")
assert code == 0 and output == "", output

# One file cannot be written: the other is not either.
expect_error("cannot be written", path, *INPUTS, f"--output=@{directory}/c.npy",
             f"--output=@{directory}/none/a.safetensors#y")
assert sorted(os.listdir(directory)) == ["a.safetensors", "b.npy", "two.mlir"]
