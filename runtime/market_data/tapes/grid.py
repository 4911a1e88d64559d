"""From decimal prices and quantities to the venue's integer grid: ticks, lots, and ticks x lots.

Rules (each counts what it changed):

`price_to_tick`   ticks = rint(price * 10**decimals) in float64, ties to even
`volume_to_lot`   lots = rint(volume * 10**decimals) in float64, ties to even
`vwap_from_hlc3`  no traded value in the data: notional = (high + low + close) * volume / 3, to nearest
`vwap_clamped`    a traded value outside [low * volume, high * volume] is moved to the nearer end
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import fault
from ..bars import PRICE_COLUMNS, Bars, Floats, Ints, RuleUse

#: Above this a float64 no longer holds every whole number.
LARGEST_EXACT = 2**53
LARGEST_NOTIONAL = 2**61
LARGEST_COUNT = 2**31 - 1


@dataclass(slots=True)
class GridBars:
    """Bars in whole ticks, lots, and ticks x lots; `ts` is the open time. Columns have equal length.

    `hand_over` gives a column away, so that a year of minutes is not held twice while it is rearranged.
    """

    ts: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    notional: Ints
    count: Ints

    def hand_over(self, name: str) -> Ints:
        """The column; it is gone from here afterwards."""
        column: Ints = getattr(self, name)
        setattr(self, name, column[:0].copy())
        return column


@dataclass(frozen=True, slots=True)
class Snapped:
    """Whole units, how many values were not on the grid, and the largest change."""

    units: Ints
    off_grid: int
    largest: float


def snap(values: Floats, decimals: int, what: str, source: str) -> Snapped:
    """Round to multiples of 10**-decimals. A value is on the grid if it is the float64 nearest to a multiple."""
    scale = float(10**decimals)
    units = values * scale
    np.rint(units, out=units)
    if len(units) and float(units.max()) > LARGEST_EXACT:
        raise fault("FC1016", f"{what} {float(values.max()):g} has too many units of 1e-{decimals}", source)
    whole = units.astype(np.int64)
    units /= scale
    units -= values
    np.abs(units, out=units)
    return Snapped(whole, int(np.count_nonzero(units)), float(units.max(initial=0.0)))


def to_grid(bars: Bars, price_decimals: int, qty_decimals: int, source: str) -> tuple[GridBars, list[RuleUse]]:
    """Convert bars; return them and the rules that changed something."""
    prices = {name: snap(getattr(bars, name), price_decimals, name, source) for name in PRICE_COLUMNS}
    volume = snap(bars.volume, qty_decimals, "volume", source)
    rules = [*_price_rule(list(prices.values()), price_decimals), *_volume_rule(volume, bars, qty_decimals)]
    low, high, close = prices["low"].units, prices["high"].units, prices["close"].units
    if len(low) and int(low.min()) < 1:
        raise fault("FC1007", f"a price is nearer to 0 than to one tick of 1e-{price_decimals}", source)
    _check_product(high, volume.units, source)
    notional, how = _notional(bars, low, high, close, volume.units, price_decimals + qty_decimals)
    units = {name: snapped.units for name, snapped in prices.items()}
    grid = GridBars(bars.ts, **units, volume=volume.units, notional=notional, count=_counts(bars, source))
    return grid, rules + how


def _price_rule(prices: list[Snapped], decimals: int) -> list[RuleUse]:
    off = sum(p.off_grid for p in prices)
    if not off:
        return []
    largest = max(p.largest for p in prices)
    detail = f"prices moved to the nearest multiple of {10.0**-decimals:.{decimals}f}; largest change {largest:.3g}"
    return [RuleUse("price_to_tick", off, detail)]


def _volume_rule(volume: Snapped, bars: Bars, decimals: int) -> list[RuleUse]:
    if not volume.off_grid:
        return []
    vanished = int(np.count_nonzero((volume.units == 0) & (bars.volume > 0)))
    detail = f"volumes moved to the nearest multiple of {10.0**-decimals:.{decimals}f}; {vanished} became 0"
    return [RuleUse("volume_to_lot", volume.off_grid, detail)]


def _check_product(high: Ints, lots: Ints, source: str) -> None:
    largest = float((high.astype(np.float64) * lots.astype(np.float64)).max(initial=0.0))
    if largest * 3 > LARGEST_NOTIONAL:
        raise fault("FC1016", "the traded value of a bar does not fit 64 bits in ticks x lots", source)


def _notional(bars: Bars, low: Ints, high: Ints, close: Ints, lots: Ints, decimals: int) -> tuple[Ints, list[RuleUse]]:
    if bars.notional is None:
        # A third is never a tie, so adding one before dividing is rounding to nearest.
        value = ((high + low + close) * lots + 1) // 3
        return value, [
            RuleUse("vwap_from_hlc3", len(lots), "no traded value in the data: vwap = (high + low + close) / 3")
        ]
    given = np.rint(bars.notional * float(10**decimals))
    floor, ceiling = low * lots, high * lots
    inside = np.clip(given, floor.astype(np.float64), ceiling.astype(np.float64)).astype(np.int64)
    value = np.clip(inside, floor, ceiling)
    moved = int(np.count_nonzero(np.abs(given - value) > 1e-6 * (1.0 + given)))
    rule = RuleUse("vwap_clamped", moved, "traded values outside low..high of their bar moved to the nearer end")
    return value, [rule] if moved else []


def _counts(bars: Bars, source: str) -> Ints:
    if bars.n_trades is None:
        return np.zeros(len(bars), np.int64)
    if len(bars) and int(bars.n_trades.max()) > LARGEST_COUNT:
        raise fault("FC1016", f"a bar with {int(bars.n_trades.max())} trades", source)
    return bars.n_trades
