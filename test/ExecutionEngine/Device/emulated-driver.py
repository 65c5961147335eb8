# What a caller of the emulated driver does wrong: memory that is not its own.
#
# The library is not loadable into an uninstrumented program.
# UNSUPPORTED: sanitizers
# RUN: %python %s %bpt_lib_dir/libBPTEmulatedCuda.so 2>&1 | FileCheck %s

import ctypes
import sys

driver = ctypes.CDLL(sys.argv[1])
block = ctypes.c_uint64()
assert driver.cuMemAlloc_v2(ctypes.byref(block), ctypes.c_size_t(60)) == 0
target, source = ctypes.create_string_buffer(64), bytes(64)
size = ctypes.c_size_t
# CHECK-COUNT-4: emulated CUDA: a copy or fill of {{[0-9]+}} bytes is out of bounds: it reaches {{[0-9]+}} bytes past the end of 'block' (60 bytes)
assert driver.cuMemcpyHtoD_v2(block, source, size(64)) == 700
assert driver.cuMemcpyDtoH_v2(target, block, size(64)) == 700
assert driver.cuMemsetD8Async(block, 1, size(61), None) == 700
assert driver.cuMemsetD2D32Async(block, size(8), 1, size(1), size(9), None) == 700
# CHECK-NOT: emulated
assert driver.cuMemsetD2D32Async(block, size(8), 1, size(1), size(7), None) == 0
assert driver.cuMemcpyDtoH_v2(target, block, size(60)) == 0
assert target.raw[:4] == b"\1\0\0\0", target.raw
assert driver.cuMemFree_v2(block) == 0
assert driver.cuMemFree_v2(block) == 1
