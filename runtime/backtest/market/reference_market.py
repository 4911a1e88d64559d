"""Orders on books and trades, slow and obvious: the definition. `native_market.py` must give the same bits.

**Time.** The venue's side reads the tape by venue time, the strategy's side by receive time; each has its own books.
What happens next is the earliest of the following, at equal times the first in this list: a point of the equity curve;
a book or trade record at the venue; a request that arrives there; a response that arrives at the strategy; timers, in
their order; a wake; a record of the tape that the strategy receives. The run ends at the last record's receive time.

- A request sent at t arrives at t + place (or cancel) latency, a response at its cause + response latency, but never
  before an earlier one of the same direction. Samples are replayed in order, one per message, from the start when they
  are used up. What one record or one request brings about is one message: its reports arrive together.
- Bars before the first book or trade record warm the strategy up; timers and the equity curve begin with that record.
- Timers and wakes are as on bars (`reference_schedule.py`): a timer fires at every multiple of its period, and timers
  of one time are one instant, also with a wake or tape records of that time. A wake fires once, at the earliest time
  asked for since the last, at the soonest 1 ns after it was asked for; after MAX_WAKES in a row it waits for another
  event.
- The equity curve has a point at the end of every second (minute, for tapes above 14 days) in which a record was
  received: cash and positions just before that time, positions at the mid, half atoms rounded down.

**At the venue** (bookkeeping, fees and refusals of the account: `reference_core.py`):

- An order arrives: refusals first (the mark is the mid), among them a price outside of the band and a post_only order
  that would take. market, ioc, fok and limit then walk the book from its best price, no farther than their price; each
  price is a fill. fok does so only if all of it can be filled. What market, ioc and fok have left is cancelled; limit
  and post_only rest. An order that the account cannot pay or deliver is cancelled if a part was filled, else refused.
- With `impact`, lots k..k+n of an order cost round(impact * sqrt(k + n)) ticks more than the level says.
- What is taken is gone from the venue's book until the feed sets that level again. With a half-life h, of n lots taken
  n * (1 - 2**(-age / h)), rounded down, are back when the next order arrives (MAX_CONSUMED levels are remembered).
- A cancel arrives: the order ends, unless it has ended before. Whoever comes first wins; nothing is taken back.
- A resting order waits behind the lots that the book shows at its price when it comes. Own orders are not in the book;
  they share its queues: what a trade gives one of them, it does not give to those behind.
- A trade at the price takes lots from the front of the queue, then fills the order. A trade beyond the price would have
  met the order first: it fills as much as was traded. Better prices come first, then earlier orders.
- A change of the level: the lots that vanished, less those traded since the last change, were cancelled; how many of
  them stood ahead is up to the queue model. Never more stand ahead than the level holds.
- After a whole message, asks at or below a resting bid (bids at or above a resting ask) would have met it first: it
  fills at its own price, as far as they reach, and they are gone from the venue's book as if it had taken them.

**Queue models**, for a front f of l lots of which c were cancelled; b = max(l - f, 0) stand behind:
risk_averse f; fifo_optimistic f - c; the others f - (1 - p) * c + min(b - p * c, 0) with p = F(b) / (F(b) + F(f)) and
F(x) = x**power (prob_power) or log(1 + x) (prob_log), or p = log(1 + b) / log(1 + b + f) (prob_log2). These are the
probabilistic models of hftbacktest (queue.rs) after https://quant.stackexchange.com/questions/3782 and
https://rigtorp.se/2013/06/08/estimating-order-queue-position.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from ....cython_core import layout as memory
from .. import result as names
from ..reference_core import Core, Order, wrap
from ..result import Account, KernelFacts, RunResult
from ..sim_words import MAX_WAKES
from .model import MarketModel, MarketTape
from .reference_book import Book
from .reference_venue import Delay, Venue

_AT_VENUE = (memory.KIND_LEVEL, memory.KIND_TRADE, memory.KIND_RESET)
MAX_FLIGHT = 256  # requests on their way; further orders are refused (too_many_orders), further cancels are lost
Record = Sequence[int]
Happening = tuple[int, int, Callable[[int], None]]  # time, rank at equal times, what happens then


class Outcome(Protocol):
    """What one call of a strategy leaves behind."""

    @property
    def decisions(self) -> Sequence[tuple[int, int, int]]: ...
    @property
    def intents(self) -> Sequence[Sequence[int]]: ...
    @property
    def wake(self) -> int: ...


class Machine(Protocol):
    """A strategy that runs in Python; `books` is set to the books that it receives, by stream."""

    books: Any

    @property
    def state(self) -> list[int]: ...
    def init(self, params: Sequence[int | float]) -> None: ...
    def event(self, record: Record) -> Outcome: ...
    def report(self, record: Record) -> Outcome: ...


@dataclass(slots=True)
class Request:
    """An order (with its row) or a cancel on its way to the venue."""

    time: int
    intent: Sequence[int]
    order: Order | None


class Market:
    """One run: what happens, in order."""

    def __init__(
        self, machine: Machine, facts: KernelFacts, tape: MarketTape, account: Account, model: MarketModel
    ) -> None:
        self.machine, self.facts, self.model, self.step_ns = machine, facts, model, tape.step_ns
        self.records = [[int(word) for word in record] for record in tape.records]
        self.core = Core(account)
        self.venue = Venue(self.core, facts, tape, model)
        self.books = {feed.stream: Book(feed.low_ticks, feed.high_ticks) for feed in tape.books}
        self.feed = [r for r in self.records if r[memory.HEAD] & 0xFF in _AT_VENUE]
        self.at_venue = self.at_strategy = 0
        self.requests: deque[Request] = deque()
        self.to_venue = Delay({"place": model.latency.place, "cancel": model.latency.cancel})
        self.begin = tape.begin_ns
        self.end = self.records[-1][memory.TIME] if self.records else -1
        self.timers = [-(-self.begin // timer.period_ns) * timer.period_ns for timer in facts.in_order]
        self.wakes = 0
        self.wake = self.point = memory.NEVER
        self.points: list[tuple[int, int]] = []
        self.twice_mark = [0] * len(facts.bases)
        self.decisions: list[tuple[int, int, int]] = []

    def run(self, params: Sequence[int | float]) -> RunResult:
        self.machine.books = self.books
        self.machine.init(params)
        while True:
            happenings = self._happenings()
            time, _, happen = min(happenings, key=lambda each: each[:2])  # the first of equal ones
            if time > self.end:
                break
            happen(time)
        if self.point != memory.NEVER:
            self._mark(self.point)
        return self._result()

    def _happenings(self) -> list[Happening]:
        found: list[Happening] = [(self.point, 0, self._mark)]
        if self.at_venue < len(self.feed):
            found.append((self.feed[self.at_venue][memory.VENUE_TIME], 1, self._at_venue))
        if self.requests:
            found.append((self.requests[0].time, 2, self._arrive))
        if self.venue.responses:
            found.append((self.venue.responses[0][memory.TIME], 3, self._hear))
        for number, time in enumerate(self.timers):
            found.append((time, 4, partial(self._timer, number)))
        if self.wakes < MAX_WAKES:
            found.append((self.wake, 5, self._wake))
        found.append((self._received(), 6, self._receive))
        return found

    def _received(self) -> int:
        """When the strategy receives the next record of the tape."""
        more = self.at_strategy < len(self.records)
        return self.records[self.at_strategy][memory.TIME] if more else memory.NEVER

    # --- what happens

    def _mark(self, time: int) -> None:
        twice = 0
        for number, feed in enumerate(self.facts.bases):
            book = self.books[feed.stream]
            if book.px(1, 0) and book.px(-1, 0):
                self.twice_mark[number] = book.px(1, 0) + book.px(-1, 0)
            twice += self.core.position[number] * self.core.account.terms[number].scale * self.twice_mark[number]
        self.points.append((time, wrap(self.core.cash + (wrap(twice) >> 1))))
        self.core.bar += 1
        self.point = memory.NEVER

    def _at_venue(self, _: int) -> None:
        self.venue.record(self.feed[self.at_venue])
        self.at_venue += 1

    def _arrive(self, time: int) -> None:
        request = self.requests.popleft()
        if request.order is None:
            self.venue.cancel(request.intent, time)
        else:
            self.venue.place(request.order, time)

    def _other(self, time: int) -> None:
        """Something else than a wake happens; a wake that has waited for it comes after that."""
        if self.wakes >= MAX_WAKES:
            self.wake = max(self.wake, time + 1)
        self.wakes = 0

    def _hear(self, time: int) -> None:
        self._other(time)
        self._wish(self.machine.report(self.venue.responses.popleft()), time)

    def _receive(self, time: int) -> None:
        record = self.records[self.at_strategy]
        self.at_strategy += 1
        self._other(time)
        if time >= self.begin:
            self.point = (time // self.step_ns + 1) * self.step_ns
        kind, book = record[memory.HEAD] & 0xFF, self.books.get(record[memory.HEAD] >> 16 & 0xFFFF)
        if kind == memory.KIND_RESET and book is not None:
            book.clear()
        if kind == memory.KIND_LEVEL and book is not None:
            book.set(record[memory.SIDE], record[memory.PRICE], record[memory.QTY])
        self._after(self.machine.event(record), time)

    def _timer(self, number: int, time: int) -> None:
        timer = self.facts.in_order[number]
        self.timers[number] += timer.period_ns
        woken = self.wake <= time and self.wakes < MAX_WAKES
        ends = time not in self.timers and not woken and time != self._received()
        self._other(time)
        head = memory.head(memory.KIND_TIMER, memory.FLAG_INSTANT_END if ends else 0, timer.stream)
        self._after(self.machine.event([time, head, 0, 0, 0, 0, 0, 0]), time)

    def _wake(self, time: int) -> None:
        self.wake = memory.NEVER
        self.wakes += 1
        self._after(self.machine.event([time, memory.WAKE_HEAD, 0, 0, 0, 0, 0, 0]), time)

    # --- what the strategy wants

    def _after(self, out: Outcome, time: int) -> None:
        self.decisions += out.decisions
        self._wish(out, time)

    def _wish(self, out: Outcome, time: int) -> None:
        if out.wake != memory.NEVER:
            self.wake = min(self.wake, max(out.wake, time + 1))
        for intent in out.intents:
            self._submit(intent, time)

    def _submit(self, intent: Sequence[int], time: int) -> None:
        cancels, full = intent[memory.I_STYLE] == memory.STYLE_CANCEL, len(self.requests) == MAX_FLIGHT
        order = None if cancels else self.core.new_order(intent, time)
        if full and order is not None:
            self.venue.heard = None
            self.venue.reject(order, names.TOO_MANY_ORDERS, time)
        if not full:
            arrival = self.to_venue.arrival(time, "cancel" if cancels else "place")
            self.requests.append(Request(arrival, intent, order))

    def _result(self) -> RunResult:
        import numpy as np

        def table(rows: Sequence[Sequence[int]], columns: int) -> names.Words:
            return np.array(rows, dtype=np.int64).reshape(len(rows), columns)

        marks, core = table(self.points, 2), self.core
        return RunResult(
            equity_time=np.ascontiguousarray(marks[:, 0]),
            equity=np.ascontiguousarray(marks[:, 1]),
            decisions=table(self.decisions, len(names.DECISION_COLUMNS)),
            orders=table([order.row() for order in core.orders], len(names.ORDER_COLUMNS)),
            fills=table(core.fills, len(names.FILL_COLUMNS)),
            state=np.array(self.machine.state, dtype=np.int64),
            waits=0,
            cash=core.cash,
            position=np.array(core.position, dtype=np.int64),
        )


def run_market_reference(
    machine: Machine,
    facts: KernelFacts,
    tape: MarketTape,
    params: Sequence[int | float],
    account: Account,
    model: MarketModel,
) -> RunResult:
    """Run a strategy over a tape of books and trades. Parameters in program order; none: the defaults."""
    return Market(machine, facts, tape, account, model).run(params)
