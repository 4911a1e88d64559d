"""Pointwise arithmetic."""

from __future__ import annotations

from collections.abc import Callable

from ...ir.builder import Value
from ...ir.nodes import F64, I64
from ..context import Lowered, Result
from ..state import Call
from .common import Emitter, ordered


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
        a, b = ordered(call)
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
    a, b = ordered(call)
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


ROWS: dict[str, Emitter] = {
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
