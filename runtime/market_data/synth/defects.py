"""Faults for generated books and trades, one of each kind, for tests and for seeing how a run states them.

Each function takes clean columns and gives columns with its fault, somewhere behind the middle. The names are those
of the rules that handle them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from ..events import Levels, Trades

Both = tuple[Levels, Trades]


def put_in(book: Levels, trades: Trades, defects: tuple[str, ...]) -> Both:
    """The columns with all the faults named, in the order of DEFECTS."""
    for name, make in DEFECTS.items():
        if name in defects:
            book, trades = make(book, trades)
    return book, trades


def _message(book: Levels, part: float) -> tuple[int, int]:
    """Row range of the message at `part` of the book, not the first one."""
    ends = np.flatnonzero(book.ends)
    at = max(1, min(len(ends) - 2, int(len(ends) * part)))
    return int(ends[at - 1]) + 1, int(ends[at]) + 1


def _changed(columns: Any, rows: Any, **values: Any) -> Any:
    """Copies of the columns with other values in some rows."""
    fresh = {}
    for name, value in values.items():
        fresh[name] = getattr(columns, name).copy()
        fresh[name][rows] = value
    return replace(columns, **fresh)


def _extra_row(book: Levels, at: int, **values: Any) -> Levels:
    """A copy of row `at - 1` put in at the end of its message, with other values."""
    columns = {name: np.insert(column, at, column[at - 1]) for name, column in book.columns().items()}
    longer = replace(book, **columns)
    return _changed(_changed(longer, [at - 1], ends=False), [at], **values)  # type: ignore[no-any-return]


def crossed_book(book: Levels, trades: Trades) -> Both:
    """A bid far above the asks for one message, then gone."""
    _, stop = _message(book, 0.5)
    high = float(book.price[:stop].max()) + 1.0
    crossed = _extra_row(book, stop, side=1, price=high, qty=1.0)
    after = stop + 1 + int(np.flatnonzero(crossed.ends[stop + 1 :])[0]) + 1
    return _extra_row(crossed, after, side=1, price=high, qty=0.0), trades


def one_sided_book(book: Levels, trades: Trades) -> Both:
    """A snapshot of bids alone, and the whole book again a little later."""
    return _insert_snapshot(_insert_snapshot(book, 0.55, both=True), 0.54, both=False), trades


def _insert_snapshot(book: Levels, part: float, both: bool) -> Levels:
    """A snapshot of the state at `part` between two messages."""
    _, stop = _message(book, part)
    state = dict[tuple[int, float], int]()
    for row in range(stop):
        state[int(book.side[row]), float(book.price[row])] = row
    rows = [row for (side, _), row in sorted(state.items()) if book.qty[row] > 0 and (both or side == 1)]
    columns = {name: np.insert(column, stop, column[rows]) for name, column in book.columns().items()}
    longer, inserted = replace(book, **columns), slice(stop, stop + len(rows))
    where = {name: getattr(book, name)[stop - 1] for name in ("receive", "venue", "last_id")}
    fresh = _changed(longer, inserted, snapshot=True, ends=False, first_id=0, **where)
    return _changed(fresh, [stop + len(rows) - 1], ends=True)  # type: ignore[no-any-return]


def sequence_gap(book: Levels, trades: Trades) -> Both:
    """A message is lost; the recorder asks for a snapshot a little later."""
    book = _insert_snapshot(book, 0.65, both=True)
    first, stop = _message(book, 0.6)
    return book.take(np.r_[0:first, stop : len(book)]), trades


def duplicate_update(book: Levels, trades: Trades) -> Both:
    """A message comes twice."""
    first, stop = _message(book, 0.7)
    return book.take(np.r_[0:stop, first:stop, stop : len(book)]), trades


def far_level(book: Levels, trades: Trades) -> Both:
    """An ask at ten times the price."""
    _, stop = _message(book, 0.75)
    return _extra_row(book, stop, side=-1, price=float(np.rint(book.price[0] * 10.0)), qty=1.0), trades


def out_of_order(book: Levels, trades: Trades) -> Both:
    """A message that claims to be received before the one ahead of it."""
    first, stop = _message(book, 0.8)
    return _changed(book, slice(first, stop), receive=book.receive[first - 1] - 1_000_000), trades


def clock_jump(book: Levels, trades: Trades) -> Both:
    """The recorder's clock is set forward by five seconds."""
    first, _ = _message(book, 0.85)
    moment, jump = book.receive[first], 5 * 10**9
    late, traded = book.receive >= moment, trades.receive >= moment
    book = replace(book, receive=book.receive + late * jump)
    return book, replace(trades, receive=trades.receive + traded * jump)


def clock_offset(book: Levels, trades: Trades) -> Both:
    """The recorder's clock is 1.3 s behind."""
    late = 1_300_000_000
    return replace(book, receive=book.receive - late), replace(trades, receive=trades.receive - late)


def trade_outside_spread(book: Levels, trades: Trades) -> Both:
    """A trade 1 % above the market."""
    at = len(trades) // 2
    price = float(np.rint(trades.price[at] * 1.01)) if len(trades) else 0.0
    return book, _changed(trades, slice(at, at + 1), price=price)


def off_grid(book: Levels, trades: Trades) -> Both:
    """A trade at a price and of a quantity between the steps of the venue's grid."""
    at = slice(len(trades) // 3, len(trades) // 3 + 1)
    return book, _changed(trades, at, price=trades.price[at] + 0.00345, qty=trades.qty[at] + 0.000000123)


#: Name -> what puts it in. Faults of the rows come before faults of the clock.
DEFECTS: Mapping[str, Callable[[Levels, Trades], Both]] = MappingProxyType(
    {
        "crossed_book": crossed_book,
        "one_sided_book": one_sided_book,
        "sequence_gap": sequence_gap,
        "duplicate_update": duplicate_update,
        "far_level": far_level,
        "trade_outside_spread": trade_outside_spread,
        "off_grid": off_grid,
        "out_of_order": out_of_order,
        "clock_jump": clock_jump,
        "clock_offset": clock_offset,
    }
)
