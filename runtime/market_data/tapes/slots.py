"""Bars on a gapless grid: empty slots are carried, longer bars are aggregates of shorter ones.

Slot k of a period covers `[k * period, (k + 1) * period)` from the epoch on.

`carry_close`          a slot without a bar: open = high = low = close = the close before it, nothing traded
`partial_bar_dropped`  a longer bar that the data covers only in part is left out
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import fault
from ..bars import Flags, Ints, RuleUse
from ..moments import period_text, span_text
from .grid import LARGEST_NOTIONAL, GridBars


@dataclass(frozen=True, slots=True)
class Series:
    """One bar per slot from `first_slot` on, without holes."""

    period_ns: int
    first_slot: int
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    notional: Ints
    count: Ints
    carried: Flags

    def __len__(self) -> int:
        return len(self.open)


def fill_slots(bars: GridBars, period_ns: int, first_slot: int, n_slots: int) -> tuple[Series, list[RuleUse]]:
    """Give every slot of `first_slot ... first_slot + n_slots - 1` a bar. Takes columns out of `bars`.

    `bars` must hold all bars of these slots in order, and one at or before the first slot to carry from.
    """
    own = bars.ts // period_ns - first_slot
    if len(own) == n_slots and (n_slots == 0 or (own[0] == 0 and own[-1] == n_slots - 1)):
        return _as_series(bars, period_ns, first_slot), []
    filled = _carry(bars, own, period_ns, first_slot, n_slots)
    missing = int(np.count_nonzero(filled.carried))
    if not missing:
        return filled, []
    longest = span_text(longest_run(filled.carried) * period_ns)
    detail = f"slots without a bar carry the close with zero volume; longest run {longest}"
    return filled, [RuleUse("carry_close", missing, detail)]


def _as_series(bars: GridBars, period_ns: int, first_slot: int) -> Series:
    nothing = np.zeros(len(bars.ts), np.bool_)
    first, high, low, last = bars.open, bars.high, bars.low, bars.close
    return Series(period_ns, first_slot, first, high, low, last, bars.volume, bars.notional, bars.count, nothing)


def _carry(bars: GridBars, own: Ints, period_ns: int, first_slot: int, n_slots: int) -> Series:
    earlier = int(np.searchsorted(own, 0))
    present = np.zeros(n_slots, np.bool_)
    present[own[earlier:]] = True
    source = np.cumsum(present, dtype=np.int64) + (earlier - 1)  # the last bar at or before each slot
    assert n_slots == 0 or source[0] >= 0, "nothing to carry from"
    carried = ~present
    close = bars.hand_over("close")[source]

    def price(name: str) -> Ints:
        filled = bars.hand_over(name)[source]
        filled[carried] = close[carried]
        return filled

    def traded(name: str) -> Ints:
        filled = bars.hand_over(name)[source]
        filled[carried] = 0
        return filled

    return Series(
        period_ns,
        first_slot,
        price("open"),
        price("high"),
        price("low"),
        close,
        traded("volume"),
        traded("notional"),
        traded("count"),
        carried,
    )


def longest_run(flags: Flags) -> int:
    """Length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def aggregate(series: Series, period_ns: int, source: str) -> tuple[Series, list[RuleUse]]:
    """Bars of `period_ns`, a multiple of the series' period, aligned to the epoch; only whole ones.

    FC1016 if a sum of traded values does not fit 64 bits.
    """
    factor, rest = divmod(period_ns, series.period_ns)
    assert rest == 0
    if factor == 1:
        return series, []
    skip = -series.first_slot % factor
    whole = max(0, (len(series) - skip) // factor)

    def rows(column: Ints) -> Ints:
        return column[skip : skip + whole * factor].reshape(whole, factor)

    _check_sums(rows(series.notional), source)
    longer = Series(
        period_ns,
        (series.first_slot + skip) // factor,
        np.ascontiguousarray(rows(series.open)[:, 0]),
        _fold(np.maximum, rows(series.high)),
        _fold(np.minimum, rows(series.low)),
        np.ascontiguousarray(rows(series.close)[:, -1]),
        _fold(np.add, rows(series.volume)),
        _fold(np.add, rows(series.notional)),
        _fold(np.add, rows(series.count)),
        np.logical_and.reduce(series.carried[skip : skip + whole * factor].reshape(whole, factor), axis=1),
    )
    return longer, _partial_rule(series, skip, whole, factor, period_ns)


def _check_sums(rows: Ints, source: str) -> None:
    largest = float(rows.max(initial=0)) * rows.shape[1]
    if largest > LARGEST_NOTIONAL and float(rows.astype(np.float64).sum(axis=1).max()) > LARGEST_NOTIONAL:
        raise fault("FC1016", "the traded value of a longer bar does not fit 64 bits in ticks x lots", source)


def _fold(operation: np.ufunc, rows: Ints) -> Ints:
    """Reduce each row. Few long columns reduce faster one by one than many short rows."""
    if rows.shape[1] > 60:
        folded: Ints = operation.reduce(rows, axis=1)
        return folded
    result = rows[:, 0].copy()
    for column in range(1, rows.shape[1]):
        operation(result, rows[:, column], out=result)
    return result


def _partial_rule(series: Series, skip: int, whole: int, factor: int, period_ns: int) -> list[RuleUse]:
    tail = len(series) - skip - whole * factor
    dropped = int(skip > 0) + int(tail > 0)
    if not dropped:
        return []
    where = {(True, False): "at the start", (False, True): "at the end"}.get((skip > 0, tail > 0), "at start and end")
    return [RuleUse("partial_bar_dropped", dropped, f"{period_text(period_ns)} bars covered only in part, {where}")]
