# What MLIR makes of a GPU kernel runs: workgroup memory, a shuffle, a barrier,
# bf16 arithmetic.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: %python %s %t

import math
import re
import struct
import subprocess
import sys

directory = sys.argv[1]
MODULE = """
gpu.module @m {
  gpu.func @k(%in: !llvm.ptr, %out: !llvm.ptr) workgroup(%s: memref<64xf32, #gpu.address_space<workgroup>>) kernel {
    %t = gpu.thread_id x
    %i = arith.index_cast %t : index to i64
    %p = llvm.getelementptr %in[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %v = llvm.load %p : !llvm.ptr -> f32
    %c5 = arith.constant 5 : i32
    %c32 = arith.constant 32 : i32
    %other, %valid = gpu.shuffle xor %v, %c5, %c32 : f32
    %product = arith.mulf %other, %v : f32
    memref.store %product, %s[%t] : memref<64xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    %c63 = arith.constant 63 : index
    %r = arith.subi %c63, %t : index
    %w = memref.load %s[%r] : memref<64xf32, #gpu.address_space<workgroup>>
    %h = arith.truncf %w : f32 to bf16
    %h2 = arith.mulf %h, %h : bf16
    %x = arith.extf %h2 : bf16 to f32
    %q = llvm.getelementptr %out[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    llvm.store %x, %q : f32, !llvm.ptr
    gpu.return
  }
}
"""
with open(f"{directory}/module.mlir", "w") as stream:
    stream.write(MODULE)
pipeline = "--gpu-lower-to-nvvm-pipeline=cubin-chip=sm_90 cubin-features=+ptx83 cubin-format=isa"
binary = subprocess.run(["mlir-opt", f"{directory}/module.mlir", pipeline], capture_output=True, text=True, check=True).stdout
assembly = re.search(r'"((?:[^"\\]|\\.)*\.version(?:[^"\\]|\\.)*)"', binary)[1]
text = re.sub(r"\\([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), assembly).rstrip("\0")
with open(f"{directory}/kernel.ptx", "w") as stream:
    stream.write(text)

values = [0.25 * i - 7 for i in range(64)]
content = " ".join(map(str, values))
result = subprocess.run(
    ["bpt-emulate", f"{directory}/kernel.ptx", "--block=64", f"--arg=64xf32={content}", "--arg=64xf32=splat:0", "--print=1"],
    capture_output=True,
    text=True,
)
assert result.returncode == 0, result.stderr


def round_bf16(value):
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return struct.unpack("<f", struct.pack("<I", bits))[0]


products = [round_bf16(values[i] * values[i ^ 5]) for i in range(64)]
expected = [round_bf16(products[63 - i] ** 2) for i in range(64)]
actual = [float(word) for word in result.stdout.split("=")[1].split()]
assert len(actual) == 64 and all(math.isclose(a, e, rel_tol=1e-7) for a, e in zip(actual, expected)), (actual, expected)
