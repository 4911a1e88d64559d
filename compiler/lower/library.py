"""How each library function is computed: one row per function of `compiler/library/table.py`.

Formulas follow the source named in the function's row. A function that may be absent divides by a value that can be
zero and says so through `present`; its row says the same, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir.builder import SegmentBuilder, Value
from ..ir.nodes import F64, I64
from .context import Lowered, Result
from .state import Call, ago, extreme, float_mean, float_sum, grid_sum, moments, one_ago, recurrence, remember
from .warmups import alpha

Emitter = Callable[[Call], Result]

NS_PER_HOUR, NS_PER_DAY = 3_600_000_000_000, 86_400_000_000_000


def _guarded(call: Call, above: Value, below: Value, otherwise: float) -> Lowered:
    """above / below; where below is 0: absent if the function may be absent, else `otherwise`."""
    there = below.ne(0.0)
    quotient = above / call.b.select(there, below, 1.0)
    if call.optional:
        return Lowered(quotient, there)
    return Lowered(call.b.select(there, quotient, otherwise))


# averages


def _weight(call: Call, kind: str, length: int = 1) -> Value:
    return call.derived(f"alpha {kind}", lambda s, n: alpha(s, kind, n), length)


def _ema(call: Call) -> Result:
    return Lowered(recurrence(call, call.number(0), _weight(call, "ema"), call.cold(0), "ema"))


def _rma(call: Call) -> Result:
    return Lowered(recurrence(call, call.number(0), _weight(call, "rma"), call.cold(0), "rma"))


def _chain(call: Call, depth: int) -> list[Value]:
    """ema, ema of ema, ...: every stage is seeded with its input while the call's argument is cold."""
    values, x = [], call.number(0)
    for stage in range(1, depth + 1):
        x = recurrence(call, x, _weight(call, "ema"), call.cold(0), f"ema{stage}")
        values.append(x)
    return values


def _dema(call: Call) -> Result:
    e1, e2 = _chain(call, 2)
    return Lowered(2.0 * e1 - e2)


def _tema(call: Call) -> Result:
    e1, e2, e3 = _chain(call, 3)
    return Lowered(3.0 * e1 - 3.0 * e2 + e3)


def mean_of(call: Call, index: int, length: int, tag: str) -> Value:
    """Mean over a window, exact up to one rounding where the argument is on a grid."""
    n, greatest = call.raw(length), call.greatest(length)
    if call.on_grid(index):
        total = grid_sum(call, call.raw(index), n, greatest, tag)
        return total.to_float() / (n.to_float() * call.unit(index))
    return float_mean(call, call.number(index), n, greatest, tag)


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
    return _guarded(call, moved, travelled, 0.0)


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


# momentum


def _change(call: Call) -> Result:
    n, greatest = call.raw(1), call.greatest(1)
    x = call.raw(0) if call.type(0).carrier == call.lowering.type(call.node.id).carrier else call.number(0)
    return Lowered(x - ago(call, x, n, greatest, "change"))


def _relative(scale: float) -> Emitter:
    """scale * (x - x[n]) / x[n]."""

    def lower(call: Call) -> Result:
        x = call.number(0)
        before = ago(call, x, call.raw(1), call.greatest(1), "relative")
        moved = x - before
        return _guarded(call, moved if scale == 1.0 else scale * moved, before, 0.0)

    return lower


def _rsi(call: Call) -> Result:
    """Wilder 1978: 100 g / (g + l), g and l Wilder averages of gains and losses; 50 when nothing moved."""
    x = call.number(0)
    cold = call.cold(0, 1)
    step = call.b.select(call.cold(0), 0.0, x - one_ago(call, x, "last"))
    weight = _weight(call, "rma")
    gain = recurrence(call, step.max(0.0), weight, cold, "gain")
    loss = recurrence(call, (-step).max(0.0), weight, cold, "loss")
    return _guarded(call, 100.0 * gain, gain + loss, 50.0)


def _macd(call: Call) -> Result:
    """Appel: line = ema(x, fast) - ema(x, slow), signal = ema(line, signal)."""
    x, cold = call.number(0), call.cold(0)
    fast = recurrence(call, x, _weight(call, "ema", 1), cold, "fast")
    slow = recurrence(call, x, _weight(call, "ema", 2), cold, "slow")
    line = fast - slow
    signal = recurrence(call, line, _weight(call, "ema", 3), cold, "signal")
    return {"line": Lowered(line), "signal": Lowered(signal), "hist": Lowered(line - signal)}


def _stoch(call: Call) -> Result:
    """Lane: raw = 100 (close - lowest low) / (highest high - lowest low) over k; k = sma(raw, smooth), d = sma(k, d).

    50 where the range is zero. Arguments: k, d, smooth, then high, low, close (one grid: whole ticks).
    """
    n, greatest = call.raw(0), call.greatest(0)
    top = extreme(call, "max", call.raw(3), n, greatest, "high")
    bottom = extreme(call, "min", call.raw(4), n, greatest, "low")
    spread = (top - bottom).to_float()
    there = spread.ne(0.0)
    raw = 100.0 * (call.raw(5) - bottom).to_float() / call.b.select(there, spread, 1.0)
    raw = call.b.select(there, raw, 50.0)
    k = float_mean(call, raw, call.raw(2), call.greatest(2), "k")
    d = float_mean(call, k, call.raw(1), call.greatest(1), "d")
    return {"k": Lowered(k), "d": Lowered(d)}


def _cci(call: Call) -> Result:
    """Lambert 1980: (tp - sma(tp, n)) / (0.015 mean |tp - sma|), tp = (high + low + close) / 3; 0 when all are equal.

    Arguments: n, then high, low, close.
    """
    n, greatest = call.raw(0), call.greatest(0)
    ticks = call.raw(1) + call.raw(2) + call.raw(3)
    typical = ticks.to_float() / (3.0 * call.unit(1))
    ring = remember(call, typical, greatest, "typical")
    mean = call.b.op("win.sum", call.home.tick, n, attrs=(ring.name,)) / n.to_float()
    spread = call.b.op("win.absdev", call.home.tick, n, mean, attrs=(ring.name,)) / n.to_float()
    return _guarded(call, typical - mean, 0.015 * spread, 0.0)


# volatility


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
    return Lowered(recurrence(call, ranges, _weight(call, "rma", 0), cold, "atr"))


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
    return _guarded(call, call.number(0) - mean, call.b.op("fsqrt", variance), 0.0)


def _bbands(call: Call) -> Result:
    """Bollinger: mid = sma(x, n), upper and lower k population standard deviations away."""
    mid = mean_of(call, 0, 1, "mid")
    reach = call.number(2) * call.b.op("fsqrt", _variance(call)[1])
    return {"upper": Lowered(mid + reach), "mid": Lowered(mid), "lower": Lowered(mid - reach)}


# volume


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


# statistics


def _window_extreme(which: str) -> Emitter:
    def lower(call: Call) -> Result:
        x = call.raw(0) if call.on_grid(0) or call.type(0).carrier == I64 else call.number(0)
        return Lowered(extreme(call, which, x, call.raw(1), call.greatest(1), which))

    return lower


# logic and time


def _ordered(call: Call) -> tuple[Value, Value]:
    """The first two arguments on one carrier: whole ticks when they share a grid, else f64."""
    if call.type(0).carrier == call.type(1).carrier == I64 and call.type(0).grid == call.type(1).grid:
        return call.raw(0), call.raw(1)
    return call.number(0), call.number(1)


def _cross(up: bool) -> Emitter:
    """cross_up(a, b): a > b now and a <= b one tick ago."""

    def lower(call: Call) -> Result:
        a, b = _ordered(call)
        if not up:
            a, b = b, a
        below = a <= b
        return Lowered(~below & one_ago(call, below, "below"))

    return lower


def _run(up: bool) -> Emitter:
    """rising(x, n): x rose at each of the last n ticks."""

    def lower(call: Call) -> Result:
        x = call.raw(0)
        before = one_ago(call, x, "last")
        step = before < x if up else x < before
        slot = call.slot(I64, "run")
        length = call.b.select(step, call.b.load(slot) + 1, call.b.i(0))
        call.b.store(slot, length)
        return Lowered(call.raw(1) <= length)

    return lower


def _count(call: Call) -> Result:
    return Lowered(grid_sum(call, call.b.op("b2i", call.raw(0)), call.raw(1), call.greatest(1), "count"))


def _since(call: Call) -> Result:
    """Ticks since the condition last held: 0 now, absent before it ever did."""
    b = call.b
    slot = call.slot(I64, "since", init=-1)
    before = b.load(slot)
    never = before < 0
    ticks = b.select(call.raw(0), b.i(0), b.select(never, b.i(-1), before + 1))
    b.store(slot, ticks)
    return Lowered(ticks.max(0), ~(ticks < 0))


def _hour(call: Call) -> Result:
    b = call.b
    return Lowered(b.op("imod", b.op("idiv", call.raw(0), b.i(NS_PER_HOUR)), b.i(24)))


def _weekday(call: Call) -> Result:
    """1970-01-01 was a Thursday; Monday is 1."""
    b = call.b
    return Lowered(b.op("imod", b.op("idiv", call.raw(0), b.i(NS_PER_DAY)) + 3, b.i(7)) + 1)


def _bucket(call: Call) -> Result:
    t, size = call.raw(0), call.raw(1)
    return Lowered(t - call.b.op("imod", t, size))


def _session(call: Call) -> Result:
    """The time of day lies in [from, to); a session whose end is before its start passes midnight."""
    b, start, end = call.b, call.raw(0), call.raw(1)
    at = b.op("imod", call.raw(2), b.i(NS_PER_DAY))
    after, before = start <= at, at < end
    return Lowered(b.select(start <= end, after & before, after | before))


# maths


def _math(op: str) -> Emitter:
    def lower(call: Call) -> Result:
        item = call.item(0)
        return Lowered(call.b.op(op, call.number(0)), item.present)

    return lower


def _to_int(op: str) -> Emitter:
    def lower(call: Call) -> Result:
        return Lowered(call.b.op("f2i", call.b.op(op, call.number(0))), call.item(0).present)

    return lower


def _domain(op: str, inside: Callable[[Value], Value]) -> Emitter:
    """A function that is absent outside its domain (`log`, `sqrt`)."""

    def lower(call: Call) -> Result:
        x = call.number(0)
        if not call.optional:
            return Lowered(call.b.op(op, x))
        there = inside(x)
        return Lowered(call.b.op(op, call.b.select(there, x, 1.0)), there)

    return lower


def _abs(call: Call) -> Result:
    x = call.raw(0)
    return Lowered(call.b.op("fabs" if x.type == F64 else "iabs", x), call.item(0).present)


def _pairwise(which: str) -> Emitter:
    def lower(call: Call) -> Result:
        a, b = _ordered(call)
        return Lowered(a.min(b) if which == "min" else a.max(b))

    return lower


def _clamp(call: Call) -> Result:
    """min(max(x, low), high)."""
    types = [call.type(i) for i in range(3)]
    same = all(t.carrier == I64 and t.grid == types[0].grid for t in types)
    x, low, high = ((call.raw(i) if same else call.number(i)) for i in range(3))
    return Lowered(x.max(low).min(high))


def _lerp(call: Call) -> Result:
    a, b, t = call.number(0), call.number(1), call.number(2)
    return Lowered(a + (b - a) * t)


def _near(call: Call) -> Result:
    a, b, tolerance = call.number(0), call.number(1), call.number(2)
    return Lowered(call.b.op("fabs", a - b) <= tolerance)


def _same_tick(call: Call) -> Result:
    a, b = _ordered(call)
    if a.type == F64:
        scale = call.unit(0) if call.on_grid(0) else call.unit(1) if call.on_grid(1) else 100.0
        a, b = call.b.op("fround", a * scale), call.b.op("fround", b * scale)
    return Lowered(a.eq(b))


def _pow(call: Call) -> Result:
    x, y = call.number(0), call.number(1)
    if not call.optional:
        return Lowered(call.b.op("fpow", x, y))
    there = x > 0.0
    return Lowered(call.b.op("fpow", call.b.select(there, x, 1.0), y), there)


LIBRARY: dict[str, Emitter] = {
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
    "change": _change,
    "mom": _change,
    "ret": _relative(1.0),
    "roc": _relative(100.0),
    "rsi": _rsi,
    "macd": _macd,
    "stoch": _stoch,
    "cci": _cci,
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
    "cross_up": _cross(True),
    "cross_dn": _cross(False),
    "rising": _run(True),
    "falling": _run(False),
    "count": _count,
    "since": _since,
    "hour": _hour,
    "weekday": _weekday,
    "bucket": _bucket,
    "session": _session,
    "abs": _abs,
    "sqrt": _domain("fsqrt", lambda x: x >= 0.0),
    "log": _domain("flog", lambda x: x > 0.0),
    "exp": _math("fexp"),
    "tanh": _math("ftanh"),
    "sigmoid": _math("fsigmoid"),
    "floor": _to_int("ffloor"),
    "ceil": _to_int("fceil"),
    "round": _to_int("fround"),
    "pow": _pow,
    "min": _pairwise("min"),
    "max": _pairwise("max"),
    "clamp": _clamp,
    "lerp": _lerp,
    "near": _near,
    "same_tick": _same_tick,
}
