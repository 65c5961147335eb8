# What is wrong with a literal is said in one line.
#
# RUN: rm -rf %t && mkdir -p %t
# RUN: env PYTHONPATH=%S/Inputs %python %s %t

import os
import sys

from tensor_files import *

directory = sys.argv[1]
identity(f"{directory}/id.mlir", "2x3xf32")


def refuse(literal, expected):
    expect_error(expected, f"{directory}/id.mlir", f"--input={literal}")


TYPE = "a tensor's type is written as in 2x3xf32"
refuse("", "an input is @FILE.npy, @FILE.safetensors#NAME, or a literal")
refuse("x.npy", "an input is @FILE.npy, @FILE.safetensors#NAME, or a literal")
refuse("=1", TYPE)
refuse("2x3xf33=1", TYPE)
refuse("2x3=1", TYPE)
refuse("2x-3xf32=1", "'-3' is not a size")
refuse("2x3.5xf32=1", "'3.5' is not a size")
refuse("2xx3xf32=1", "'' is not a size")
refuse("99999999999999999999xf32=1", "is not a size")
refuse("2x3xf32=1 2 3 4 5", "has 5 elements, but its type needs 6")
refuse("2x3xf32=1 2 3 4 5 6 7", "has 7 elements, but its type needs 6")
refuse("4611686018427387904x4xf32=1", "more than there can be")
refuse("4611686018427387904x4xf32=splat:0", "has no valid size")
# The sanitizer has a line of its own to say about an allocation that fails.
if "ASAN_OPTIONS" not in os.environ:
    refuse("1000000x1000000x1000xf32=random:1", "no memory for a tensor")
refuse("2x3xf32=1 2 3 4 5 x", "'x' is not a number")
refuse("2x3xf32=splat:", "'' is not a number")
refuse("2xi8=1 128", "'128' is not a value of type i8")
refuse("2xi32=1 1.5", "'1.5' is not a value of type i32")
refuse("2xi1=1 2", "'2' is not a value of type i1")
refuse("2xui8=1 -1", "'-1' is not a value of type ui8")
refuse("2xui8=1 256", "'256' is not a value of type ui8")
refuse("1xi64=9223372036854775808", "is not a value of type i64")
refuse("2x3xf32=random:", "write random:SEED")
refuse("2x3xf32=random:-1", "write random:SEED")
refuse("2x3xf32=random:1:2", "write random:SEED")
refuse("2x3xf32=random:1:2:2", "LOW < HIGH")
refuse("2x3xf32=random:1:0:inf", "LOW < HIGH")
refuse("4xi8=random:1:0:300", "the bounds must be integers of type i8")
refuse("4xi32=random:1:0.5:3", "the bounds must be integers of type i32")
refuse("2x3xf64=splat:0", "argument 0: expected 2x3xf32, got 2x3xf64")
refuse("3x2xf32=splat:0", "argument 0: expected 2x3xf32, got 3x2xf32")
