"""The slow, obvious order simulator and driver: the definition. `simulator.py` and `driver.py` must give the same bits.

Orders on bars. Nothing that a real trader could not have had is ever given:

- An order decided at the close of a bar meets the market at the first later base bar with volume (its *first bar*).
  While a bar has no volume, open orders wait, and each wait is counted.
- **market** takes at the first bar's open. **ioc**, **fok** take there if the taking price is not worse than their
  price, else they are cancelled. **limit** takes there if the taking price is strictly better than its price, else it
  rests. **post_only** is refused there (`would_cross`) if the taking price is strictly better, else it rests.
- The taking price is the open plus `slippage_ticks` against the trader, at least one tick. Taking pays the taker rate.
- A resting order fills at its own price and pays the maker rate, when a bar (from the first bar on) trades strictly
  through it: low < price for a buy, high > price for a sell.
- `ttl` > 0: the order lives in [time, time + ttl). What happens within a bar has no time, so a resting order fills
  only in bars that close by then; taking happens at the open.
- Orders fill whole: bars do not tell the depth that was there.
- Money: value = price * qty * scale; fee = (value * rate + 5 * 10**7) // 10**8, at most half an atom from exact.
  A buy needs value + fee in cash, a sell needs the quantity in the position, when it fills; else it is refused.
- On submission an order is refused for a bad side, style, quantity or price, below the venue's minimum quantity or
  notional (at its price, or at the last close), above 2**61 atoms, for selling more than is held, for a priced buy
  that cash cannot pay at the taker rate, and when MAX_OPEN orders are open. Open orders reserve nothing.

Reports go to the strategy in the order in which things happen, before the bar's own event: FILL then DONE, or DONE
(expired, cancelled; quantity = what is left), or REJECT (the head's count is the reason's number). Time is the open's
for takes, refusals and cancels at a first bar, the close's for resting fills, the end of life for expiry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...cython_core import layout as memory
from . import result as names
from .result import Account, KernelFacts, RunResult

Report = list[int]
Record = Sequence[int]


class Outcome(Protocol):
    """What `Machine.event` returns."""

    @property
    def decided(self) -> bool: ...
    @property
    def reason(self) -> int: ...
    @property
    def mask(self) -> int: ...
    @property
    def intents(self) -> tuple[tuple[int, ...], ...]: ...


class Machine(Protocol):
    """A strategy that runs in Python; the compiler's reference interpreter is one."""

    @property
    def state(self) -> list[int]: ...
    def init(self, params: Sequence[int | float]) -> None: ...
    def event(self, record: Record) -> Outcome: ...
    def report(self, record: Record) -> None: ...


@dataclass(slots=True)
class Order:
    """One submitted order; `closed`, `reject`, `filled` as in ORDER_COLUMNS."""

    number: int
    time: int
    side: int
    style: int
    qty: int
    price: int
    ttl: int
    rule: int
    status: int = names.SENT
    closed: int = 0
    reject: int = names.ACCEPTED
    filled: int = 0

    def row(self) -> list[int]:
        """ORDER_COLUMNS."""
        asked = [self.number, self.time, self.side, self.style, self.qty, self.price, self.ttl, self.rule]
        return [*asked, self.status, self.closed, self.reject, self.filled]

    def outlives(self, time: int) -> bool:
        """Whether the order may still act at `time`."""
        return self.ttl <= 0 or time - self.time < self.ttl

    def better(self, price: int) -> bool:
        """Whether `price` is strictly better for the order than its own price."""
        return price < self.price if self.side > 0 else price > self.price


def wrap(x: int) -> int:
    """The 64-bit two's complement integer that is congruent to x."""
    return (x + 2**63) % 2**64 - 2**63


def notional(account: Account, price: int, qty: int) -> int | None:
    """Atoms of `qty` lots at `price` ticks, both positive; None above LARGEST_VALUE."""
    value = price * qty * account.scale
    return value if value <= names.LARGEST_VALUE else None


def fee_of(value: int, rate: int) -> int:
    """The fee in atoms: `rate` parts per 10**8 of `value`, rounded to nearest, halves up."""
    return (value * rate + names.RATE_PARTS // 2) // names.RATE_PARTS


@dataclass(slots=True)
class Simulator:
    """Cash, position and open orders of one account that trades one instrument."""

    account: Account
    period_ns: int
    stream: int
    deliver: Callable[[Report], None]
    cash: int = 0
    position: int = 0
    last_close: int = 0
    waits: int = 0
    bar: int = 0
    open: list[Order] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    fills: list[list[int]] = field(default_factory=list)

    # --- submission

    def submit(self, intent: Sequence[int], time: int) -> None:
        """Accept or refuse an intent of the strategy."""
        side, style, qty, price, ttl, rule = intent[:6]
        order = Order(len(self.orders) + 1, time, side, style, qty, price, ttl, rule)
        self.orders.append(order)
        reason = self._refusal(order)
        if reason == names.ACCEPTED:
            self.open.append(order)
        else:
            self._reject(order, reason, time)

    def _refusal(self, order: Order) -> int:
        priced = order.style != memory.STYLE_MARKET
        if order.side not in (1, -1):
            return names.BAD_SIDE
        if not 0 <= order.style < len(memory.STYLES):
            return names.BAD_STYLE
        if order.qty <= 0:
            return names.BAD_QUANTITY
        if priced and order.price <= 0:
            return names.BAD_PRICE
        if order.qty < self.account.min_qty_lots:
            return names.BELOW_MINIMUM_QUANTITY
        value = notional(self.account, order.price if priced else max(1, self.last_close), order.qty)
        if value is None:
            return names.TOO_LARGE
        if value < self.account.min_notional_atoms:
            return names.BELOW_MINIMUM
        if order.side < 0 and order.qty > self.position:
            return names.NOT_HELD
        if priced and order.side > 0 and value + fee_of(value, self.account.taker_rate) > self.cash:
            return names.INSUFFICIENT_BALANCE
        return names.TOO_MANY_ORDERS if len(self.open) == names.MAX_OPEN else names.ACCEPTED

    # --- a base bar

    def trade(self, record: Record) -> None:
        """Let the open orders meet the bar, in the order of their submission."""
        for order in list(self.open):
            self._meet(order, record)
        self.open = [order for order in self.open if order.status in (names.SENT, names.RESTING)]

    def _meet(self, order: Order, record: Record) -> None:
        close_time = record[memory.TIME]
        open_time = close_time - self.period_ns
        if not order.outlives(open_time):
            return self._expire(order)
        if record[memory.VOLUME] <= 0:
            self.waits += 1
        elif order.status == names.SENT:
            self._arrive(order, record[memory.OPEN], open_time)
        if order.status in (names.SENT, names.RESTING) and order.ttl > 0 and close_time - order.time > order.ttl:
            return self._expire(order)
        if order.status == names.RESTING and record[memory.VOLUME] > 0:
            extreme = record[memory.LOW] if order.side > 0 else record[memory.HIGH]
            if order.better(extreme):
                self._fill(order, order.price, close_time, maker=True)
        return None

    def _arrive(self, order: Order, open_ticks: int, time: int) -> None:
        """The order's first bar: take, rest, or end."""
        taking = max(1, open_ticks + order.side * self.account.slippage_ticks)
        better = order.better(taking)
        if order.style == memory.STYLE_MARKET:
            self._fill(order, taking, time, maker=False)
        elif order.style in (memory.STYLE_IOC, memory.STYLE_FOK):
            if better or taking == order.price:
                self._fill(order, taking, time, maker=False)
            else:
                self._done(order, names.CANCELLED, time)
        elif better and order.style == memory.STYLE_LIMIT:
            self._fill(order, taking, time, maker=False)
        elif better:
            self._reject(order, names.WOULD_CROSS, time)
        else:
            order.status = names.RESTING

    def _expire(self, order: Order) -> None:
        self._done(order, names.EXPIRED, order.time + order.ttl)

    def _fill(self, order: Order, price: int, time: int, *, maker: bool) -> None:
        value = notional(self.account, price, order.qty)
        if value is None:
            return self._reject(order, names.TOO_LARGE, time)
        fee = fee_of(value, self.account.maker_rate if maker else self.account.taker_rate)
        if order.side > 0 and value + fee > self.cash:
            return self._reject(order, names.INSUFFICIENT_BALANCE, time)
        if order.side < 0 and order.qty > self.position:
            return self._reject(order, names.NOT_HELD, time)
        self.cash = wrap(self.cash - order.side * value - fee)
        self.position = wrap(self.position + order.side * order.qty)
        order.filled = order.qty
        traded = [order.number, time, order.side, order.qty, price, value, fee]
        self.fills.append([*traded, order.rule, self.bar, int(maker), self.position, self.cash])
        self._report(memory.KIND_FILL, order, time, order.qty, price, value, fee)
        self._done(order, names.FILLED, time)
        return None

    # --- ends

    def _done(self, order: Order, status: int, time: int) -> None:
        order.status, order.closed = status, time
        self._report(memory.KIND_DONE, order, time, order.qty - order.filled, order.price)

    def _reject(self, order: Order, reason: int, time: int) -> None:
        order.status, order.closed, order.reject = names.REJECTED, time, reason
        self._report(memory.KIND_REJECT, order, time, order.qty, order.price, count=reason)

    def _report(
        self, kind: int, order: Order, time: int, qty: int, price: int, value: int = 0, fee: int = 0, *, count: int = 0
    ) -> None:
        head = memory.head(kind, 0, self.stream, count)
        self.deliver([time, head, order.side, qty, price, value, fee, order.number])

    # --- marking

    def mark(self, record: Record) -> int:
        """Equity in atoms at the bar's close; a new bar begins after it."""
        self.last_close = record[memory.CLOSE]
        return wrap(self.cash + wrap(wrap(self.position * self.last_close) * self.account.scale))


def is_base_bar(head: int, stream: int) -> bool:
    """Whether a record's head says: a bar of this stream."""
    return head & 0xFF == memory.KIND_BAR and head >> memory.STREAM_SHIFT & 0xFFFF == stream


def run(
    machine: Machine, facts: KernelFacts, records: Sequence[Record], params: Sequence[int | float], account: Account
) -> RunResult:
    """Run a strategy over tape records (rows of eight integers). Parameters in program order; none: the defaults."""
    simulator = Simulator(account, facts.base_period_ns, facts.base_stream, machine.report, cash=account.cash_atoms)
    equity: list[tuple[int, int]] = []
    decisions: list[tuple[int, int, int]] = []
    machine.init(params)
    for record in records:
        base = is_base_bar(record[memory.HEAD], facts.base_stream)
        if base:
            simulator.trade(record)
            simulator.last_close = record[memory.CLOSE]
        out = machine.event(record)
        for intent in out.intents:
            simulator.submit(intent, record[memory.TIME])
        if out.decided:
            decisions.append((record[memory.TIME], out.reason, out.mask))
        if base:
            equity.append((record[memory.TIME], simulator.mark(record)))
            simulator.bar += 1
    return _result(machine, simulator, equity, decisions)


def _result(
    machine: Machine, simulator: Simulator, equity: list[tuple[int, int]], decisions: list[tuple[int, int, int]]
) -> RunResult:
    import numpy as np

    def table(rows: Sequence[Sequence[int]], columns: int) -> names.Words:
        return np.array(rows, dtype=np.int64).reshape(len(rows), columns)

    marks = table(equity, 2)
    return RunResult(
        equity_time=np.ascontiguousarray(marks[:, 0]),
        equity=np.ascontiguousarray(marks[:, 1]),
        decisions=table(decisions, len(names.DECISION_COLUMNS)),
        orders=table([order.row() for order in simulator.orders], len(names.ORDER_COLUMNS)),
        fills=table(simulator.fills, len(names.FILL_COLUMNS)),
        state=np.array(machine.state, dtype=np.int64),
        waits=simulator.waits,
        cash=simulator.cash,
        position=simulator.position,
    )
