"""The venue's side of `reference_market.py`, which states the rules: books, queues, matching. Slow and obvious."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, sqrt

from ....cython_core import layout as memory
from .. import result as names
from ..reference_core import Core, Order, Report
from ..result import KernelFacts
from .model import FIFO_OPTIMISTIC, PROB_LOG, PROB_LOG2, PROB_POWER, MarketModel, MarketTape
from .reference_book import Book

MAX_CONSUMED = 64
Record = Sequence[int]


@dataclass(slots=True)
class Resting:
    """An order in a queue: lots ahead of it, and lots traded at its price since the level last changed."""

    order: Order
    stream: int
    ahead: float
    traded: int = 0


@dataclass(slots=True)
class Consumed:
    """Lots that we took from a level, how many of them are back, and since when they are missing."""

    stream: int
    side: int
    tick: int
    lots: int
    back: int
    since: int


@dataclass(slots=True)
class Delay:
    """The messages of one direction. `samples`: nanoseconds on the way, by kind of message."""

    samples: dict[str, tuple[int, ...]]
    last: int = 0
    used: dict[str, int] = field(default_factory=dict)

    def arrival(self, time: int, kind: str) -> int:
        """When a message sent at `time` is there."""
        number, samples = self.used.get(kind, 0), self.samples[kind]
        self.used[kind] = number + 1
        self.last = max(self.last, time + samples[number % len(samples)])
        return self.last


def cancelled_ahead(model: MarketModel, front: float, lots: int, cancelled: int) -> float:
    """Lots ahead after `cancelled` of `lots` at the price went without a trade."""
    from ..kernel_math import flog, fpow

    number, gone = model.queue_number, float(cancelled)
    if number == FIFO_OPTIMISTIC:
        return front - gone
    if number not in (PROB_POWER, PROB_LOG, PROB_LOG2) or front <= 0.0:
        return front
    back = max(0.0, float(lots) - front)
    if number == PROB_LOG2:
        behind = flog(1.0 + back) / flog(1.0 + (back + front))
    else:
        f_back = fpow(back, model.power) if number == PROB_POWER else flog(1.0 + back)
        f_front = fpow(front, model.power) if number == PROB_POWER else flog(1.0 + front)
        behind = f_back / (f_back + f_front)
    if behind != behind:  # both sides of a huge power overflowed, or underflowed
        behind = 0.0
    ahead: float = front - (1.0 - behind) * gone + min(back - behind * gone, 0.0)
    return ahead


class Venue:
    """The books as the venue has them, and the orders that wait in them."""

    def __init__(self, core: Core, facts: KernelFacts, tape: MarketTape, model: MarketModel) -> None:
        self.core, self.model = core, model
        self.books = {feed.stream: Book(feed.low_ticks, feed.high_ticks) for feed in tape.books}
        self.book_of = [feed.stream for feed in facts.bases]
        self.trades_of = {feed.trades: feed.stream for feed in tape.books if feed.trades >= 0}
        self.resting: list[Resting] = []
        self.consumed: list[Consumed] = []
        self.responses: deque[Report] = deque()
        self.to_strategy = Delay({"response": model.latency.response})
        self.heard: int | None = None

    # --- telling the strategy

    def _told(self, time: int) -> int:
        """When the strategy hears of what happens now; the same for all that one cause brings about."""
        if self.heard is None:
            self.heard = self.to_strategy.arrival(time, "response")
        return self.heard

    def _finish(self, order: Order, status: int, time: int) -> None:
        self.responses.append(self.core.finish(order, status, self._told(time)))

    def reject(self, order: Order, reason: int, time: int) -> None:
        self.responses.append(self.core.reject(order, reason, self._told(time)))

    def _fill(self, order: Order, price: int, qty: int, time: int, *, maker: bool) -> bool:
        """Whether the account took it; if not, the order has ended."""
        told = self._told(time)
        report = self.core.fill(order, price, qty, told, time, maker=maker, queue=order.queue)
        if not isinstance(report, int):
            self.responses.append(report)
        elif order.filled:
            self._finish(order, names.CANCELLED, time)
        else:
            self.reject(order, report, time)
        return not isinstance(report, int)

    def _fill_resting(self, waiting: Resting, qty: int, time: int) -> None:
        """`qty` at most of a resting order; it has ended, or still waits at the front."""
        order = waiting.order
        if self._fill(order, order.price, qty, time, maker=True) and not order.left:
            self._finish(order, names.FILLED, time)
        waiting.ahead = 0.0

    def _sweep(self) -> None:
        self.resting = [waiting for waiting in self.resting if waiting.order.is_open]
        self.core.open = [waiting.order for waiting in self.resting]

    def _waiting(self, stream: int, side: int) -> list[Resting]:
        """Orders that wait on one side of a book: better prices first, then earlier ones."""
        mine = [waiting for waiting in self.resting if waiting.stream == stream and waiting.order.side == side]
        return sorted(mine, key=lambda waiting: -side * waiting.order.price)

    # --- records

    def record(self, record: Record) -> None:
        """A book or trade record happens at the venue."""
        self.heard = None
        head, time = record[memory.HEAD], record[memory.VENUE_TIME]
        kind, flags, stream = head & 0xFF, head >> 8 & 0xFF, head >> 16 & 0xFFFF
        if kind == memory.KIND_TRADE and stream in self.trades_of:
            self._trade(record, self.trades_of[stream], time)
        if kind == memory.KIND_RESET and stream in self.books:
            self.books[stream].clear()
            self.consumed = [gone for gone in self.consumed if gone.stream != stream]
        if kind == memory.KIND_LEVEL and stream in self.books:
            self._level(record, stream)
            if flags & memory.FLAG_MESSAGE_END:
                self._cross(stream, time)
        self._sweep()

    def _trade(self, record: Record, stream: int, time: int) -> None:
        side, qty, price = -record[memory.SIDE], record[memory.QTY], record[memory.PRICE]
        given = 0
        for waiting in self._waiting(stream, side):
            order, rest = waiting.order, qty - given
            if order.price == price:
                waiting.traded += qty
                waiting.ahead = waiting.ahead - rest
                got = min(order.left, floor(-waiting.ahead))
                waiting.ahead = max(0.0, waiting.ahead)
            else:
                got = min(order.left, rest) if side * order.price > side * price else 0
            if got > 0:
                given += got
                self._fill_resting(waiting, got, time)

    def _level(self, record: Record, stream: int) -> None:
        side, lots, tick = record[memory.SIDE], record[memory.QTY], record[memory.PRICE]
        before = self.books[stream].set(side, tick, lots)
        self.consumed = [gone for gone in self.consumed if (gone.stream, gone.side, gone.tick) != (stream, side, tick)]
        for waiting in self.resting:
            if (waiting.stream, waiting.order.side, waiting.order.price) == (stream, side, tick):
                cancelled = before - lots - waiting.traded
                waiting.traded = 0
                if cancelled > 0:
                    waiting.ahead = cancelled_ahead(self.model, waiting.ahead, before, cancelled)
                waiting.ahead = max(0.0, min(waiting.ahead, float(lots)))

    def _cross(self, stream: int, time: int) -> None:
        for side in (1, -1):
            for waiting in self._waiting(stream, side):
                got = self._take_up_to(stream, -side, waiting.order.price, waiting.order.left, time)
                if got:
                    self._fill_resting(waiting, got, time)

    def _take_up_to(self, stream: int, side: int, price: int, lots: int, time: int) -> int:
        """Take at most `lots` from the levels of a side that are not worse than `price`; how many there were."""
        taken = 0
        for tick, part in self.books[stream].take(side, lots):
            if side * tick >= side * price:
                self._consume(stream, side, tick, part, time)
                taken += part
        return taken

    # --- what we take

    def _consume(self, stream: int, side: int, tick: int, lots: int, time: int) -> None:
        book = self.books[stream]
        book.set(side, tick, book.at(side, tick) - lots)
        if not self.model.refill_half_life_ns:
            return
        for gone in self.consumed:
            if (gone.stream, gone.side, gone.tick) == (stream, side, tick):
                gone.lots, gone.back, gone.since = gone.lots - gone.back + lots, 0, time
                return
        if len(self.consumed) < MAX_CONSUMED:
            self.consumed.append(Consumed(stream, side, tick, lots, 0, time))

    def _refill(self, time: int) -> None:
        from ..kernel_math import fexp

        for gone in self.consumed:
            halves = float(time - gone.since) / float(self.model.refill_half_life_ns)
            back = int(float(gone.lots) * (1.0 - fexp(-halves * 0.6931471805599453)))
            book = self.books[gone.stream]
            book.set(gone.side, gone.tick, book.at(gone.side, gone.tick) + back - gone.back)
            gone.back = back

    # --- requests

    def place(self, order: Order, time: int) -> None:
        """An order arrives."""
        self.heard, order.arrived = None, time
        self._refill(time)
        self.core.mark = [self._twice_mid(stream) >> 1 for stream in self.book_of]
        reason = self.core.refusal(order)
        if reason == names.ACCEPTED:
            reason = self._venue_refusal(order)
        if reason != names.ACCEPTED:
            return self.reject(order, reason, time)
        if order.style != memory.STYLE_POST_ONLY:
            self._walk(order, time)
        if order.is_open:
            self._rest_or_end(order, time)
        self._sweep()
        return None

    def cancel(self, intent: Sequence[int], time: int) -> None:
        """A cancel arrives."""
        self.heard = None
        order = self.core.open_with_tag(intent[memory.I_INSTRUMENT], intent[memory.I_TAG])
        if order is not None:
            self._finish(order, names.EXPIRED if intent[memory.I_RULE] else names.CANCELLED, time)
            self._sweep()

    def _twice_mid(self, stream: int) -> int:
        bid, ask = self.books[stream].px(1, 0), self.books[stream].px(-1, 0)
        return bid + ask if bid and ask else 0

    def _venue_refusal(self, order: Order) -> int:
        stream = self.book_of[order.instrument]
        middle = self._twice_mid(stream)
        if order.style != memory.STYLE_MARKET and self.model.band_parts and middle:
            distance = float(abs(2 * order.price - middle)) * float(names.RATE_PARTS)
            if distance > float(middle) * float(self.model.band_parts):
                return names.PRICE_BAND
        best = self.books[stream].px(-order.side, 0)
        if order.style == memory.STYLE_POST_ONLY and best and order.side * best <= order.side * order.price:
            return names.WOULD_CROSS
        return names.ACCEPTED

    def _parts(self, order: Order) -> list[tuple[int, int, int]]:
        """What the order would take: (price paid, tick of the level, lots), best first."""
        parts, taken = [], 0
        for tick, lots in self.books[self.book_of[order.instrument]].take(-order.side, order.qty):
            worse = round(self.model.impact * sqrt(taken + lots))
            price = max(1, tick + order.side * worse)
            if order.style != memory.STYLE_MARKET and order.side * price > order.side * order.price:
                break
            parts.append((price, tick, lots))
            taken += lots
        return parts

    def _walk(self, order: Order, time: int) -> None:
        parts = self._parts(order)
        if order.style == memory.STYLE_FOK and sum(lots for _, _, lots in parts) < order.qty:
            return
        for price, tick, lots in parts:
            if not self._fill(order, price, lots, time, maker=False):
                return
            self._consume(self.book_of[order.instrument], -order.side, tick, lots, time)

    def _rest_or_end(self, order: Order, time: int) -> None:
        if not order.left:
            self._finish(order, names.FILLED, time)
        elif order.style in (memory.STYLE_LIMIT, memory.STYLE_POST_ONLY):
            stream = self.book_of[order.instrument]
            order.status, order.queue = names.RESTING, self.books[stream].at(order.side, order.price)
            self.resting.append(Resting(order, stream, float(order.queue)))
        else:
            self._finish(order, names.CANCELLED, time)
