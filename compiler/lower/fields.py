"""Fields: words of the bar that fired a segment, and the strategy's own books."""

from __future__ import annotations

from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import Node
from .context import Lowered, Lowering, Result
from .functions import book
from .machine.fields import account_field
from .market_fields import book_field, forming_field, trade_field
from .rows import given_field, unknown_field
from .watch import fired_field


def field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    """A field of a bar, of the account, or the time."""
    source, name = str(node.attrs["source"]), str(node.attrs["name"])
    if source == "bar":
        return Lowered(_bar_field(lowering, node, name, b))
    if source == "book" and name in book.FIELDS:
        return book.book_function(lowering, node, b)
    if source in _MARKET:
        return _MARKET[source](lowering, node, b)
    if source in _OF_TESTS:
        return _OF_TESTS[source](lowering, node, b)
    if source in ("pos", "working", "order", "day", "account", "entry", "now"):
        return account_field(lowering, node, b)
    raise lowering.unsupported(node, f"`{source}.{name}`", "it comes with a later release")


_MARKET = {"book": book_field, "trade": trade_field, "forming": forming_field}
_OF_TESTS = {"given": given_field, "unknown": unknown_field, "fired": fired_field}


def _bar_field(lowering: Lowering, node: Node, name: str, b: SegmentBuilder) -> Value:
    if name == "n_trades":
        return b.op("ishr", b.ev("head"), b.i(32))
    if name != "vwap":
        return b.ev(name)
    home = lowering.home(node.id)
    assert home is not None
    scale = float(10**home.stream.price_decimals)
    volume, close = b.ev("volume"), b.ev("close")
    idle = volume.eq(0)  # a bar without trades has vwap = close
    return b.select(idle, close, b.ev("notional")).to_float() / (b.select(idle, 1, volume).to_float() * scale)
