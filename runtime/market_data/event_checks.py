"""Named rules for books and trades as they are read. What a rule changes or finds is counted.

Always applied, because the data stays usable and nothing is invented:

`out_of_order`      receive times that fall take the time before them: the order of the rows is kept
`clock_jump`        the receive time moved against the venue's by more than a second from one message to the next; kept
`no_venue_time`     messages without the venue's time; the tape gives them the last time that is known
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from .bars import Ints, RuleUse
from .events import Levels, Trades
from .moments import span_text

JUMP_NS = 1_000_000_000

Part = TypeVar("Part", Levels, Trades)


def checked(book: Levels | None, trades: Trades | None) -> tuple[Levels | None, Trades | None, list[RuleUse]]:
    """The columns in order, and what was found."""
    rules: list[RuleUse] = []
    if book is not None:
        book = _part(book, "book", rules)
    if trades is not None:
        trades = _part(trades, "trade", rules)
    return book, trades, rules


def _part(part: Part, noun: str, rules: list[RuleUse]) -> Part:
    part, found = in_order(part, noun)
    rules += found + clock_jumps(part, noun) + _unstamped(part, noun)
    return part


def in_order(part: Part, noun: str) -> tuple[Part, list[RuleUse]]:
    """Receive times that never fall."""
    from dataclasses import replace

    highest: Ints = np.maximum.accumulate(part.receive)
    late = highest - part.receive
    count = int(np.count_nonzero(late))
    if not count:
        return part, []
    detail = f"{noun} rows received before the row ahead take its time; set back by up to {_short(int(late.max()))}"
    return replace(part, receive=highest), [RuleUse("out_of_order", count, detail)]


def clock_jumps(part: Levels | Trades, noun: str) -> list[RuleUse]:
    """Steps of the recorder's clock against the venue's."""
    known = part.venue > 0
    delay = (part.receive - part.venue)[known]
    steps = np.abs(np.diff(delay))
    count = int(np.count_nonzero(steps > JUMP_NS))
    if not count:
        return []
    largest = _short(int(steps.max()))
    detail = f"{noun} receive times moved against the venue's by up to {largest} from one row to the next; kept"
    return [RuleUse("clock_jump", count, detail)]


def _unstamped(part: Levels | Trades, noun: str) -> list[RuleUse]:
    count = int(np.count_nonzero(part.venue == 0))
    detail = f"{noun} rows without the venue's time; the tape takes the last time known"
    return [RuleUse("no_venue_time", count, detail)] if count else []


def _short(ns: int) -> str:
    """A length of time in the unit that suits it."""
    if ns >= 60 * 10**9:
        return span_text(ns)
    return f"{ns / 1e9:.3f} s" if ns >= 10**9 else f"{ns / 1e6:.3f} ms"
