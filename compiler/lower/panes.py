"""Windows over time: `sum(x, 5s, pane=100ms)` and the bar so far, `forming(1m)`.

A window over time is made of panes, stretches of receive time aligned to the epoch. Each event adds to the pane it
falls into; the window is the pane of now and those before it, `length / pane` of them. Sums of ticks and lots are
exact. The bar so far is made of the trades since the start of its slot of venue time, as bars are.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.builder import Value
from ..ir.nodes import F64, I64, Slot
from .context import Home, Lowered, Lowering, Result
from .state import Call, ring_words


def time_window(call: Call, function: str) -> Result:
    """`sum`, `mean`, `count`, `min` or `max` over the panes up to now; absent when nothing in them is present."""
    item, b = call.item(0), call.b
    whole = call.type(0).grid is not None or item.value.type != F64
    x = item.value if whole else call.number(0)
    if function == "count":
        return Lowered(_panes(call, "isum", b.op("b2i", x), item.present, "count"))
    if function in ("min", "max"):
        name = f"i{function}" if whole else function
        return Lowered(_panes(call, name, x, item.present, function), _some(call, item.present))
    total = _panes(call, "isum" if whole else "sum", x, item.present, "sum")
    if function == "sum":
        return Lowered(total)
    count = _panes(call, "isum", b.i(1), item.present, "count")
    scale = call.unit(0) if call.on_grid(0) else 1.0
    return Lowered(total.to_float() / (count.max(1).to_float() * scale), _some(call, item.present))


def _some(call: Call, present: Value | None) -> Value | None:
    """Whether anything in the window is present; None if every event brings a value."""
    if present is None:
        return None
    return _panes(call, "isum", call.b.op("b2i", present), None, "present") > 0


def _panes(call: Call, rule: str, x: Value, present: Value | None, tag: str) -> Value:
    """Add x to the pane of now and combine those of the window."""
    b, intervals, args = call.b, call.lowering.facts.intervals, call.node.args
    words = 2 * ring_words(-(-int(intervals[args[1]].high) // max(1, int(intervals[args[2]].low))))
    slot = call.slot(F64 if x.type == F64 else I64, f"{tag}/panes", words, -1)
    pane = b.op("idiv", call.home.time, call.raw(2))
    if present is None:
        b.effect(f"pane.put.{rule}", pane, x, attrs=(slot.name,))
    else:
        with b.when(present):
            b.effect(f"pane.put.{rule}", pane, x, attrs=(slot.name,))
    count = call.derived("panes", lambda s, length, size: s.op("idiv", length, size), 1, 2)
    return b.op(f"pane.{rule}", pane, count, attrs=(slot.name,))


@dataclass(frozen=True, slots=True)
class Forming:
    """The bar so far, after the trade of this tick: ticks, lots, ticks x lots."""

    open: Value
    high: Value
    low: Value
    close: Value
    volume: Value
    n_trades: Value
    notional: Value


def forming_bar(lowering: Lowering, home: Home, period_ns: int) -> Forming:
    """The bar so far of one length, made once in the segment of the instrument's trades."""
    key = (home.clock, period_ns)
    if key not in lowering.forming:
        lowering.forming[key] = _forming(lowering, home, period_ns)
    return lowering.forming[key]


def _forming(lowering: Lowering, home: Home, period_ns: int) -> Forming:
    b, path = home.builder, f"{home.clock}/forming {period_ns}"
    number = lowering.program.slot(I64, f"{path}/slot", init=-1)
    now = b.op("idiv", b.ev("venue_time"), b.i(period_ns))
    fresh = now.ne(b.load(number))
    b.store(number, now)
    price, lots = b.ev("price"), b.ev("qty")

    def kept(name: str, start: Value, merge: str, x: Value) -> Value:
        slot: Slot = lowering.program.slot(I64, f"{path}/{name}")
        value = b.select(fresh, start, b.op(merge, b.load(slot), x))
        b.store(slot, value)
        return value

    opened = lowering.program.slot(I64, f"{path}/open")
    open_ = b.select(fresh, price, b.load(opened))
    b.store(opened, open_)
    return Forming(
        open_,
        kept("high", price, "imax", price),
        kept("low", price, "imin", price),
        price,
        kept("volume", lots, "iadd", lots),
        kept("n_trades", b.i(1), "iadd", b.i(1)),
        kept("notional", price * lots, "iadd", price * lots),
    )


def forming_value(bar: Forming, name: str, scale: float) -> Value:
    """A field of the bar so far; `scale` is ticks per unit of price."""
    if name != "vwap":
        found: Value = getattr(bar, name)
        return found
    return bar.notional.to_float() / (bar.volume.max(1).to_float() * scale)
