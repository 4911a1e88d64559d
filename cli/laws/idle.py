"""Law `idle`: events that a strategy does not use change nothing: bars of another instrument among its own, at their
times and between them, and a timer that nothing listens to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...cython_core.layout import FLAG_INSTANT_END, FLAG_SHIFT, HEAD, KIND_BAR, TIME, WORDS_PER_RECORD, head
from ...runtime.backtest.result import Feed
from .ground import Ground
from .outcome import Difference, LawResult, first_difference, told

if TYPE_CHECKING:
    from ...runtime.backtest.result import Words

NAME = "idle"
#: Numbers of streams that no program has: the io block ends before them.
UNUSED_BARS, UNUSED_TIMER = 60_000, 60_001
PERIOD_NS = 7_000_000_000
_ENDS = FLAG_INSTANT_END << FLAG_SHIFT
EVERY = 3  # records between two of the other instrument


def law(ground: Ground) -> LawResult:
    where = f"another instrument's bars and a timer on {', '.join(ground.quick)}"
    return told(NAME, _found(ground), where)


def _found(ground: Ground) -> Iterator[tuple[str, Difference | None]]:
    records, timers = with_idle_bars(ground.tape.records), ground.facts.timers
    listening = replace(ground.facts, timers=(*timers, Feed(UNUSED_TIMER, PERIOD_NS)))
    for engine in ground.quick:
        whole = ground.whole(engine)
        with_bars, with_timer = ground.run(engine, records), ground.run(engine, facts=listening)
        yield f"{engine}, without and with another instrument", first_difference(ground.program, whole, with_bars)
        yield f"{engine}, without and with a timer", first_difference(ground.program, whole, with_timer)


def with_idle_bars(records: Words) -> Words:
    """The tape with bars of an unused stream: before the first record of an instant, after the last, and by turns a
    nanosecond after that. Whatever is last at its time ends the instant."""
    times = records[:, TIME]
    starts = np.flatnonzero(np.r_[True, times[1:] != times[:-1]])[1:-1][::EVERY]
    ends = np.searchsorted(times, times[starts], side="right")
    turn = np.arange(len(starts)) % 3
    at = np.where(turn == 0, starts, ends)
    later = (turn == 2) & (times[np.minimum(ends, len(times) - 1)] > times[starts] + 1)
    idle = np.zeros((len(starts), WORDS_PER_RECORD), dtype=np.int64)
    idle[:] = [0, head(KIND_BAR, 0, UNUSED_BARS), 7, 9, 5, 8, 1, 8]
    idle[:, TIME] = times[starts] + later
    return _ended(np.insert(records, at, idle, axis=0))


def _ended(records: Words) -> Words:
    times = records[:, TIME]
    last = np.r_[times[1:] != times[:-1], True]
    records[:, HEAD] = (records[:, HEAD] & ~_ENDS) | np.where(last, _ENDS, 0)
    return np.ascontiguousarray(records)
