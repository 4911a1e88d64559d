"""What expressions may read of the machine: `pos.*`, `working.*`, `order.*`, `day.*`, `account.*`, `entry.score`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ....cython_core.layout import ATOMS_PER_UNIT
from ...ir.builder import SegmentBuilder, Value
from ...ir.hir import Node
from ..context import Lowered, Lowering
from .slots import IDLE, Book, entry_price, mark_ticks, market_value

if TYPE_CHECKING:
    from .machine import PositionMachine

Reader = Callable[["PositionMachine", Book, SegmentBuilder], Value]

#: Fields that exist only while a position does.
_NEED_POSITION = frozenset({"entry", "age", "gain", "net_gain", "best", "worst"})


def account_field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Lowered:
    """The field as its carrier; fields that need a position are absent without one where the type says so."""
    source, name = str(node.attrs["source"]), str(node.attrs["name"])
    machine = lowering.machine
    if source == "now":
        home = lowering.home(node.id)
        return Lowered(home.time if home is not None and home.builder is b else b.load(machine.shared.now))
    if source == "entry":
        return Lowered(machine.scores[str(node.attrs["instrument"]), str(node.attrs["rule"])])
    book = machine.books[str(node.attrs["instrument"])]
    value = _FIELDS[source, name](machine, book, b)
    if source == "pos" and name in _NEED_POSITION and lowering.type(node.id).optional:
        return Lowered(value, b.load(book.qty).ne(0))
    if source == "order" and lowering.type(node.id).optional:
        return Lowered(value, b.load(book.working).ne(IDLE))
    return Lowered(value)


def _quote(atoms: Value) -> Value:
    """Atoms as f64 in whole units of the quote currency."""
    return atoms.to_float() / float(ATOMS_PER_UNIT)


def _gain(machine: PositionMachine, book: Book, b: SegmentBuilder) -> Value:
    """(value at the mark - cost) / cost."""
    cost = b.load(book.cost).max(1).to_float()
    return (market_value(book, b).to_float() - cost) / cost


def _net_gain(machine: PositionMachine, book: Book, b: SegmentBuilder) -> Value:
    """As `pos.gain`, after the fees paid and the taker fee of leaving now."""
    cost = b.load(book.cost).max(1).to_float()
    worth = market_value(book, b).to_float()
    return (worth - cost - b.load(book.fees).to_float() - worth * book.taker_fee) / cost


def sent_atoms(book: Book, b: SegmentBuilder) -> Value:
    """Atoms of the buy order that is on its way."""
    out = b.load(book.working).ne(IDLE) & (b.load(book.side) > 0)
    return b.select(out, b.load(book.left) * b.load(book.price), b.i(0)) * book.atoms_per_tick_lot


def working_atoms(book: Book, b: SegmentBuilder) -> Value:
    """As `sent_atoms`; in `risk` the wanted buy is counted as if it had been sent."""
    if b.trigger != "risk":
        return sent_atoms(book, b)
    wanted = b.select(b.load(book.want_side) > 0, b.load(book.want_qty) * wanted_price(book, b), b.i(0))
    return sent_atoms(book, b) + wanted * book.atoms_per_tick_lot


def wanted_price(book: Book, b: SegmentBuilder) -> Value:
    """Ticks at which the wanted order is counted: its own price, or the mark for a market order."""
    price = b.load(book.want_price)
    return b.select(price > 0, price, mark_ticks(book, b))


def _working_lots(machine: PositionMachine, book: Book, b: SegmentBuilder) -> Value:
    out = b.load(book.working).ne(IDLE)
    sent = b.select(out, b.load(book.left), b.i(0))
    if b.trigger != "risk":
        return sent
    return sent + b.select(b.load(book.want_side).ne(0), b.load(book.want_qty), b.i(0))


def _phase(machine: PositionMachine, book: Book, b: SegmentBuilder) -> Value:
    """0 flat, 1 entering, 2 open, 3 exiting."""
    held, out = b.load(book.qty).ne(0), b.load(book.working).ne(IDLE)
    selling = out & (b.load(book.side) < 0)
    return b.select(selling, b.i(3), b.select(held, b.i(2), b.select(out, b.i(1), b.i(0))))


_FIELDS: dict[tuple[str, str], Reader] = {
    ("pos", "qty"): lambda m, k, b: b.load(k.qty),
    ("pos", "notional"): lambda m, k, b: _quote(market_value(k, b)),
    ("pos", "entry"): lambda m, k, b: entry_price(k, b),
    ("pos", "age"): lambda m, k, b: b.load(m.shared.now) - b.load(k.since),
    ("pos", "gain"): _gain,
    ("pos", "net_gain"): _net_gain,
    ("pos", "best"): lambda m, k, b: b.load(k.best),
    ("pos", "worst"): lambda m, k, b: b.load(k.worst),
    ("pos", "adds"): lambda m, k, b: b.load(k.adds),
    ("pos", "phase"): _phase,
    ("working", "qty"): _working_lots,
    ("working", "notional"): lambda m, k, b: _quote(working_atoms(k, b)),
    ("working", "count"): lambda m, k, b: b.select(b.load(k.working).ne(IDLE), b.i(1), b.i(0)),
    ("order", "queue_ahead"): lambda m, k, b: m.queues.ahead(k, b),
    ("order", "side"): lambda m, k, b: b.load(k.side),
    ("order", "filled"): lambda m, k, b: b.load(k.asked) - b.load(k.left),
    ("day", "trades"): lambda m, k, b: b.load(m.shared.day_trades),
    ("order", "price"): lambda m, k, b: b.load(k.price),
    ("order", "qty"): lambda m, k, b: b.load(k.left),
    ("order", "age"): lambda m, k, b: b.load(m.shared.now) - b.load(k.sent),
    ("order", "notional"): lambda m, k, b: _quote(b.load(k.left) * b.load(k.price) * k.atoms_per_tick_lot),
    ("day", "pnl"): lambda m, k, b: _quote(m.equity_change(b) - b.load(m.shared.day_base)),
    ("account", "equity"): lambda m, k, b: _quote(m.equity_change(b) + m.shared.start_atoms),
    ("account", "free"): lambda m, k, b: _quote(m.capital.free(b)),
    ("account", "drawdown"): lambda m, k, b: m.drawdown(b),
}
