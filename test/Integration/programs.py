"""Texts of @main for operations and forms that bpt-gen does not print.

    program = Program("bf16")
    x = program.argument("x", (2, Size("s", 37), 16))
    w = program.argument("w", (16, 8), fill=weight)
    y = program.zeros((*x.shape[:2], 8))
    y = program.apply(f"bpt.linear ins({x}, {w} : {x.type}, {w.type}) "
                      f"outs({y} : {y.type})", y.shape)
    program.results(y)
"""

import math
import zlib

import numpy as np

from arithmetic import DTYPES

ELEMENTS = DTYPES | {"i32": np.dtype(np.int32), "i64": np.dtype(np.int64)}


class Size(int):
    """A size that the compiler does not know, with a name."""

    def __new__(cls, name, value):
        size = super().__new__(cls, value)
        size.name = name
        return size


class Value:
    """A tensor in the text; formatted, its name."""

    def __init__(self, name, shape, element):
        self.name, self.shape, self.element = name, tuple(shape), element

    def __format__(self, _):
        return self.name

    @property
    def type(self):
        sizes = ("?" if isinstance(n, Size) else str(n) for n in self.shape)
        return f"tensor<{'x'.join([*sizes, self.element])}>"


# How arguments are drawn: functions of a generator and a shape.


def normal(rng, shape):
    return rng.standard_normal(shape)


def weight(rng, shape):
    """A matrix that keeps the size of what it multiplies."""
    return rng.standard_normal(shape) / math.sqrt(max(shape[0], 1))


def gain(rng, shape):
    return 1 + 0.1 * rng.standard_normal(shape)


def ids(end):
    """A few of them outside [0, end)."""
    return lambda rng, shape: rng.integers(-1, end + 1, shape)


def labels(end):
    """A fifth of them ignored."""

    def draw(rng, shape):
        values = rng.integers(0, end + 1, shape)
        values[rng.random(shape) < 0.2] = -100
        return values

    return draw


class Program:
    def __init__(self, dtype):
        self.dtype = dtype
        self.lines, self.arguments, self.returned, self.fills = [], [], [], {}
        self.sizes = {}

    def argument(self, name, shape, element=None, fill=normal):
        value = Value(f"%{name}", shape, element or self.dtype)
        for i, size in enumerate(shape):
            if isinstance(size, Size) and size.name not in self.sizes:
                self.sizes[size.name] = f"%size_{size.name}"
                self.lines.append(f"%c_{name}_{i} = arith.constant {i} : index")
                self.lines.append(
                    f"%size_{size.name} = tensor.dim {value}, %c_{name}_{i} : {value.type}"
                )
        self.arguments.append(value)
        self.fills[name] = fill
        return value

    def apply(self, text, shape, *more_shapes, element=None):
        """Appends an operation, its text up to the types of its results."""
        name, shapes = f"%v{len(self.lines)}", [shape, *more_shapes]
        element = element or self.dtype
        types = ", ".join(Value("", s, element).type for s in shapes)
        if not more_shapes:
            self.lines.append(f"{name} = {text} -> {types}")
            return Value(name, shape, element)
        self.lines.append(f"{name}:{len(shapes)} = {text} -> {types}")
        return [Value(f"{name}#{i}", s, element) for i, s in enumerate(shapes)]

    def empty(self, shape, element=None):
        sizes = ", ".join(self.sizes[n.name] for n in shape if isinstance(n, Size))
        value = Value(f"%v{len(self.lines)}", shape, element or self.dtype)
        self.lines.append(f"{value} = tensor.empty({sizes}) : {value.type}")
        return value

    def zeros(self, shape):
        number, empty = f"%zero{len(self.lines)}", self.empty(shape)
        self.lines.append(f"{number} = arith.constant 0.0 : {self.dtype}")
        return self.apply(
            f"linalg.fill ins({number} : {self.dtype}) outs({empty} : {empty.type})", shape
        )

    def add(self, a, b):
        empty = self.empty(a.shape)
        return self.apply(
            f"linalg.add ins({a}, {b} : {a.type}, {b.type}) outs({empty} : {empty.type})",
            a.shape,
        )

    def linear(self, x, weight, columns, bias=None, init=None):
        init = init or self.zeros((*x.shape[:2], *columns))
        bias = f" bias({bias} : {bias.type})" if bias else ""
        return self.apply(
            f"bpt.linear ins({x}, {weight} : {x.type}, {weight.type}){bias} "
            f"outs({init} : {init.type})",
            init.shape,
        )

    def attention(self, q, k, v, attributes="", score=None, lse=False):
        """A score region is the lines from %s, %b, %h, %i, %j to %r."""
        inits = [self.empty((*q.shape[:3], v.shape[3]))]
        if lse:
            inits.append(self.empty(q.shape[:3], "f32"))
        region = ""
        if score:
            region = (
                " score {\n^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):\n"
                + score + "\nbpt.yield %r : f32\n}"
            )  # fmt: skip
        names = ", ".join(i.name for i in inits)
        types = ", ".join(i.type for i in inits)
        text = (
            f"bpt.attention ins({q}, {k}, {v} : {q.type}, {k.type}, {v.type}) "
            f"outs({names} : {types}) {{{attributes}}}{region}"
        )
        if not lse:
            return self.apply(text, inits[0].shape)
        name = f"%v{len(self.lines)}"
        self.lines.append(f"{name}:2 = {text} -> {types}")
        return [Value(f"{name}#{i}", v.shape, v.element) for i, v in enumerate(inits)]

    def results(self, *values):
        self.returned = values

    def text(self):
        arguments = ",\n    ".join(
            f'{a}: {a.type} {{bpt.name = "{a.name[1:]}"}}' for a in self.arguments
        )
        types = ", ".join(v.type for v in self.returned)
        names = ", ".join(v.name for v in self.returned)
        lines = "\n  ".join([*self.lines, f"return {names} : {types}"])
        return f"func.func @main(\n    {arguments}) -> ({types}) {{\n  {lines}\n}}\n"

    def result_types(self):
        """(shape, dtype) of the results."""
        return [
            (tuple(map(int, v.shape)), ELEMENTS[v.element]) for v in self.returned
        ]

    def draw(self, seed, name):
        """Arguments by name; they depend on the seed and the case."""
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        return {
            a.name[1:]: np.asarray(
                self.fills[a.name[1:]](rng, tuple(map(int, a.shape)))
            ).astype(ELEMENTS[a.element])
            for a in self.arguments
        }
