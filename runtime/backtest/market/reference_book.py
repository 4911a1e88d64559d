"""The slow, obvious order book: two dictionaries. `book.py` must give the same numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

Level = tuple[int, int]  # price in ticks, lots


def _wrap(x: int) -> int:
    return (x + 2**63) % 2**64 - 2**63


@dataclass(slots=True)
class Book:
    """Lots by tick, per side: +1 bids, -1 asks. `low` and `high`: the ticks that may occur."""

    low: int = 0
    high: int = 2**62
    sides: dict[int, dict[int, int]] = field(default_factory=lambda: {1: {}, -1: {}})

    def set(self, side: int, tick: int, lots: int) -> int:
        """Let `lots` (0: none) stand at a tick; how many stood there."""
        assert self.low <= tick <= self.high, "the level lies outside of the window"
        before = self.sides[side].pop(tick, 0)
        if lots > 0:
            self.sides[side][tick] = lots
        return before

    def clear(self) -> None:
        """Take every level out."""
        self.sides = {1: {}, -1: {}}

    def levels(self, side: int, k: int | None = None) -> list[Level]:
        """The k best levels (all: None), best first."""
        if k is not None and k <= 0:
            return []
        return list(islice(sorted(self.sides[side].items(), reverse=side > 0), k))

    def at(self, side: int, tick: int) -> int:
        """Lots at a tick."""
        return self.sides[side].get(tick, 0)

    def px(self, side: int, k: int) -> int:
        """Price of the k-th level in ticks, counted from 0; 0 if there is none."""
        return self._level(side, k)[0]

    def qty(self, side: int, k: int) -> int:
        """Lots at the k-th level; 0 if there is none."""
        return self._level(side, k)[1]

    def _level(self, side: int, k: int) -> Level:
        levels = self.levels(side, k + 1)
        return levels[k] if 0 <= k < len(levels) else (0, 0)

    def depth(self, side: int, k: int) -> int:
        """Lots of the k best levels."""
        return _wrap(sum(lots for _, lots in self.levels(side, k)))

    def value(self, side: int, k: int) -> int:
        """Ticks times lots, summed over the k best levels."""
        return _wrap(sum(tick * lots for tick, lots in self.levels(side, k)))

    def take(self, side: int, lots: int) -> list[Level]:
        """What taking `lots` from a side gives: (price, lots) per level, best first."""
        found = []
        for tick, there in self.levels(side):
            if lots <= 0:
                break
            part = min(lots, there)
            found.append((tick, part))
            lots -= part
        return found

    def cost(self, side: int, lots: int) -> int:
        """Ticks times lots of taking `lots`; of what is there if that is less."""
        return _wrap(sum(tick * part for tick, part in self.take(side, lots)))

    def reach(self, side: int, lots: int) -> int:
        """How many of `lots` a side holds."""
        return sum(part for _, part in self.take(side, lots))
