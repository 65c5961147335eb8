"""Sentence embeddings from a published model, compiled by BPT."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import numpy as np
from safetensors import safe_open

import bpt
from bpt.export import export_sentence_encoder

# The length that the published model was trained and is evaluated with.
MAX_TOKENS = 256


def load_tokenizer(folder: Path) -> Any:
    """The model's published tokenizer, without padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def pad(sequences: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and mask, `[batch, longest]` i32: 1 for a token, 0 for padding."""
    longest = max(map(len, sequences), default=0)
    ids = np.zeros((len(sequences), longest), np.int32)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return ids, mask


class SentenceEncoder:
    """A model's folder, compiled once; batches and lengths may differ.

    `device` is one of bpt.compile's.
    """

    def __init__(self, folder: Path, threads: int | None = None, device: str = "cpu") -> None:
        self.tokenizer = load_tokenizer(folder)
        ir = export_sentence_encoder(folder / "config.json")
        self._function = bpt.compile(ir, device=device, threads=threads)
        # The file holds more than the function takes.
        with safe_open(folder / "model.safetensors", framework="numpy") as file:
            names = set(file.keys())
            self._weights = {
                argument.name: file.get_tensor(argument.name)
                for argument in self._function.arguments
                if argument.name in names
            }

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        """One embedding of unit length per sentence, `[len(sentences), embed]`."""
        return self.encode_tokens([self.tokenizer.encode(sentence).ids for sentence in sentences])

    def encode_tokens(self, sequences: Sequence[Sequence[int]]) -> np.ndarray:
        """As `encode`, from token ids; shorter sequences are padded."""
        return self._function(*pad(sequences), **self._weights)
