"""Text that every machine has: the sources of Python's standard library."""

from __future__ import annotations

import hashlib
import sysconfig
from pathlib import Path
from typing import Iterator

import numpy as np

LEFT_OUT = {"site-packages", "dist-packages", "test", "tests", "__pycache__", "idlelib", "lib2to3"}
HELD_OUT = 0.05


class Corpus:
    """Bytes to train on, and others, from other files, to test with."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(sysconfig.get_paths()["stdlib"])
        texts = [
            path.read_bytes()
            for path in sorted(folder.rglob("*.py"))
            if not LEFT_OUT.intersection(path.relative_to(folder).parts)
        ]
        if not texts:
            raise FileNotFoundError(f"there are no Python sources in {folder}")
        # A file goes to one side as a whole, and to the same in every run.
        order = np.random.Generator(np.random.Philox(key=0)).permutation(len(texts))
        held_out = max(1, int(len(texts) * HELD_OUT))
        self._test = _join(texts[i] for i in sorted(order[:held_out]))
        self._train = _join(texts[i] for i in sorted(order[held_out:]))
        self.digest = hashlib.sha256(self._train.tobytes() + self._test.tobytes()).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self._train)

    def draw(self, seed: int, number: int, batch: int, seq: int) -> dict[str, np.ndarray]:
        """The batch of that number: it depends on nothing but the arguments, so
        that a run can go on where another one was killed."""
        rng = np.random.Generator(np.random.Philox(key=[seed, number]))
        return _cut(self._train, rng.integers(0, len(self._train) - seq, batch), seq)

    def held_out(self, count: int, batch: int, seq: int) -> Iterator[dict[str, np.ndarray]]:
        """The same batches at every call."""
        starts = np.linspace(0, len(self._test) - seq - 1, count * batch).astype(np.int64)
        for i in range(count):
            yield _cut(self._test, starts[i * batch : (i + 1) * batch], seq)


def _join(texts: Iterator[bytes]) -> np.ndarray:
    return np.frombuffer(b"\0".join(texts), np.uint8)


def _cut(text: np.ndarray, starts: np.ndarray, seq: int) -> dict[str, np.ndarray]:
    rows = text[starts[:, None] + np.arange(seq + 1)].astype(np.int32)
    return {"tokens": np.ascontiguousarray(rows[:, :-1]), "labels": np.ascontiguousarray(rows[:, 1:])}
