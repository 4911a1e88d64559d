"""What a recording holds of one instrument, and its rows as columns of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from ....cython_core.layout import (
    FLAG_MESSAGE_END,
    FLAG_SHIFT,
    HEAD,
    KIND_LEVEL,
    KIND_TRADE,
    PRICE,
    QTY,
    SIDE,
    TIME,
    UPDATE_ID,
    VENUE_TIME,
)
from ..bars import Floats, Ints, RuleUse
from ..events import EventSet, Levels, Trades
from ..instruments import Instrument
from .join import FIRST_ID, KIND_MARK, Gap, marked

VENUE = "mexc.spot"
FORMAT = "flashc-recording/1"
_KIND = 0xFF
_ENDS = FLAG_MESSAGE_END << FLAG_SHIFT


@dataclass(frozen=True, slots=True)
class Recorded:
    """One instrument of a recording: its data set, and the grid that its prices and quantities are on."""

    name: str
    instrument: Instrument
    price_decimals: int
    qty_decimals: int

    @property
    def symbol(self) -> str:
        """As the exchange writes it."""
        return f"{self.instrument.base}{self.instrument.quote}"

    def head(self, number: int, url: str, server: str) -> dict[str, Any]:
        """The head of a segment. `number` rises from segment to segment of one data set."""
        return {
            "format": FORMAT, "segment": number, "name": self.name, "base": self.instrument.base,
            "quote": self.instrument.quote, "price_decimals": self.price_decimals,
            "qty_decimals": self.qty_decimals, "url": url, "server": server,
        }  # fmt: skip

    @classmethod
    def of_head(cls, head: Mapping[str, Any]) -> Self:
        """From the head of a segment. KeyError, TypeError or ValueError if it is none."""
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']}")
        instrument = Instrument(str(head["base"]), str(head["quote"]))
        return cls(str(head["name"]), instrument, int(head["price_decimals"]), int(head["qty_decimals"]))


def event_set(what: Recorded, rows: Ints, url: str) -> tuple[EventSet | None, list[Gap]]:
    """Records as a data set, None if there are none, and the holes among them."""
    kind = rows[:, HEAD] & _KIND
    gaps = [marked(row) for row in rows[kind == KIND_MARK]]
    book, trades = _levels(what, rows[kind == KIND_LEVEL]), _trades(what, rows[kind == KIND_TRADE])
    if book is None and trades is None:
        return None, gaps
    rules = [RuleUse("recording_gap", len(gaps), _GAPS)] if gaps else []
    facts = MappingProxyType({"recorded": url})
    return EventSet(what.name, what.instrument, VENUE, book, trades, tuple(rules), url, facts), gaps


_GAPS = "holes in the recording: a fresh snapshot of the book follows each, trades of that time are missing"


def _levels(what: Recorded, rows: Ints) -> Levels | None:
    rows = without_empty(rows)
    if not len(rows):
        return None
    ends = rows[:, HEAD] & _ENDS != 0
    snapshot = rows[:, FIRST_ID] == 0
    return Levels(*_common(what, rows), snapshot, ends, rows[:, FIRST_ID].copy(), rows[:, UPDATE_ID].copy())


def without_empty(rows: Ints) -> Ints:
    """Without updates that hold no level (side 0): the update behind one begins where it did."""
    empty = np.flatnonzero(rows[:, SIDE] == 0)
    if not len(empty):
        return rows
    rows = rows.copy()
    for place in empty.tolist():
        following = rows[place + 1 :]
        if len(following) and int(following[0, FIRST_ID]) == int(rows[place, UPDATE_ID]) + 1:
            own = (following[:, UPDATE_ID] == following[0, UPDATE_ID]).cumprod().astype(np.bool_)
            following[own, FIRST_ID] = rows[place, FIRST_ID]
    return np.delete(rows, empty, axis=0)


def _trades(what: Recorded, rows: Ints) -> Trades | None:
    return Trades(*_common(what, rows), rows[:, UPDATE_ID].copy()) if len(rows) else None


def _common(what: Recorded, rows: Ints) -> tuple[Ints, Ints, Any, Floats, Floats]:
    """Receive and venue time, side, price, quantity: a quotient of exact numbers is the double nearest to it."""
    receive: Ints = np.maximum.accumulate(rows[:, TIME])
    price = rows[:, PRICE] / float(10**what.price_decimals)
    qty = rows[:, QTY] / float(10**what.qty_decimals)
    return receive, rows[:, VENUE_TIME].copy(), rows[:, SIDE].astype(np.int8), price, qty
