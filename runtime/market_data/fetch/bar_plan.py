"""Bars by range, page after page, from the oldest on.

The exchange does not say whether a bound means a bar's open or its close, nor which end of a long range it cuts. A page
therefore asks for one bar less than an answer may hold, up to the open time of the bar behind it: every reading gives
all bars of the page. What lies outside is left out and counted: the exchange sends bars before the start, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..bars import Bars
from .pages import NS_PER_MS, AnswerFault, PageRequest, number
from .ranges import Ranges

#: Rows of one answer, by the tighter of the two published limits.
LIMIT = 500


class BarRow(NamedTuple):
    """A bar as it came: times in ms, decimals as text. `amount` is the traded value in quote currency."""

    open_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_ms: int
    amount: str


@dataclass(frozen=True, slots=True)
class BarPage:
    """Checked bars of `[start_ns, stop_ns)`. `missing` are the stretches without a bar, `outside` rows left out."""

    start_ns: int
    stop_ns: int
    bars: Bars
    missing: Ranges
    outside: int


class BarPlan:
    """The pages of `[start_ns, stop_ns)`, both on the grid of `period_ns`."""

    def __init__(self, start_ns: int, stop_ns: int, period_ns: int, limit: int = LIMIT) -> None:
        assert start_ns % period_ns == 0 and stop_ns % period_ns == 0 and limit > 1, "bounds are bars' open times"
        self._at, self._stop, self._period = start_ns, stop_ns, period_ns
        self._width = (limit - 1) * period_ns
        self._limit = limit

    @property
    def done(self) -> bool:
        """Nothing is left to ask for."""
        return self._at >= self._stop

    @property
    def at_ns(self) -> int:
        """Everything before this has been taken."""
        return self._at

    def next(self) -> PageRequest:
        """The next page; the same until it is taken."""
        assert not self.done
        return PageRequest(self._at // NS_PER_MS, self._page_stop() // NS_PER_MS, self._limit)

    def take(self, rows: Sequence[BarRow]) -> BarPage:
        """The answer to `next()`. `AnswerFault` leaves the plan where it was."""
        return self.taken(self.read(rows))

    def taken(self, page: BarPage) -> BarPage:
        """Go on behind a page that was read."""
        self._at = page.stop_ns
        return page

    def read(self, rows: Sequence[BarRow]) -> BarPage:
        """What an answer to `next()` holds; the plan stays where it is. Raises `AnswerFault`."""
        stop = self._page_stop()
        inside = [row for row in rows if self._at <= row.open_ms * NS_PER_MS < stop]
        bars = checked_bars(inside, self._period)
        there = ((int(ts), int(ts) + self._period) for ts in bars.ts)
        missing = Ranges.of(there).missing(self._at, stop)
        return BarPage(self._at, stop, bars, missing, len(rows) - len(inside))

    def skip_to(self, moment_ns: int) -> BarPage:
        """Take for empty what lies before the first bar of all, `moment_ns`."""
        stop = min(max(moment_ns // self._period * self._period, self._at), self._stop)
        page = BarPage(self._at, stop, checked_bars((), self._period), Ranges.of([(self._at, stop)]), 0)
        self._at = stop
        return page

    def _page_stop(self) -> int:
        return min(self._at + self._width, self._stop)


def checked_bars(rows: Sequence[BarRow], period_ns: int) -> Bars:
    """Rows as columns. `AnswerFault` for order, grid, close time, or numbers that cannot be."""
    period_ms = period_ns // NS_PER_MS
    before = -1
    for row in rows:
        if row.open_ms <= before:
            raise AnswerFault("bars are not in the order of their times", _shown(row))
        if row.open_ms % period_ms:
            raise AnswerFault("a bar does not begin on the grid of its period", _shown(row))
        if row.close_ms != row.open_ms + period_ms:
            raise AnswerFault("a bar does not close where the next one opens", _shown(row))
        before = row.open_ms
    values = np.array([_values(row) for row in rows], np.float64).reshape(len(rows), 6)
    ts = np.array([row.open_ms * NS_PER_MS for row in rows], np.int64)
    opened, high, low, close, volume, amount = (np.ascontiguousarray(values[:, k]) for k in range(6))
    return Bars(ts, opened, high, low, close, volume, amount)


def _values(row: BarRow) -> tuple[float, ...]:
    opened, high, low, close, volume, amount = (
        number(text) for text in (row.open, row.high, row.low, row.close, row.volume, row.amount)
    )
    if not 0 < low <= min(opened, close) <= max(opened, close) <= high:
        raise AnswerFault("a bar's prices contradict each other", _shown(row))
    if volume < 0 or amount < 0:
        raise AnswerFault("a bar's volume is negative", _shown(row))
    return opened, high, low, close, volume, amount


def _shown(row: BarRow) -> str:
    return f"open time {row.open_ms}: {row.open} {row.high} {row.low} {row.close} {row.volume}, closes {row.close_ms}"
