"""Checkpoints: safetensors files that are whole or refused.

A file is written beside the old one and takes its name when all of it is on the
disk, so that one that is killed at any moment leaves the last good one.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple

import ml_dtypes  # noqa: F401  (safetensors finds bfloat16 through it)
import safetensors
import safetensors.numpy

from bpt.errors import Error

if TYPE_CHECKING:
    import numpy as np

# One entry, because the library writes several in no fixed order: equal states
# are equal files.
KEY = "bpt_checkpoint"
VERSION = 1


class CheckpointError(Error):
    """A checkpoint is torn, is not one, or is one of something else."""


class Checkpoint(NamedTuple):
    """What a checkpoint holds."""

    tensors: dict[str, np.ndarray]
    step: int
    config: dict[str, Any]


def _checksum(tensors: Mapping[str, np.ndarray]) -> str:
    value = 0
    for name in sorted(tensors):
        value = zlib.crc32(tensors[name].tobytes(), zlib.crc32(name.encode(), value))
    return f"{value:08x}"


def write(path: str | os.PathLike[str], tensors: Mapping[str, np.ndarray], step: int, config: Mapping[str, Any]) -> None:
    """Replaces the file, or leaves it as it was."""
    path = Path(path)
    about = {"version": VERSION, "step": step, "config": config, "crc32": _checksum(tensors)}
    # One name for all attempts: what a killed one left is written over.
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        file.write(safetensors.numpy.save(dict(tensors), {KEY: json.dumps(about, sort_keys=True)}))
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: str | os.PathLike[str]) -> Checkpoint:
    """The whole file, or `CheckpointError`."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except OSError as error:
        raise CheckpointError(f"cannot read checkpoint {path}: {error.strerror or error}") from None
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path} is no whole safetensors file: {error}") from None
    if KEY not in metadata:
        raise CheckpointError(f"{path} is no checkpoint of BPT: its metadata has no '{KEY}'")
    try:
        about = json.loads(metadata[KEY])
        version, step, config, crc32 = about["version"], int(about["step"]), dict(about["config"]), about["crc32"]
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(f"{path} is damaged: its metadata cannot be read") from None
    if version != VERSION:
        raise CheckpointError(f"{path} is a checkpoint of version {version}; this BPT reads version {VERSION}")
    if crc32 != _checksum(tensors):
        raise CheckpointError(f"{path} is damaged: its tensors do not have the checksum that was written")
    return Checkpoint(tensors, step, config)
