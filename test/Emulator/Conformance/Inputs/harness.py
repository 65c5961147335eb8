"""Cases: a small PTX module, its launch, its arguments and what must come out."""

import dataclasses
from typing import Any, Optional

import numpy as np


@dataclasses.dataclass
class Buffer:
    """An array in global memory; `expected` says what it holds after the launch."""

    content: np.ndarray
    expected: Optional["Expectation"] = None


@dataclasses.dataclass
class Scalar:
    type: str
    value: Any


@dataclasses.dataclass
class TensorMap:
    """A tiled tensor map over the buffer of another argument; dims innermost first."""

    buffer: int
    type: str
    dims: tuple
    strides: tuple
    box: tuple
    swizzle: int = 0
    fill_nan: bool = False


@dataclasses.dataclass
class Exact:
    """Equal bit for bit; where `format` is given a NaN equals any NaN."""

    value: np.ndarray
    format: Any = None
    mask: Any = None

    def compare(self, actual):
        expected = self.value
        different = actual != expected
        if self.mask is not None:
            different = (actual & self.mask) != (expected & self.mask)
        if self.format is not None:
            both = np.isnan(self.format.decode(actual)) & np.isnan(self.format.decode(expected))
            different &= ~both
        return describe(different, actual, expected)


@dataclasses.dataclass
class Close:
    """Within an absolute bound of each element; `decode` gives the values of the bits."""

    value: np.ndarray
    bound: np.ndarray
    decode: Any = None

    def compare(self, actual):
        values = self.decode(actual) if self.decode else actual.astype(np.float64)
        with np.errstate(invalid="ignore"):
            near = np.abs(values - self.value) <= self.bound
        same = (values == self.value) | (np.isnan(values) & np.isnan(self.value))
        return describe(~(near | same), values, self.value)


@dataclasses.dataclass
class NoWorseThanPlain:
    """At most twice as far from the exact values (relative Frobenius error) as `plain`, what
    the same computation makes of them step by step in the same narrow type."""

    value: np.ndarray
    plain: np.ndarray
    decode: Any

    def compare(self, actual):
        norm = np.linalg.norm(self.value)
        allowed = 2 * np.linalg.norm(self.plain - self.value) / norm
        error = np.linalg.norm(self.decode(actual) - self.value) / norm
        if error <= allowed:
            return None
        return f"relative error {error:.2e}; at most {allowed:.2e} is allowed"


class Custom:
    """A function of the actual array that returns what is wrong with it, or None."""

    def __init__(self, function):
        self.compare = function


Expectation = Any


def describe(different, actual, expected):
    if not different.any():
        return None
    first = tuple(int(i) for i in np.argwhere(different)[0])
    return (f"{int(different.sum())} of {different.size} elements differ, first at "
            f"{list(first)}: {show(actual[first])}, expected {show(expected[first])}")


def show(value):
    return hex(value) if isinstance(value, np.integer) else repr(float(value))


@dataclasses.dataclass
class Case:
    name: str
    ptx: str
    arguments: list
    grid: tuple = (1, 1, 1)
    block: tuple = (32, 1, 1)
    cluster: Optional[tuple] = None
    shared: int = 0
    kernel: str = "k"
    options: dict = dataclasses.field(default_factory=dict)

    def check(self, outputs):
        for index, argument in enumerate(self.arguments):
            if isinstance(argument, Buffer) and argument.expected is not None:
                wrong = argument.expected.compare(outputs[index])
                if wrong:
                    return f"argument {index}: {wrong}"
        return None


def module(body, parameters, target="sm_80", shared="", version="8.6", attributes="",
           registers=""):
    """A module of one kernel `k`; parameter i is p<i>, %tid.x is in %t."""
    declared = ",\n".join(
        f"  .param {'.align 64 .b8' if kind == 'map' else '.' + kind} p{i}"
        + ("[128]" if kind == "map" else "")
        for i, kind in enumerate(parameters))
    return f""".version {version}
.target {target}
.address_size 64
{shared}
.visible .entry k(
{declared}
) {attributes}
{{
  .reg .pred %p<16>;
  .reg .b16 %h<64>;
  .reg .b32 %r<256>;
  .reg .f32 %f<256>;
  .reg .b64 %q<64>;
  .reg .b32 %t;
{registers}
  mov.u32 %t, %tid.x;
{body}
  ret;
}}
"""
