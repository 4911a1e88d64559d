"""Volatility, bands and window statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...ir.builder import Value
from ...ir.nodes import F64, I64
from ..context import Lowered, Result
from ..state import Call, extreme, float_sum, grid_spread, moments, one_ago, recurrence
from .common import Emitter, guarded, mean_of, true_range, weight_of


def _tr(call: Call) -> Result:
    ticks = true_range(call, 0)
    if call.lowering.type(call.node.id).grid is not None:
        return Lowered(ticks)
    return Lowered(ticks.to_float() / call.unit(0))


def _atr(call: Call) -> Result:
    """Wilder 1978: rma of the true range. Arguments: n, then high, low, close."""
    ranges = true_range(call, 1).to_float() / call.unit(1)
    cold = call.home.seen <= 2
    return Lowered(recurrence(call, ranges, weight_of(call, "rma", 0), cold, "atr"))


@dataclass(frozen=True, slots=True)
class _Spread:
    """Mean and population variance of the last n values; exact up to rounding where they are ticks or lots."""

    mean: Value
    variance: Value
    deviation: Value


def _spread(call: Call) -> _Spread:
    n, greatest = call.raw(1), call.greatest(1)
    exact = grid_spread(call, 0, n, greatest, "spread")
    if exact is None:
        mean, m2 = moments(call, call.number(0), n, greatest, "moments")
        variance = m2 / n.to_float()
        return _Spread(mean, variance, call.b.op("fsqrt", variance))
    total, squares = exact
    scale = n.to_float() * call.unit(0)
    return _Spread(total / scale, squares / (scale * scale), call.b.op("fsqrt", squares) / scale)


def _std(call: Call) -> Result:
    return Lowered(_spread(call).deviation)


def _var(call: Call) -> Result:
    return Lowered(_spread(call).variance)


def _zscore(call: Call) -> Result:
    spread = _spread(call)
    return guarded(call, call.number(0) - spread.mean, spread.deviation, 0.0)


def _bbands(call: Call) -> Result:
    """Bollinger: mid = sma(x, n), upper and lower k population standard deviations away."""
    spread = _spread(call)
    mid = spread.mean if call.on_grid(0) else mean_of(call, 0, 1, "mid")
    reach = call.number(2) * spread.deviation
    return {"upper": Lowered(mid + reach), "mid": Lowered(mid), "lower": Lowered(mid - reach)}


def _average_range(call: Call, first: int, length: int, cold: Value) -> Value:
    """rma of the true range in ticks. Arguments high, low, close from `first`, the length at `length`."""
    ranges = true_range(call, first).to_float()
    return recurrence(call, ranges, weight_of(call, "rma", length), cold, "atr")


def _keltner(call: Call) -> Result:
    """Raschke's form: mid = ema(close, n), k times atr(m) around it. Arguments: n, k, m, then high, low, close."""
    mid = recurrence(call, call.number(5), weight_of(call, "ema", 0), call.cold(5), "mid")
    reach = call.number(1) * (_average_range(call, 3, 2, call.home.seen <= 2) / call.unit(3))
    return {"upper": Lowered(mid + reach), "mid": Lowered(mid), "lower": Lowered(mid - reach)}


def _donchian(call: Call) -> Result:
    """Arguments: n, then high, low."""
    n, greatest, unit = call.raw(0), call.greatest(0), call.unit(1)
    top = extreme(call, "max", call.raw(1), n, greatest, "high").to_float()
    bottom = extreme(call, "min", call.raw(2), n, greatest, "low").to_float()
    mid = (top + bottom) / (2.0 * unit)
    return {"upper": Lowered(top / unit), "mid": Lowered(mid), "lower": Lowered(bottom / unit)}


def _supertrend(call: Call) -> Result:
    """The bands tighten from bar to bar; the first two bars set them, and start below the upper one.

    Arguments: n, k, then high, low, close.
    """
    b, start = call.b, call.home.seen <= 2
    close = call.raw(4).to_float()
    middle = (call.raw(2) + call.raw(3)).to_float() / 2.0
    before = one_ago(call, close, "before")
    reach = call.number(1) * _average_range(call, 2, 0, start)
    slots = [call.slot(F64, "lower"), call.slot(F64, "upper"), call.slot(I64, "up")]
    lower, upper, was_up = b.load(slots[0]), b.load(slots[1]), b.load(slots[2]).ne(0) & ~start
    low, high = middle - reach, middle + reach
    lower = b.select(start | (lower < low) | (before < lower), low, lower)
    upper = b.select(start | (high < upper) | (upper < before), high, upper)
    up = b.op("select.b", was_up, ~(close < lower), (upper < close) & ~start)
    for slot, value in zip(slots, (lower, upper, b.op("b2i", up)), strict=True):
        b.store(slot, value)
    return {"line": Lowered(b.select(up, lower, upper) / call.unit(2)), "up": Lowered(up)}


def _parkinson(call: Call) -> Result:
    """Parkinson 1980: sqrt(sum of log(high / low)^2 / (4 n ln 2)). Arguments: n, then high, low."""
    b, n = call.b, call.raw(0)
    span = b.op("flog", call.raw(1).to_float() / call.raw(2).to_float())
    total = float_sum(call, span * span, n, call.greatest(0), "spans")
    return Lowered(b.op("fsqrt", total / (n.to_float() * (4.0 * math.log(2.0)))))


def _realized_vol(call: Call) -> Result:
    """sqrt of the sum of squared log changes. Arguments: n, then close."""
    b, close = call.b, call.raw(1)
    before = one_ago(call, close, "close")
    change = b.op("flog", close.to_float() / b.select(call.home.seen <= 1, close, before).to_float())
    return Lowered(b.op("fsqrt", float_sum(call, change * change, call.raw(0), call.greatest(0), "changes")))


def _window_extreme(which: str) -> Emitter:
    def lower(call: Call) -> Result:
        x = call.raw(0) if call.on_grid(0) or call.type(0).carrier == I64 else call.number(0)
        return Lowered(extreme(call, which, x, call.raw(1), call.greatest(1), which))

    return lower


ROWS: dict[str, Emitter] = {
    "tr": _tr,
    "atr": _atr,
    "std": _std,
    "var": _var,
    "zscore": _zscore,
    "bbands": _bbands,
    "keltner": _keltner,
    "donchian": _donchian,
    "supertrend": _supertrend,
    "parkinson": _parkinson,
    "realized_vol": _realized_vol,
    "window_min": _window_extreme("min"),
    "window_max": _window_extreme("max"),
}
