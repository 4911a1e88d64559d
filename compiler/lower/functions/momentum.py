"""Momentum and oscillators."""

from __future__ import annotations

from ...ir.builder import Value
from ..context import Lowered, Result
from ..state import Call, ago, extreme, float_mean, one_ago, recurrence, remember
from .common import Emitter, guarded, true_range, weight_of


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
        return guarded(call, moved if scale == 1.0 else scale * moved, before, 0.0)

    return lower


def _rsi(call: Call) -> Result:
    """Wilder 1978: 100 g / (g + l), g and l Wilder averages of gains and losses; 50 when nothing moved."""
    x = call.number(0)
    cold = call.cold(0, 1)
    step = call.b.select(call.cold(0), 0.0, x - one_ago(call, x, "last"))
    weight = weight_of(call, "rma")
    gain = recurrence(call, step.max(0.0), weight, cold, "gain")
    loss = recurrence(call, (-step).max(0.0), weight, cold, "loss")
    return guarded(call, 100.0 * gain, gain + loss, 50.0)


def _macd(call: Call) -> Result:
    """Appel: line = ema(x, fast) - ema(x, slow), signal = ema(line, signal)."""
    x, cold = call.number(0), call.cold(0)
    fast = recurrence(call, x, weight_of(call, "ema", 1), cold, "fast")
    slow = recurrence(call, x, weight_of(call, "ema", 2), cold, "slow")
    line = fast - slow
    signal = recurrence(call, line, weight_of(call, "ema", 3), cold, "signal")
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
    return guarded(call, typical - mean, 0.015 * spread, 0.0)


def _willr(call: Call) -> Result:
    """-100 (highest high - close) / (highest high - lowest low); -50 where the range is zero.

    Arguments: n, then high, low, close.
    """
    n, greatest = call.raw(0), call.greatest(0)
    top = extreme(call, "max", call.raw(1), n, greatest, "high")
    bottom = extreme(call, "min", call.raw(2), n, greatest, "low")
    return guarded(call, -100.0 * (top - call.raw(3)).to_float(), (top - bottom).to_float(), -50.0)


def _directions(call: Call) -> tuple[Value, Value, Value]:
    """Wilder averages, in ticks, of the moves up, the moves down and the true range.

    Wilder 1978: a bar moves up by high - high[1] if that is positive and more than low[1] - low, down likewise.
    Arguments: n, then high, low, close.
    """
    b, weight = call.b, weight_of(call, "rma", 0)
    high, low = call.raw(1), call.raw(2)
    start, cold = call.home.seen <= 1, call.home.seen <= 2
    rise, fall = high - one_ago(call, high, "high"), one_ago(call, low, "low") - low
    moves = (b.select(~start & (fall < rise), rise.max(0), 0), b.select(~start & (rise < fall), fall.max(0), 0))
    parts = (*moves, true_range(call, 1))
    up, down, span = (
        recurrence(call, part.to_float(), weight, cold, tag)
        for part, tag in zip(parts, ("up", "down", "range"), strict=True)
    )
    return up, down, span


def _directed(call: Call, up: Value, down: Value) -> Value:
    """dx: 100 |up - down| / (up + down), 0 where neither moved."""
    return guarded(call, 100.0 * call.b.op("fabs", up - down), up + down, 0.0).value


def _dmi(call: Call) -> Result:
    up, down, span = _directions(call)
    plus, minus = (guarded(call, 100.0 * part, span, 0.0) for part in (up, down))
    return {"plus": plus, "minus": minus, "dx": Lowered(_directed(call, up, down))}


def _adx(call: Call) -> Result:
    up, down, _ = _directions(call)
    dx = _directed(call, up, down)
    return Lowered(recurrence(call, dx, weight_of(call, "rma", 0), call.home.seen <= 2, "adx"))


def _aroon(call: Call) -> Result:
    """Chande 1995: 100 (n - bars since the extreme of n + 1 bars) / n. Arguments: n, high, low."""
    n, greatest = call.raw(0), call.greatest(0)

    def share(index: int, op: str) -> Value:
        ring = remember(call, call.raw(index).to_float(), greatest + 1, op)
        since = call.b.op(op, call.home.tick, n + 1, attrs=(ring.name,))
        return 100.0 * (n - since).to_float() / n.to_float()

    up, down = share(1, "win.argmax"), share(2, "win.argmin")
    return {"up": Lowered(up), "down": Lowered(down), "osc": Lowered(up - down)}


def _tsi(call: Call) -> Result:
    """Blau 1991: 100 ema(ema(m, slow), fast) / ema(ema(|m|, slow), fast), m the change; 0 when nothing moved."""
    x, cold = call.number(0), call.cold(0, 1)
    step = call.b.select(call.cold(0), 0.0, x - one_ago(call, x, "last"))
    parts = []
    for tag, value in (("change", step), ("size", call.b.op("fabs", step))):
        slow = recurrence(call, value, weight_of(call, "ema", 1), cold, f"{tag}/slow")
        parts.append(recurrence(call, slow, weight_of(call, "ema", 2), cold, f"{tag}/fast"))
    return guarded(call, 100.0 * parts[0], parts[1], 0.0)


ROWS: dict[str, Emitter] = {
    "change": _change,
    "mom": _change,
    "ret": _relative(1.0),
    "roc": _relative(100.0),
    "rsi": _rsi,
    "macd": _macd,
    "stoch": _stoch,
    "cci": _cci,
    "willr": _willr,
    "dmi": _dmi,
    "adx": _adx,
    "aroon": _aroon,
    "tsi": _tsi,
}
