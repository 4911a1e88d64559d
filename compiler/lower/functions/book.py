"""What the order book says after a message: depth, lean, prices of size, and the flow between two messages.

Prices are ticks, quantities lots, sums of both exact; each value is divided once. An accepted book has both sides, yet
nothing here divides by a depth that could be 0.
"""

from __future__ import annotations

from collections.abc import Callable

from ...ir.builder import SegmentBuilder, Value
from ...ir.hir import Node
from ...ir.types import Clock
from ..context import Lowered, Lowering, Result
from ..state import Call, one_ago
from .common import Emitter

BIDS, ASKS = 1, -1
_FAR = 2**62  # the tick of an ask level that is not there: no price is above it


def _read(b: SegmentBuilder, stream: str, name: str, side: int, amount: Value) -> Value:
    return b.op(f"book.{name}", b.i(side), amount, attrs=(stream,))


class _Field:
    """A book function where it is read, after a whole message: `read("depth", BIDS)` reads the levels it is given."""

    def __init__(self, lowering: Lowering, node: Node, b: SegmentBuilder) -> None:
        clock = Clock("book", str(node.attrs["instrument"]))
        if clock not in lowering.homes:
            raise lowering.unsupported(node, "what reads the order book", "use fields of closed bars")
        self.lowering, self.node, self.b, self.stream = lowering, node, b, lowering.homes[clock].stream
        self.argument = lowering.one(node.args[0], b)

    def read(self, name: str, side: int, amount: Value | None = None) -> Value:
        return _read(self.b, self.stream.name, name, side, self.argument.value if amount is None else amount)

    def ratio(self, above: Value, below: Value) -> Value:
        """above / below of two whole numbers; 0 where below is 0."""
        there = below.ne(0)
        return self.b.select(there, above.to_float() / self.b.select(there, below, 1).to_float(), 0.0)


def _depth(side: int) -> Callable[[_Field], Lowered]:
    return lambda book: Lowered(book.read("depth", side))


def _imbalance(book: _Field) -> Lowered:
    bids, asks = book.read("depth", BIDS), book.read("depth", ASKS)
    return Lowered(book.ratio(bids - asks, bids + asks))


def _depth_ratio(book: _Field) -> Lowered:
    return Lowered(book.ratio(book.read("depth", BIDS), book.read("depth", ASKS)))


def _microprice(book: _Field) -> Lowered:
    bids, asks = book.read("depth", BIDS), book.read("depth", ASKS)
    bid, ask = book.ratio(book.read("value", BIDS), bids), book.ratio(book.read("value", ASKS), asks)
    total = bids + asks
    there = total.ne(0)
    scale = float(10**book.stream.price_decimals)
    weighed = bids.to_float() * ask + asks.to_float() * bid
    return Lowered(weighed / (book.b.select(there, total, 1).to_float() * scale))


def _vwap_to(book: _Field) -> Lowered:
    """Absent when fewer lots are for sale, or none are asked for."""
    b, item = book.b, book.argument
    lots = item.value
    if book.lowering.type(book.node.args[0]).grid is None:
        exact = lots.to_float() * float(10**book.stream.qty_decimals)
        near = b.op("fround", exact)  # what is a whole number but for rounding stays it
        whole = b.select(b.op("fabs", exact - near) <= near * 1e-12, near, b.op("fceil", exact))
        lots = b.op("f2i", whole)
    there = (b.i(0) < lots) & (lots <= book.read("reach", ASKS, lots))
    there = there if item.present is None else there & item.present
    price = book.ratio(book.read("cost", ASKS, lots), lots) / float(10**book.stream.price_decimals)
    return Lowered(price, there)


def _side_slope(book: _Field, side: int, mid: Value, levels: int) -> Value:
    """Naes and Skjeltorp 2006 for one side; a level that is not there ends the sum."""
    b, k = book.b, book.argument.value
    total, count = b.f(0.0), b.i(0)
    before_price, before_log = mid, b.f(1.0)
    for j in range(levels):
        price = book.read("px", side, b.i(j))
        there = (b.i(j) < k) & price.ne(0)
        lots = book.read("depth", side, b.i(j + 1)).max(1)
        here, logs = price.to_float(), b.op("flog", lots.to_float())
        distance = b.op("fabs", here / before_price - 1.0)
        usable = there & before_log.ne(0.0) & distance.ne(0.0)
        growth = logs if j == 0 else logs / b.select(usable, before_log, 1.0) - 1.0
        total = total + b.select(usable, growth / b.select(usable, distance, 1.0), 0.0)
        count = count + b.op("b2i", there)
        before_price, before_log = b.select(there, here, before_price), logs
    return total / count.max(1).to_float()


def _book_slope(book: _Field) -> Lowered:
    b = book.b
    levels = int(book.lowering.facts.intervals[book.node.args[0]].high)
    best = [book.read("px", side, b.i(0)) for side in (BIDS, ASKS)]
    mid = ((best[0] + best[1]).to_float() / 2.0).max(0.5)
    return Lowered((_side_slope(book, BIDS, mid, levels) + _side_slope(book, ASKS, mid, levels)) / 2.0)


_FIELDS: dict[str, Callable[[_Field], Lowered]] = {
    "bid_depth": _depth(BIDS),
    "ask_depth": _depth(ASKS),
    "imbalance": _imbalance,
    "depth_ratio": _depth_ratio,
    "microprice": _microprice,
    "vwap_to": _vwap_to,
    "book_slope": _book_slope,
}
#: Functions that the front end turns into fields of the book.
FIELDS = frozenset(_FIELDS)


def book_function(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    """The value of `imbalance(k)` and its like, in segment `b`: the book says there what it said at its last tick."""
    return _FIELDS[str(node.attrs["name"])](_Field(lowering, node, b))


def _flow(call: Call, side: int, level: int) -> Value:
    """What one level of one side adds: Cont, Kukanov and Stoikov 2014, signed so that buying is positive."""
    b, stream = call.b, call.home.stream.name
    price, lots = (_read(b, stream, name, side, b.i(level)) for name in ("px", "qty"))
    if side == ASKS:
        price = -b.select(price.eq(0), _FAR, price)  # turned, so that better is greater on both sides
    name = f"{'bid' if side == BIDS else 'ask'}{level}"
    before_price, before_lots = one_ago(call, price, f"{name}/px"), one_ago(call, lots, f"{name}/qty")
    came = b.select(before_price <= price, lots, b.i(0)) - b.select(price <= before_price, before_lots, b.i(0))
    return came if side == BIDS else -came


def _ofi(call: Call) -> Result:
    b, total = call.b, call.b.i(0)
    for level in range(call.greatest(0)):
        both = _flow(call, BIDS, level) + _flow(call, ASKS, level)
        total = total + b.select(b.i(level) < call.raw(0), both, b.i(0))
    total = b.select(call.home.seen > 1, total, b.i(0))
    on_grid = call.lowering.type(call.node.id).grid is not None
    return Lowered(total if on_grid else total.to_float() / float(10**call.home.stream.qty_decimals))


ROWS: dict[str, Emitter] = {"ofi": _ofi}
