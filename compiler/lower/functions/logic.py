"""Conditions over time, and parts of the time of day."""

from __future__ import annotations

from ...ir.builder import SegmentBuilder, Value
from ...ir.nodes import I64
from ..context import Lowered, Result
from ..state import Call, grid_sum, one_ago, recurrence
from ..warmups import kalman_gain
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


def _kept(first_only: bool) -> Emitter:
    """first(x, cond), last(x, cond): x is kept when cond holds (for `first` only once)."""

    def lower(call: Call) -> Result:
        b = call.b
        x = call.raw(0)
        seen, kept = call.slot(I64, "ever"), call.slot(x.type, "kept")
        before = b.load(seen).ne(0)
        take = call.raw(1) & ~before if first_only else call.raw(1)
        value = b.select(take, x, b.load(kept))
        ever = before | call.raw(1)
        b.store(kept, value)
        b.store(seen, b.op("b2i", ever))
        return Lowered(value, ever)

    return lower


def _debounce(call: Call) -> Result:
    b = call.b
    slot = call.slot(I64, "run")
    length = b.select(call.raw(0), b.load(slot) + 1, b.i(0))
    b.store(slot, length)
    return Lowered(call.raw(1) <= length)


def _hysteresis(call: Call) -> Result:
    b = call.b
    same = all(call.type(i).carrier == I64 and call.type(i).grid == call.type(0).grid for i in range(3))
    x, on, off = ((call.raw(i) if same else call.number(i)) for i in range(3))
    slot = call.slot(I64, "on")
    now = (on < x) | (b.load(slot).ne(0) & (off <= x))
    b.store(slot, b.op("b2i", now))
    return Lowered(now)


def _hold_for(call: Call) -> Result:
    """The slot keeps the time since which cond holds; 0 while it does not."""
    b, time = call.b, call.home.time
    slot = call.slot(I64, "since")
    before = b.load(slot)
    since = b.select(call.raw(0), b.select(before.eq(0), time, before), b.i(0))
    b.store(slot, since)
    return Lowered(call.raw(0) & (call.raw(1) <= time - since))


def _kalman(call: Call) -> Result:
    """A local level filter with its steady gain: the transient of the full recursion is over when the value is read."""
    x = call.number(0)
    types = call.type(1), call.type(2)

    def formula(s: SegmentBuilder, q: Value, r: Value) -> Value:
        return kalman_gain(s, call.lowering.as_float(q, types[0]), call.lowering.as_float(r, types[1]))

    return Lowered(recurrence(call, x, call.derived("gain", formula, 1, 2), call.cold(0), "kalman"))


def _age(call: Call) -> Result:
    """Now minus the latest tick of the clocks that x is made of. It is computed where it is read."""
    b, lowering = call.b, call.lowering
    last: Value | None = None
    for clock in sorted(lowering.facts.clocks[call.node.args[0]], key=str):
        time = lowering.last_tick(clock, b)
        last = time if last is None else last.max(time)
    if last is None:
        return Lowered(b.i(0), b.b(False))
    return Lowered((lowering.now(b) - last).max(0), b.i(0) <= last)


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
    "first": _kept(True),
    "last": _kept(False),
    "debounce": _debounce,
    "hysteresis": _hysteresis,
    "hold_for": _hold_for,
    "kalman": _kalman,
    "age": _age,
    "hour": _hour,
    "weekday": _weekday,
    "bucket": _bucket,
    "session": _session,
}
