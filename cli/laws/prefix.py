"""Law `prefix`: what was decided, ordered, filled and earned on the start of a tape is the start of what comes of the
whole tape. So nothing looks ahead.

A tape is cut between two instants. Up to then both runs must have the same rows, no more and no fewer. On books the
venue is ahead of what the strategy has received, so rows count only up to the first venue time that was cut away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...cython_core.layout import HEAD, KIND_BAR, TIME, VENUE_TIME
from ...runtime.backtest import result as columns
from .ground import Ground
from .outcome import Difference, LawResult, curve_difference, silent, table_difference, told

if TYPE_CHECKING:
    from ...runtime.backtest.result import RunResult, Words

NAME = "prefix"
CUTS, IN_ORDERS = 5, 3
#: Columns that an order has from the moment it is sent.
_SENT = (columns.O_NUMBER, columns.O_TIME, columns.O_SIDE, columns.O_STYLE, columns.O_QTY, columns.O_PRICE,
         columns.O_TTL, columns.O_RULE, columns.O_INSTRUMENT, columns.O_TAG)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """The first records of a tape, `until` which time its run must be that of the whole, and where it was made."""

    records: Words
    until: int
    where: str


def law(ground: Ground) -> LawResult:
    engine = ground.quick[0]
    whole = ground.whole(engine)
    made = list(cuts(ground.tape.records, whole))
    if not made:
        return silent(NAME, "the tape has one instant")
    found = ((f"cut {cut.where}", _compare(ground, engine, whole, cut)) for cut in made)
    return told(NAME, found, f"{len(made)} cuts on {engine}")


def cuts(records: Words, whole: RunResult) -> Iterator[Cut]:
    """Cuts spread over the tape, and inside the lives of orders: between two instants, never at an end."""
    times = records[:, TIME]
    ends = np.flatnonzero(times[1:] != times[:-1]) + 1  # how many records stand before each later instant
    if not len(ends):
        return
    spread = ends[np.linspace(0, len(ends), CUTS + 2, dtype=np.int64)[1:-1]]
    chosen = {int(k): f"before record {k}" for k in spread}
    for order in some_orders(whole.orders, IN_ORDERS):
        at = ends[min(int(np.searchsorted(times[ends], order[columns.O_TIME], side="right")), len(ends) - 1)]
        chosen[int(at)] = f"before record {at}, while order {order[columns.O_NUMBER]} lives"
    for count, where in sorted(chosen.items()):
        yield Cut(records[:count].copy(), known_until(records, count), where)


def some_orders(orders: Words, most: int) -> Words:
    """Orders spread over a run; those that lived for a while, if there are any."""
    lived = orders[orders[:, columns.O_CLOSED] > orders[:, columns.O_TIME]]
    chosen = lived if len(lived) else orders
    return chosen[np.linspace(0, len(chosen), min(most, len(chosen)), endpoint=False, dtype=np.int64)]


def known_until(records: Words, count: int) -> int:
    """Times below this are the same in both: nothing that was cut away has happened.

    The venue is ahead of the feed: a fill may be heard of before the trade that caused it.
    """
    rest = records[count:]
    at_venue = rest[(rest[:, HEAD] & 0xFF) != KIND_BAR]
    last = int(records[count - 1, TIME])
    return min(last, int(at_venue[:, VENUE_TIME].min())) if len(at_venue) else last


def _compare(ground: Ground, engine: str, whole: RunResult, cut: Cut) -> Difference | None:
    part = ground.run(engine, cut.records)
    if ground.options is not None:
        return books_difference(part, whole, cut.until)
    longest = max(base.period_ns for base in ground.facts.bases)
    return bars_difference(part, whole, int(cut.records[-1, TIME]), longest)


def bars_difference(part: RunResult, whole: RunResult, last: int, longest: int) -> Difference | None:
    """On bars: the rows of `part`, whose tape ends at `last`, are the first of `whole`, and none is missing.

    What a bar fills has the time of its open, so an order that answers it may be older than its bar: only of orders
    before the last bar of the `longest` period is known that both runs have them.
    """
    points = len(part.equity)
    sent = int((whole.orders[:, columns.O_TIME] < last - longest).sum())
    return (
        table_difference("decisions", part.decisions, whole.decisions[whole.decisions[:, 0] <= last])
        or orders_difference(part.orders, whole.orders, sent)
        or table_difference("fills", part.fills, whole.fills[whole.fills[:, columns.F_BAR] < points])
        or curve_difference(part, replace(whole, equity=whole.equity[:points], equity_time=whole.equity_time[:points]))
    )


def orders_difference(part: Words, whole: Words, sent: int) -> Difference | None:
    """Orders are the first of the whole run, at least `sent` of them; those that ended are wholly the same."""
    if len(part) < sent:
        return table_difference("orders", part, whole[:sent])
    same = whole[: len(part)].copy()
    alive = (part[:, columns.O_STATUS] < columns.FILLED)[: len(same)]
    later = np.ones(same.shape[1], dtype=bool)
    later[list(_SENT)] = False
    same[np.ix_(alive, later)] = part[: len(same)][np.ix_(alive, later)]
    return table_difference("orders", part, same)


def books_difference(part: RunResult, whole: RunResult, until: int) -> Difference | None:
    """On books: the rows of both with a time below `until` are the same."""

    def early(name: str, table: Words) -> Words:
        return table[table[:, columns.F_TIME if name == "fills" else 0] < until]

    tables = (
        table_difference(name, early(name, getattr(part, name)), early(name, getattr(whole, name)))
        for name in ("decisions", "fills")
    )
    curves = [_curve(run, until) for run in (part, whole)]
    sent = [run.orders[run.orders[:, columns.O_TIME] < until][:, _SENT] for run in (part, whole)]
    return (
        next((found for found in tables if found is not None), None)
        or _sent_difference(*sent)
        or curve_difference(*curves)
    )


def _sent_difference(part: Words, whole: Words) -> Difference | None:
    if np.array_equal(part, whole):
        return None
    both = min(len(part), len(whole))
    wrong = np.flatnonzero((part[:both] != whole[:both]).any(axis=1))
    at = int(wrong[0]) if len(wrong) else both
    rows = [str(table[at].tolist()) if at < len(table) else "missing" for table in (part, whole)]
    return Difference(int((part if at < len(part) else whole)[at, 1]), f"orders[{at}]", *rows)


def _curve(run: RunResult, until: int) -> RunResult:
    keep = run.equity_time < until
    return replace(run, equity=run.equity[keep], equity_time=run.equity_time[keep])
