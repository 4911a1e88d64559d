"""`order.queue_ahead`: the lots that stand before the own resting order, as far as the strategy can see.

    sent        what stands at its price on its side, among the levels that the strategy reads; 0 where nothing does
    a trade     takes its lots from the front; one beyond the price has taken everything
    a book      never more than what stands at the price now
    a fill      whoever is filled is at the front

Who stands where is not in a book of levels: orders that joined before the own one arrived, and cancels behind it, are
not seen. Slots and steps exist only where the file reads the field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....cython_core.layout import STYLE_LIMIT, STYLE_POST_ONLY
from ...ir.builder import SegmentBuilder, Value
from ...ir.nodes import I64, Slot
from ...ir.types import Clock
from .slots import IDLE, Book

if TYPE_CHECKING:
    from .machine import PositionMachine


class Queues:
    """The queues of all instances."""

    def __init__(self, machine: PositionMachine) -> None:
        self.lowering = machine.lowering
        self.slots: dict[str, Slot] = {}
        if not machine.reads("order", "queue_ahead"):
            return
        for book in machine.books.values():
            if self._clock(book, "book") in self.lowering.homes:
                prefix = "account" if len(machine.books) == 1 else f"account.{book.alias}"
                self.slots[book.alias] = self.lowering.program.slot(I64, f"{prefix}/queue")

    def _clock(self, book: Book, kind: str) -> Clock:
        return Clock(kind, book.alias)

    def ahead(self, book: Book, b: SegmentBuilder) -> Value:
        """Lots before the order that is on its way."""
        return b.load(self.slots[book.alias])

    def follow(self, book: Book) -> None:
        """What ticks of the book and of the trades say about a resting order."""
        slot = self.slots.get(book.alias)
        if slot is None:
            return
        b = self.lowering.homes[self._clock(book, "book")].builder
        side, price = b.load(book.side), b.load(book.price)
        with b.when(b.load(book.working).ne(IDLE) & self._visible(book, side, price, b)):
            b.store(slot, b.load(slot).min(self._standing(book, side, price, b)))
        trades = self.lowering.homes.get(self._clock(book, "trade"))
        if trades is not None:
            self._trade(book, slot, trades.builder)

    def _trade(self, book: Book, slot: Slot, b: SegmentBuilder) -> None:
        """A trade against the order's side: at its price it shortens the queue, beyond it nothing was left."""
        side = b.load(book.side)
        beyond = (b.load(book.price) - b.ev("price")) * side
        against = (b.ev("side") + side).eq(0)
        with b.when(b.load(book.working).ne(IDLE) & against & (beyond >= 0)):
            left = (b.load(slot) - b.ev("qty")).max(0)
            b.store(slot, b.select(beyond > 0, b.i(0), left))

    def sent(self, book: Book, b: SegmentBuilder) -> None:
        """The wanted order leaves: it will stand behind what is there. Orders that never rest have no queue."""
        if book.alias not in self.slots:
            return
        style, side, price = (b.load(slot) for slot in (book.want_style, book.want_side, book.want_price))
        rests = style.eq(STYLE_LIMIT) | style.eq(STYLE_POST_ONLY)
        seen = rests & self._visible(book, side, price, b)
        b.store(self.slots[book.alias], b.select(seen, self._standing(book, side, price, b), b.i(0)))

    def filled(self, book: Book, b: SegmentBuilder) -> None:
        """In `report`: a fill of the order that is on its way."""
        if book.alias in self.slots:
            with b.when(b.ev("tag").eq(b.load(book.tag))):
                b.store(self.slots[book.alias], 0)

    def _standing(self, book: Book, side: Value, price: Value, b: SegmentBuilder) -> Value:
        stream = self.lowering.homes[self._clock(book, "book")].stream
        return b.op("book.at", side, price, attrs=(stream.name,))

    def _visible(self, book: Book, side: Value, price: Value, b: SegmentBuilder) -> Value:
        """Whether the price is not worse than the last level that the strategy reads."""
        stream = self.lowering.homes[self._clock(book, "book")].stream
        last = b.op("book.px", side, b.i(stream.depth - 1), attrs=(stream.name,))
        return last.eq(0) | ((price - last) * side >= 0)
