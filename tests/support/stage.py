"""A strategy on a stage: the test plays the exchange, record by record, and sees what the machine wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from flashc.compiler.evaluate.evaluator import Machine, Out
from flashc.compiler.frontend.check import check
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.cython_core import layout as memory
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest.market.reference_book import Book

SECOND = 10**9
MINUTE = 60 * SECOND
START = 19_700 * 1440 * MINUTE + 600 * MINUTE
FILLED, EXPIRED, CANCELLED = 2, 4, 5


def compile_text(text: str) -> Compiled:
    document, found = read_document(Source("stage.yaml", text))
    assert document is not None
    assert not found.errors, [d.message for d in found]
    checked, found = check(document)
    assert checked is not None, [(d.code, d.message) for d in found]
    return compile_checked(checked)


@dataclass
class Stage:
    """Feeds a machine. `orders` are the intents so far; `wake` the time that it asked for last."""

    text: str
    now: int = START
    orders: list[tuple[int, ...]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.program = compile_text(self.text).program
        self.books = {n: Book() for n, s in enumerate(self.program.streams) if s.kind == "book"}
        self.machine = Machine(self.program, self.books)
        self.machine.init()
        self.wake = memory.NEVER

    # what happens in the market

    def bar(self, close: float, alias: str = "", *, last: bool = True, spread: float = 0.0) -> Out:
        """A one-minute bar that opens and closes at one price, in whole quote units, and moves `spread` around it."""
        self.now += MINUTE if last else 0
        stream = self._stream("bar", alias)
        scale = 10 ** self.program.streams[stream].price_decimals
        price, around = round(close * scale), round(spread * scale)
        flags = memory.FLAG_INSTANT_END if last else 0
        time, high, low = self.now if last else self.now + MINUTE, price + around, price - around
        return self._event([time, memory.head(memory.KIND_BAR, flags, stream), price, high, low, price, 100, 100 * price])  # fmt: skip

    def quote(self, bid: int, ask: int, after: int = SECOND, alias: str = "", lots: int = 10**6) -> Out:
        """The book becomes one level a side, in ticks, `after` ns later."""
        self.now += after
        stream = self._stream("book", alias)
        book = self.books[stream]
        book.clear()
        book.set(1, bid, lots)
        book.set(-1, ask, lots)
        flags = memory.FLAG_INSTANT_END | memory.FLAG_MESSAGE_END
        return self._event([self.now, memory.head(memory.KIND_LEVEL, flags, stream), -1, lots, ask, self.now, 1, 0])

    def depth(self, bids: dict[int, int], asks: dict[int, int], after: int = SECOND) -> Out:
        """The book becomes these levels, lots by tick, `after` ns later."""
        self.now += after
        stream = self._stream("book", "")
        book = self.books[stream]
        book.clear()
        for side, levels in ((1, bids), (-1, asks)):
            for tick, lots in levels.items():
                book.set(side, tick, lots)
        flags = memory.FLAG_INSTANT_END | memory.FLAG_MESSAGE_END
        tick, lots = next(iter(asks.items()))
        return self._event([self.now, memory.head(memory.KIND_LEVEL, flags, stream), -1, lots, tick, self.now, 1, 0])

    def trade(self, side: int, lots: int, tick: int, after: int = SECOND) -> Out:
        """A trade of a taker that bought (+1) or sold (-1), `after` ns later."""
        self.now += after
        head = memory.head(memory.KIND_TRADE, memory.FLAG_INSTANT_END, self._stream("trade", ""))
        return self._event([self.now, head, side, lots, tick, self.now, 1, 0])

    def wake_up(self) -> Out:
        """The time comes that the machine asked for."""
        assert self.wake != memory.NEVER, "nothing was asked for"
        self.now, self.wake = max(self.now, self.wake), memory.NEVER
        return self._event([self.now, memory.WAKE_HEAD, 0, 0, 0, 0, 0, 0])

    # what the exchange says

    def fill(self, qty: int, price: int, fee: int = 0, tag: int | None = None, *, done: bool | None = None) -> Out:
        """A fill of the last order (or the one with the tag); DONE follows when nothing is left, unless told."""
        order = self.order(tag)
        side, left = order[memory.I_SIDE], self._left(order) - qty
        self._lefts[order[memory.I_TAG]] = left
        out = self._report(memory.KIND_FILL, order, 0, [side, qty, price, qty * price, fee])
        return self.end(FILLED, tag) if done or (done is None and left == 0) else out

    def end(self, status: int = CANCELLED, tag: int | None = None) -> Out:
        order = self.order(tag)
        return self._report(memory.KIND_DONE, order, status, [order[0], self._left(order), order[memory.I_PRICE], 0, 0])

    def reject(self, reason: int = 9) -> Out:
        order = self.order(None)
        return self._report(memory.KIND_REJECT, order, reason, [order[0], order[memory.I_QTY], 0, 0, 0])

    # reading

    def order(self, tag: int | None = None) -> tuple[int, ...]:
        """The last order that is not a cancel."""
        sent = [o for o in self.orders if o[memory.I_STYLE] != memory.STYLE_CANCEL]
        return sent[-1] if tag is None else next(o for o in sent if o[memory.I_TAG] == tag)

    @property
    def said(self) -> list[tuple[str, int]]:
        """(buy, sell or cancel; lots) of everything sent so far."""
        words = {1: "buy", -1: "sell"}
        return [
            ("cancel", 0) if o[memory.I_STYLE] == memory.STYLE_CANCEL else (words[o[memory.I_SIDE]], o[memory.I_QTY])
            for o in self.orders
        ]

    def slot(self, label: str) -> int:
        found = next(s for s in self.program.slots if s.label == label)
        return self.machine.state[self.machine.offsets[found.name]]

    # inside

    _lefts: dict[int, int] = field(default_factory=dict)

    def _left(self, order: tuple[int, ...]) -> int:
        return self._lefts.setdefault(order[memory.I_TAG], order[memory.I_QTY])

    def _stream(self, kind: str, alias: str) -> int:
        return next(n for n, s in enumerate(self.program.streams) if s.kind == kind and alias in ("", s.instrument))

    def _event(self, record: list[int]) -> Out:
        return self._seen(self.machine.event(record))

    def _report(self, kind: int, order: tuple[int, ...], count: int, words: list[int]) -> Out:
        head = memory.head(kind, 0, order[memory.I_INSTRUMENT], count)
        return self._seen(self.machine.report([self.now, head, *words, order[memory.I_TAG]]))

    def _seen(self, out: Out) -> Out:
        self.orders += out.intents
        self.wake = min(self.wake, out.wake)
        self.reasons += [memory.REASONS[row[1] & 0xFFFF] for row in out.decisions]
        return out
