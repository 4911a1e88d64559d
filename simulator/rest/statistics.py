"""What the exchange counts of its market: trades, candles, days. Fed by events, kept as NumPy columns.

Candles of one minute are the ground; every other interval is made of them when it is asked for. A minute without trades
is a flat candle at the last close. Prices are ticks, quantities lots, values ticks x lots.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..exchange.events import Event, Traded
from .intervals import DAY_MS, MINUTE_MS, Interval

Ints = NDArray[np.int64]

#: Columns of a trade and of a candle. Sums of lots and values are split, so that no total ever overflows.
TIME, TICKS, LOTS, TAKER = range(4)
OPEN_MS, OPEN, HIGH, LOW, CLOSE, LOTS_HIGH, LOTS_LOW, VALUE_HIGH, VALUE_LOW = range(9)
_SPLIT = 40
_MASK = (1 << _SPLIT) - 1
_BLOCK = 4096  # rows that wait as Python objects
KEPT_TRADES = 1_000_000  # of each symbol at least; up to twice as many


class Candle(NamedTuple):
    """One candle: open time in ms, prices in ticks, base lots, and ticks x lots that were traded."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    lots: int
    value: int


class Day(NamedTuple):
    """The last 24 hours: open and close times in ms, prices in ticks, base lots, ticks x lots."""

    open_ms: int
    close_ms: int
    open: int
    high: int
    low: int
    last: int
    previous: int
    lots: int
    value: int


class Table:
    """Rows of whole numbers: appended one by one, read as columns. Of more than `keep` rows the oldest may be gone."""

    def __init__(self, width: int, keep: int = 0) -> None:
        self._columns = np.empty((width, 64), np.int64)
        self._count, self._keep = 0, keep
        self._pending: list[tuple[int, ...]] = []

    def append(self, row: tuple[int, ...]) -> None:
        self._pending.append(row)
        if len(self._pending) == _BLOCK:
            self.view()

    def extend(self, columns: Ints) -> None:
        """Append (width, n)."""
        self.view()
        self._add(columns)

    def view(self) -> Ints:
        """All rows so far, (width, n). Valid until the next row comes."""
        if self._pending:
            pending = np.array(self._pending, np.int64).T
            self._pending.clear()
            self._add(pending)
        return self._columns[:, : self._count]

    def _add(self, columns: Ints) -> None:
        width, more = columns.shape
        if self._keep and self._count + more > 2 * self._keep:
            old = min(self._count, self._count + more - self._keep)
            self._columns[:, : self._count - old] = self._columns[:, old : self._count].copy()
            self._count -= old
        if self._count + more > self._columns.shape[1]:
            grown = np.empty((width, max(2 * self._count, self._count + more)), np.int64)
            grown[:, : self._count] = self._columns[:, : self._count]
            self._columns = grown
        self._columns[:, self._count : self._count + more] = columns
        self._count += more

    def __len__(self) -> int:
        return self._count + len(self._pending)


class SymbolStatistics:
    """Trades and candles of one symbol."""

    def __init__(self) -> None:
        self._trades = Table(4, KEPT_TRADES)
        self._closed = Table(9)
        self._candle: list[int] | None = None  # the minute that is not over

    @property
    def last_ticks(self) -> int:
        """The last price, 0 before the first trade."""
        return 0 if self._candle is None else self._candle[CLOSE]

    @property
    def first_ms(self) -> int | None:
        """When the first candle begins, or None if there is none."""
        if len(self._closed):
            return int(self._closed.view()[OPEN_MS, 0])
        return None if self._candle is None else self._candle[OPEN_MS]

    def trade(self, time_ms: int, ticks: int, lots: int, taker_side: int) -> None:
        """Count a trade. Times do not fall."""
        self._trades.append((time_ms, ticks, lots, taker_side))
        self._move_to(time_ms)
        candle = self._candle
        if candle is None:
            self._candle = [time_ms - time_ms % MINUTE_MS, ticks, ticks, ticks, ticks, lots, ticks * lots]
            return
        if not candle[5]:  # flat until now: the first trade opens it
            candle[OPEN] = candle[HIGH] = candle[LOW] = ticks
        candle[HIGH], candle[LOW], candle[CLOSE] = max(candle[HIGH], ticks), min(candle[LOW], ticks), ticks
        candle[5] += lots
        candle[6] += ticks * lots

    def seed_candles(self, candles: Iterable[Candle]) -> None:
        """Candles of the past, oldest first, at minutes; minutes between them become flat. Before any trade."""
        for row in candles:
            self._move_to(row.open_ms)
            self._candle = list(row)

    def seed_columns(self, open_ms: Ints, prices: Ints, lots: Ints, values: Ints) -> None:
        """The same from columns: `prices` is (4, n), open to close in ticks. Times are minutes that rise."""
        if not len(open_ms):
            return
        minutes = np.arange(open_ms[0], open_ms[-1] + 1, MINUTE_MS, dtype=np.int64)
        source = np.searchsorted(open_ms, minutes, side="right") - 1
        there = open_ms[source] == minutes
        rows = np.zeros((9, len(minutes)), np.int64)
        rows[OPEN_MS] = minutes
        rows[OPEN : CLOSE + 1] = np.where(there, prices[:, source], prices[3, source])
        for high, low, column in ((LOTS_HIGH, LOTS_LOW, lots), (VALUE_HIGH, VALUE_LOW, values)):
            taken = np.where(there, column[source], 0)
            rows[high], rows[low] = taken >> _SPLIT, taken & _MASK
        self._closed.extend(rows[:, :-1])
        self._candle = [*rows[: CLOSE + 1, -1].tolist(), *_totals(rows[:, -1:])]

    def seed_trades(self, rows: Ints) -> None:
        """Trades of the past for the list of trades: (4, n) of time in ms, ticks, lots, taker's side; no candles."""
        self._trades.extend(rows)

    def trades(self, start_ms: int | None, stop_ms: int | None, limit: int) -> Ints:
        """Up to `limit` trades with `start_ms` <= time < `stop_ms`, newest first: (4, n)."""
        rows = self._trades.view()
        start = 0 if start_ms is None else int(np.searchsorted(rows[TIME], start_ms))
        stop = rows.shape[1] if stop_ms is None else int(np.searchsorted(rows[TIME], stop_ms))
        return rows[:, max(start, stop - limit) : max(start, stop)][:, ::-1]

    def average(self, from_ms: int) -> tuple[int, int]:
        """(lots, value) traded since a time."""
        rows = self.trades(from_ms, None, 1_000_000)
        ticks, lots = rows[TICKS].tolist(), rows[LOTS].tolist()
        return sum(lots), sum(price * count for price, count in zip(ticks, lots, strict=True))

    def candles(self, interval: Interval, first: int, stop: int, now_ms: int) -> list[Candle]:
        """Candles number `first` to before `stop` of an interval, as far as there are any, the running one included."""
        self._move_to(now_ms)
        if self._candle is None or self.first_ms is None:
            return []
        stop = min(stop, interval.number(self._candle[OPEN_MS]) + 1)
        first = max(first, interval.number(self.first_ms))
        if first >= stop:
            return []
        starts = [interval.open_ms(number) for number in range(first, stop)]
        rows = self._minutes(starts[0], interval.open_ms(stop))
        return _candles(rows, np.searchsorted(rows[OPEN_MS], np.array(starts, np.int64)), starts)

    def day(self, now_ms: int) -> Day | None:
        """The last 24 hours by whole minutes; None before the first trade."""
        return self.since(now_ms - now_ms % MINUTE_MS - DAY_MS, now_ms)

    def since(self, from_ms: int, now_ms: int) -> Day | None:
        """From the start of a minute, at most 24 hours ago, to now; None before the first trade."""
        self._move_to(now_ms)
        if self._candle is None:
            return None
        rows = self._minutes(from_ms, now_ms + 1)
        before, part = rows[:, :1], rows[:, 1:] if rows.shape[1] > 1440 else rows
        previous = before[CLOSE, 0] if rows.shape[1] > 1440 else before[OPEN, 0]
        lots, value = _totals(part)
        prices = (part[OPEN, 0], part[HIGH].max(), part[LOW].min(), part[CLOSE, -1], previous)
        first, high, low, last, prior = (int(price) for price in prices)
        return Day(int(part[OPEN_MS, 0]), now_ms, first, high, low, last, prior, lots, value)

    def _minutes(self, from_ms: int, to_ms: int) -> Ints:
        """Candles of a minute that begin in a range, the running one included: (9, n)."""
        closed = self._closed.view()
        start, stop = np.searchsorted(closed[OPEN_MS], (from_ms, to_ms))
        part = closed[:, start:stop]
        if self._candle is None or not from_ms <= self._candle[OPEN_MS] < to_ms:
            return part
        return np.concatenate([part, np.array(_split(self._candle), np.int64)[:, None]], axis=1)

    def _move_to(self, time_ms: int) -> None:
        """Close the running candle if its minute is over, and fill the minutes between with flat ones."""
        candle, minute = self._candle, time_ms - time_ms % MINUTE_MS
        if candle is None or minute <= candle[OPEN_MS]:
            return
        self._closed.append(_split(candle))
        close = candle[CLOSE]
        missing = (minute - candle[OPEN_MS]) // MINUTE_MS - 1
        if missing > 0:
            flat = np.zeros((9, missing), np.int64)
            flat[OPEN_MS] = np.arange(minute - missing * MINUTE_MS, minute, MINUTE_MS)
            flat[OPEN : CLOSE + 1] = close
            self._closed.extend(flat)
        self._candle = [minute, close, close, close, close, 0, 0]


class Statistics:
    """The statistics of every symbol."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._symbols = {symbol: SymbolStatistics() for symbol in symbols}

    def __getitem__(self, symbol: str) -> SymbolStatistics:
        return self._symbols[symbol]

    def collect(self, events: Iterable[Event]) -> None:
        """Count what happened, in order."""
        for event in events:
            if isinstance(event, Traded):
                self._symbols[event.symbol].trade(
                    event.time_ns // 1_000_000, event.price_ticks, event.lots, event.taker_side
                )


def _split(candle: list[int]) -> tuple[int, ...]:
    lots, value = candle[5], candle[6]
    return (*candle[:5], lots >> _SPLIT, lots & _MASK, value >> _SPLIT, value & _MASK)


def _totals(rows: Ints) -> tuple[int, int]:
    """(lots, value) of some candles, exactly."""
    sums = [int(rows[column].sum()) for column in (LOTS_HIGH, LOTS_LOW, VALUE_HIGH, VALUE_LOW)]
    return (sums[0] << _SPLIT) + sums[1], (sums[2] << _SPLIT) + sums[3]


def _candles(rows: Ints, cuts: Ints, starts: list[int]) -> list[Candle]:
    """Candles from minutes: `cuts` are the first columns of each, `starts` their open times."""
    ends = np.append(cuts[1:], rows.shape[1]) - 1
    highs = np.maximum.reduceat(rows[HIGH], cuts).tolist()
    lows = np.minimum.reduceat(rows[LOW], cuts).tolist()
    sums = [np.add.reduceat(rows[column], cuts).tolist() for column in (LOTS_HIGH, LOTS_LOW, VALUE_HIGH, VALUE_LOW)]
    lots = [(high << _SPLIT) + low for high, low in zip(sums[0], sums[1], strict=True)]
    values = [(high << _SPLIT) + low for high, low in zip(sums[2], sums[3], strict=True)]
    opens, closes = rows[OPEN][cuts].tolist(), rows[CLOSE][ends].tolist()
    return [Candle(*row) for row in zip(starts, opens, highs, lows, closes, lots, values, strict=True)]
