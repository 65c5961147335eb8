"""How fast arguments can be read: a plain sum of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bpt.bench.case import Arrays, Compute


def sums(arguments: Arrays, threads: int, names: str) -> Compute:
    """Sums of the named arguments, a part of each on every thread."""
    parts = [part for name in names for part in np.array_split(arguments[name].reshape(-1), threads)]
    pool = ThreadPoolExecutor(threads)
    return lambda: [np.array(list(pool.map(np.sum, parts)))]
