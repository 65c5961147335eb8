# Without a driver the CUDA backend says so in one line and exits with 2.
#
# RUN: env PYTHONPATH=%S/Inputs %python %s

import contextlib
import ctypes
import io
import sys

import run_conformance


def missing(name, *_):
    raise OSError(f"{name}: cannot open shared object file")


ctypes.CDLL = missing
sys.argv = ["run_conformance.py", "integer", "--backend=cuda"]
output = io.StringIO()
with contextlib.redirect_stderr(output):
    assert run_conformance.main() == 2
assert output.getvalue() == (
    "error: no device: libcuda.so.1, the CUDA driver, is not on this machine\n"
), output.getvalue()
