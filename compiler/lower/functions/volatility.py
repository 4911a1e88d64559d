"""Volatility, volume and window statistics."""

from __future__ import annotations

from ...ir.builder import Value
from ...ir.nodes import I64
from ..context import Lowered, Result
from ..state import Call, extreme, grid_sum, moments, one_ago, recurrence
from .common import Emitter, guarded, mean_of, weight_of


def _true_range(call: Call, first: int) -> Value:
    """max(high - low, |high - close[1]|, |low - close[1]|) in ticks; arguments high, low, close from `first`."""
    b = call.b
    high, low, close = call.raw(first), call.raw(first + 1), call.raw(first + 2)
    before = one_ago(call, close, "close")
    reach = b.op("iabs", high - before).max(b.op("iabs", low - before))
    start = call.home.seen <= 1
    return b.select(start, high - low, (high - low).max(reach))


def _tr(call: Call) -> Result:
    ticks = _true_range(call, 0)
    if call.lowering.type(call.node.id).grid is not None:
        return Lowered(ticks)
    return Lowered(ticks.to_float() / call.unit(0))


def _atr(call: Call) -> Result:
    """Wilder 1978: rma of the true range. Arguments: n, then high, low, close."""
    ranges = _true_range(call, 1).to_float() / call.unit(1)
    cold = call.home.seen <= 2
    return Lowered(recurrence(call, ranges, weight_of(call, "rma", 0), cold, "atr"))


def _std(call: Call) -> Result:
    return Lowered(call.b.op("fsqrt", _variance(call)[1]))


def _variance(call: Call) -> tuple[Value, Value]:
    """(mean, population variance)."""
    n = call.raw(1)
    mean, m2 = moments(call, call.number(0), n, call.greatest(1), "moments")
    return mean, m2 / n.to_float()


def _var(call: Call) -> Result:
    return Lowered(_variance(call)[1])


def _zscore(call: Call) -> Result:
    mean, variance = _variance(call)
    return guarded(call, call.number(0) - mean, call.b.op("fsqrt", variance), 0.0)


def _bbands(call: Call) -> Result:
    """Bollinger: mid = sma(x, n), upper and lower k population standard deviations away."""
    mid = mean_of(call, 0, 1, "mid")
    reach = call.number(2) * call.b.op("fsqrt", _variance(call)[1])
    return {"upper": Lowered(mid + reach), "mid": Lowered(mid), "lower": Lowered(mid - reach)}


def _obv(call: Call) -> Result:
    """Granville 1963: volume added on a higher close, subtracted on a lower one; 0 at the start.

    Arguments: close, volume.
    """
    b = call.b
    close, volume = call.raw(0), call.raw(1)
    before = one_ago(call, close, "close")
    started = call.home.seen > 1
    step = b.select(before < close, volume, b.select(close < before, -volume, b.i(0)))
    slot = call.slot(I64, "obv")
    total = b.load(slot) + b.select(started, step, b.i(0))
    b.store(slot, total)
    return Lowered(total) if call.lowering.type(call.node.id).grid else Lowered(total.to_float() / call.unit(1))


def _vwap(call: Call) -> Result:
    """Exact sum of ticks x lots over exact sum of lots in the window; the close when nothing traded.

    Arguments: n, close, volume.
    """
    b, n, greatest = call.b, call.raw(0), call.greatest(0)
    value = grid_sum(call, b.ev("notional"), n, greatest, "value")
    volume = grid_sum(call, call.raw(2), n, greatest, "volume")
    return Lowered(_vwap_price(call, value, volume))


def _vwap_price(call: Call, value: Value, volume: Value) -> Value:
    idle = volume.eq(0)
    above = call.b.select(idle, call.raw(1), value).to_float()
    return above / (call.b.select(idle, 1, volume).to_float() * call.unit(1))


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
    "obv": _obv,
    "vwap": _vwap,
    "window_min": _window_extreme("min"),
    "window_max": _window_extreme("max"),
}
