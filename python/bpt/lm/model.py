"""The model: its sizes, its first weights, and how it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Mapping

import numpy as np

import bpt

VOCABULARY = 256


@dataclass(frozen=True)
class ModelConfig:
    """A GPT over bytes: pre-norm (RMS), rotary positions, gated SiLU."""

    layers: int = 4
    embed: int = 128
    heads: int = 4
    seq: int = 256
    dropout: float = 0.0
    """Of what sublayers add to the residual, and of attention's probabilities."""

    def ir(self, batch: int, *, loss: bool) -> str:
        """Of the loss of each position, with dropout, or of the logits."""
        rate = self.dropout if loss else 0.0
        return bpt.generate(
            "model",
            batch=batch,
            seq=self.seq,
            embed=self.embed,
            heads=self.heads,
            layers=self.layers,
            ffn=2 * self.embed,
            vocab=VOCABULARY,
            causal=True,
            rotary="half",
            norm="rms",
            act="silu",
            gated=True,
            outline_layers=True,
            loss=loss,
            dropout=rate,
            attn_dropout=rate,
        )

    def first_parameters(self, arguments: list[bpt.TensorType], seed: int) -> dict[str, np.ndarray]:
        """Normal with σ = 0.02, what is added to the residual less by √(2 layers)
        (Radford et al. 2019); norms are 1."""
        parameters = {}
        for number, argument in enumerate(a for a in arguments if np.dtype(a.dtype).kind != "i"):
            if len(argument.shape) == 1:
                parameters[argument.name] = np.ones(argument.shape, argument.dtype)
                continue
            rng = np.random.Generator(np.random.Philox(key=[seed, number]))
            sigma = 0.02
            if argument.name.endswith((".wo", ".w2")):
                sigma /= np.sqrt(2 * self.layers)
            parameters[argument.name] = (rng.standard_normal(argument.shape) * sigma).astype(argument.dtype)
        return parameters


def write_on(
    config: ModelConfig,
    parameters: Mapping[str, np.ndarray],
    prompt: bytes,
    count: int,
    temperature: float,
    seed: int,
    threads: int | None = None,
) -> Iterator[bytes]:
    """One byte after the other that the model puts after the prompt."""
    logits_of = bpt.compile(config.ir(1, loss=False), threads=threads)
    rng = np.random.Generator(np.random.Philox(key=[seed, 1 << 32]))
    text = list(prompt or b"\n")
    for _ in range(count):
        seen = text[-config.seq :]
        # The mask is causal: what stands behind the last byte changes nothing.
        tokens = np.zeros((1, config.seq), np.int32)
        tokens[0, : len(seen)] = seen
        logits = logits_of(tokens, **parameters)[0, len(seen) - 1].astype(np.float64)
        if temperature == 0:
            chosen = int(logits.argmax())
        else:
            chances = np.exp((logits - logits.max()) / temperature)
            chosen = int(rng.choice(VOCABULARY, p=chances / chances.sum()))
        text.append(chosen)
        yield bytes([chosen])
