"""The masks of #bpt.dropout, from its definition, in NumPy: Philox4x32-10 of
Salmon et al. 2011, whose published test vectors are in test_reference.py."""

from dataclasses import dataclass

import numpy as np

LAYER_DRAWS = 3
"""Operations of a layer that draw: attention and the outputs of two sublayers."""


def philox4x32(counter, key):
    """Four words, from counters (4) and keys (2) of 32-bit words in uint64."""
    shift, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    c0, c1, c2, c3 = (np.asarray(c, np.uint64) for c in counter)
    k0, k1 = (np.uint64(k) for k in key)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (b >> shift) ^ c1 ^ k0, b & low, (a >> shift) ^ c3 ^ k1, a & low
        k0 = (k0 + np.uint64(0x9E3779B9)) & low
        k1 = (k1 + np.uint64(0xBB67AE85)) & low
    return c0, c1, c2, c3


@dataclass(frozen=True)
class Draws:
    """What operations with this seed draw from, the first one in this stream."""

    seed: int
    stream: int = 0

    def next(self, count=1):
        return Draws(self.seed, self.stream + count)

    def of_layer(self, index, outlined):
        """Layers that are calls of one function share its streams."""
        if outlined:
            return Draws(self.seed + (index << 48), self.stream)
        return self.next(LAYER_DRAWS * index)

    def factors(self, rate, batch, heads, rows, columns):
        """[batch, heads, rows, columns]: 0, or what is kept is multiplied by."""
        b, h, q, k = np.ogrid[:batch, :heads, :rows, :columns]
        word = k // 16 % 4
        seed, stream = self.seed % 2**64, np.full_like(b, self.stream)
        words = philox4x32((k - 16 * word, q, b + 2**16 * h, stream), (seed % 2**32, seed >> 32))
        kept = np.choose(word, words) >= np.ceil(rate * 2**32)
        return np.where(kept, 1 / (1 - rate), 0)
