"""What is timed: model IR, its arguments, and peers that compute the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Mapping

import numpy as np

Arrays = Mapping[str, np.ndarray]

# Computes the result; this is what is timed.
Compute = Callable[[], np.ndarray]

# Prepares a computation from the arguments and a number of threads: what a
# user of the peer does once, such as laying out weights.
Peer = Callable[[Arrays, int], Compute]


@dataclass(frozen=True)
class Case:
    """A function to time, its arguments by `bpt.name`, and its peers by name."""

    name: str
    ir: str
    arguments: dict[str, np.ndarray]
    flops: float
    peers: dict[str, Peer] = field(default_factory=dict)
