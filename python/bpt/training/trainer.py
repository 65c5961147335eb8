"""A training step: loss, gradients, clipping and AdamW, all in compiled code."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

import numpy as np

import bpt
from bpt.errors import Error
from bpt.training import checkpoint


@dataclass(frozen=True)
class AdamW:
    """The options of the pass `bpt-adamw`, in docs/reference/passes.md."""

    learning_rate: float = 3e-4
    min_learning_rate: float | None = None
    """A tenth of `learning_rate` if None."""
    warmup: int = 0
    """Steps in which the rate grows from 0."""
    steps: int = 0
    """The step at which the rate is least; 0 keeps it the highest."""
    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-8
    weight_decay: float = 0.1
    clip: float = 1.0
    """The highest norm of all gradients together; 0 for any."""

    def flags(self) -> list[str]:
        """As options of the pass."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return [f"{name.replace('_', '-')}={value!r}" for name, value in values.items() if value is not None]


class Method(NamedTuple):
    """How the memory of a training step is spent."""

    passes: str
    """On the model, before it is differentiated."""
    keep: str
    """Between the forward and the backward pass, of `bpt-differentiate`."""
    strategy: str | None
    """What is computed in blocks."""


METHODS = {
    "bpt": Method("", "nothing", None),
    "memory-efficient": Method("", "nothing", "memory-efficient"),
    "memory-efficient-loss": Method("", "nothing", "memory-efficient-loss"),
    "vanilla": Method("func.func(bpt-materialize),", "everything", "none"),
}
"""BPT, and what it is compared with: attention alone in blocks and each layer
computed again (the layers have to be calls, `outline_layers=True`); the same with
the loss in blocks as well; and everything as a tensor of its own and kept."""


class StepResult(NamedTuple):
    """What a step says of itself."""

    step: int
    """From 1."""
    loss: float
    """The mean over the positions that count, before the update."""
    gradient_norm: float
    """Before clipping. If it is not finite, the step changed nothing."""
    learning_rate: float
    tokens: int
    """How many positions counted."""


class Trainer:
    """Trains a model: `@main` of `ir` takes inputs, `labels` among them, and
    parameters, all by name, and returns the loss of each position, as
    `bpt.generate("model", loss=True)` has it. If it takes a `seed`, for dropout,
    every batch of every step gets another one, made of `seed`; `evaluate` drops
    nothing.

    `parameters` are arrays by name; the trainer copies them, and from then on
    compiled code updates its copies, `trainer.parameters`, in place. `method` is
    one of `METHODS`; `keep` and `strategy` replace what it says of them. Results
    do not depend on `threads`.
    """

    def __init__(
        self,
        ir: str,
        parameters: Mapping[str, np.ndarray],
        optimizer: AdamW = AdamW(),
        *,
        method: str = "bpt",
        keep: str | None = None,
        threads: int | None = None,
        strategy: str | os.PathLike[str] | None = None,
        seed: int = 0,
    ) -> None:
        if method not in METHODS:
            raise Error(f"there is no method '{method}'; there are {', '.join(METHODS)}")
        chosen = METHODS[method]
        strategy = strategy or chosen.strategy
        names = list(parameters)
        wrt = ",".join(names)
        module = bpt.run_passes(
            ir,
            f"{chosen.passes}bpt-differentiate{{keep={keep or chosen.keep} accumulate=true wrt={wrt}}},"
            f"bpt-adamw{{wrt={wrt} {' '.join(optimizer.flags())}}}",
        )
        self._gradient = bpt.compile(module, "main_vjp", threads=threads, strategy=strategy)
        self._update = bpt.compile(module, "main_adamw", threads=threads)
        self._ir, self._threads, self._strategy = ir, threads, strategy
        self._seed = seed
        self._loss: bpt.Function | None = None
        self.inputs = [
            argument
            for argument in self._gradient.arguments
            if argument.name not in parameters
            and argument.name not in ("cotangent", "seed")
            and not argument.name.startswith("gradient.")
        ]
        """The types of what each batch gives."""
        self._takes_seed = any(argument.name == "seed" for argument in self._gradient.arguments)
        if len(self._gradient.results) != 1 or all(given.name != "labels" for given in self.inputs):
            raise Error("@main must take 'labels' and return the loss of each position, and nothing else")
        self.step_count = 0
        """Steps that have been made."""
        self.parameters: dict[str, np.ndarray] = {}
        self._state: dict[str, np.ndarray] = {}
        for argument in self._update.arguments[1:]:
            if argument.name not in parameters:
                self._state[argument.name] = np.zeros(argument.shape, argument.dtype)
                continue
            given = np.asarray(parameters[argument.name])
            if given.shape != argument.shape or given.dtype != argument.dtype:
                raise Error(
                    f"parameter '{argument.name}' is {given.dtype.name}{list(given.shape)}; "
                    f"the model has {argument.dtype.name}{list(argument.shape)}"
                )
            self.parameters[argument.name] = np.array(given, order="C")
        self._gradients = {name: array for name, array in self._state.items() if name.startswith("gradient.")}

    @property
    def workspace_bytes(self) -> int | None:
        """The most that a gradient held beyond parameters, gradients and moments."""
        return self._gradient.workspace_bytes

    def step(self, batches: Sequence[Mapping[str, np.ndarray]]) -> StepResult:
        """One update, from the gradients of all batches together.

        A batch has an array for each of `inputs`. Positions whose label is
        negative do not count; `weights`, of the labels' shape, says how much each
        counts, where they are not the same.
        """
        weights = [_weights(batch) for batch in batches]
        total = float(sum(weight.sum() for weight in weights))
        if not total > 0:
            raise Error("no position of the batches counts: all labels are negative, or all weights are 0")
        loss = 0.0
        try:
            for number, (batch, weight) in enumerate(zip(batches, weights)):
                losses = self._gradient(
                    **self._bind(batch, number),
                    cotangent=(weight / total).astype(np.float32),
                    **self.parameters,
                    **self._gradients,
                )
                loss += float((losses * weight).sum()) / total
        except BaseException:
            # What some of the batches have added is not for the next step.
            for gradient in self._gradients.values():
                gradient.fill(0)
            raise
        self.step_count += 1
        norm, rate = self._update(np.array(self.step_count), **self.parameters, **self._state)
        tokens = sum(int(np.count_nonzero(weight)) for weight in weights)
        return StepResult(self.step_count, loss, float(norm), float(rate), tokens)

    def evaluate(self, batches: Iterable[Mapping[str, np.ndarray]]) -> float:
        """The mean loss of the positions that count; changes nothing."""
        if self._loss is None:
            module = bpt.run_passes(self._ir, "bpt-disable-dropout") if self._takes_seed else self._ir
            self._loss = bpt.compile(module, "main", threads=self._threads, strategy=self._strategy)
        loss = total = 0.0
        for batch in batches:
            weight = _weights(batch)
            loss += float((self._loss(**self._bind(batch), **self.parameters) * weight).sum())
            total += float(weight.sum())
        return loss / total if total else float("nan")

    def save(self, path: str | os.PathLike[str], config: Mapping[str, Any] | None = None) -> None:
        """Writes parameters, moments and the step. `config`, of what JSON has, is
        what `restore` compares: the model, the data."""
        checkpoint.write(path, self._saved(), self.step_count, config or {})

    def restore(self, path: str | os.PathLike[str], config: Mapping[str, Any] | None = None) -> None:
        """Goes on from a checkpoint. One that is damaged, or of another model or
        `config`, is refused with `CheckpointError`, and nothing has changed."""
        found = checkpoint.read(path)
        if found.config != (config or {}):
            keys = sorted(set(found.config) | set(config or {}))
            differing = [key for key in keys if found.config.get(key) != (config or {}).get(key)]
            raise checkpoint.CheckpointError(
                f"{path} is of another run: "
                + ", ".join(f"{k} is {found.config.get(k)!r}, not {(config or {}).get(k)!r}" for k in differing)
            )
        state = self._saved()
        for name in sorted(set(state) | set(found.tensors)):
            expected, actual = state.get(name), found.tensors.get(name)
            if expected is None or actual is None:
                raise checkpoint.CheckpointError(
                    f"{path} is of another model: it {'lacks' if actual is None else 'has'} '{name}'"
                )
            if expected.shape != actual.shape or expected.dtype != actual.dtype:
                raise checkpoint.CheckpointError(
                    f"{path} is of another model: '{name}' is {actual.dtype.name}{list(actual.shape)}, "
                    f"not {expected.dtype.name}{list(expected.shape)}"
                )
        for name, array in state.items():
            array[...] = found.tensors[name]
        self.step_count = found.step

    def _saved(self) -> dict[str, np.ndarray]:
        moments = {name: array for name, array in self._state.items() if name not in self._gradients}
        return self.parameters | moments

    def _bind(self, batch: Mapping[str, np.ndarray], number: int = 0) -> dict[str, np.ndarray]:
        """What the batch of that number gives, and the seed of it in the next step."""
        missing = [given.name for given in self.inputs if given.name not in batch]
        if missing:
            raise Error(f"the batch has no '{missing[0]}'")
        bound = {given.name: batch[given.name] for given in self.inputs}
        if self._takes_seed:
            # It depends on nothing else, so that a run can go on where another one was killed.
            source = np.random.SeedSequence([self._seed, self.step_count, number])
            bound["seed"] = source.generate_state(1, np.uint64).view(np.int64).reshape(())
        return bound


def _weights(batch: Mapping[str, np.ndarray]) -> np.ndarray:
    """How much each position counts, in f64; 0 where the label is negative."""
    if "labels" not in batch:
        raise Error("the batch has no 'labels'")
    labels = np.asarray(batch["labels"])
    weights = np.asarray(batch.get("weights", 1.0), np.float64)
    return np.where(labels >= 0, weights, 0.0)
