"""Conditions over time, and parts of the time of day."""

from __future__ import annotations

from ...ir.nodes import I64
from ..context import Lowered, Result
from ..state import Call, grid_sum, one_ago
from .common import Emitter, ordered

NS_PER_HOUR, NS_PER_DAY = 3_600_000_000_000, 86_400_000_000_000


def _cross(up: bool) -> Emitter:
    """cross_up(a, b): a > b now and a <= b one tick ago."""

    def lower(call: Call) -> Result:
        a, b = ordered(call)
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


ROWS: dict[str, Emitter] = {
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
}
