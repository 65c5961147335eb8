"""Arrays of bf16 and f8E4M3FN, which NumPy has no types for."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(scalar)
    for name, scalar in {
        "f64": np.float64,
        "f32": np.float32,
        "f16": np.float16,
        "bf16": ml_dtypes.bfloat16,
        "i1": np.bool_,
        "i8": np.int8,
        "i16": np.int16,
        "i32": np.int32,
        "i64": np.int64,
        "ui8": np.uint8,
        "ui16": np.uint16,
        "ui32": np.uint32,
        "ui64": np.uint64,
        "f8E4M3FN": ml_dtypes.float8_e4m3fn,
    }.items()
}
"""NumPy's dtypes by the compiler's names."""


BITS = {
    np.dtype(ml_dtypes.bfloat16): np.uint16,
    np.dtype(ml_dtypes.float8_e4m3fn): np.uint8,
}
"""The types of somebody else's, and the integers that have their bits."""


class NarrowFloatArray(np.ndarray):
    """A NumPy array of a type of `ml_dtypes` that exports DLPack.

    NumPy's own arrays do not: to them it is a type of somebody else's. Views
    and the results of arithmetic are of this class too.
    """

    def __dlpack__(self, **options: Any) -> Any:
        if self.dtype not in BITS:
            return np.ndarray.__dlpack__(self, **options)
        from bpt import _native

        array = self.copy() if options.pop("copy", None) else self
        if not array.flags.writeable:
            raise BufferError(f"a read-only array of {self.dtype} has no DLPack; copy it first")
        bits = array.view(np.ndarray).view(BITS[self.dtype])
        return _native.as_narrow_float(bits).__dlpack__(**options)


def wrap_result(array: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """A result as an array of its dtype: bf16 and f8E4M3FN come from the
    extension as the integers that have their bits."""
    return array if array.dtype == dtype else array.view(dtype, NarrowFloatArray)
