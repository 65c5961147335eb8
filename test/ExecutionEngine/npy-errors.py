# Broken .npy files are refused in one line that names the file and the reason.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/Inputs %python %s %t

import os
import sys

from tensor_files import *

directory = sys.argv[1]
identity(f"{directory}/id.mlir", "2x3xf32")
good = npy("<f4", [2, 3], bytes(24))


def refuse(expected, content):
    write(f"{directory}/bad.npy", content)
    expect_error(f"bad.npy': {expected}", f"{directory}/id.mlir",
                 f"--input=@{directory}/bad.npy")


def with_header(header):
    return npy(None, None, bytes(24), header=header)


MALFORMED = "its header is not a dictionary"
refuse("is not a .npy file", b"")
refuse("is not a .npy file", b"PK\x03\x04" + bytes(100))
refuse("has .npy format version 4.0", good[:6] + b"\x04" + good[7:])
refuse("has .npy format version 1.7", good[:7] + b"\x07" + good[8:])
refuse("is truncated in its header", good[:8] + b"\xff\xff" + good[10:])
refuse("states a header of 4294967295 bytes",
       good[:6] + b"\x02\x00\xff\xff\xff\xff" + good[12:])
refuse("holds 23 bytes of data, but its header (2x3xf32) says 24", good[:-1])
refuse("holds 25 bytes of data, but its header (2x3xf32) says 24", good + b"x")
refuse("states a shape whose size overflows",
       npy("<f4", [2**40, 2**40], bytes(24)))
refuse("states a shape whose size overflows",
       npy("<f4", [2**62, 2], bytes(24)))
refuse("holds 24 bytes of data", npy("<f4", [2**59], bytes(24)))
refuse("its 'shape' holds something that is not a size",
       npy("<f4", [-2, -3], bytes(24)))
refuse("its 'shape' holds something that is not a size",
       npy("<f4", [10**30], bytes(24)))
refuse("its 'shape' has more than 64 dimensions",
       npy("<f4", [1] * 70, bytes(4)))
refuse("dtype '<c8' is not supported", npy("<c8", [3], bytes(24)))
refuse("dtype '|O' is not supported", npy("|O", [3], bytes(24)))
refuse("dtype '' is not supported", npy("", [3], bytes(24)))
refuse("structured dtypes are not supported",
       with_header("{'descr': [('a', '<f4')], 'fortran_order': False, "
                   "'shape': (6,), }"))
refuse("its 'fortran_order' is neither True nor False",
       with_header("{'descr': '<f4', 'fortran_order': 1, 'shape': (6,), }"))
refuse("its 'shape' is not a tuple",
       with_header("{'descr': '<f4', 'fortran_order': False, 'shape': 6, }"))
for header in ["", "{", "{'descr'", "{'descr': '<f4'}", "[1, 2]", "{'a': 1}",
               "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, "
               "'shape': (6,)}",
               "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)} x"]:
    refuse(MALFORMED, with_header(header))

# Truncations anywhere are refused, none crashes.
for length in [*range(0, 16), *range(16, len(good), 7)]:
    refuse("", good[:length])

# What is no file of data.
os.mkdir(f"{directory}/dir.npy")
expect_error("dir.npy': is a directory", f"{directory}/id.mlir",
             f"--input=@{directory}/dir.npy")
expect_error("none.npy': No such file", f"{directory}/id.mlir",
             f"--input=@{directory}/none.npy")
os.symlink("/dev/zero", f"{directory}/zero.npy")
expect_error("zero.npy': is not a regular file", f"{directory}/id.mlir",
             f"--input=@{directory}/zero.npy")
os.mkfifo(f"{directory}/pipe.npy")
expect_error("pipe.npy': is not a regular file", f"{directory}/id.mlir",
             f"--input=@{directory}/pipe.npy")
