#!/usr/bin/env python3
"""Runs bpt-runner ($REAL_RUNNER), then spoils what it wrote as $SPOIL says."""

import os
import subprocess
import sys

import numpy as np

spoil = os.environ["SPOIL"]
if spoil == "crash":
    os.abort()
code = subprocess.run([os.environ["REAL_RUNNER"], *sys.argv[1:]]).returncode
if code:
    sys.exit(code)
paths = [a.removeprefix("--output=@") for a in sys.argv if a.startswith("--output=")]
if spoil == "missing":
    os.remove(paths[0])
    sys.exit(0)
path = paths[1] if spoil == "lse" else paths[0]
array = np.load(path)
if spoil == "scale":
    array *= 1 + 3e-5
elif spoil == "nan":
    array.flat[3] = np.nan
elif spoil == "lse":
    array[np.isneginf(array)] = np.finfo(np.float32).min
elif spoil == "eager" and "--emulator-eager" in sys.argv:
    array.flat[3] = np.nextafter(array.flat[3], np.float32(np.inf))
elif spoil == "shape":
    array = array[:, :-1]
np.save(path, array)
