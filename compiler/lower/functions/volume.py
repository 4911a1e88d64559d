"""Volume: lines, averages weighted by it, and its distribution over prices."""

from __future__ import annotations

from ...ir.builder import Value
from ...ir.nodes import F64, I64
from ...ir.verify import PROFILE_HEADER
from ..context import Lowered, Result
from ..state import Call, extreme, float_sum, grid_sum, one_ago, ring_words, wide_sum
from .common import Emitter, guarded
from .logic import NS_PER_DAY


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


def _money_flow(call: Call, first: int) -> Value:
    """volume * ((close - low) - (high - close)) / (high - low) in lots; 0 where high = low. Arguments from `first`."""
    b = call.b
    high, low, close, volume = (call.raw(first + k) for k in range(4))
    span = high - low
    there = span.ne(0)
    lean = ((close - low) - (high - close)).to_float() / b.select(there, span, 1).to_float()
    return b.select(there, lean * volume.to_float(), 0.0)


def _ad(call: Call) -> Result:
    slot = call.slot(F64, "ad")
    total = call.b.load(slot) + _money_flow(call, 0)
    call.b.store(slot, total)
    return Lowered(total / call.unit(3))


def _cmf(call: Call) -> Result:
    """Arguments: n, high, low, close, volume."""
    n, greatest = call.raw(0), call.greatest(0)
    flow = float_sum(call, _money_flow(call, 1), n, greatest, "flow")
    volume = grid_sum(call, call.raw(4), n, greatest, "volume")
    return guarded(call, flow, volume.to_float(), 0.0)


def _mfi(call: Call) -> Result:
    """Flow = typical price * volume; its sign is that of the change of the typical price, compared in whole ticks.

    Arguments: n, high, low, close, volume.
    """
    b, n, greatest = call.b, call.raw(0), call.greatest(0)
    typical = call.raw(1) + call.raw(2) + call.raw(3)
    before = one_ago(call, typical, "typical")
    flow = b.select(call.home.seen <= 1, 0.0, typical.to_float() * call.raw(4).to_float())
    rise = float_sum(call, b.select(before < typical, flow, 0.0), n, greatest, "rise")
    fall = float_sum(call, b.select(typical < before, flow, 0.0), n, greatest, "fall")
    return guarded(call, 100.0 * rise, rise + fall, 50.0)


def _vwap(call: Call) -> Result:
    """Exact sum of ticks x lots over exact sum of lots in the window; the close when nothing traded.

    Arguments: n, close, volume.
    """
    n, greatest = call.raw(0), call.greatest(0)
    value = wide_sum(call, call.b.ev("notional"), n, greatest, "value")
    volume = grid_sum(call, call.raw(2), n, greatest, "volume")
    return Lowered(_vwap_price(call, value, volume, call.raw(1), call.unit(1)))


def _vwap_price(call: Call, value: Value, volume: Value, close: Value, unit: float) -> Value:
    """value (ticks x lots, f64) over volume (lots), in whole units; the close where the volume is 0."""
    idle = volume.eq(0)
    above = call.b.select(idle, close.to_float(), value)
    return above / (call.b.select(idle, 1, volume).to_float() * unit)


def _vwap_session(call: Call) -> Result:
    """As `_vwap`, over the bars of this day (UTC); a bar that closes at midnight is the last of its day.

    Arguments: close, volume.
    """
    b = call.b
    day = b.op("idiv", call.home.time - 1, b.i(NS_PER_DAY))
    slots = [call.slot(I64, tag) for tag in ("day", "value", "volume")]
    fresh = day.ne(b.load(slots[0]))
    b.store(slots[0], day)
    sums = []
    for slot, word in zip(slots[1:], (b.ev("notional"), call.raw(1)), strict=True):
        sums.append(b.select(fresh, b.i(0), b.load(slot)) + word)
        b.store(slot, sums[-1])
    return Lowered(_vwap_price(call, sums[0].to_float(), sums[1], call.raw(0), call.unit(0)))


def _volume_profile(call: Call) -> Result:
    """Levels are high + low + close, three times the typical price, so that bins are found in whole numbers.

    Arguments: n, bins, high, low, close, volume.
    """
    b, n, bins, greatest = call.b, call.raw(0), call.raw(1), call.greatest(0)
    high, low, close, volume = (call.raw(k) for k in range(2, 6))
    top = extreme(call, "max", high, n, greatest, "high")
    bottom = extreme(call, "min", low, n, greatest, "low")
    slot = call.slot(I64, "profile", PROFILE_HEADER + 2 * ring_words(greatest))
    b.effect("profile.put.i", call.home.tick, high + low + close, volume, attrs=(slot.name,))
    b.effect("profile.fill.i", call.home.tick, n, bottom * 3, top * 3, bins, attrs=(slot.name,))
    total, fullest, lowest, highest = (b.op("profile.get.i", b.i(k), attrs=(slot.name,)) for k in range(4))
    width, unit = (top - bottom).to_float() / bins.to_float(), call.unit(2)

    def price(at: Value) -> Lowered:
        """The price so many bins above the bottom; the close when nothing traded."""
        ticks = b.select(total.eq(0), close.to_float(), bottom.to_float() + at * width)
        return Lowered(ticks / unit)

    return {
        "poc": price(fullest.to_float() + 0.5),
        "vah": price((highest + 1).to_float()),
        "val": price(lowest.to_float()),
    }


ROWS: dict[str, Emitter] = {
    "obv": _obv,
    "ad": _ad,
    "cmf": _cmf,
    "mfi": _mfi,
    "vwap": _vwap,
    "vwap_session": _vwap_session,
    "volume_profile": _volume_profile,
}
