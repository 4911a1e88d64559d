"""Fields of books and trades: the best levels now, the trade of this tick, the bar so far."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import Node
from ..ir.nodes import Stream
from ..ir.types import Clock
from .context import Lowered, Lowering, Result
from .panes import forming_bar, forming_value

BIDS, ASKS = 1, -1


def book_field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    """A field of the best levels, in any segment: ticks or lots; `mid` in quote per base."""
    stream = lowering.homes[Clock("book", str(node.attrs["instrument"]))].stream
    return Lowered(_BOOK[str(node.attrs["name"])](b, stream))


def _best(b: SegmentBuilder, stream: Stream, what: str, side: int) -> Value:
    return b.op(f"book.{what}", b.i(side), b.i(0), attrs=(stream.name,))


def _mid(b: SegmentBuilder, stream: Stream) -> Value:
    """(bid + ask) / 2, rounded once: the sum is whole ticks, and so is twice a unit of price."""
    total = _best(b, stream, "px", BIDS) + _best(b, stream, "px", ASKS)
    return total.to_float() / float(2 * 10**stream.price_decimals)


_BOOK: dict[str, Callable[[SegmentBuilder, Stream], Value]] = {
    "bid": lambda b, s: _best(b, s, "px", BIDS),
    "ask": lambda b, s: _best(b, s, "px", ASKS),
    "bid_qty": lambda b, s: _best(b, s, "qty", BIDS),
    "ask_qty": lambda b, s: _best(b, s, "qty", ASKS),
    "spread": lambda b, s: _best(b, s, "px", ASKS) - _best(b, s, "px", BIDS),
    "mid": _mid,
}


def trade_field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    """A field of the trade that fired the segment; `side` is that of the taker, +1 bought."""
    name = str(node.attrs["name"])
    if name == "signed_qty":
        return Lowered(b.ev("side") * b.ev("qty"))
    return Lowered(b.ev(name))


def forming_field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    """`forming(1m).high`, in the segment of the instrument's trades."""
    home = lowering.home(node.id)
    assert home is not None, "trades have a segment"
    period = node.attrs["period_ns"]
    assert isinstance(period, int), "the frontend resolved the length"
    bar = forming_bar(lowering, home, period)
    return Lowered(forming_value(bar, str(node.attrs["name"]), float(10**home.stream.price_decimals)))
