# Nothing is copied on the way in and out, which the code itself tells: it
# returns the addresses of its argument and of its result.
#
# REQUIRES: python-extension
# RUN: env PYTHONPATH=%bpt_python_path:%S/Inputs %python %s

import ctypes
import importlib.util

import ml_dtypes
import numpy as np
from checks import expect_error

import bpt

ADDRESSES = """
func.func @main(%argument: tensor<?x{0}>) -> (memref<?x{0}>, memref<2xi64>) {{
  %x = bufferization.to_buffer %argument read_only : tensor<?x{0}> to memref<?x{0}>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %size = memref.dim %x, %c0 : memref<?x{0}>
  %y = memref.alloc(%size) : memref<?x{0}>
  memref.copy %x, %y : memref<?x{0}> to memref<?x{0}>
  %addresses = memref.alloc() : memref<2xi64>
  %from = memref.extract_aligned_pointer_as_index %x : memref<?x{0}> -> index
  %to = memref.extract_aligned_pointer_as_index %y : memref<?x{0}> -> index
  %i = arith.index_cast %from : index to i64
  %j = arith.index_cast %to : index to i64
  memref.store %i, %addresses[%c0] : memref<2xi64>
  memref.store %j, %addresses[%c1] : memref<2xi64>
  return %y, %addresses : memref<?x{0}>, memref<2xi64>
}}
"""


class Exporter:
    """Exports an array by DLPack and by nothing else, as other libraries do."""

    def __init__(self, array, versions=True):
        self.array, self.versions = array, versions

    def __dlpack__(self, **options):
        if options and not self.versions:
            raise TypeError("no such option")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


f32 = bpt.compile(ADDRESSES.format("f32"))
x = np.arange(7, dtype=np.float32)
offset = np.arange(9, dtype=np.float32)[2:]
frozen = np.arange(7, dtype=np.float32)
frozen.flags.writeable = False
for array, given in [
    (x, x),
    (offset, offset),
    (frozen, frozen),
    (x, memoryview(x)),
    (x, Exporter(x)),
    (x, Exporter(x, versions=False)),
    (frozen, Exporter(frozen)),
]:
    y, (came, went) = f32(given)
    assert array.ctypes.data == came, given
    assert y.ctypes.data == went and np.array_equal(y, array)
    # The result's DLPack is of the same memory, and keeps it.
    again = np.from_dlpack(y)
    assert again.ctypes.data == went
    del y
    assert np.array_equal(again, array)

# One that has strides is copied: the address is another.
strided = np.arange(14, dtype=np.float32)[::2]
y, (came, went) = f32(strided)
assert came != strided.ctypes.data and np.array_equal(y, strided)
y, _ = f32(Exporter(strided))
assert np.array_equal(y, strided)

# The result is alive as long as a view of it is, also when the function is gone.
g = bpt.compile(ADDRESSES.format("f32"))
view = g(x)[0][2:4]
del g
assert np.array_equal(view, x[2:4])

# bf16, which NumPy has no DLPack for. An array of it exports itself all the same.
bf16 = bpt.compile(ADDRESSES.format("bf16"))
b = np.arange(7).astype(ml_dtypes.bfloat16)
y, (came, went) = bf16(b)
assert came == b.ctypes.data and went == y.ctypes.data and np.array_equal(y, b)
z, (came, _) = bf16(Exporter(y))
assert came == y.ctypes.data and np.array_equal(z, b)
tail = y[2:]
assert type(tail) is type(y)
assert bf16(Exporter(tail))[1][0] == tail.ctypes.data == y.ctypes.data + 4
assert np.array_equal(bf16(Exporter(y[::2]))[0], b[::2])
assert y.__dlpack_device__() == (1, 0)
wide = y.astype(np.float32)
assert np.from_dlpack(wide).ctypes.data == wide.ctypes.data
copy = bf16(type("", (Exporter,), {"__dlpack__": lambda self, **_: self.array.__dlpack__(copy=True)})(y))
assert copy[1][0] != y.ctypes.data and np.array_equal(copy[0], b)
y.flags.writeable = False
try:
    y.__dlpack__()
except BufferError as error:
    assert "a read-only array of bfloat16 has no DLPack" in str(error)
else:
    raise AssertionError("DLPack of a read-only bf16 array")
capsule = z.__dlpack__(max_version=(1, 0))
ctypes.pythonapi.PyCapsule_IsValid.argtypes = [ctypes.py_object, ctypes.c_char_p]
assert ctypes.pythonapi.PyCapsule_IsValid(capsule, b"dltensor_versioned")

# So it is with f8E4M3FN.
f8 = bpt.compile(ADDRESSES.format("f8E4M3FN"))
c = np.arange(7).astype(ml_dtypes.float8_e4m3fn)
y, (came, went) = f8(c)
assert came == c.ctypes.data and went == y.ctypes.data and np.array_equal(y, c)
assert f8.results[0].dtype == y.dtype == ml_dtypes.float8_e4m3fn
assert f8(Exporter(y))[1][0] == y.ctypes.data

# An output by DLPack is written in place.
out = [np.zeros(7, np.float32), np.zeros(2, np.int64)]
f32(x, out=[Exporter(array) for array in out])
assert np.array_equal(out[0], x) and out[1][0] == x.ctypes.data
expect_error("out for result 0 cannot be written: it is read-only", f32, x, out=[Exporter(frozen), out[1]])


# What cannot be read is said in the words of what exports it.
class Elsewhere(Exporter):
    def __dlpack_device__(self):
        return (2, 0)


class Refusing(Exporter):
    def __dlpack__(self, **_):
        raise BufferError("it requires a gradient")


class Nonsense(Exporter):
    def __dlpack__(self, **_):
        return "a capsule"


expect_error(
    "argument 0 lies in the memory of a device (DLPack's type 2); bring it to the host's memory first",
    f32,
    Elsewhere(x),
)
expect_error("argument 0 cannot be read: it requires a gradient", f32, Refusing(x))
expect_error("argument 0 cannot be read: its DLPack capsule is not valid", f32, Nonsense(x))
expect_error("argument 0 has elements of type unknown type", f32, Exporter(np.zeros(3, np.complex64)))

# The libraries that are there.
if importlib.util.find_spec("torch"):
    import torch

    t = torch.arange(7, dtype=torch.float32)
    y, (came, went) = f32(t)
    assert came == t.data_ptr() and torch.from_dlpack(y).data_ptr() == went
    t = t.to(torch.bfloat16)
    y, (came, went) = bf16(t)
    assert came == t.data_ptr()
    t = torch.from_dlpack(y)
    assert t.dtype == torch.bfloat16 and t.data_ptr() == went
    expect_error("argument 0 cannot be read: ", f32, torch.zeros(3, requires_grad=True))
    out = [torch.zeros(7), torch.zeros(2, dtype=torch.int64)]
    f32(x, out=out)
    assert out[0].tolist() == x.tolist()
else:
    print("left out: torch is not installed")
if importlib.util.find_spec("jax"):
    import jax.numpy as jnp

    for dtype, function in [(jnp.float32, f32), (jnp.bfloat16, bf16)]:
        t = jnp.arange(7, dtype=dtype)
        y, (came, _) = function(t)
        assert came == t.unsafe_buffer_pointer() and np.array_equal(y, np.asarray(t))
else:
    print("left out: jax is not installed")
