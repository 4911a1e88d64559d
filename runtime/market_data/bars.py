"""Bars in memory: parallel NumPy columns, and the facts that travel with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .instruments import Instrument

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

PRICE_COLUMNS = ("open", "high", "low", "close")
FLOAT_COLUMNS = (*PRICE_COLUMNS, "volume")

#: More rules than these are summed up by name alone.
MOST_RULES = 100


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A named rule that was applied: how often, and what it did, in one phrase."""

    name: str
    count: int
    detail: str

    def json(self) -> dict[str, object]:
        return {"rule": self.name, "count": self.count, "detail": self.detail}


def summed(uses: tuple[RuleUse, ...]) -> tuple[RuleUse, ...]:
    """One entry for each rule and what it did; of very many, one for each rule with the last that it did."""
    counts: dict[tuple[str, str], int] = {}
    for use in uses:
        counts[use.name, use.detail] = counts.get((use.name, use.detail), 0) + use.count
    if len(counts) <= MOST_RULES:
        return tuple(RuleUse(name, count, detail) for (name, detail), count in counts.items())
    short: dict[str, RuleUse] = {}
    for (name, detail), count in counts.items():
        short[name] = RuleUse(name, count + (short[name].count if name in short else 0), detail)
    return tuple(short.values())


@dataclass(frozen=True, slots=True)
class Bars:
    """Columns of equal length, one entry per bar.

    `ts` is the bar's open time in epoch nanoseconds, UTC; prices are in quote currency, `volume` in base currency,
    `notional` (traded value) in quote currency. Optional columns are None where the source has none.
    """

    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    notional: Floats | None = None
    n_trades: Ints | None = None

    def __len__(self) -> int:
        return len(self.ts)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns that are there, in canonical order."""
        names = ("ts", *FLOAT_COLUMNS, "notional", "n_trades")
        return {name: column for name in names if (column := getattr(self, name)) is not None}

    def take(self, index: Any) -> Bars:
        """Rows by slice, mask or index array."""
        return replace(self, **{name: column[index] for name, column in self.columns().items()})


def no_bars() -> Bars:
    """Columns without rows."""
    none = np.zeros(0)
    return Bars(np.zeros(0, np.int64), none, none, none, none, none)


def content_hash(bars: Bars, start: int = 0, stop: int | None = None) -> str:
    """SHA-256 of rows `start:stop`: each column's name, then its little-endian 8-byte values.

    Two files that hold the same bars have the same hash, whatever their format. Minus zero counts as zero.
    """
    digest = hashlib.sha256()
    for name, column in bars.columns().items():
        part = column[start:stop]
        digest.update(f"{name}:{len(part)};".encode())
        if part.dtype == np.float64:
            part = part + 0.0
        digest.update(np.ascontiguousarray(part.astype(part.dtype.newbyteorder("<"), copy=False)).data)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Checked bars of one instrument. `rules` are the rules that were applied when the source was read."""

    name: str
    instrument: Instrument
    venue: str
    period_ns: int
    bars: Bars
    rules: tuple[RuleUse, ...] = ()
    source: str = ""
    facts: Mapping[str, Any] | None = None

    @property
    def from_ns(self) -> int:
        return int(self.bars.ts[0])

    @property
    def to_ns(self) -> int:
        """End of the last bar."""
        return int(self.bars.ts[-1]) + self.period_ns
