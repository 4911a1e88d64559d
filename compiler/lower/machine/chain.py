"""`manage`: what follows an order by its policy; `report`: what fills and ends of orders do to the books.

    sent -> filled                                              the chain is over
         -> ended with lots left -> the same policy again        (moved by requote; `retries` left)
                                 -> the policy named by `then`
                                 -> nothing                      (a policy without `then`, a stop by risk)
         -> ended while an exit waits to take over -> that exit

`manage` runs before every decision, after every report and when the machine asked to be woken, so that what follows an
order leaves at once. A ttl ends by a cancel that the machine sends; on bars the simulator ends the order itself,
because what happens within a bar has no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....cython_core.layout import (
    KIND_DONE,
    KIND_FILL,
    KIND_REJECT,
    STREAM_SHIFT,
)
from ...ir.builder import SegmentBuilder, Value
from ...ir.hir import CheckedPolicy, Instance
from .rules import Rules, reachable
from .sizing import exit_lots, least_lots, order_price
from .slots import AGAIN, BY_POLICY, IDLE, OUT, Book

if TYPE_CHECKING:
    from .machine import PositionMachine

_KIND_BITS, _STREAM_BITS = 0xFF, 0xFFFF


class Chain:
    """Lowers `manage` and `report` of one instance."""

    def __init__(self, machine: PositionMachine, instance: Instance, book: Book, rules: Rules) -> None:
        self.machine, self.instance, self.book, self.rules = machine, instance, book, rules
        self.lowering = machine.lowering
        self.policies = reachable(instance)

    @property
    def used(self) -> bool:
        """Whether anything can follow an order."""
        follows = any(p.then is not None or p.retries or p.requote_when is not None for _, p in self.policies)
        return follows or self._pre_empts

    @property
    def _pre_empts(self) -> bool:
        """Whether an order can still be on its way when an exit is decided."""
        return self.machine.market or any(p.style in ("limit", "post_only") for _, p in self.policies)

    # manage

    def manage(self, b: SegmentBuilder) -> None:
        """End what has lived too long; send what is due to follow."""
        book = self.book
        if self.machine.market and any(p.ttl is not None for _, p in self.policies):
            self._deadline(b)
        if not self.used:
            return
        idle = b.load(book.working).eq(IDLE)
        with self.lowering.region(b, idle & (b.load(book.switch) >= 0)):
            self._switch(b)
        with self.lowering.region(b, idle & (b.load(book.follow) > 0) & (b.load(book.switch) < 0)):
            self._follow(b)

    def _deadline(self, b: SegmentBuilder) -> None:
        book, now = self.book, b.load(self.machine.shared.now)
        deadline = b.load(book.deadline)
        with b.when(b.load(book.working).eq(OUT) & (deadline > 0)):
            with b.when(deadline <= now):
                b.store(book.want_cancel, 2)
            with b.when(now < deadline):
                b.effect("wake", deadline)

    def _switch(self, b: SegmentBuilder) -> None:
        """The exit that took over sells what it sells; a rest too small to be sold is dust."""
        book, entries = self.book, len(self.instance.entries)
        for number, rule in enumerate(self.instance.exits):
            with self.lowering.region(b, b.load(book.switch).eq(entries + number)):
                lots = exit_lots(self.machine, book, rule, b)
                saleable = least_lots(book, b) <= lots
                with self.lowering.region(b, saleable):
                    self.rules.want(b, -1, lots, entries + number, rule.policy)
                with b.when(~saleable):
                    b.store(book.switch, -1)
                    b.store(book.dust, b.select(b.load(book.qty) > 0, b.i(1), b.i(0)))

    def _follow(self, b: SegmentBuilder) -> None:
        """The next order of the chain, by the policy in `policy`; given up when what is left is too little."""
        book = self.book
        held = b.load(book.qty)
        selling = b.load(book.side) < 0
        lots = b.select(selling, b.load(book.follow).min(held), b.load(book.follow))
        enough = least_lots(book, b) <= lots
        with b.when(~enough):
            b.store(book.follow, 0)
            b.store(book.dust, b.select(selling & (held > 0) & (held.eq(lots)), b.i(1), b.load(book.dust)))
        with self.lowering.region(b, enough):
            b.store(book.want_side, b.load(book.side))
            b.store(book.want_qty, lots)
            b.store(book.want_rule, b.load(book.rule))
            b.store(book.want_policy, b.load(book.policy))
            for number, policy in self.policies:
                with self.lowering.region(b, b.load(book.policy).eq(number)):
                    self._price(b, policy)

    def _price(self, b: SegmentBuilder, policy: CheckedPolicy) -> None:
        book = self.book
        b.store(book.want_style, self.machine.style(policy))
        b.store(book.want_price, order_price(self.lowering, book, policy, b))
        b.store(book.want_ttl, b.i(0) if policy.ttl is None else self.lowering.one(policy.ttl, b).value)

    # report

    def report(self, b: SegmentBuilder) -> None:
        """Book a fill, or end the order that the report is about."""
        book, shared = self.book, self.machine.shared
        head = b.ev("head")
        kind = b.op("iand", head, b.i(_KIND_BITS))
        mine = b.b(True)
        if len(self.machine.books) > 1:
            stream = b.op("iand", b.op("ishr", head, b.i(STREAM_SHIFT)), b.i(_STREAM_BITS))
            mine = stream.eq(book.number)
        with b.when(mine & kind.eq(KIND_FILL)):
            buy = b.ev("side") > 0
            flow = b.select(buy, -b.ev("value"), b.ev("value")) - b.ev("fee")
            if self.instance.risk.losing_streak:
                b.store(book.trip, b.select(b.load(book.qty).eq(0), b.i(0), b.load(book.trip)) + flow)
            with b.when(buy):
                self._bought(b)
            with b.when(~buy):
                self._sold(b)
            b.store(shared.cash_flow, b.load(shared.cash_flow) + flow)
            self.machine.queues.filled(book, b)
            if self.machine.follows_orders:
                b.store(book.left, b.load(book.left) - b.ev("qty"))
        ended = kind.eq(KIND_DONE) | kind.eq(KIND_REJECT)
        with b.when(mine & ended & b.ev("tag").eq(b.load(book.tag))):
            b.store(book.working, IDLE)
            if self.used:
                self._next(b)

    def _next(self, b: SegmentBuilder) -> None:
        """What follows an order that ended: nothing when it is filled or an exit waits to take over."""
        book = self.book
        left, plan = b.load(book.left), b.load(book.plan)
        b.store(book.plan, BY_POLICY)
        b.store(book.follow, 0)
        goes_on = (left > 0) & (b.load(book.switch) < 0)
        with b.when(goes_on & plan.eq(AGAIN)):
            b.store(book.requotes, b.load(book.requotes) + 1)
            b.store(book.follow, left)
        with b.when(goes_on & plan.eq(BY_POLICY)):
            policy, tries = b.load(book.policy), b.load(book.tries)
            for number, made in self.policies:
                with b.when(policy.eq(number)):
                    self._after(b, made, left, tries)

    def _after(self, b: SegmentBuilder, policy: CheckedPolicy, left: Value, tries: Value) -> None:
        """Try again while `retries` last, then hand over to `then`."""
        book = self.book
        again = tries < policy.retries
        if policy.retries:
            with b.when(again):
                b.store(book.tries, tries + 1)
                b.store(book.follow, left)
        if policy.then is not None:
            with b.when(~again):
                b.store(book.policy, policy.then)
                b.store(book.tries, 0)
                b.store(book.requotes, 0)
                b.store(book.follow, left)

    # fills

    def _bought(self, b: SegmentBuilder) -> None:
        book = self.book
        fresh = b.load(book.qty).eq(0) | b.load(book.dust).ne(0)
        with b.when(fresh):
            b.store(book.since, b.ev("time"))
            b.store(book.best, b.ev("price"))
            b.store(book.worst, b.ev("price"))
            if self.machine.counts_adds:
                b.store(book.adds, 0)
            b.store(book.dust, 0)
            b.store(book.opened_by, b.load(book.rule))
            for slot in self.machine.taken_of(book):
                b.store(slot, 0)
        with b.when(b.load(book.qty).eq(0)):
            b.store(book.cost, 0)
            b.store(book.fees, 0)
        b.store(book.qty, b.load(book.qty) + b.ev("qty"))
        b.store(book.cost, b.load(book.cost) + b.ev("value"))
        b.store(book.fees, b.load(book.fees) + b.ev("fee"))

    def _sold(self, b: SegmentBuilder) -> None:
        """Cost and fees shrink with the quantity; selling all leaves exactly nothing."""
        book = self.book
        held = b.load(book.qty)
        left = held - b.ev("qty")
        share = left.to_float() / held.max(1).to_float()
        for slot in (book.cost, book.fees):
            kept = b.op("f2i", b.op("fround", b.load(slot).to_float() * share))
            b.store(slot, b.select(left <= 0, b.i(0), kept))
        b.store(book.qty, left)
        for number, rule in enumerate(self.instance.exits):
            if rule.rule.once:
                with b.when(b.load(book.rule).eq(len(self.instance.entries) + number)):
                    b.store(self.machine.taken[book.alias, rule.rule.name.value], 1)
        with b.when(left <= 0):
            self._closed(b)

    def _closed(self, b: SegmentBuilder) -> None:
        """The position is gone: a cooldown counts from here too, and the trade is won or lost."""
        book, machine = self.book, self.machine
        for number, rule in enumerate(self.instance.entries):
            slot = machine.last_fired.get((book.alias, rule.rule.name.value))
            if slot is not None:
                with b.when(b.load(book.opened_by).eq(number)):
                    b.store(slot, b.ev("time"))
        if machine.reads("day", "trades"):
            b.store(machine.shared.day_trades, b.load(machine.shared.day_trades) + 1)
        if self.instance.risk.losing_streak:
            machine.limits.trade_closed(b, book)
