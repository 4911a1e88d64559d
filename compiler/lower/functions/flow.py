"""What trades say: volume since the start, and how one-sided it is. The other flow functions are windows."""

from __future__ import annotations

from ...ir.builder import Value
from ...ir.nodes import I64
from ..context import Lowered, Result
from ..state import Call, ring_words
from .common import Emitter


def _cvd(call: Call) -> Result:
    slot = call.slot(I64, "cvd")
    total = call.b.load(slot) + call.raw(0)
    call.b.store(slot, total)
    on_grid = call.lowering.type(call.node.id).grid is not None
    return Lowered(total if on_grid else total.to_float() / call.unit(0))


def _lots(call: Call, index: int) -> Value:
    """A quantity in whole lots, at least 1."""
    if call.on_grid(index):
        return call.raw(index).max(1)
    b = call.b
    return b.op("f2i", b.op("fround", call.number(index) * float(10**call.home.stream.qty_decimals))).max(1)


def _vpin(call: Call) -> Result:
    """Easley, Lopez de Prado and O'Hara 2012. A trade that is larger than what a bucket lacks fills it and goes on.

    The ring holds, by bucket number, the sum of |bought - sold| of all buckets before it: exact, and a window is one
    difference. All buckets that one trade fills after the first are one-sided, so their sums stand on a line.
    """
    b, signed = call.b, call.raw(2)
    bucket, n = _lots(call, 0), call.raw(1)
    ring = call.slot(I64, "vpin/sums", ring_words(call.greatest(1) + 1))
    filled_slot, lean_slot, number_slot = (call.slot(I64, f"vpin/{name}") for name in ("filled", "lean", "number"))
    filled, lean, number = (b.load(slot) for slot in (filled_slot, lean_slot, number_slot))
    qty, side = b.op("iabs", signed), b.select(signed < 0, b.i(-1), b.i(1))
    poured = filled + qty
    full = b.op("idiv", poured, bucket)
    first = b.op("iabs", lean + side * (bucket - filled))
    before = b.op("ring.get.i", number, b.i(0), attrs=(ring.name,))
    b.effect("ring.ramp.i", number + 1, full, before + first, bucket, attrs=(ring.name,))
    some = b.i(0) < full
    left = poured - full * bucket
    now = number + full
    for slot, value in (
        (filled_slot, left),
        (lean_slot, b.select(some, side * left, lean + signed)),
        (number_slot, now),
    ):
        b.store(slot, value)
    total = b.op("ring.get.i", now, b.i(0), attrs=(ring.name,)) - b.op("ring.get.i", now, n, attrs=(ring.name,))
    return Lowered(total.to_float() / (n * bucket).to_float(), n <= now)


ROWS: dict[str, Emitter] = {"cvd": _cvd, "vpin": _vpin}
