"""What several library functions share: guarded quotients, weights, means, operands on one carrier."""

from __future__ import annotations

from collections.abc import Callable

from ...ir.builder import Value
from ...ir.nodes import I64
from ..context import Lowered, Result
from ..state import Call, float_mean, grid_sum, one_ago
from ..warmups import alpha

Emitter = Callable[[Call], Result]


def guarded(call: Call, above: Value, below: Value, otherwise: float) -> Lowered:
    """above / below; where below is 0: absent if the function may be absent, else `otherwise`."""
    there = below.ne(0.0)
    quotient = above / call.b.select(there, below, 1.0)
    if call.optional:
        return Lowered(quotient, there)
    return Lowered(call.b.select(there, quotient, otherwise))


def weight_of(call: Call, kind: str, length: int = 1) -> Value:
    return call.derived(f"alpha {kind}", lambda s, n: alpha(s, kind, n), length)


def mean_of(call: Call, index: int, length: int, tag: str) -> Value:
    """Mean over a window, exact up to one rounding where the argument is on a grid."""
    n, greatest = call.raw(length), call.greatest(length)
    if call.on_grid(index):
        total = grid_sum(call, call.raw(index), n, greatest, tag)
        return total.to_float() / (n.to_float() * call.unit(index))
    return float_mean(call, call.number(index), n, greatest, tag)


def ordered(call: Call) -> tuple[Value, Value]:
    """The first two arguments on one carrier: whole ticks when they share a grid, else f64."""
    if call.type(0).carrier == call.type(1).carrier == I64 and call.type(0).grid == call.type(1).grid:
        return call.raw(0), call.raw(1)
    return call.number(0), call.number(1)


def true_range(call: Call, first: int) -> Value:
    """max(high - low, |high - close[1]|, |low - close[1]|) in ticks; arguments high, low, close from `first`."""
    b = call.b
    high, low, close = call.raw(first), call.raw(first + 1), call.raw(first + 2)
    before = one_ago(call, close, "close")
    reach = b.op("iabs", high - before).max(b.op("iabs", low - before))
    start = call.home.seen <= 1
    return b.select(start, high - low, (high - low).max(reach))
