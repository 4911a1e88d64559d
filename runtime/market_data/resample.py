"""Bars of trades, and longer bars of shorter ones, as a data set to keep.

A bar covers `[k * period, (k + 1) * period)` of venue time, of receive time where the venue gave none. A bar without
anything in it is not made. Bars of bars are those that a tape would make of the shorter ones.

`partial_bar_dropped`  the data covers the bar only in part: left out
`carry_close`          the first part of a longer bar is missing: it opens at the close before it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from ..errors import fault
from .bars import Bars, Dataset, Flags, Floats, Ints, RuleUse
from .events import AnySet, Trades
from .moments import period_text

#: Times of which everything is there: [from, to) in ns, apart and rising.
Covered: TypeAlias = Sequence[tuple[int, int]]


def resampled(data: AnySet, period_ns: int, name: str, covered: Covered | None = None, holes: Covered = ()) -> Dataset:
    """Bars of `period_ns` as a data set of that name.

    Of trades, `covered` is where all are there (from the first to the last, if nothing is said) but in the `holes`.

    FC1038 if they cannot be made of what is there, FC1012 if no whole bar is covered.
    """
    if isinstance(data, Dataset):
        bars, rules = _longer(data, period_ns)
    elif data.trades is None:
        raise fault("FC1038", f"`{data.name}` holds a book alone, which makes no bars", data.name, helps=(_NEEDED,))
    else:
        bars, rules = _of_trades(data.trades, period_ns, without(covered or _span(data.trades), holes))
    if not len(bars):
        helps = ("bars that the data covers only in part are left out",)
        raise fault("FC1012", f"the data covers no whole {period_text(period_ns)} bar", data.name, helps=helps)
    return Dataset(name, data.instrument, data.venue, period_ns, bars, tuple(rules), data.source)


_NEEDED = "bars are made of trades, or of shorter bars"


def _longer(data: Dataset, period_ns: int) -> tuple[Bars, list[RuleUse]]:
    own, shown = period_text(data.period_ns), period_text(period_ns)
    if period_ns % data.period_ns or period_ns == data.period_ns:
        message = f"{shown} bars cannot be made of {own} bars"
        raise fault("FC1038", message, data.name, helps=(f"choose a multiple of {own}",))
    ts, bars = data.bars.ts, data.bars
    slots = ts // period_ns
    heads = _heads(slots)
    late = ts[heads] % period_ns > 0
    before = bars.close[np.maximum(heads - 1, 0)]
    made = Bars(
        slots[heads] * period_ns,
        np.where(late, before, bars.open[heads]),
        _most(np.maximum, bars.high, heads, before, late),
        _most(np.minimum, bars.low, heads, before, late),
        bars.close[np.append(heads[1:], len(ts)) - 1],
        _sums(bars.volume, heads),
        None if bars.notional is None else np.add.reduceat(bars.notional, heads),
        None if bars.n_trades is None else np.add.reduceat(bars.n_trades, heads),
    )
    whole = _whole(made.ts, period_ns, [(data.from_ns, data.to_ns)])
    carried = int(np.count_nonzero(late & whole))
    uses = [RuleUse("carry_close", carried, f"{shown} bars whose first part is missing open at the close before")]
    return made.take(whole), [*(uses if carried else ()), *_dropped(whole, shown)]


def _most(pick: np.ufunc, column: Floats, heads: Ints, before: Floats, late: Flags) -> Floats:
    """The extreme of each bar, also of the close that it carries from the bar before."""
    found = pick.reduceat(column, heads)
    result: Floats = np.where(late, pick(found, before), found)
    return result


def _of_trades(trades: Trades, period_ns: int, covered: Covered) -> tuple[Bars, list[RuleUse]]:
    times = _times(trades)
    order = np.argsort(times, kind="stable")
    slots, price, qty = times[order] // period_ns, trades.price[order], trades.qty[order]
    if not len(slots):
        return Bars(slots, price, price, price, price, qty), []
    heads = _heads(slots)
    ends = np.append(heads[1:], len(slots))
    made = Bars(
        slots[heads] * period_ns,
        price[heads],
        np.maximum.reduceat(price, heads),
        np.minimum.reduceat(price, heads),
        price[ends - 1],
        _sums(qty, heads),
        np.add.reduceat(price * qty, heads),
        (ends - heads).astype(np.int64),
    )
    whole = _whole(made.ts, period_ns, covered)
    return made.take(whole), _dropped(whole, period_text(period_ns))


def _times(part: Trades) -> Ints:
    return np.where(part.venue > 0, part.venue, part.receive)


def _span(trades: Trades) -> list[tuple[int, int]]:
    """From the first trade to the last: one of a later bar shows that the bar before is whole."""
    times = _times(trades)
    return [(int(times.min()), int(times.max()))] if len(times) else []


def _sums(column: Floats, heads: Ints) -> Floats:
    """Quantities have far fewer than ten decimals; what is behind them is the dust of adding in binary."""
    result: Floats = np.round(np.add.reduceat(column, heads), 10).astype(np.float64)
    return result


def _heads(slots: Ints) -> Ints:
    """Index of the first row of each bar."""
    return np.concatenate(([0], np.flatnonzero(np.diff(slots)) + 1)).astype(np.int64)


def _whole(ts: Ints, period_ns: int, covered: Covered) -> Flags:
    """Which bars lie in one of the covered stretches with their whole length."""
    starts = np.array([start for start, _ in covered], np.int64)
    stops = np.array([stop for _, stop in covered], np.int64)
    at = np.searchsorted(starts, ts, side="right") - 1
    result: Flags = (at >= 0) & (ts + period_ns <= stops[np.maximum(at, 0)])
    return result


def _dropped(whole: Flags, shown: str) -> list[RuleUse]:
    count = int(np.count_nonzero(~whole))
    return [RuleUse("partial_bar_dropped", count, f"{shown} bars covered only in part")] if count else []


def without(covered: Covered, holes: Covered) -> list[tuple[int, int]]:
    """The covered stretches without the holes; holes in any order."""
    left = list(covered)
    for low, high in holes:
        parts = [part for start, stop in left for part in ((start, min(stop, low)), (max(start, high), stop))]
        left = sorted({(start, stop) for start, stop in parts if start < stop})
    return left
