"""`risk`: sees every wanted intent last, may only shrink or stop it, and alone sends.

Limits on the account (day loss, drawdown, locked profit, losing streak) stop entries, and by policy sell what is held.
Limits on an intent (position, allocation, free cash, open positions, stale inputs, price band, invariants, order rate)
shrink or stop that intent. Only the price band and the order rate can stop an exit, and an exit that they stop is
decided again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ....cython_core.layout import STYLE_MARKET
from ...ir.builder import SegmentBuilder, Value
from ...ir.hir import CheckedLimit, CheckedRisk, Instance
from ...ir.nodes import I64, Slot
from .fields import sent_atoms, wanted_price
from .rules import give_reason
from .sizing import atoms, least_lots, lots_for
from .slots import CANCELLING, FLATTENERS, IDLE, OUT, STOP, Book, mark_ticks, market_value

if TYPE_CHECKING:
    from .machine import PositionMachine

Check = Callable[[SegmentBuilder], None]

NS_PER_DAY = 86_400_000_000_000
_NEVER = 2**62


class Limits:
    """Lowers `risk` of all instances, and the day's books."""

    def __init__(self, machine: PositionMachine) -> None:
        self.machine, self.lowering, self.shared = machine, machine.lowering, machine.shared
        self.instances = machine.lowering.checked.instances
        self.risk: CheckedRisk = self.instances[0].risk  # limits on the account are the same in every instance
        self.sends: Slot | None = None
        if self.risk.order_rate:
            words = 1 << (self.risk.order_rate - 1).bit_length()
            self.sends = machine.lowering.program.slot(I64, "risk/order_rate/sent", words, init=-_NEVER)

    # the day and the peak

    @property
    def keeps_day(self) -> bool:
        """Whether anything asks for the day's result."""
        return self.machine.reads("day") or self.risk.day_loss is not None or self.risk.profit_lock is not None

    @property
    def keeps_peak(self) -> bool:
        """Whether anything asks for the drawdown."""
        return self.machine.reads("account", "drawdown") or self.risk.drawdown is not None

    def keep_books(self, b: SegmentBuilder) -> None:
        """At every turn: a UTC day starts from the value at the last turn of the day before."""
        if not (self.keeps_day or self.keeps_peak):
            return
        shared = self.shared
        value = self.machine.equity_change(b)
        if self.keeps_peak:
            b.store(shared.peak, b.load(shared.peak).max(value))
        if not self.keeps_day:
            return
        today = b.op("idiv", b.load(shared.now), b.i(NS_PER_DAY))
        new_day = today.ne(b.load(shared.day))
        base = b.select(new_day, b.load(shared.last_value), b.load(shared.day_base))
        b.store(shared.day_base, base)
        if self.machine.reads("day", "trades"):
            b.store(shared.day_trades, b.select(new_day, b.i(0), b.load(shared.day_trades)))
        if self.risk.profit_lock is not None:
            peak = b.select(new_day, b.i(0), b.load(shared.day_peak))
            b.store(shared.day_peak, peak.max(value - base))
        b.store(shared.day, today)
        b.store(shared.last_value, value)

    def trade_closed(self, b: SegmentBuilder, book: Book) -> None:
        """Count losing trades in a row; at the limit, pause entries or halt them for the day."""
        shared = self.shared
        lost = b.load(book.trip) < 0
        streak = b.select(lost, b.load(shared.streak) + 1, b.i(0))
        reached = b.i(self.risk.losing_streak) <= streak
        b.store(shared.streak, b.select(reached, b.i(0), streak))
        with b.when(reached):
            if self.risk.losing_pause is None:
                until = (b.op("idiv", b.ev("time"), b.i(NS_PER_DAY)) + 1) * NS_PER_DAY
            else:
                until = b.ev("time") + self.lowering.one(self.risk.losing_pause, b).value
            b.store(shared.paused_until, until)

    # the segment

    def lower(self, b: SegmentBuilder) -> None:
        """The whole segment: limits on the account, then every instance's intent."""
        self._account_limits(b)
        for instance, book in zip(self.instances, self.machine.books.values(), strict=True):
            self._instance(b, instance, book)

    def _account_limits(self, b: SegmentBuilder) -> None:
        risk, shared = self.risk, self.shared
        today = b.load(shared.day)
        if risk.day_loss is not None:
            lost = self._atoms(risk.day_loss, b) <= b.load(shared.day_base) - b.load(shared.last_value)
            self._day_limit(b, lost, today, risk.day_loss.then, "day_loss")
        if risk.profit_lock is not None:
            assert risk.profit_lock.keep is not None
            kept = b.load(shared.day_peak).to_float() * self.lowering.number(risk.profit_lock.keep, b)
            won = (b.load(shared.last_value) - b.load(shared.day_base)).to_float()
            locked = (self._atoms(risk.profit_lock, b) <= b.load(shared.day_peak)) & (won <= kept)
            self._day_limit(b, locked, today, risk.profit_lock.then, "profit_lock")
        if risk.drawdown is not None:
            self._drawdown(b, risk.drawdown)
        if risk.losing_streak:
            with self.lowering.region(b, b.load(shared.now) < b.load(shared.paused_until)):
                self._block_entries(b, "losing_streak")

    def _atoms(self, limit: CheckedLimit, b: SegmentBuilder) -> Value:
        return atoms(self.lowering, limit.node, b)

    def _day_limit(self, b: SegmentBuilder, reached: Value, today: Value, then: str, name: str) -> None:
        """Once reached, entries stop: while it holds (`block_entries`), or for the rest of the UTC day."""
        lasts = reached
        if then != "block_entries":
            lasts = reached | b.load(self.shared.halted_day).eq(today)
        with self.lowering.region(b, lasts):
            if then != "block_entries":
                b.store(self.shared.halted_day, today)
            self._block_entries(b, "halted")
            if then == "flatten_and_halt":
                self._flatten(b, name)

    def _drawdown(self, b: SegmentBuilder, limit: CheckedLimit) -> None:
        """A halt by drawdown lasts: the peak does not come back with the next day."""
        reached = self.lowering.number(limit.node, b) <= self.machine.drawdown(b)
        lasts = reached if limit.then == "block_entries" else reached | b.load(self.shared.halted).ne(0)
        with self.lowering.region(b, lasts):
            if limit.then != "block_entries":
                b.store(self.shared.halted, 1)
            self._block_entries(b, "drawdown")
            if limit.then == "flatten_and_halt":
                self._flatten(b, "drawdown")

    def _block_entries(self, b: SegmentBuilder, reason: str) -> None:
        """No buy leaves, and one that is on its way comes back."""
        for book in self.machine.books.values():
            with self.lowering.region(b, b.load(book.want_side) > 0):
                self._block(b, book, reason)
            if self.machine.market:
                with b.when(b.load(book.working).eq(OUT) & (b.load(book.side) > 0)):
                    b.store(book.want_cancel, 1)
                    b.store(book.plan, STOP)

    def _block(self, b: SegmentBuilder, book: Book, reason: str) -> None:
        b.store(book.want_side, 0)
        if self.machine.manages:
            b.store(book.follow, 0)
        give_reason(book, b, reason, b.load(book.want_rule))

    def _flatten(self, b: SegmentBuilder, reason: str) -> None:
        """Sell everything at the market; an exit on its way goes on."""
        for instance, book in zip(self.instances, self.machine.books.values(), strict=True):
            number = len(instance.entries) + len(instance.exits) + FLATTENERS.index(reason)
            idle = b.load(book.working).eq(IDLE) & b.load(book.want_side).eq(0)
            saleable = least_lots(book, b) <= b.load(book.qty)
            with self.lowering.region(b, idle & saleable):
                b.store(book.want_side, -1)
                b.store(book.want_qty, b.load(book.qty))
                b.store(book.want_rule, number)
                b.store(book.want_policy, -1)
                b.store(book.want_style, STYLE_MARKET)
                b.store(book.want_price, 0)
                b.store(book.want_ttl, 0)
                give_reason(book, b, reason, number)

    # one intent

    def _instance(self, b: SegmentBuilder, instance: Instance, book: Book) -> None:
        risk = instance.risk
        for check in self._entry_checks(instance, book):
            with self.lowering.region(b, b.load(book.want_side) > 0):
                check(b)
        if risk.band_max is not None:
            with self.lowering.region(b, b.load(book.want_side).ne(0) & (b.load(book.want_price) > 0)):
                self._band(b, book, risk)
        if self.sends is not None:
            with self.lowering.region(b, b.load(book.want_side).ne(0)):
                self._order_rate(b, book)
        self._send(b, book)

    def _entry_checks(self, instance: Instance, book: Book) -> list[Check]:
        """The limits that can shrink or stop an entry, in the order in which they are asked."""
        risk = instance.risk
        every: list[tuple[bool, Check]] = [
            (bool(risk.stale), lambda b: self._stale(b, instance, book)),
            (bool(risk.max_open), lambda b: self._max_open(b, book, risk.max_open)),
            (risk.order_max is not None, lambda b: self._order_max(b, book, risk)),
            (risk.position_max is not None, lambda b: self._position(b, book, risk)),
            (self.machine.capital.bounded, lambda b: self._funds(b, instance, book)),
            (bool(risk.invariants), lambda b: self._invariants(b, instance, book)),
        ]
        return [check for asked, check in every if asked]

    def _stale(self, b: SegmentBuilder, instance: Instance, book: Book) -> None:
        now = b.load(self.shared.now)
        old = b.b(False)
        for guard in instance.risk.stale:
            age = now - self.lowering.last_tick(guard.clock, b)
            old = old | (self.lowering.one(guard.age, b).value < age)
        with self.lowering.region(b, old):
            self._block(b, book, "stale")

    def _max_open(self, b: SegmentBuilder, book: Book, most: int) -> None:
        count = b.i(0)
        for other in self.machine.books.values():
            if other is not book:
                busy = b.load(other.qty).ne(0) | b.load(other.working).ne(IDLE)
                count = count + b.select(busy, b.i(1), b.i(0))
        fresh = b.load(book.qty).eq(0)
        with self.lowering.region(b, fresh & (b.i(most) <= count)):
            self._block(b, book, "max_open")

    def _shrink(self, b: SegmentBuilder, book: Book, room: Value, reason: str, ticks: Value | None = None) -> None:
        """Let at most `room` atoms through, at `ticks` or the mark; stop what is below the venue's minimum then."""
        lots = b.load(book.want_qty).min(lots_for(book, room, b, ticks))
        b.store(book.want_qty, lots)
        with self.lowering.region(b, lots < least_lots(book, b)):
            self._block(b, book, reason)

    def _order_max(self, b: SegmentBuilder, book: Book, risk: CheckedRisk) -> None:
        """The notional of an order is counted at its own price, of a market order at the mark."""
        assert risk.order_max is not None
        self._shrink(b, book, atoms(self.lowering, risk.order_max, b), "order_notional", wanted_price(book, b))

    def _position(self, b: SegmentBuilder, book: Book, risk: CheckedRisk) -> None:
        assert risk.position_max is not None
        used = b.i(0)
        for other in self.machine.books.values() if risk.position_shared else (book,):
            used = used + market_value(other, b)
            if other is not book:
                used = used + sent_atoms(other, b)
        self._shrink(b, book, atoms(self.lowering, risk.position_max, b) - used, "position_limit")

    def _funds(self, b: SegmentBuilder, instance: Instance, book: Book) -> None:
        """Free cash, with room for the taker fee; and the stake that the file allocates to the instrument."""
        capital = self.machine.capital
        room = b.op("f2i", b.op("ffloor", capital.free(b).to_float() / (1.0 + book.taker_fee)))
        if instance.allocate is not None:
            room = room.min(capital.stake(book, b) - market_value(book, b))
        self._shrink(b, book, room, "no_funds")

    def _invariants(self, b: SegmentBuilder, instance: Instance, book: Book) -> None:
        """`working.*` counts the intent here, so an invariant holds after the order or the order does not leave."""
        holds = b.b(True)
        for clause in instance.risk.invariants:
            holds = holds & self.lowering.one(clause.node, b).value
        with self.lowering.region(b, ~holds):
            self._block(b, book, "invariant")

    def _band(self, b: SegmentBuilder, book: Book, risk: CheckedRisk) -> None:
        assert risk.band_max is not None
        if risk.band_reference is None:
            reference = mark_ticks(book, b).to_float() / book.price_scale
        else:
            reference = self.lowering.number(risk.band_reference, b)
        price = b.load(book.want_price).to_float() / book.price_scale
        away = b.op("fabs", price - reference)
        with self.lowering.region(b, self.lowering.number(risk.band_max, b) * reference < away):
            self._block(b, book, "band")

    def _order_rate(self, b: SegmentBuilder, book: Book) -> None:
        """At most `max` orders in any `per`: the order `max` before this one must be that old."""
        assert self.sends is not None
        assert self.risk.order_per is not None
        now, count = b.load(self.shared.now), b.load(self.shared.tags)
        before = b.op("ring.get.i", count, b.i(self.risk.order_rate), attrs=(self.sends.name,))
        free_at = before + self.lowering.one(self.risk.order_per, b).value
        with self.lowering.region(b, now < free_at):
            if self.machine.manages:
                with b.when(b.load(book.follow) > 0):  # the chain goes on as soon as it may
                    b.effect("wake", free_at)
            b.store(book.want_side, 0)
            give_reason(book, b, "order_rate", b.load(book.want_rule))

    # sending

    def _send(self, b: SegmentBuilder, book: Book) -> None:
        """Cancels first; then the order, remembered as the one on its way."""
        n = (book.number,)
        if self.machine.manages:
            with b.when(b.load(book.want_cancel).ne(0)):
                expired = b.select(b.load(book.want_cancel).eq(2), b.i(1), b.i(0))
                b.effect("cancel", b.load(book.tag), expired, attrs=n)
                b.store(book.working, CANCELLING)
                b.store(book.want_cancel, 0)
        with self.lowering.region(b, b.load(book.want_side).ne(0)):
            tag = b.load(self.shared.tags) + 1
            b.store(self.shared.tags, tag)
            if self.sends is not None:
                b.effect("ring.put.i", tag - 1, b.load(self.shared.now), attrs=(self.sends.name,))
            self._remember(b, book, tag)
            wants = (book.want_side, book.want_style, book.want_qty, book.want_price, book.want_ttl, book.want_rule)
            b.effect("emit", *(b.load(slot) for slot in wants), tag, attrs=n)
            b.store(book.want_side, 0)

    def _remember(self, b: SegmentBuilder, book: Book, tag: Value) -> None:
        machine = self.machine
        if machine.manages:
            self._chain_starts(b, book)
        if machine.counts_adds:
            adding = (b.load(book.want_side) > 0) & b.load(book.qty).ne(0) & b.load(book.dust).eq(0)
            fresh = b.load(book.follow).eq(0) if machine.manages else b.b(True)
            b.store(book.adds, b.load(book.adds) + b.select(adding & fresh, b.i(1), b.i(0)))
        if machine.manages:
            b.store(book.follow, 0)
            b.store(book.switch, -1)
        b.store(book.working, OUT)
        b.store(book.tag, tag)
        b.store(book.rule, b.load(book.want_rule))
        if machine.follows_orders:
            b.store(book.side, b.load(book.want_side))
            b.store(book.left, b.load(book.want_qty))
            b.store(book.asked, b.load(book.want_qty))
            b.store(book.price, wanted_price(book, b))
        machine.queues.sent(book, b)
        if machine.reads("order", "age"):
            b.store(book.sent, b.load(self.shared.now))
        if machine.market:
            self._deadline(b, book)

    def _chain_starts(self, b: SegmentBuilder, book: Book) -> None:
        with b.when(b.load(book.follow).eq(0)):
            b.store(book.tries, 0)
            b.store(book.requotes, 0)
        b.store(book.policy, b.load(book.want_policy))

    def _deadline(self, b: SegmentBuilder, book: Book) -> None:
        ends = b.load(self.shared.now) + b.load(book.want_ttl)
        lives = b.load(book.want_ttl) > 0
        b.store(book.deadline, b.select(lives, ends, b.i(0)))
        with b.when(lives):
            b.effect("wake", ends)
