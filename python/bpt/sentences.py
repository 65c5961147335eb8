"""Sentence embeddings from a published model, compiled by BPT."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from bpt.export import export_sentence_encoder
from bpt.tools import run_json, run_tool

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

    `device` is one of bpt-runner's. Use it as a context manager: the compiled
    module is a temporary file.
    """

    def __init__(self, folder: Path, threads: int | None = None, device: str = "cpu") -> None:
        self.folder = folder
        self.tokenizer = load_tokenizer(folder)
        self.last_report: dict[str, Any] = {}
        self._flags = [f"--device={device}", *([f"--threads={threads}"] if threads else [])]
        self._files = tempfile.TemporaryDirectory(prefix="bpt-")
        work = Path(self._files.name)
        model = work / "model.mlir"
        model.write_text(export_sentence_encoder(folder / "config.json"))
        self._module = work / "lowered.mlir"
        pipeline = "--bpt-cpu" if device == "cpu" else "--bpt-gpu"
        run_tool("bpt-opt", [model, pipeline, "-o", self._module])

    def __enter__(self) -> "SentenceEncoder":
        return self

    def __exit__(self, *_: object) -> None:
        self._files.cleanup()

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        """One embedding of unit length per sentence, `[len(sentences), embed]`."""
        return self.encode_tokens([self.tokenizer.encode(sentence).ids for sentence in sentences])

    def encode_tokens(self, sequences: Sequence[Sequence[int]]) -> np.ndarray:
        """As `encode`, from token ids; shorter sequences are padded."""
        work = Path(self._files.name)
        ids, mask = pad(sequences)
        np.save(work / "ids.npy", ids)
        np.save(work / "mask.npy", mask)
        self.last_report = run_json(
            [
                self._module,
                f"--weights={self.folder / 'model.safetensors'}",
                f"--input=@{work / 'ids.npy'}",
                f"--input=@{work / 'mask.npy'}",
                f"--output=@{work / 'embeddings.npy'}",
                *self._flags,
            ]
        )
        return np.load(work / "embeddings.npy")
