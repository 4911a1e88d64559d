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
(expired, cancelled), or REJECT. Time is the open's
for takes, refusals and cancels at a first bar, the close's for resting fills, the end of life for expiry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...cython_core import layout as memory
from . import result as names
from .reference_core import Core, Order, Report
from .reference_schedule import Schedule
from .result import Account, Feed, KernelFacts, RunResult
from .sim_words import MAX_PENDING

Record = Sequence[int]
Decision = tuple[int, int, int]


class Outcome(Protocol):
    """What `Machine.event` and `Machine.report` return."""

    @property
    def decisions(self) -> tuple[Decision, ...]: ...
    @property
    def wake(self) -> int: ...
    @property
    def intents(self) -> tuple[tuple[int, ...], ...]: ...


class Machine(Protocol):
    """A strategy that runs in Python; the compiler's reference interpreter is one."""

    @property
    def state(self) -> list[int]: ...
    def init(self, params: Sequence[int | float]) -> None: ...
    def event(self, record: Record) -> Outcome: ...
    def report(self, record: Record) -> Outcome: ...


@dataclass(slots=True)
class Simulator:
    """The open orders of one account, on bars."""

    core: Core
    bases: tuple[Feed, ...]
    deliver: Callable[[Report], None]
    waits: int = 0

    def submit(self, intent: Sequence[int], time: int) -> None:
        """Cancel, accept or refuse what the strategy wants."""
        if intent[memory.I_STYLE] == memory.STYLE_CANCEL:
            self._cancel(intent, time)
        else:
            self._place(intent, time)

    def _cancel(self, intent: Sequence[int], time: int) -> None:
        """End an open order; one that has ended already is left alone."""
        order = self.core.open_with_tag(intent[memory.I_INSTRUMENT], intent[memory.I_TAG])
        if order is not None:
            self._done(order, names.EXPIRED if intent[memory.I_RULE] else names.CANCELLED, time)
            self.core.sweep()

    def _place(self, intent: Sequence[int], time: int) -> None:
        order = self.core.new_order(intent, time)
        reason = self.core.refusal(order)
        if reason == names.ACCEPTED:
            self.core.open.append(order)
        else:
            self._reject(order, reason, time)

    # --- a base bar

    def trade(self, record: Record, instrument: int) -> None:
        """Let the open orders of one instance meet its bar, in the order of their submission."""
        for order in list(self.core.open):
            if order.instrument == instrument:
                self._meet(order, record)
        self.core.sweep()

    def _meet(self, order: Order, record: Record) -> None:
        close_time = record[memory.TIME]
        open_time = close_time - self.bases[order.instrument].period_ns
        if order.ttl > 0 and open_time - order.time >= order.ttl:
            return self._expire(order)
        if record[memory.VOLUME] <= 0:
            self.waits += 1
        elif order.status == names.SENT:
            self._arrive(order, record[memory.OPEN], open_time)
        if order.is_open and order.ttl > 0 and close_time - order.time > order.ttl:
            return self._expire(order)
        if order.status == names.RESTING and record[memory.VOLUME] > 0:
            extreme = record[memory.LOW] if order.side > 0 else record[memory.HIGH]
            if order.better(extreme):
                self._fill(order, order.price, close_time, maker=True)
        return None

    def _arrive(self, order: Order, open_ticks: int, time: int) -> None:
        """The order's first bar: take, rest, or end."""
        taking = max(1, open_ticks + order.side * self.core.account.slippage_ticks)
        better = order.better(taking)
        order.arrived = time
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

    # --- ends of an order

    def _fill(self, order: Order, price: int, time: int, *, maker: bool) -> None:
        report = self.core.fill(order, price, order.qty, time, time, maker=maker)
        if isinstance(report, int):
            return self._reject(order, report, time)
        self.deliver(report)
        return self._done(order, names.FILLED, time)

    def _expire(self, order: Order) -> None:
        self._done(order, names.EXPIRED, order.time + order.ttl)

    def _done(self, order: Order, status: int, time: int) -> None:
        self.deliver(self.core.finish(order, status, time))

    def _reject(self, order: Order, reason: int, time: int) -> None:
        self.deliver(self.core.reject(order, reason, time))


def base_of(head: int, bases: Sequence[Feed]) -> int:
    """The instance whose base bar a record's head says it is; -1 if it is none."""
    if head & 0xFF != memory.KIND_BAR:
        return -1
    streams = [base.stream for base in bases]
    stream = head >> memory.STREAM_SHIFT & 0xFFFF
    return streams.index(stream) if stream in streams else -1


class Equity:
    """The equity curve: one point per base bar of a single instance, one per closing time of several."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.points: list[list[int]] = []

    def begin(self, time: int) -> None:
        """A base bar closes at `time`: the fills that it brings belong to its point."""
        together = len(self.core.position) > 1 and self.points and self.points[-1][0] == time
        if not together:
            self.points.append([time, 0])
        self.core.bar = len(self.points) - 1

    def mark(self) -> None:
        self.points[-1][1] = self.core.equity()


class Backtest:
    """One run over bars: the machine, its orders, its timers and wakes."""

    def __init__(self, machine: Machine, facts: KernelFacts, account: Account) -> None:
        self.machine, self.facts = machine, facts
        self.core = Core(account)
        self.simulator = Simulator(self.core, facts.bases, self._report)
        self.equity = Equity(self.core)
        self.schedule = Schedule(facts.in_order)
        self.decisions: list[Decision] = []
        self.pending: list[tuple[Sequence[int], int]] = []

    def work(self, record: Record) -> None:
        """One record of the tape, with the timers and wakes that come before it."""
        time, base = record[memory.TIME], base_of(record[memory.HEAD], self.facts.bases)
        self._fire_until(time)
        if base >= 0:
            self.equity.begin(time)
            self.simulator.trade(record, base)
            self._submit()
            self._fire_until(time)
            self.core.mark[base] = record[memory.CLOSE]
        self.schedule.passed(time)
        self._event(record)
        if base >= 0:
            self.equity.mark()
        self._submit()

    def _fire_until(self, time: int) -> None:
        while self.schedule.due() <= time:
            self.schedule.fire(time, self._event)
            self._submit()

    def _event(self, record: Record) -> None:
        out = self.machine.event(record)
        self.decisions += out.decisions
        self._take(out, record[memory.TIME])

    def _report(self, report: Report) -> None:
        self._take(self.machine.report(report), report[memory.TIME])

    def _take(self, out: Outcome, time: int) -> None:
        room = MAX_PENDING - len(self.pending)
        self.pending += [(intent, time) for intent in out.intents[:room]]
        self.schedule.ask(out.wake)

    def _submit(self) -> None:
        """Do what the strategy wants, in order, and then what it wants when it hears of that."""
        for intent, time in self.pending:  # grows while it is worked through
            self.simulator.submit(intent, time)
        self.pending.clear()


def run(
    machine: Machine, facts: KernelFacts, records: Sequence[Record], params: Sequence[int | float], account: Account
) -> RunResult:
    """Run a strategy over tape records (rows of eight integers). Parameters in program order; none: the defaults."""
    machine.init(params)
    work = Backtest(machine, facts, account)
    work.schedule.start(records[0][memory.TIME] if len(records) else 0)
    for record in records:
        work.work(record)
    return result_of(machine, work.core, work.equity.points, work.decisions, work.simulator.waits)


def result_of(
    machine: Machine, core: Core, equity: Sequence[Sequence[int]], decisions: Sequence[Decision], waits: int
) -> RunResult:
    """The tables of a reference run. `equity` is rows of time and atoms."""
    import numpy as np

    def table(rows: Sequence[Sequence[int]], columns: int) -> names.Words:
        return np.array(rows, dtype=np.int64).reshape(len(rows), columns)

    marks = table(equity, 2)
    return RunResult(
        equity_time=np.ascontiguousarray(marks[:, 0]),
        equity=np.ascontiguousarray(marks[:, 1]),
        decisions=table(decisions, len(names.DECISION_COLUMNS)),
        orders=table([order.row() for order in core.orders], len(names.ORDER_COLUMNS)),
        fills=table(core.fills, len(names.FILL_COLUMNS)),
        state=np.array(machine.state, dtype=np.int64),
        waits=waits,
        cash=core.cash,
        position=np.array(core.position, dtype=np.int64),
    )
