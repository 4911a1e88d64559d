"""Fields: words of the bar that fired a segment, and the strategy's own books."""

from __future__ import annotations

from collections.abc import Callable

from ...cython_core.layout import ATOMS_PER_UNIT
from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import Node
from .account import Account, entry_price, equity_change, market_value
from .context import Lowered, Lowering, Result
from .functions import book
from .market_fields import book_field, forming_field, trade_field


def field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    """A field of a bar, of the account, or the time."""
    source, name = str(node.attrs["source"]), str(node.attrs["name"])
    if source == "bar":
        return Lowered(_bar_field(lowering, node, name, b))
    if source == "book" and name in book.FIELDS:
        return book.book_function(lowering, node, b)
    if source in _MARKET:
        return _MARKET[source](lowering, node, b)
    if source in ("pos", "day", "now", "account"):
        return _account_field(lowering, node, source, name, b)
    help_ = "books, trades and working orders come with a later release; bar fields run today"
    raise lowering.unsupported(node, f"`{source}.{name}`" if source != "book" else f"the book field `{name}`", help_)


_MARKET = {"book": book_field, "trade": trade_field, "forming": forming_field}


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


def _account_field(lowering: Lowering, node: Node, source: str, name: str, b: SegmentBuilder) -> Lowered:
    """`pos.*`, `day.pnl`, `now`. Fields that need a position are absent when flat."""
    if source == "now":
        home = lowering.home(node.id)
        return Lowered(home.time if home is not None and home.builder is b else b.load(lowering.account.now))
    account = lowering.account
    reader = _FIELDS.get((source, name))
    if reader is None:
        raise lowering.unsupported(node, f"`{source}.{name}`", "it comes with working orders in a later release")
    value = reader(account, b)
    if name in ("qty", "notional", "pnl", "phase"):
        return Lowered(value)
    optional = lowering.type(node.id).optional
    return Lowered(value, b.load(account.qty).ne(0) if optional else None)


def _gain(account: Account, b: SegmentBuilder) -> Value:
    """(last close - average entry) / average entry."""
    cost = b.load(account.cost).max(1).to_float()
    return (market_value(account, b).to_float() - cost) / cost


def _net_gain(account: Account, b: SegmentBuilder) -> Value:
    """As `pos.gain`, after the fees paid and the taker fee of leaving now."""
    cost = b.load(account.cost).max(1).to_float()
    worth = market_value(account, b).to_float()
    return (worth - cost - b.load(account.fees).to_float() - worth * account.taker_fee) / cost


_FIELDS: dict[tuple[str, str], Callable[[Account, SegmentBuilder], Value]] = {
    ("pos", "qty"): lambda a, b: b.load(a.qty),
    ("pos", "notional"): lambda a, b: market_value(a, b).to_float() / float(ATOMS_PER_UNIT),
    ("pos", "entry"): entry_price,
    ("pos", "age"): lambda a, b: b.load(a.now) - b.load(a.since),
    ("pos", "gain"): _gain,
    ("pos", "net_gain"): _net_gain,
    ("pos", "best"): lambda a, b: b.load(a.best),
    ("pos", "worst"): lambda a, b: b.load(a.worst),
    ("day", "pnl"): lambda a, b: (equity_change(a, b) - b.load(a.day_base)).to_float() / float(ATOMS_PER_UNIT),
}
