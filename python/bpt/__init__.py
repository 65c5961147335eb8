"""BPT, a compiler for blockwise parallel transformers.

    import bpt

    f = bpt.compile(bpt.generate("attention", seq=512, embed=256, heads=4, causal=True))
    y = f(q, k, v)

docs/python.md is the guide.
"""

from bpt.compiler import Function, TensorType, compile, generate, run_passes
from bpt.errors import Diagnostic, Error

__all__ = ["Diagnostic", "Error", "Function", "TensorType", "compile", "generate", "run_passes"]
