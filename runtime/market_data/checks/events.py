"""Named rules for books and trades as they are read. What a rule changes or finds is counted.

Always applied, because the data stays usable and nothing is invented:

`out_of_order`      receive times that fall take the time before them: the order of the rows is kept
`clock_jump`        the receive time moved against the venue's by more than a second from one message to the next; kept
`no_venue_time`     messages without the venue's time; the tape gives them the last time that is known

To be asked for by name (`checks.REPAIRS`), because rows are lost:

`drop_missing_stamps`  rows without a receive time
`drop_missing_values`  rows without a price or a quantity
`drop_bad_prices`      rows with a price that is not above 0, a quantity below 0 (of a trade: or 0), absurd sizes
`drop_unknown_side`    rows whose side is neither of the two
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from ...errors import Fault, Place, RuntimeFault, fault
from ..bars import Flags, Ints, RuleUse
from ..events import Levels, Trades
from ..moments import EARLIEST_NS, LATEST_NS, span_text
from .bars import LARGEST_PRICE, LARGEST_VOLUME, REPAIRS

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


def usable(part: Part, noun: str, repairs: frozenset[str], source: str) -> tuple[Part, list[RuleUse]]:
    """The rows that can be used. One `RuntimeFault` names everything that no repair was allowed for."""
    keep = np.ones(len(part), np.bool_)
    rules: list[RuleUse] = []
    faults: list[Fault] = []
    for rule, code, what, bad in _findings(part, noun):
        bad &= keep
        if not bad.any():
            continue
        if rule in repairs:
            rules.append(RuleUse(rule, int(bad.sum()), f"{what} dropped"))
        else:
            faults.append(_refusal(rule, code, what, np.flatnonzero(bad), source))
        keep &= ~bad
    if faults:
        raise RuntimeFault(*faults)
    kept = part if keep.all() else _keep(part, keep)
    if not len(kept):
        raise fault("FC1012", "no usable row is left", source)
    return kept, rules


def _findings(part: Levels | Trades, noun: str) -> list[tuple[str, str, str, Flags]]:
    """(rule, code, what is wrong, rows) of everything that makes a row unusable."""
    stamp = part.receive
    wild = (stamp != 0) & ((stamp < EARLIEST_NS) | (stamp >= LATEST_NS))
    wild |= (part.venue != 0) & ((part.venue < EARLIEST_NS) | (part.venue >= LATEST_NS))
    holes = ~(np.isfinite(part.price) & np.isfinite(part.qty))
    with np.errstate(invalid="ignore"):
        bad = (part.price <= 0) | (part.qty < 0) | (part.price > LARGEST_PRICE) | (part.qty > LARGEST_VOLUME)
        if isinstance(part, Trades):
            bad |= part.qty == 0
    return [
        ("drop_missing_stamps", "FC1006", f"{noun} rows without a receive time", stamp == 0),
        ("", "FC1003", f"{noun} rows with a time before 2009 or after 2100", wild),
        ("drop_missing_values", "FC1006", f"{noun} rows without a price or a quantity", holes),
        ("drop_bad_prices", "FC1007", f"{noun} rows with an impossible price or quantity", bad),
        ("drop_unknown_side", "FC1006", f"{noun} rows whose side is neither of the two", part.side == 0),
    ]


def _refusal(rule: str, code: str, what: str, rows: Ints, source: str) -> Fault:
    shown = tuple(int(row) + 1 for row in rows[:5])
    more = f" and {len(rows) - 5:,} more" if len(rows) > 5 else ""
    notes = (f"rows {', '.join(map(str, shown))}{more}",) if len(rows) > 1 else ()
    helps = (f"`--repair {rule}` would {REPAIRS[rule]}",) if rule else ()
    facts: dict[str, object] = {"rows": shown, "count": len(rows)}
    return Fault(code, f"{len(rows):,} {what}", Place(source, shown[0]), notes, helps, MappingProxyType(facts))


def _keep(part: Part, keep: Flags) -> Part:
    """Some rows; messages end where their last row that is kept does."""
    if not isinstance(part, Levels):
        return part.take(keep)
    message: Ints = (np.cumsum(part.ends) - part.ends)[keep]
    kept = part.take(keep)
    ends = np.ones(len(message), np.bool_)
    np.not_equal(message[1:], message[:-1], out=ends[:-1])
    return replace(kept, ends=ends)


def in_order(part: Part, noun: str) -> tuple[Part, list[RuleUse]]:
    """Receive times that never fall."""
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
