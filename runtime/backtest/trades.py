"""Fills to round trips.

A trade is one round trip of one instrument: from flat to flat. Entries are averaged: the entry price of a trade is its
entry notional divided by its quantity. Whatever the pairing (FIFO or average), a round trip that ends flat has the same
profit, and it is exact:

    pnl = side * (exit notional - entry notional) - fees          all in atoms

Additions, partial exits and partial fills belong to the round trip in which they happen; each instrument has its own.
A position that is still open at the end of the data is not a trade; `open_position` reports it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .money import Ints, exact_sum
from .result import F_FEE, F_INSTRUMENT, F_PRICE, F_QTY, F_RULE, F_SIDE, F_TIME, F_VALUE


@dataclass(frozen=True, slots=True)
class Fills:
    """Executions in time order, one entry per column and fill.

    `time` ns, `side` +1 buy or -1 sell, `qty` lots, `price` ticks, `notional` and `fee` atoms (a rebate is a negative
    fee), `rule` the number of the rule that gave the order, `instrument` its number. No fill takes a position through
    zero.
    """

    time: Ints
    side: Ints
    qty: Ints
    price: Ints
    notional: Ints
    fee: Ints
    rule: Ints
    instrument: Ints

    @staticmethod
    def from_table(table: Ints) -> Fills:
        """From the fill table of a run (`result.FILL_COLUMNS`)."""
        picked = (F_TIME, F_SIDE, F_QTY, F_PRICE, F_VALUE, F_FEE, F_RULE, F_INSTRUMENT)
        return Fills(*(np.ascontiguousarray(table[:, number]) for number in picked))

    def __len__(self) -> int:
        return len(self.time)

    def of(self, instrument: int) -> Fills:
        """The fills of one instrument."""
        keep = self.instrument == instrument
        return Fills(*(column[keep] for column in self.columns()))

    def columns(self) -> tuple[Ints, ...]:
        return (self.time, self.side, self.qty, self.price, self.notional, self.fee, self.rule, self.instrument)


@dataclass(frozen=True, slots=True)
class Trades:
    """Round trips in the order in which they ended.

    Prices are average prices in ticks, rounded to the nearest tick (ties to even); `entry_rule` is the rule of the
    first entry fill, `exit_rule` that of the last exit fill.
    """

    instrument: Ints
    side: Ints
    qty: Ints
    entry_time: Ints
    entry_price: Ints
    exit_time: Ints
    exit_price: Ints
    fees: Ints
    pnl: Ints
    entry_rule: Ints
    exit_rule: Ints
    entry_notional: Ints

    def __len__(self) -> int:
        return len(self.pnl)

    def columns(self) -> tuple[Ints, ...]:
        return (
            self.instrument, self.side, self.qty, self.entry_time, self.entry_price, self.exit_time, self.exit_price,
            self.fees, self.pnl, self.entry_rule, self.exit_rule, self.entry_notional,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """What was still held after the last fill. `cost` and `fees` in atoms, of the unfinished round trip."""

    instrument: int
    lots: int  # negative: short
    cost: int
    fees: int
    entry_time: int
    entry_rule: int


def round_trips(fills: Fills) -> Trades:
    """All finished round trips of all instruments, ordered by exit time."""
    parts = [_of_instrument(fills.of(int(number))) for number in np.unique(fills.instrument)]
    if not parts:
        return Trades(*(np.empty(0, np.int64) for _ in range(12)))
    joined = [np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True)]
    order = np.argsort(joined[5], kind="stable")
    return Trades(*(column[order] for column in joined))


def open_positions(fills: Fills) -> tuple[OpenPosition, ...]:
    """What is still held at the end, by instrument."""
    found = []
    for number in np.unique(fills.instrument):
        part = fills.of(int(number))
        lots = np.cumsum(part.side * part.qty)
        if lots[-1]:
            found.append(_open(part, lots))
    return tuple(found)


def _open(fills: Fills, lots: Ints) -> OpenPosition:
    flat = np.flatnonzero(lots == 0)
    first = int(flat[-1]) + 1 if len(flat) else 0
    return OpenPosition(
        instrument=int(fills.instrument[0]),
        lots=int(lots[-1]),
        cost=exact_sum((fills.side * fills.notional)[first:]),
        fees=exact_sum(fills.fee[first:]),
        entry_time=int(fills.time[first]),
        entry_rule=int(fills.rule[first]),
    )


def _of_instrument(fills: Fills) -> Trades:
    lots = np.cumsum(fills.side * fills.qty)
    before = np.concatenate((np.zeros(1, np.int64), lots[:-1]))
    assert not np.any(lots * before < 0), "a fill took a position through zero"
    last = np.flatnonzero(lots == 0)
    first = np.concatenate((np.zeros(1, np.int64), last[:-1] + 1))[: len(last)]
    if not len(last):
        return Trades(*(np.empty(0, np.int64) for _ in range(12)))
    stop = int(last[-1]) + 1
    side = fills.side[first]
    entering = fills.side[:stop] == np.repeat(side, last - first + 1)

    def total(values: Ints, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ints:
        return np.add.reduceat(np.where(mask, values[:stop], 0), first)

    qty = total(fills.qty, entering)
    entry_notional = total(fills.notional, entering)
    exit_notional = total(fills.notional, ~entering)
    fees = np.add.reduceat(fills.fee[:stop], first)
    return Trades(
        instrument=fills.instrument[first],
        side=side,
        qty=qty,
        entry_time=fills.time[first],
        entry_price=_average(fills, entering, first, last),
        exit_time=fills.time[last],
        exit_price=_average(fills, ~entering, first, last),
        fees=fees,
        pnl=side * (exit_notional - entry_notional) - fees,
        entry_rule=fills.rule[first],
        exit_rule=fills.rule[last],
        entry_notional=entry_notional,
    )


def _average(fills: Fills, mask: np.ndarray[tuple[int], np.dtype[np.bool_]], first: Ints, last: Ints) -> Ints:
    """Average price in ticks of the masked fills of each round trip. A single fill keeps its price exactly."""
    stop = int(last[-1]) + 1
    qty = np.where(mask, fills.qty[:stop], 0)
    weight = np.add.reduceat(qty, first)
    base = np.minimum.reduceat(np.where(mask, fills.price[:stop], np.iinfo(np.int64).max), first)
    # Only the distance from the lowest price is averaged: one price gives distance 0, whatever the quantity.
    above = np.where(mask, fills.price[:stop] - np.repeat(base, last - first + 1), 0)
    distance = np.add.reduceat(above.astype(np.float64) * qty, first) / weight
    return base + np.rint(distance).astype(np.int64)
