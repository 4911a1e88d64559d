"""Stretches of time: what of a range is there, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Ranges:
    """Half-open stretches `[start, stop)` in epoch nanoseconds: in order, apart from each other, none empty."""

    parts: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, stretches: Iterable[Sequence[int]]) -> Self:
        """Any stretches: overlapping and touching ones become one, empty ones none."""
        found: list[tuple[int, int]] = []
        for start, stop in sorted((int(a), int(b)) for a, b in stretches):
            if stop <= start:
                continue
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], stop))
            else:
                found.append((start, stop))
        return cls(tuple(found))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def length(self) -> int:
        """Nanoseconds in all stretches."""
        return sum(stop - start for start, stop in self.parts)

    def plus(self, start: int, stop: int) -> Ranges:
        """With one more stretch."""
        return Ranges.of([*self.parts, (start, stop)])

    def missing(self, start: int, stop: int) -> Ranges:
        """What of `[start, stop)` is in none of the stretches."""
        found, at = [], start
        for first, last in self.parts:
            if first >= stop:
                break
            found.append((at, min(first, stop)))
            at = max(at, last)
        return Ranges.of([*found, (at, stop)])

    def json(self) -> list[list[int]]:
        """For the facts of a commit; `of` reads it back."""
        return [[start, stop] for start, stop in self.parts]


NO_RANGES = Ranges()
