"""A recording as rows that an exchange can play: whole ticks and lots, in order of receive time, times from 0.

Books go through the same rules as those of a backtest (`runtime/market_data/tapes/accepted_book.py`): messages in the
order of their ids, prices on the symbol's grid (`price_to_tick`, `qty_to_lot`), and after every message a book whose
best bid is below its best ask. Each rule that changed something is in `rules`, with how often. At one time trades come
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...runtime.market_data.bars import Ints, RuleUse
from ...runtime.market_data.events import EventSet
from ...runtime.market_data.tapes.accepted_book import book_rows
from ...runtime.market_data.tapes.market_events import trade_rows

LEVEL, MESSAGE_END, RESET, RESET_END, TRADE = 0, 1, 2, 3, 4
_CHUNK = 1 << 14

#: (offset, ns; kind; side, of a trade the taker's; ticks; lots).
Row = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Tape:
    """Columns of rows. `length_ns` is the time from the first row to the start of the next round."""

    name: str
    offset: Ints
    kind: Ints
    side: Ints
    ticks: Ints
    lots: Ints
    length_ns: int
    rules: tuple[RuleUse, ...]

    def __len__(self) -> int:
        return len(self.offset)

    def rows(self) -> Iterator[Row]:
        """All rows in order. Only some thousand at a time are Python objects."""
        for start in range(0, len(self), _CHUNK):
            part = slice(start, start + _CHUNK)
            columns = (self.offset[part], self.kind[part], self.side[part], self.ticks[part], self.lots[part])
            yield from zip(*(column.tolist() for column in columns), strict=True)


def tape_of(data: EventSet, price_decimals: int, qty_decimals: int) -> Tape:
    """`data` on a symbol's grid. Faults: FC1012 (no usable book), FC1016 (a number does not fit)."""
    parts: list[list[Ints]] = []
    rules = list(data.rules)
    if data.trades is not None:
        trades, found = trade_rows(data.trades, price_decimals, qty_decimals, data.name)
        kind = np.full(len(trades), TRADE)
        parts.append([trades.receive, kind, trades.side.astype(np.int64), trades.ticks, trades.lots])
        rules += found
    if data.book is not None:
        rows, found = book_rows(data.book, price_decimals, qty_decimals, data.name)
        kind = np.where(rows.reset, RESET, np.where(rows.ends, MESSAGE_END, LEVEL))
        kind[rows.reset & rows.ends] = RESET_END
        parts.append([rows.receive, kind, rows.side.astype(np.int64), rows.ticks, rows.lots])
        rules += found
    columns = [np.concatenate(same).astype(np.int64) for same in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    offset, kind, side, ticks, lots = (column[order] for column in columns)
    offset = offset - offset[0]
    return Tape(data.name, offset, kind, side, ticks, lots, int(offset[-1]) + 1_000_000_000, tuple(rules))
