"""How precisely a reference computes.

A reference is written once, over one of these:
  EXACT          fp64 throughout
  plain(dtype)   what an unfused program in `dtype` gives: each operation is
                 computed in f32, and its result, a tensor in memory, is rounded
                 to `dtype`
"""

from dataclasses import dataclass

import ml_dtypes
import numpy as np

DTYPES = {
    "f32": np.dtype(np.float32),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
}


@dataclass(frozen=True)
class Arithmetic:
    compute: np.dtype
    storage: np.dtype

    def load(self, array):
        """An array of any type, ready to compute with."""
        return np.asarray(array).astype(self.compute)

    def store(self, array):
        """The result of one operation."""
        with np.errstate(over="ignore"):
            return array.astype(self.storage).astype(self.compute)


EXACT = Arithmetic(np.dtype(np.float64), np.dtype(np.float64))


def plain(dtype):
    return Arithmetic(np.dtype(np.float32), DTYPES[dtype])
