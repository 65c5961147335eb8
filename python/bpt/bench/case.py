"""What is timed: model IR, its arguments, and peers that compute the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Mapping, Sequence

import numpy as np

Arrays = Mapping[str, np.ndarray]

# Computes the results; this is what is timed.
Compute = Callable[[], Sequence[np.ndarray]]

# Prepares a computation from the arguments and a number of threads: what a
# user of the peer does once, such as laying out weights.
Peer = Callable[[Arrays, int], Compute]


class Unavailable(Exception):
    """A peer that is installed cannot compute here; the message says why."""


@dataclass(frozen=True)
class Case:
    """A function to time, its arguments by `bpt.name`, and its peers by name."""

    name: str
    ir: str
    arguments: dict[str, np.ndarray]
    flops: float
    peers: dict[str, Peer] = field(default_factory=dict)
    function: str = "main"
    results: int = 1
    max_error: float = 2e-5
    """Two f32 computations of the same: each is within 1e-5 of the truth, gradients
    within 1e-4."""
    weights: Sequence[str] = ()
    """Arguments that stay the same: BPT is timed with them bound before as well."""
    bounds: dict[str, Peer] = field(default_factory=dict)
    """What computes less, of the same arguments: its time is one that cannot be
    beaten by much. Results are not compared."""
