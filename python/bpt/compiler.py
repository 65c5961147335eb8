"""Compiles model IR in this process, and calls it on arrays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Iterable, NamedTuple, Sequence

from bpt.errors import Error

if TYPE_CHECKING:
    import numpy as np

    from bpt import _native

_MAX_THREADS = 4096


class TensorType(NamedTuple):
    """An argument or a result of a compiled function."""

    name: str
    """`bpt.name` in the IR; else `arg0` or `result0` by its number."""
    shape: tuple[int | None, ...]
    """None is a size that every call may choose."""
    dtype: np.dtype[Any]
    """`ml_dtypes.bfloat16` for bf16, `ml_dtypes.float8_e4m3fn` for f8E4M3FN."""


class Function:
    """A compiled function, made by `bpt.compile`. Calls from several threads may
    run at the same time; none holds the GIL while compiled code runs."""

    name: str
    """Of the function in the IR."""
    device: str
    """As `bpt.compile` was told."""
    arguments: list[TensorType]
    results: list[TensorType]

    def __init__(
        self, program: _native.Program, name: str, device: str, arguments: list[TensorType] | None = None
    ) -> None:
        self._program = program
        self.name = name
        self.device = device
        self.arguments = _make_types(program.arguments, "arg") if arguments is None else arguments
        self.results = _make_types(program.results, "result")
        self._numbers = {argument.name: number for number, argument in enumerate(self.arguments)}

    def __call__(self, *arrays: Any, out: Any = None, **named: Any) -> Any:
        """Calls the function; returns its result, or a tuple if it is not one.

        Arguments are NumPy arrays or any that have `__dlpack__`, in host memory.
        Those in `named` are bound by name (`f(x, **weights)`), the rest in order.
        They are read in place; one that is not contiguous, or not aligned to its
        elements, is copied. dtypes and shapes are never converted. Those that
        are memrefs in the IR are written in place, and must not be such.

        A result is a NumPy array that owns the memory that the code wrote; bf16
        and f8E4M3FN are a `NarrowFloatArray`. All export DLPack. With `out`, an array for the
        result or a sequence of arrays for all of them, results are copied there,
        and `out` is returned; if a shape is wrong, none is written.

        Raises `bpt.Error`, also for what compiled code checks as it runs.
        """
        from bpt.arrays import wrap_result

        arguments = self._order(arrays, named) if named else arrays
        if out is None:
            raw = self._program.run(arguments, ())
            results = tuple(wrap_result(array, type.dtype) for array, type in zip(raw, self.results))
            return results[0] if len(results) == 1 else results
        outputs = out if isinstance(out, (tuple, list)) else (out,)
        if len(outputs) != len(self.results):
            raise Error(f"out holds {len(outputs)} arrays, but function '{self.name}' has {len(self.results)} results")
        self._program.run(arguments, outputs)
        return out

    def bind(self, **named: Any) -> Function:
        """The function that takes the other arguments: those in `named` are bound.

        What they alone determine is computed now, once, and kept for all calls:
        weights in the form in which they are multiplied, above all. For that the
        function is compiled again, the first time that arguments of these names
        are bound; other arrays for the same names are bound without.

        Arrays are as calls take them. They are held, and read in place by some
        calls: they must not be written from now on. On a GPU, and for IR that was
        lowered before, every call computes everything.

        Raises `bpt.Error`: there is no such argument or an array does not fit,
        the argument is a memref, which calls write, or some are bound already.
        """
        self._check_names(named)
        numbers = [self._numbers[name] for name in named]
        program = self._program.bind(numbers, list(named.values()))
        # They keep their names, also those that have them by their numbers.
        rest = [argument for argument in self.arguments if argument.name not in named]
        return Function(program, self.name, self.device, rest)

    @property
    def planned_bytes(self) -> int | None:
        """The most bytes that a call holds at once beyond arguments and results,
        with what `bind` keeps, known before it runs; None if the function has dynamic sizes (`plan_bytes`
        takes them), or runs on a GPU."""
        return self._program.planned_bytes

    def plan_bytes(self, **shapes: Sequence[int]) -> int | None:
        """The same for arguments of these shapes, by name; the others have the
        sizes of their types. None if it is not known.

        Raises `bpt.Error` if a shape does not fit, or a dynamic one is left out.
        """
        self._check_names(shapes)
        whole = [list(shapes.get(argument.name, argument.shape)) for argument in self.arguments]
        for argument, shape in zip(self.arguments, whole):
            if None in shape:
                raise Error(f"argument '{argument.name}' has dynamic sizes: {_format(argument)}; give its shape")
        return self._program.plan_bytes(whole)

    @property
    def workspace_bytes(self) -> int | None:
        """The most bytes that the code held at once beyond arguments and results,
        with what `bind` keeps, in the call that ended last; None before the first.
        Calls that run at the
        same time are counted together."""
        return self._program.workspace_bytes

    def _check_names(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._numbers:
                raise Error(f"function '{self.name}' has no argument '{name}'")

    def _order(self, arrays: Sequence[Any], named: dict[str, Any]) -> list[Any]:
        """Arguments in order: those with names in their places, the rest from `arrays`."""
        self._check_names(named)
        rest = iter(arrays)
        bound = [named[a.name] if a.name in named else next(rest, None) for a in self.arguments]
        expected = sum(argument.name not in named for argument in self.arguments)
        if len(arrays) != expected:
            raise Error(
                f"function '{self.name}' takes {expected} of its {len(self.arguments)} arguments by position, "
                f"got {len(arrays)}"
            )
        return bound

    def __repr__(self) -> str:
        arguments = ", ".join(f"{argument.name}: {_format(argument)}" for argument in self.arguments)
        results = ", ".join(map(_format, self.results))
        return f"<bpt.Function {self.name}({arguments}) -> ({results}) on {self.device}>"


def compile(
    ir: str | bytes | os.PathLike[str],
    function: str = "main",
    device: str = "cpu",
    threads: int | None = None,
    strategy: str | os.PathLike[str] | None = None,
    *,
    chip: str | None = None,
    tensor_cores: bool = True,
) -> Function:
    """Compiles a function of a module.

    `ir` is the text of a module, or its bytecode, or the path of a file of
    either as a `pathlib.Path`: model IR, or IR that `bpt-opt` has lowered.
    `device` is `cpu`, `cuda` or `cuda-emulator`; arrays stay on the host and are
    copied. `threads` is how many a call may use, all if None. `strategy` is the
    file of a tiling strategy, or the name of one that ships with BPT; None is
    the device's. `chip` is the GPU to generate code for, `sm_90a` for one;
    `tensor_cores=False` does without theirs.

    Raises `bpt.Error` with the compiler's diagnostics. Warnings and remarks go
    to the logger `bpt`.
    """
    native = _load()
    if threads is not None and not 1 <= threads <= _MAX_THREADS:
        raise Error(f"threads={threads}: the number of threads is 1 to {_MAX_THREADS}")
    options = native.CompileOptions(
        function=function,
        device=device,
        chip=chip,
        strategy=None if strategy is None else os.fspath(strategy),
        threads=threads or 0,
        tensor_cores=tensor_cores,
    )
    if isinstance(ir, os.PathLike):
        program = native.compile_file(os.fspath(ir), options)
    else:
        if isinstance(ir, str) and "\n" not in ir and os.path.isfile(ir):
            raise Error(f"'{ir}' is IR to bpt.compile, but it names a file: pass pathlib.Path('{ir}')")
        source = ir.encode() if isinstance(ir, str) else ir
        program = native.compile(source, "<string>", options)
    return Function(program, function, device)


def run_passes(ir: str | bytes, pipeline: str) -> str:
    """The text of a module after passes: `pipeline` is what `bpt-opt
    --pass-pipeline` takes, with or without `builtin.module(...)`:
    `bpt-differentiate{keep=attention}` for one.

    Raises `bpt.Error` with the compiler's diagnostics.
    """
    source = ir.encode() if isinstance(ir, str) else ir
    text: str = _load().run_passes(source, "<string>", pipeline)
    return text


def generate(kind: str, **options: Any) -> str:
    """Writes model IR of a transformer: `kind` is `attention`, `feed_forward`,
    `layer` or `model`, and the options are the flags of `bpt-gen`.

    `kv_heads=2` is `--kv-heads=2`, `causal=True` is `--causal`, False leaves a
    flag out, and None is `?`, a size that every call may choose. The generator
    checks them: `bpt.Error` names the flag. `bpt.generate("layer", help=True)`
    returns the list of them.
    """
    flags = [kind]
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            flags.append(flag)
        elif value is not False:
            flags.append(f"{flag}={'?' if value is None else value}")
    text: str = _load().generate(flags)
    return text


def _load() -> Any:
    try:
        from bpt import _native
    except ModuleNotFoundError:
        raise ImportError(
            "the extension bpt._native is not in this copy of the package: build BPT, which puts it into "
            "build/python, or install its wheel"
        ) from None
    return _native


def _make_types(specs: Sequence[tuple[str, str, tuple[int | None, ...]]], kind: str) -> list[TensorType]:
    from bpt.arrays import DTYPES

    return [TensorType(name or f"{kind}{i}", shape, DTYPES[dtype]) for i, (name, dtype, shape) in enumerate(specs)]


def _format(type: TensorType) -> str:
    """`1x?x768xfloat32`."""
    return "x".join(["?" if size is None else str(size) for size in type.shape] + [type.dtype.name])
