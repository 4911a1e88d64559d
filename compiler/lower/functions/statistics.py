"""Order, shape and dependence of the values in a window.

Everything here is a function of the window's values only: order statistics are exact, sums run oldest to newest.
"""

from __future__ import annotations

from ...ir.builder import Value
from ...ir.nodes import F64, Slot
from ..context import Lowered, Result
from ..state import Call, remember, ring_words
from .common import Emitter


def _window(call: Call, op: str, ring: Slot, *operands: Value | float) -> Value:
    values = [call.b.f(x) if isinstance(x, float) else x for x in operands]
    return call.b.op(op, call.home.tick, *values, attrs=(ring.name,))


def _in_order(call: Call) -> Slot:
    """The last values of argument 0, kept in order."""
    slot = call.slot(F64, "sorted", 2 * ring_words(call.greatest(1)))
    call.b.effect("sort.put", call.home.tick, call.number(0), attrs=(slot.name,))
    return slot


def _median(call: Call) -> Result:
    b, n, ring = call.b, call.raw(1), _in_order(call)
    low = _window(call, "sort.nth", ring, n, b.op("idiv", n - 1, b.i(2)))
    high = _window(call, "sort.nth", ring, n, b.op("idiv", n, b.i(2)))
    return Lowered((low + high) / 2.0)


def _quantile(call: Call) -> Result:
    """Between the two neighbours of the place (n - 1) q; q outside 0..1 is the least or the greatest."""
    b, n, ring = call.b, call.raw(1), _in_order(call)
    place = call.number(2).max(0.0).min(1.0) * (n - 1).to_float()
    floor = b.op("ffloor", place)
    k = b.op("f2i", floor)
    low, high = _window(call, "sort.nth", ring, n, k), _window(call, "sort.nth", ring, n, k + 1)
    return Lowered(low + (place - floor) * (high - low))


def _rank(call: Call) -> Result:
    x = call.number(0)
    ring = remember(call, x, call.greatest(1), "rank")
    return Lowered(_window(call, "win.below", ring, call.raw(1), x) + 1)


def _percentile_rank(call: Call) -> Result:
    """The ring holds -x, so that what stands below is what was above; x itself is not above x."""
    turned, n = -call.number(0), call.raw(1)
    ring = remember(call, turned, call.greatest(1) + 1, "percentile_rank")
    above = _window(call, "win.below", ring, n + 1, turned)
    return Lowered((n - above).to_float() / n.to_float())


def _extreme_age(which: str) -> Emitter:
    def lower(call: Call) -> Result:
        ring = remember(call, call.number(0), call.greatest(1), which)
        return Lowered(_window(call, f"win.{which}", ring, call.raw(1)))

    return lower


def _moved(call: Call, ring: Slot, n: Value) -> Value:
    """Not all values of the window are equal. Rounded sums cannot say so."""
    return _window(call, "win.min", ring, n) < _window(call, "win.max", ring, n)


def _centred(call: Call, ring: Slot, n: Value) -> tuple[Value, Value]:
    """(mean, sum of squared deviations)."""
    mean = _window(call, "win.sum", ring, n) / n.to_float()
    return mean, _window(call, "win.m2", ring, n, mean)


def _corr(call: Call) -> Result:
    """Pearson's r, kept within -1..1 where rounding would leave it."""
    b, n, greatest = call.b, call.raw(2), call.greatest(2)
    x, y = call.number(0), call.number(1)
    rings = remember(call, x, greatest, "corr/x"), remember(call, y, greatest, "corr/y")
    pairs = call.slot(F64, "corr/pairs", 2 * ring_words(greatest))
    b.effect("pair.put", call.home.tick, x, y, attrs=(pairs.name,))
    (mean_x, m2_x), (mean_y, m2_y) = (_centred(call, ring, n) for ring in rings)
    together = _window(call, "pair.co", pairs, n, mean_x, mean_y)
    below = b.op("fsqrt", m2_x) * b.op("fsqrt", m2_y)
    there = _moved(call, rings[0], n) & _moved(call, rings[1], n) & (b.f(0.0) < below)
    return Lowered((together / b.select(there, below, 1.0)).max(-1.0).min(1.0), there)


def _skew(call: Call) -> Result:
    b, n = call.b, call.raw(1)
    ring = remember(call, call.number(0), call.greatest(1), "skew")
    mean, m2 = _centred(call, ring, n)
    variance = m2 / n.to_float()
    below = variance * b.op("fsqrt", variance)
    there = _moved(call, ring, n) & (b.f(0.0) < below)
    third = _window(call, "win.m3", ring, n, mean) / n.to_float()
    return Lowered(third / b.select(there, below, 1.0), there)


def _entropy(call: Call) -> Result:
    """Bins are counted by what stands below their upper edges; the last one takes the rest, the greatest included."""
    b, n, bins = call.b, call.raw(1), call.raw(2)
    ring = remember(call, call.number(0), call.greatest(1), "entropy")
    low, high = _window(call, "win.min", ring, n), _window(call, "win.max", ring, n)
    width = (high - low) / bins.to_float()
    total, below = b.f(0.0), b.i(0)
    for j in range(1, call.greatest(2) + 1):
        under = b.select(b.i(j) < bins, _window(call, "win.below", ring, n, low + width * float(j)), n)
        total = total - _plogp(call, (under - below).to_float() / n.to_float())
        below = under
    several = (low < high) & (b.i(1) < bins)
    return Lowered(b.select(several, total / b.op("flog", b.select(several, bins.to_float(), 2.0)), 0.0).min(1.0))


def _plogp(call: Call, p: Value) -> Value:
    some = p > 0.0
    return p * call.b.op("flog", call.b.select(some, p, 1.0))


ROWS: dict[str, Emitter] = {
    "median": _median,
    "quantile": _quantile,
    "rank": _rank,
    "percentile_rank": _percentile_rank,
    "argmin": _extreme_age("argmin"),
    "argmax": _extreme_age("argmax"),
    "corr": _corr,
    "skew": _skew,
    "entropy": _entropy,
}
