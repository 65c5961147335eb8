"""Changes the last expected element of the first file, and cuts the second."""

import pathlib
import sys

first, second, *_ = sorted(pathlib.Path(sys.argv[1]).iterdir())
data = bytearray(first.read_bytes())
data[-16:-8] = bytes(6) + b"\xf0\x40"  # 65536; the error that is allowed follows
first.write_bytes(data)
second.write_bytes(second.read_bytes()[:8])
