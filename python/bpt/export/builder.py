"""Writes one function of MLIR text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence


@dataclass(frozen=True)
class Value:
    """An SSA value: its name and the text of its type."""

    name: str
    type: str

    def __str__(self) -> str:
        return self.name


def tensor_type(shape: Sequence[int | str], element: str = "f32") -> str:
    """`tensor<1x?x4xf32>` from `[1, "?", 4]`."""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"


class FunctionBuilder:
    """Collects arguments and operations of a function, then prints it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._arguments: list[tuple[str, Value]] = []
        self._body: list[str] = []
        self._counter = 0

    def argument(self, name: str, type: str) -> Value:
        """Adds an argument whose `bpt.name` is `name`."""
        value = Value(f"%arg{len(self._arguments)}", type)
        self._arguments.append((name, value))
        return value

    @property
    def arguments(self) -> list[tuple[str, Value]]:
        """Name and value of every argument so far."""
        return list(self._arguments)

    def op(self, text: str, result_type: str) -> Value:
        """Adds `%n = text`, an operation of one result."""
        value = Value(f"%{self._counter}", result_type)
        self._counter += 1
        self._body.append(f"{value} = {text}")
        return value

    def index(self, number: int) -> Value:
        return self.op(f"arith.constant {number} : index", "index")

    def f32(self, number: float) -> Value:
        return self.op(f"arith.constant {number:.9e} : f32", "f32")

    def dim(self, source: Value, dimension: int) -> Value:
        return self.op(f"tensor.dim {source}, {self.index(dimension)} : {source.type}", "index")

    def empty(self, type: str, sizes: Sequence[Value] = ()) -> Value:
        """A tensor with no contents; `sizes` are those of its dynamic dimensions."""
        return self.op(f"tensor.empty({', '.join(map(str, sizes))}) : {type}", type)

    def zeros(self, type: str, sizes: Sequence[Value] = ()) -> Value:
        empty, zero = self.empty(type, sizes), self.f32(0.0)
        return self.op(f"linalg.fill ins({zero} : f32) outs({empty} : {type}) -> {type}", type)

    def elementwise(self, name: str, a: Value, b: Value, init: Value) -> Value:
        """A named operation of linalg on two tensors of one type."""
        return self.op(
            f"linalg.{name} ins({a}, {b} : {a.type}, {b.type}) outs({init} : {init.type}) -> {init.type}",
            init.type,
        )

    def generic(
        self,
        maps: Sequence[str],
        iterators: Sequence[str],
        inputs: Sequence[Value],
        init: Value,
        body: Sequence[str],
    ) -> Value:
        """`linalg.generic`. Block arguments are `%in0`, `%in1`, ... and `%out`;
        the last line of `body` yields."""
        element = lambda value: value.type.rstrip(">").rsplit("x", 1)[-1].removeprefix("tensor<")
        arguments = [f"%in{i}: {element(value)}" for i, value in enumerate(inputs)]
        arguments.append(f"%out: {element(init)}")
        ins = ""
        if inputs:
            ins = f" ins({', '.join(map(str, inputs))} : {', '.join(value.type for value in inputs)})"
        text = [
            "linalg.generic {indexing_maps = ["
            + ", ".join(f"affine_map<{m}>" for m in maps)
            + "], iterator_types = ["
            + ", ".join(f'"{kind}"' for kind in iterators)
            + f"]}}{ins} outs({init} : {init.type}) {{",
            f"^bb0({', '.join(arguments)}):",
            *(f"  {line}" for line in body),
            f"}} -> {init.type}",
        ]
        return self.op("\n    ".join(text), init.type)

    def call(self, function: str, arguments: Sequence[Value], type: str) -> Value:
        """Calls a function of one result in the same module."""
        types = ", ".join(value.type for value in arguments)
        return self.op(f"call @{function}({', '.join(map(str, arguments))}) : ({types}) -> {type}", type)

    def build(self, result: Value, private: bool = False) -> str:
        """The function's text, which returns `result`."""
        arguments = ",\n    ".join(f'{value}: {value.type} {{bpt.name = "{name}"}}' for name, value in self._arguments)
        body = "\n".join(f"  {line}" for line in self._body)
        return (
            f"func.func {'private ' if private else ''}@{self.name}(\n    {arguments}) -> {result.type} {{\n"
            f"{body}\n  return {result} : {result.type}\n}}\n"
        )
