# Broken safetensors files are refused in one line that names the file and the
# reason.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/Inputs %python %s %t

import json
import os
import struct
import sys

from tensor_files import *

directory = sys.argv[1]
identity(f"{directory}/id.mlir", "2x3xf32")
good = safetensors([("x", "F32", [2, 3], bytes(24)),
                    ("y", "U8", [5], bytes(5))])


def refuse(expected, content, name="x"):
    write(f"{directory}/bad.safetensors", content)
    expect_error(f"bad.safetensors': {expected}", f"{directory}/id.mlir",
                 f"--input=@{directory}/bad.safetensors#{name}")


def entry(shape=(2, 3), offsets=(0, 24), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def with_entries(entries, size=24):
    return raw_safetensors(json.dumps(entries), bytes(size))


refuse("is not a safetensors file: it has 0 bytes", b"")
refuse("is not a safetensors file: it has 7 bytes", bytes(7))
refuse("is not a safetensors file: it states a header of 18446744073709551615",
       b"\xff" * 8 + good[8:])
refuse("is truncated: its header has 1000 bytes",
       struct.pack("<Q", 1000) + good[8:])
refuse("has a header that is not JSON", raw_safetensors("{'x': 1}", bytes(24)))
refuse("has a header that is not JSON", raw_safetensors(b'{"\xff": {}}', b""))
refuse("has a header that is not a JSON object", raw_safetensors("[]", b""))
refuse("has a header that nests too deep",
       raw_safetensors("[" * 1000000, b""))
refuse("has a header that names a tensor twice", raw_safetensors(
    '{"x": %s, "x": %s}' % ((json.dumps(entry()),) * 2), bytes(24)))
refuse("has a header that names a tensor twice", raw_safetensors(
    r'{"x": %s, "\u0078": %s}' % ((json.dumps(entry()),) * 2), bytes(24)))
refuse("tensor 'x' is not described by a JSON object", with_entries({"x": 1}))
refuse("tensor 'x' has no 'dtype'", with_entries({"x": {}}))
refuse("tensor 'x' has dtype 'F8_E5M2', which is not supported",
       with_entries({"x": entry(dtype="F8_E5M2")}))
refuse("tensor 'x' has no 'shape'", with_entries({"x": {"dtype": "F32"}}))
for size in [-1, 1.5, "a", None, 10**30]:
    refuse("tensor 'x' has a 'shape' that holds something that is not a size",
           with_entries({"x": entry([size])}))
refuse("tensor 'x' has a shape whose size overflows",
       with_entries({"x": entry([2**40, 2**40])}))
for offsets in [[], [0], [0, 24, 30], [24, 0], [-24, 0], ["0", "24"], [0, 1e30]]:
    refuse("tensor 'x' has no 'data_offsets' of a begin and an end",
           with_entries({"x": entry(offsets=offsets)}))
refuse("tensor 'x' has 20 bytes of data, but 2x3xf32 takes 24",
       with_entries({"x": entry(offsets=[0, 20])}))
refuse("has overlapping data for tensor 'y'",
       with_entries({"x": entry(), "y": entry(offsets=[12, 36])}, 36))
refuse("has data bytes 24 to 30 that belong to no tensor",
       with_entries({"x": entry(), "y": entry(offsets=[30, 54])}, 54))
refuse("is truncated: its tensors take 24 bytes, but it holds 23",
       with_entries({"x": entry()}, 23))
refuse("its tensors take 24 bytes, but it holds 25 bytes",
       with_entries({"x": entry()}, 25))
refuse("holds no tensor 'z'; it holds x, y", good, "z")
refuse("holds no tensor 'z'; it is empty", raw_safetensors("{}", b""), "z")

# Truncations anywhere are refused, none crashes.
for length in [*range(0, 16), *range(16, len(good), 7)]:
    refuse("", good[:length])

os.mkdir(f"{directory}/dir.safetensors")
expect_error("dir.safetensors': is a directory", f"{directory}/id.mlir",
             f"--weights={directory}/dir.safetensors")

# Metadata are skipped.
write(f"{directory}/meta.safetensors", raw_safetensors(json.dumps(
    {"__metadata__": {"format": "pt"}, "x": entry()}), bytes(24)))
code, output = run(f"{directory}/id.mlir",
                   f"--input=@{directory}/meta.safetensors#x")
assert code == 0 and "result 0: 2x3xf32 = 0 0 0 0 0 0" in output, output
