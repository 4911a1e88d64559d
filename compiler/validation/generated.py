"""Generated events for any program: bars, books, trades, timers, wakes, and an exchange that answers its orders.

The market walks: prices stay near a middle, bars belong to their times, books have both sides and do not cross. Now and
then a bar is extreme or carried. Orders are filled whole or in parts, refused, or ended, some time after they are sent.
The tape is made while the program runs, because the answers depend on its orders; then it is a plain list.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from ...cython_core import layout as memory
from ..ir.nodes import F64, Program, Stream
from .translation import Happening, MakeBook, Player, Tape, armed

MINUTE = 60_000_000_000
_START = 1_700_000_000 // 3600 * 3600 * 10**9
_MIDDLE = 6_000_000  # ticks
_LEVELS = 8  # that a book has on each side after a reset
_TICKS = (1, 10**6, 30 * 10**6, 400 * 10**6, 3 * 10**9)  # ns between two instants of books and trades
_EXTREMES = (1, 2, 10**7, 2**53 + 1, 2**62)
_FILLED, _EXPIRED, _CANCELLED = 2, 4, 5  # status of an order's end, as in `runtime/backtest/result.py`

Sides = dict[int, dict[int, int]]


def generated_tape(
    program: Program, rng: random.Random, count: int, make_book: MakeBook, *, warm: bool = False
) -> Tape:
    """About `count` events for a program, and parameters from their ranges. `warm`: see `Tape`."""
    return _Market(program, rng, make_book, warm).tape(count)


@dataclass(slots=True)
class _Order:
    intent: tuple[int, ...]
    left: int


@dataclass(slots=True)
class _Market:
    program: Program
    rng: random.Random
    make_book: MakeBook
    warm: bool
    now: int = _START
    middle: int = _MIDDLE
    swing: int = 40  # ticks that the middle moves at once
    strange: float = 0.0  # how often a bar is extreme
    wake: int = memory.NEVER
    happenings: list[Happening] = field(default_factory=list)
    orders: list[_Order] = field(default_factory=list)
    sides: dict[int, Sides] = field(default_factory=dict)

    def tape(self, count: int) -> Tape:
        params = self._params()
        self.swing, self.strange = self.rng.choice((40, 3_000, 20_000)), self.rng.choice((0.0, 0.0, 0.03))
        player = Player(armed(self.program) if self.warm else self.program, self.make_book)
        player.machine.init(params)
        while len(self.happenings) < count:
            for record in self._instant():
                self._play(player, Happening(tuple(record)))
            for report in self._answers():
                self._play(player, Happening(tuple(report), is_report=True))
        return Tape(tuple(self.happenings), params, self.warm)

    def _params(self) -> tuple[int | float, ...]:
        """Defaults in every second case, else values inside the ranges."""
        if self.rng.random() < 0.5:
            return tuple(p.default for p in self.program.params)
        values: list[int | float] = []
        for p in self.program.params:
            low, high = (p.default if end is None else end for end in (p.low, p.high))
            values.append(self.rng.uniform(low, high) if p.type == F64 else self.rng.randint(int(low), int(high)))
        return tuple(values)

    def _play(self, player: Player, happening: Happening) -> None:
        self.happenings.append(happening)
        out = player.play(happening)
        self.wake = min(self.wake, out.wake)
        for intent in out.intents:
            if intent[memory.I_STYLE] != memory.STYLE_CANCEL:
                self.orders.append(_Order(intent, intent[memory.I_QTY]))

    # --- the exchange

    def _answers(self) -> list[list[int]]:
        """What is heard of open orders now. An order that is not answered waits."""
        told: list[list[int]] = []
        for order in list(self.orders):
            if self.rng.random() < 0.4:
                told += self._answer(order)
        return told

    def _answer(self, order: _Order) -> list[list[int]]:
        choice = self.rng.random()
        if choice < 0.15:
            self.orders.remove(order)
            return [self._report(memory.KIND_REJECT, order, self.rng.randint(1, 13), order.left, 0)]
        if choice < 0.3:
            self.orders.remove(order)
            return [self._report(memory.KIND_DONE, order, self.rng.choice((_EXPIRED, _CANCELLED)), order.left, 0)]
        lots = order.left if choice < 0.8 else max(1, order.left // 2)
        price = order.intent[memory.I_PRICE] or self.middle + self.rng.randint(-3, 3)
        told = [self._report(memory.KIND_FILL, order, 0, lots, price)]
        order.left -= lots
        if order.left <= 0:
            self.orders.remove(order)
            told.append(self._report(memory.KIND_DONE, order, _FILLED, 0, price))
        return told

    def _report(self, kind: int, order: _Order, count: int, lots: int, price: int) -> list[int]:
        intent = order.intent
        head = memory.head(kind, 0, intent[memory.I_INSTRUMENT] & 0xFFFF, count)
        value = (lots * price + 2**63) % 2**64 - 2**63
        fee = abs(value) // 2000 if kind == memory.KIND_FILL else 0
        return [self.now, head, intent[memory.I_SIDE], lots, price, value, fee, intent[memory.I_TAG]]

    # --- the market

    def _instant(self) -> list[list[int]]:
        """The records of the next time at which something happens; the last one mostly ends the instant."""
        before, records = self.now, []
        moving = any(s.kind in ("book", "trade") for s in self.program.streams)
        periods = [s.period_ns for s in self.program.streams if s.period_ns]
        self.now += self.rng.choice(_TICKS) if moving else min(periods, default=MINUTE)
        if self.wake <= self.now:
            self.now, self.wake = max(before, self.wake), memory.NEVER
            return [[self.now, memory.WAKE_HEAD, 0, 0, 0, 0, 0, 0]]
        self.middle = max(1000, self.middle + self.rng.randint(-self.swing, self.swing))
        for number, stream in enumerate(self.program.streams):
            records += self._of_stream(number, stream, before)
        if records and self.rng.random() < 0.98:
            records[-1][memory.HEAD] |= memory.FLAG_INSTANT_END << memory.FLAG_SHIFT
        return records

    def _of_stream(self, number: int, stream: Stream, before: int) -> list[list[int]]:
        if stream.period_ns:
            crossed = self.now // stream.period_ns > before // stream.period_ns
            kind = memory.KIND_TIMER
            timer = [self.now, memory.head(kind, 0, number), 0, 0, 0, 0, 0, 0]
            return ([self._bar(number)] if stream.kind == "bar" else [timer]) if crossed else []
        if self.rng.random() < 0.4:
            return []
        return self._message(number) if stream.kind == "book" else [self._trade(number)]

    def _bar(self, number: int) -> list[int]:
        rng, close = self.rng, self.middle
        if rng.random() < self.strange:
            close = rng.choice(_EXTREMES)
        if rng.random() < 0.08:
            return [self.now, memory.head(memory.KIND_BAR, memory.FLAG_CARRIED, number), *[close] * 4, 0, 0]
        open_ = max(1, close + rng.randint(-self.swing, self.swing))
        high, low = (
            max(open_, close) + rng.randint(0, self.swing),
            max(1, min(open_, close) - rng.randint(0, self.swing)),
        )
        volume = rng.randint(1, 8_000_000)
        notional = (close * volume + 2**63) % 2**64 - 2**63
        count = rng.randint(1, 500)
        return [self.now, memory.head(memory.KIND_BAR, 0, number, count), open_, high, low, close, volume, notional]

    def _trade(self, number: int) -> list[int]:
        taker, lots = self.rng.choice((1, -1)), self.rng.choice((1, 50, 40_000, self.rng.randint(1, 10**6)))
        price = self.middle + self.rng.randint(-5, 5)
        return [
            self.now,
            memory.head(memory.KIND_TRADE, 0, number),
            taker,
            lots,
            price,
            self.now,
            len(self.happenings),
            0,
        ]

    def _message(self, number: int) -> list[list[int]]:
        """A book message after which bids stand below the middle, asks above it, and both are there."""
        sides = self.sides.setdefault(number, {1: {}, -1: {}})
        reset = not sides[1] or self.rng.random() < 0.05
        changes: list[tuple[int, int, int]] = []
        if reset:
            sides[1], sides[-1] = {}, {}
        for side in (1, -1):
            changes += [(side, tick, 0) for tick in sides[side] if side * (tick - self.middle) >= 0]
            for _ in range(_LEVELS if reset else self.rng.randint(0, 3)):
                changes.append((side, self.middle - side * self.rng.randint(2, 30), self.rng.randint(0, 10**6)))
            changes.append((side, self.middle - side, self.rng.randint(1, 10**6)))
        for side, tick, lots in changes:
            sides[side].pop(tick, None)
            if lots:
                sides[side][tick] = lots
        return self._levels(number, changes, reset)

    def _levels(self, number: int, changes: list[tuple[int, int, int]], reset: bool) -> list[list[int]]:
        serial = len(self.happenings)
        kinds = [memory.KIND_RESET] * reset + [memory.KIND_LEVEL] * len(changes)
        rows = [(0, 0, 0)] * reset + changes
        records = [
            [self.now, memory.head(kind, 0, number), side, lots, tick, self.now, serial, 0]
            for kind, (side, tick, lots) in zip(kinds, rows, strict=True)
        ]
        records[-1][memory.HEAD] |= memory.FLAG_MESSAGE_END << memory.FLAG_SHIFT
        return records
