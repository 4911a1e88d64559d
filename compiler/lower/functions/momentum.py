"""Momentum and oscillators."""

from __future__ import annotations

from ..context import Lowered, Result
from ..state import Call, ago, extreme, float_mean, one_ago, recurrence, remember
from .common import Emitter, guarded, weight_of


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


ROWS: dict[str, Emitter] = {
    "change": _change,
    "mom": _change,
    "ret": _relative(1.0),
    "roc": _relative(100.0),
    "rsi": _rsi,
    "macd": _macd,
    "stoch": _stoch,
    "cci": _cci,
}
