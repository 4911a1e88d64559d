"""Bars on a tape of events: when each one closes, and what is in it.

A bar covers `[k * period, (k + 1) * period)` of venue time. It closes when an event of its instrument with a venue time
at or past its end arrives, or `lateness_ns` after its end by receive time, whichever comes first; its record stands
before that event. Longer bars close by the same rule, so they are the sum of the shorter ones.

`late_trade`           a trade that arrived after its bar had closed goes to the bar that is open
`partial_bar_dropped`  the trades begin within a bar, and no bar data covers it: left out
`seed_bars`            bars before the first whole one of the trades come from a data set of bars
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import fault
from ..bars import Ints, RuleUse
from .grid import LARGEST_NOTIONAL, GridBars
from .slots import Series, fill_slots

LATENESS_NS = 250_000_000  # where nobody says otherwise


@dataclass(frozen=True, slots=True)
class Events:
    """All events of one instrument in tape order: receive and venue times, and each one's place among all events.

    Its bars wait `lateness_ns` after their end for late trades.
    """

    receive: Ints
    venue: Ints
    place: Ints
    lateness_ns: int = LATENESS_NS

    def __len__(self) -> int:
        return len(self.receive)


@dataclass(frozen=True, slots=True)
class BarTrades:
    """The trades of an instrument: ticks, lots, and each one's index in its `Events`."""

    ticks: Ints
    lots: Ints
    at: Ints


def closers(events: Events, ends: Ints) -> Ints:
    """Index of the event before which each bar closes; `len(events)` if it does not."""
    passed = np.searchsorted(events.venue, ends, side="left")
    waited = np.searchsorted(events.receive, ends + events.lateness_ns, side="left")
    result: Ints = np.minimum(passed, waited).astype(np.int64)
    return result


def close_times(events: Events, ends: Ints, everything: Ints) -> tuple[Ints, Ints]:
    """(receive time, place in the tape's events `everything` before which the record stands) of bars that close.

    Bars that end before the first event of their instrument are history: they close at their end.
    """
    if not len(events):
        return ends, np.searchsorted(everything, ends, side="left").astype(np.int64)
    at = closers(events, ends)
    assert len(at) == 0 or at[-1] < len(events)
    times = np.where(at == 0, ends, np.minimum(events.receive[at], ends + events.lateness_ns))
    own = (at > 0) & (times == events.receive[at])
    places = np.where(own, events.place[at], np.searchsorted(everything, times, side="left"))
    return times, places.astype(np.int64)


def bar_slots(events: Events, trades: BarTrades, period_ns: int) -> tuple[Ints, int]:
    """The slot of each trade, and how many trades were late."""
    own = events.venue[trades.at] // period_ns
    if not len(own):
        return own, 0
    first = int(events.venue[0]) // period_ns
    slots = np.arange(first, int(own[-1]) + 1, dtype=np.int64)
    closed = np.searchsorted(closers(events, (slots + 1) * period_ns), trades.at, side="right")
    placed: Ints = np.maximum(own, first + closed)
    return placed, int(np.count_nonzero(placed > own))


def trade_series(
    events: Events, trades: BarTrades, period_ns: int, history: Series | None, source: str
) -> tuple[Series, list[RuleUse]]:
    """Bars of `period_ns` from the trades, behind those of `history` (of the same period), to the last that closes."""
    slots, late = bar_slots(events, trades, period_ns)
    rules = []
    if late:
        rules.append(RuleUse("late_trade", late, "trades that arrived after their bar had closed count to the next"))
    built = _grid_bars(trades, slots, period_ns, source)
    begin = int(events.venue[0])
    whole = -(-begin // period_ns)
    last = _last_closed(events, period_ns)
    if history is not None:
        built, first, found = _seeded(built, history, period_ns, whole)
        rules += found
    else:
        first = max(whole, int(slots[0])) if len(slots) else last + 1
        if begin % period_ns:
            rules.append(RuleUse("partial_bar_dropped", 1, "the trades begin within a bar; it is left out"))
    series, carried = fill_slots(_upto(built, (last + 1) * period_ns), period_ns, first, max(0, last + 1 - first))
    return series, rules + carried


def _last_closed(events: Events, period_ns: int) -> int:
    """The last slot that closes before the events end."""
    last = max(int(events.venue[-1]), int(events.receive[-1]) - events.lateness_ns) // period_ns - 1
    return last


def _grid_bars(trades: BarTrades, slots: Ints, period_ns: int, source: str) -> GridBars:
    """One bar for each slot that has trades."""
    if not len(slots):
        nothing = [np.zeros(0, np.int64) for _ in range(8)]
        return GridBars(*nothing)
    value = trades.ticks * trades.lots
    if float(trades.ticks.max()) * float(trades.lots.max()) > LARGEST_NOTIONAL:
        raise fault("FC1016", "the value of a trade does not fit 64 bits in ticks x lots", source)
    heads = np.concatenate(([0], np.flatnonzero(np.diff(slots)) + 1))
    tails = np.concatenate((heads[1:], [len(slots)])) - 1
    ticks = trades.ticks
    if float(np.add.reduceat(value.astype(np.float64), heads).max()) > LARGEST_NOTIONAL:
        raise fault("FC1016", "the traded value of a bar does not fit 64 bits in ticks x lots", source)
    return GridBars(
        slots[heads] * period_ns,
        ticks[heads],
        np.maximum.reduceat(ticks, heads),
        np.minimum.reduceat(ticks, heads),
        ticks[tails],
        np.add.reduceat(trades.lots, heads),
        np.add.reduceat(value, heads),
        (tails - heads + 1).astype(np.int64),
    )


_WORDS = ("open", "high", "low", "close", "volume", "notional", "count")


def _seeded(built: GridBars, history: Series, period_ns: int, whole: int) -> tuple[GridBars, int, list[RuleUse]]:
    """Bars of the history before slot `whole`, then those of the trades."""
    mine = np.flatnonzero(~history.carried[: max(0, whole - history.first_slot)])
    covered = min(whole, history.first_slot + len(history))
    later = built.ts >= covered * period_ns
    ts = np.concatenate(((history.first_slot + mine) * period_ns, built.ts[later]))
    columns = {word: np.concatenate((getattr(history, word)[mine], getattr(built, word)[later])) for word in _WORDS}
    rule = RuleUse("seed_bars", len(mine), "bars before the first whole one of the trades come from bar data")
    return GridBars(ts, **columns), history.first_slot, [rule]


def _upto(bars: GridBars, stop_ns: int) -> GridBars:
    """The bars that open before `stop_ns`."""
    n = int(np.searchsorted(bars.ts, stop_ns, side="left"))
    return GridBars(bars.ts[:n], **{word: getattr(bars, word)[:n] for word in _WORDS})
