"""Trades by range: windows of at most an hour, halved while an answer is full.

The exchange answers with the newest 1,000 trades of a window and gives them neither ids nor times finer than a second.
So a full answer says nothing of what it lacks: it is thrown away and half the window is asked for, down to one second.
A second whose answer is full is kept as it came and named as truncated. Equal rows are different trades; all are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..events import Trades
from .pages import NS_PER_MS, AnswerFault, PageRequest, number

#: Rows of one answer, and seconds of one window, by the exchange's rules.
LIMIT = 1000
LONGEST_S = 3600
NS_PER_S = 1_000_000_000
_MS_PER_S = 1000


class TradeRow(NamedTuple):
    """A trade as it came. `seller_took`: the buyer was the maker."""

    time_ms: int
    price: str
    qty: str
    seller_took: bool


@dataclass(frozen=True, slots=True)
class TradePage:
    """Checked trades of `[start_ns, stop_ns)`, oldest first. `truncated`: more than the answer holds may be missing.

    `outside` are rows left out because they lie beyond the window, `finer` rows with a time finer than a second.
    """

    start_ns: int
    stop_ns: int
    trades: Trades
    truncated: bool
    outside: int
    finer: int


class TradePlan:
    """The pages of `[start_ns, stop_ns)`, both whole seconds."""

    def __init__(self, start_ns: int, stop_ns: int, limit: int = LIMIT) -> None:
        assert start_ns % NS_PER_S == 0 and stop_ns % NS_PER_S == 0 and limit > 1, "bounds are whole seconds"
        self._at, self._stop, self._limit = start_ns // NS_PER_S, stop_ns // NS_PER_S, limit
        self._width = LONGEST_S

    @property
    def done(self) -> bool:
        """Nothing is left to ask for."""
        return self._at >= self._stop

    @property
    def at_ns(self) -> int:
        """Everything before this has been taken."""
        return self._at * NS_PER_S

    def next(self) -> PageRequest:
        """The next window; the same until it is taken."""
        assert not self.done
        return PageRequest(self._at * _MS_PER_S, self._page_stop() * _MS_PER_S - 1, self._limit)

    def take(self, rows: Sequence[TradeRow]) -> TradePage | None:
        """The answer to `next()`; None if it was full and the window became smaller. `AnswerFault` changes nothing."""
        stop = self._page_stop()
        low, high = self._at * _MS_PER_S, stop * _MS_PER_S
        _check_order(rows)
        if len(rows) >= self._limit and stop - self._at > 1:
            self._width = (stop - self._at) // 2
            return None
        inside = [row for row in reversed(rows) if low <= row.time_ms < high]
        finer = sum(1 for row in inside if row.time_ms % _MS_PER_S)
        trades, full = trade_columns(inside), len(rows) >= self._limit
        page = TradePage(low * NS_PER_MS, high * NS_PER_MS, trades, full, len(rows) - len(inside), finer)
        self._at = stop
        if 2 * len(rows) < self._limit:
            self._width = min(2 * self._width, LONGEST_S)
        return page

    def _page_stop(self) -> int:
        return min(self._at + self._width, self._stop)


def _check_order(rows: Sequence[TradeRow]) -> None:
    newest = rows[0].time_ms if rows else 0
    for row in rows:
        if row.time_ms > newest:
            raise AnswerFault("trades do not run from the newest to the oldest", _shown(row))
        newest = row.time_ms


def trade_columns(rows: Sequence[TradeRow]) -> Trades:
    """Rows as columns; the venue's time also stands for the receive time. `AnswerFault` for impossible numbers."""
    values = [(number(row.price), number(row.qty)) for row in rows]
    for row, (price, qty) in zip(rows, values, strict=True):
        if price <= 0 or qty <= 0:
            raise AnswerFault("a trade without a price or a quantity", _shown(row))
    times = np.array([row.time_ms * NS_PER_MS for row in rows], np.int64)
    side = np.array([-1 if row.seller_took else 1 for row in rows], np.int8)
    table = np.array(values, np.float64).reshape(len(rows), 2)
    prices, amounts = (np.ascontiguousarray(table[:, k]) for k in (0, 1))
    return Trades(times, times.copy(), side, prices, amounts, np.zeros(len(rows), np.int64))


def _shown(row: TradeRow) -> str:
    return f"time {row.time_ms}: {row.price} x {row.qty}"
