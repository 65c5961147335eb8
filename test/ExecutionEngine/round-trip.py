# Every element type goes through both file formats unchanged, in the values that
# are easy to break: extremes, denormals, infinities, NaN payloads aside.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/Inputs %python %s %t

import struct
import sys

from tensor_files import *

directory = sys.argv[1]
VALUES = {
    "f64": struct.pack("<6d", 0.0, -1.5, 1e308, 5e-324, float("inf"), -2.0),
    "f32": struct.pack("<6f", 0.0, -1.5, 3e38, 1e-45, float("-inf"), 7.0),
    "f16": struct.pack("<6e", 0.0, -1.5, 65504.0, 6e-8, float("inf"), 7.0),
    "bf16": bytes.fromhex("0000c0bf7f7f0100807f8040"),
    "f8E4M3FN": bytes([0x00, 0x80, 0x7E, 0x01, 0x7F, 0x38]),
    "i1": bytes([0, 1, 1, 0, 1, 0]),
    "i8": struct.pack("<6b", 0, -1, 127, -128, 5, 6),
    "i16": struct.pack("<6h", 0, -1, 32767, -32768, 5, 6),
    "i32": struct.pack("<6i", 0, -1, 2**31 - 1, -2**31, 5, 6),
    "i64": struct.pack("<6q", 0, -1, 2**63 - 1, -2**63, 5, 6),
    "ui8": struct.pack("<6B", 0, 1, 255, 128, 5, 6),
    "ui16": struct.pack("<6H", 0, 1, 65535, 32768, 5, 6),
    "ui32": struct.pack("<6I", 0, 1, 2**32 - 1, 2**31, 5, 6),
    "ui64": struct.pack("<6Q", 0, 1, 2**64 - 1, 2**63, 5, 6),
}

for type, (code, dtype, width) in TYPES.items():
    data = VALUES[type]
    assert len(data) == 6 * width
    identity(f"{directory}/id.mlir", f"2x3x{type}")

    # The tensor after another one, at an odd offset: read by a copy.
    write(f"{directory}/in.safetensors",
          safetensors([("first", "U8", [3], b"abc"), ("x", dtype, [2, 3], data)]))
    code_out, output = run(f"{directory}/id.mlir",
                           f"--input=@{directory}/in.safetensors#x",
                           f"--output=@{directory}/out.safetensors#y.0")
    assert code_out == 0 and output == "", output
    assert parse_safetensors(read(f"{directory}/out.safetensors")) == {
        "y.0": (dtype, [2, 3], data)}, type
    # What was written is aligned: read in place.
    code_out, output = run(f"{directory}/id.mlir",
                           f"--input=@{directory}/out.safetensors#y.0",
                           f"--output=@{directory}/again.safetensors#x")
    assert code_out == 0, output
    assert parse_safetensors(read(f"{directory}/again.safetensors"))["x"] == (
        dtype, [2, 3], data), type

    if code is None:
        expect_error(f"a .npy file has no type for {type}", f"{directory}/id.mlir",
                     f"--input=@{directory}/in.safetensors#x",
                     f"--output=@{directory}/out.npy")
        continue
    little = ("|" if width == 1 else "<") + code
    swapped = b"".join(data[i:i + width][::-1] for i in range(0, len(data), width))
    columns = b"".join(data[(r * 3 + c) * width:(r * 3 + c + 1) * width]
                       for c in range(3) for r in range(2))
    for name, content in {
            "version 1": npy(little, [2, 3], data),
            "version 2": npy(little, [2, 3], data, version=2),
            "version 3": npy(little, [2, 3], data, version=3),
            "big endian": npy(">" + code, [2, 3], swapped),
            "Fortran order": npy(little, [2, 3], columns, fortran=True)}.items():
        write(f"{directory}/in.npy", content)
        code_out, output = run(f"{directory}/id.mlir",
                               f"--input=@{directory}/in.npy",
                               f"--output=@{directory}/out.npy")
        assert code_out == 0 and output == "", (type, name, output)
        assert parse_npy(read(f"{directory}/out.npy")) == (
            little, False, (2, 3), data), (type, name)

# Rank 0, rank 1, no elements.
for type, shape, data in [("f32", (), struct.pack("<f", 2.5)),
                          ("i32x", (3,), struct.pack("<3i", 1, 2, 3)),
                          ("f32", (0, 4), b"")]:
    type = type.rstrip("x")
    text = "x".join([*map(str, shape), type])
    identity(f"{directory}/id.mlir", text)
    code, dtype, _ = TYPES[type]
    write(f"{directory}/in.npy", npy("<" + code, shape, data))
    code_out, output = run(f"{directory}/id.mlir", f"--input=@{directory}/in.npy",
                           f"--output=@{directory}/out.npy")
    assert code_out == 0, output
    assert parse_npy(read(f"{directory}/out.npy")) == ("<" + code, False, shape,
                                                      data), text
    write(f"{directory}/in.safetensors", safetensors([("x", dtype, shape, data)]))
    code_out, output = run(f"{directory}/id.mlir",
                           f"--input=@{directory}/in.safetensors#x",
                           f"--output=@{directory}/out.safetensors#x")
    assert code_out == 0, output
    assert parse_safetensors(read(f"{directory}/out.safetensors")) == {
        "x": (dtype, list(shape), data)}, text
