"""Averages and lines."""

from __future__ import annotations

from ...ir.builder import SegmentBuilder, Value
from ...ir.nodes import F64, I64
from ..context import Lowered, Result
from ..state import Call, ago, float_sum, grid_sum, one_ago, recurrence, remember
from .common import Emitter, guarded, mean_of, weight_of


def _ema(call: Call) -> Result:
    return Lowered(recurrence(call, call.number(0), weight_of(call, "ema"), call.cold(0), "ema"))


def _rma(call: Call) -> Result:
    return Lowered(recurrence(call, call.number(0), weight_of(call, "rma"), call.cold(0), "rma"))


def _chain(call: Call, depth: int) -> list[Value]:
    """ema, ema of ema, ...: every stage is seeded with its input while the call's argument is cold."""
    values, x = [], call.number(0)
    for stage in range(1, depth + 1):
        x = recurrence(call, x, weight_of(call, "ema"), call.cold(0), f"ema{stage}")
        values.append(x)
    return values


def _dema(call: Call) -> Result:
    e1, e2 = _chain(call, 2)
    return Lowered(2.0 * e1 - e2)


def _tema(call: Call) -> Result:
    e1, e2, e3 = _chain(call, 3)
    return Lowered(3.0 * e1 - 3.0 * e2 + e3)


def _sma(call: Call) -> Result:
    return Lowered(mean_of(call, 0, 1, "mean"))


def _sum(call: Call) -> Result:
    n, greatest = call.raw(1), call.greatest(1)
    if call.type(0).carrier == I64:
        return Lowered(grid_sum(call, call.raw(0), n, greatest, "sum"))
    return Lowered(float_sum(call, call.number(0), n, greatest, "sum"))


def weighted_mean(call: Call, x: Value, n: Value, greatest: int, tag: str) -> Value:
    """Linear weights, newest heaviest: sum(i * x_i) / (n (n + 1) / 2)."""
    ring = remember(call, x, greatest, tag)
    total = call.b.op("win.wsum", call.home.tick, n, attrs=(ring.name,))
    return total / (call.b.op("idiv", n * (n + 1), call.b.i(2))).to_float()


def _wma(call: Call) -> Result:
    return Lowered(weighted_mean(call, call.number(0), call.raw(1), call.greatest(1), "wma"))


def _isqrt(b: SegmentBuilder, n: Value) -> Value:
    return b.op("f2i", b.op("ffloor", b.op("fsqrt", n.to_float())))


def _hma(call: Call) -> Result:
    """wma(2 wma(x, n/2) - wma(x, n), floor(sqrt(n))), n/2 rounded down (Hull 2005)."""
    x, n, greatest = call.number(0), call.raw(1), call.greatest(1)
    half = call.derived("half", lambda s, v: s.op("idiv", v, s.i(2)).max(1), 1)
    root = call.derived("root", lambda s, v: _isqrt(s, v).max(1), 1)
    raw = 2.0 * weighted_mean(call, x, half, greatest, "half") - weighted_mean(call, x, n, greatest, "full")
    return Lowered(weighted_mean(call, raw, root, max(1, int(greatest**0.5)), "root"))


def _kama(call: Call) -> Result:
    """Kaufman 1995: alpha = (er (2/3 - 2/31) + 2/31)^2, er the efficiency ratio over n; fast 2, slow 30."""
    b, x = call.b, call.number(0)
    ratio = _efficiency_ratio(call, x, call.raw(1), call.greatest(1)).value
    weight = ratio * (2.0 / 3.0 - 2.0 / 31.0) + 2.0 / 31.0
    slot = call.slot(F64, "kama")
    before = b.load(slot)
    y = b.select(call.cold(0, call.raw(1)), x, before + weight * weight * (x - before))
    b.store(slot, y)
    return Lowered(y)


def _efficiency_ratio(call: Call, x: Value, n: Value, greatest: int) -> Lowered:
    """|x - x[n]| / sum of |changes| over n (Kaufman 1995); 0 when nothing moved."""
    b = call.b
    step = b.op("fabs", x - one_ago(call, x, "er/last"))
    travelled = float_sum(call, step, n, greatest, "er")
    moved = b.op("fabs", x - ago(call, x, n, greatest, "er/history"))
    return guarded(call, moved, travelled, 0.0)


def _efficiency(call: Call) -> Result:
    return _efficiency_ratio(call, call.number(0), call.raw(1), call.greatest(1))


def _vwma(call: Call) -> Result:
    """sum(x v) / sum(v); the plain newest x when nothing traded in the window."""
    n, greatest = call.raw(1), call.greatest(1)
    x, volume = call.number(0), call.number(2)
    total = float_sum(call, x * volume, n, greatest, "vwma/xv")
    weight = float_sum(call, volume, n, greatest, "vwma/v")
    there = weight.ne(0.0)
    quotient = total / call.b.select(there, weight, 1.0)
    return Lowered(quotient, there) if call.optional else Lowered(call.b.select(there, quotient, x))


def _regression(call: Call) -> tuple[Value, Value]:
    """(slope per tick, value at the newest tick) of the least-squares line through the last n values."""
    x, n, greatest = call.number(0), call.raw(1), call.greatest(1)
    ring = remember(call, x, greatest, "line")
    sum_x = call.b.op("win.sum", call.home.tick, n, attrs=(ring.name,))
    sum_ix = call.b.op("win.wsum", call.home.tick, n, attrs=(ring.name,))
    m = n.to_float()
    mean_i = (m + 1.0) / 2.0
    spread = m * (m * m - 1.0) / 12.0
    flat = spread <= 0.0  # n = 1
    slope = (sum_ix - mean_i * sum_x) / call.b.select(flat, 1.0, spread)
    slope = call.b.select(flat, 0.0, slope)
    return slope, sum_x / m + slope * (m - mean_i)


ROWS: dict[str, Emitter] = {
    "ema": _ema,
    "rma": _rma,
    "dema": _dema,
    "tema": _tema,
    "sma": _sma,
    "mean": _sma,
    "sum": _sum,
    "wma": _wma,
    "hma": _hma,
    "kama": _kama,
    "vwma": _vwma,
    "linreg": lambda call: Lowered(_regression(call)[1]),
    "slope": lambda call: Lowered(_regression(call)[0]),
    "efficiency": _efficiency,
}
