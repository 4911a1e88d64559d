"""What a data set holds of each kind on each UTC day, and a hash that does not tell how it was put together.

A day's hash runs over blocks of `BLOCK_ROWS` rows. `chain` covers the whole blocks, so that rows can be added to a day
after reading back fewer than `BLOCK_ROWS` of those that are there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bars import Dataset, Ints
from .events import AnySet, EventSet
from .moments import NS_PER_DAY, period_text

BLOCK_ROWS = 1 << 20

#: Name -> column of equal length.
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class DayPart:
    """One kind on one day: rows, their SHA-256, the time of the last one, the SHA-256 of whole blocks."""

    rows: int
    hash: str
    last_ns: int
    chain: str = ""

    @property
    def whole_rows(self) -> int:
        """Rows that `chain` covers; `extended` needs those behind them."""
        return self.rows // BLOCK_ROWS * BLOCK_ROWS


#: Kind -> day (`2024-01-31`) -> what is there.
DayParts = Mapping[str, Mapping[str, DayPart]]


def day_text(number: int) -> str:
    """Days since 1970 as `2024-01-31`."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)).strftime("%Y-%m-%d")


def slices_by_day(times_ns: Ints) -> Iterator[tuple[str, slice]]:
    """Each UTC day of rising times, and the rows that lie in it."""
    if not len(times_ns):
        return
    days = times_ns // NS_PER_DAY
    starts = np.concatenate([[0], np.flatnonzero(np.diff(days)) + 1, [len(days)]])
    for first, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        yield day_text(int(days[first])), slice(first, stop)


def fresh(columns: Columns, times_ns: Ints) -> DayPart:
    """A day that had no rows before."""
    return _hashed("", 0, columns, int(times_ns[-1]))


def extended(before: DayPart, tail: Columns, added: Columns, last_ns: int) -> DayPart:
    """A day with more rows behind it. `tail` are its rows from `before.whole_rows` on."""
    joined = {name: np.concatenate([tail[name], column]) for name, column in added.items()}
    return _hashed(before.chain, before.whole_rows, joined, max(last_ns, before.last_ns))


def _hashed(chain: str, done: int, columns: Columns, last_ns: int) -> DayPart:
    count = len(next(iter(columns.values())))
    at = 0
    while count - at >= BLOCK_ROWS:
        chain = _link(chain, columns, at, at + BLOCK_ROWS)
        at += BLOCK_ROWS
    return DayPart(done + count, _link(chain, columns, at, count), last_ns, chain)


def _link(chain: str, columns: Columns, start: int, stop: int) -> str:
    """SHA-256 of what came before, then each column's name and little-endian values. Minus zero counts as zero."""
    digest = hashlib.sha256(chain.encode())
    for name, column in columns.items():
        part = column[start:stop]
        digest.update(f"{name}:{part.dtype.str[1:]}:{len(part)};".encode())
        if part.dtype == np.float64:
            part = part + 0.0
        digest.update(np.ascontiguousarray(part.astype(part.dtype.newbyteorder("<"), copy=False)).data)
    return digest.hexdigest()


def set_hash(parts: DayParts) -> str:
    """SHA-256 over the days of all kinds, whatever the order in which they came."""
    lines = (f"{kind} {day} {part.rows} {part.hash}\n" for kind, days in parts.items() for day, part in days.items())
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def kinds_of(data: AnySet) -> dict[str, tuple[Columns, Ints]]:
    """Kind -> (columns, the times that say to which day a row belongs). A kind of bars is their length: `1m`."""
    if isinstance(data, Dataset):
        return {period_text(data.period_ns): (data.bars.columns(), data.bars.ts)}
    return {kind: (part.columns(), part.receive) for kind, part in data.parts().items()}


def parts_of(data: AnySet) -> DayParts:
    """The days of a data set in memory."""
    return {
        kind: {day: fresh(rows(columns, place), times[place]) for day, place in slices_by_day(times)}
        for kind, (columns, times) in kinds_of(data).items()
    }


def rows(columns: Columns, place: Any) -> Columns:
    """Rows by slice, mask or index array."""
    return {name: column[place] for name, column in columns.items()}


def events_hash(data: EventSet) -> str:
    """SHA-256 of the parts, day by day (`set_hash`); the stored one where there is one."""
    return data.content_hash or set_hash(parts_of(data))
