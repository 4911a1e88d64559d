"""Interval arithmetic and the transfer rules that library rows name.

Ends may be infinite; 0 times infinity is 0 here, because no value ever is infinite. A result whose ends came out of
rounded arithmetic is exact enough: proofs compare it with 0, with a venue's bounds and with literals only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from ..ir.types import EVERYTHING, Interval


def number(value: object) -> float:
    assert isinstance(value, (int, Fraction, bool))
    return float(value)


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def negate(a: Interval) -> Interval:
    return Interval(-a.high, -a.low)


def add(a: Interval, b: Interval) -> Interval:
    return Interval(a.low + b.low, a.high + b.high)


def multiply(a: Interval, b: Interval) -> Interval:
    ends = [_times(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Interval(min(ends), max(ends))


def divide(a: Interval, b: Interval) -> Interval:
    """Where the divisor may be 0 the quotient may be absent, and where present it may be anything."""
    if 0 in b:
        return EVERYTHING if b.low < 0 < b.high or a.low < 0 < a.high else _one_sided(a, b)
    ends = [_quotient(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Interval(min(ends), max(ends))


def _one_sided(a: Interval, b: Interval) -> Interval:
    """Neither crosses 0, so the sign of the quotient is known."""
    positive = (a.low >= 0) == (b.low >= 0)
    return Interval(0, math.inf) if positive else Interval(-math.inf, 0)


def _quotient(x: float, y: float) -> float:
    if math.isinf(x):
        return x if y > 0 else -x
    return (
        0.0
        if math.isinf(y)
        else min(max(x / y if abs(y) >= 1e-300 else math.copysign(math.inf, x * y) if x else 0.0, -math.inf), math.inf)
    )


def _spread(x: Interval) -> Interval:
    return add(x, negate(x)) if math.isfinite(x.low) and math.isfinite(x.high) else EVERYTHING


def _monotone(f: Callable[[float], float], x: Interval) -> Interval:
    return Interval(f(x.low), f(x.high))


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf


def _log(x: Interval) -> Interval:
    return Interval(
        math.log(x.low) if x.low > 0 else -math.inf, math.log(x.high) if 0 < x.high < math.inf else math.inf
    )


def _abs(x: Interval) -> Interval:
    return Interval(0.0 if 0 in x else min(abs(x.low), abs(x.high)), max(abs(x.low), abs(x.high)))


def _round(f: Callable[[float], float], x: Interval) -> Interval:
    top = 2.0**63
    return Interval(*(min(max(end if math.isinf(end) else float(f(end)), -top), top) for end in (x.low, x.high)))


def _around(x: Interval) -> Interval:
    """Averages that may overshoot by their own spread."""
    s = _spread(x)
    return EVERYTHING if math.isinf(s.high) else Interval(x.low - 3 * s.high, x.high + 3 * s.high)


def _clamp(args: list[Interval]) -> Interval:
    x, low, high = args
    raised = Interval(max(x.low, low.low), max(x.high, low.high))
    return Interval(min(raised.low, high.low), min(raised.high, high.high))


Rule = Callable[[list[Interval], Interval, Interval], Interval]

#: Rules by name: arguments, the interval of the (first) length, the price range of the instrument.
TRANSFER: dict[str, Rule] = {
    "any": lambda a, n, p: EVERYTHING,
    "x": lambda a, n, p: a[0],
    "around x": lambda a, n, p: _around(a[0]),
    "spread x": lambda a, n, p: _spread(a[0]),
    "deviation": lambda a, n, p: Interval(0, _spread(a[0]).high),
    "sum": lambda a, n, p: multiply(a[0], n),
    "count": lambda a, n, p: Interval(0, n.high),
    "index": lambda a, n, p: Interval(0, max(n.high - 1, 0)),
    "return": lambda a, n, p: Interval(-1.0 if a[0].low >= 0 else -math.inf, math.inf),
    "range of prices": lambda a, n, p: Interval(0, p.high),
    "price": lambda a, n, p: p,
    "lots": lambda a, n, p: Interval(0, math.inf),
    "bool": lambda a, n, p: Interval(0, 1),
    "abs": lambda a, n, p: _abs(a[0]),
    "sqrt": lambda a, n, p: Interval(math.sqrt(max(a[0].low, 0)), math.sqrt(max(a[0].high, 0))),
    "exp": lambda a, n, p: _monotone(_exp, a[0]),
    "log": lambda a, n, p: _log(a[0]),
    "pow": lambda a, n, p: Interval(0, math.inf),
    "clamp": lambda a, n, p: _clamp(a),
    "floor": lambda a, n, p: _round(math.floor, a[0]),
    "ceil": lambda a, n, p: _round(math.ceil, a[0]),
    "round": lambda a, n, p: _round(round, a[0]),
}


def _band(x: Interval, times: Interval, up: bool) -> Interval:
    """A mean of x moved by `times` standard deviations; beyond the mean only by the sign of `times`."""
    if times.low < 0:
        return EVERYTHING
    return Interval(x.low, math.inf) if up else Interval(-math.inf, x.high)


#: Members of records by function and member: what they are within, from the arguments of the call.
MEMBERS: dict[tuple[str, str], Callable[[list[Interval]], Interval]] = {
    ("bbands", "mid"): lambda a: a[0],
    ("bbands", "upper"): lambda a: _band(a[0], a[2], True),
    ("bbands", "lower"): lambda a: _band(a[0], a[2], False),
    ("keltner", "mid"): lambda a: a[5],
    ("keltner", "upper"): lambda a: _band(a[5], a[1], True),
    ("keltner", "lower"): lambda a: _band(a[5], a[1], False),
    ("donchian", "upper"): lambda a: a[1],
    ("donchian", "mid"): lambda a: Interval(a[2].low, a[1].high),
    ("donchian", "lower"): lambda a: a[2],
    **{("volume_profile", name): lambda a: Interval(a[3].low, a[2].high) for name in ("poc", "vah", "val")},
    **{("dmi", name): lambda a: Interval(0, 100) for name in ("plus", "minus", "dx")},
    ("aroon", "up"): lambda a: Interval(0, 100),
    ("aroon", "down"): lambda a: Interval(0, 100),
    ("aroon", "osc"): lambda a: Interval(-100, 100),
    ("stoch", "k"): lambda a: Interval(0, 100),
    ("stoch", "d"): lambda a: Interval(0, 100),
}
