"""Random numbers that are the same on every machine, for ever: SplitMix64 by counter.

Number k of a stream is `mix(start + (k + 1) * GAMMA)` modulo 2**64 with the finaliser of SplitMix64 (Steele, Lea,
Flood 2014). Streams of one seed differ in their start, so adding a draw to one never moves another.
Only whole-number arithmetic, one exact division by 2**53, and sums of small whole numbers are used.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from ..bars import Floats

GAMMA = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


class Stream:
    """An endless sequence of 64-bit numbers, read in blocks of any size."""

    def __init__(self, seed: int, name: str) -> None:
        start = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self._state = int.from_bytes(start[:8], "little")

    def words(self, count: int) -> NDArray[np.uint64]:
        """The next `count` numbers, uniform over 64 bits."""
        steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GAMMA)
        mixed = steps + np.uint64(self._state)
        self._state = (self._state + count * GAMMA) & _MASK
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        result: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
        return result

    def uniform(self, count: int) -> Floats:
        """Multiples of 2**-53 in [0, 1)."""
        result: Floats = (self.words(count) >> np.uint64(11)).astype(np.float64) / 9007199254740992.0
        return result

    def normal(self, count: int) -> Floats:
        """Nearly normal, mean 0, variance 1: the sum of twelve 16-bit numbers, so |x| is below 6."""
        total = np.zeros(count, np.int64)
        for _ in range(3):
            words = self.words(count)
            for shift in (0, 16, 32, 48):
                total += ((words >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64)
        # Twelve uniforms on 0..65535: mean 6 * 65535, variance 65536**2 - 1, the square of nearly 65536.
        result: Floats = (total - 6 * 65535).astype(np.float64) / 65536.0
        return result
