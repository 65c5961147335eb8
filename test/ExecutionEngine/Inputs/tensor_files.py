"""Writes and reads tensor files with the standard library alone."""

import json
import struct
import subprocess
import sys

# MLIR type: (npy code, safetensors dtype, bytes)
TYPES = {
    "f64": ("f8", "F64", 8),
    "f32": ("f4", "F32", 4),
    "f16": ("f2", "F16", 2),
    "bf16": (None, "BF16", 2),
    "f8E4M3FN": (None, "F8_E4M3", 1),
    "i1": ("b1", "BOOL", 1),
    "i8": ("i1", "I8", 1),
    "i16": ("i2", "I16", 2),
    "i32": ("i4", "I32", 4),
    "i64": ("i8", "I64", 8),
    "ui8": ("u1", "U8", 1),
    "ui16": ("u2", "U16", 2),
    "ui32": ("u4", "U32", 4),
    "ui64": ("u8", "U64", 8),
}


def npy(descr, shape, data, fortran=False, version=1, header=None):
    if header is None:
        header = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (
            descr, fortran, tuple(shape))
    header = header.encode("latin1")
    length = "<H" if version == 1 else "<I"
    prefix = 8 + struct.calcsize(length)
    header += b" " * (-(prefix + len(header) + 1) % 64) + b"\n"
    return (b"\x93NUMPY" + bytes([version, 0]) + struct.pack(length, len(header))
            + header + data)


def parse_npy(content):
    """Returns descr, fortran_order, shape, data."""
    assert content[:8] == b"\x93NUMPY\x01\x00", content[:8]
    (length,) = struct.unpack("<H", content[8:10])
    assert (10 + length) % 64 == 0
    header = eval(content[10:10 + length])
    return (header["descr"], header["fortran_order"], header["shape"],
            content[10 + length:])


def safetensors(tensors):
    """tensors: list of name, dtype, shape, data."""
    header, data = {}, b""
    for name, dtype, shape, content in tensors:
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    return raw_safetensors(json.dumps(header), data)


def raw_safetensors(header, data):
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header)) + header + data


def parse_safetensors(content):
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    data = content[8 + length:]
    return {name: (entry["dtype"], entry["shape"],
                   data[slice(*entry["data_offsets"])])
            for name, entry in header.items()}


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def identity(path, type):
    """A function that returns its argument."""
    write(path, f"func.func @main(%x: tensor<{type}>) -> tensor<{type}> {{\n"
                f"  return %x : tensor<{type}>\n}}\n".encode())


def run(*arguments):
    """Runs bpt-runner; returns the exit code and what it printed."""
    done = subprocess.run(["bpt-runner", *arguments], capture_output=True,
                          text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def expect_error(expected, *arguments):
    """One line on stderr that contains `expected`, and exit code 2."""
    code, output = run(*arguments)
    if code != 2 or expected not in output or output.count("\n") != 1:
        sys.exit(f"{arguments}: expected '{expected}' and code 2, got code "
                 f"{code}:\n{output}")
