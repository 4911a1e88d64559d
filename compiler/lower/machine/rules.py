"""`decide`: the rules of one instance, evaluated; the wanted intent, or the exit that takes over, left in slots.

Entries are evaluated when nothing is held and nothing is on its way (`add: true`: also while a position is open, at
most so often), exits while a position is open. The first that holds wins. An exit that stands earlier in the file
pre-empts one that is on its way, and every exit pre-empts an entry that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....cython_core.layout import REASON_SHIFT, REASONS
from ...ir.builder import SegmentBuilder, Value
from ...ir.hir import CheckedPolicy, CheckedRule, Instance
from ...ir.nodes import Clause, Slot
from .sizing import entry_lots, exit_lots, least_lots, order_price
from .slots import AGAIN, IDLE, OUT, Book

if TYPE_CHECKING:
    from .machine import PositionMachine

REASON = {name: code for code, name in enumerate(REASONS)}


def give_reason(book: Book, b: SegmentBuilder, name: str, rule: Value | int = 0) -> None:
    """The reason word of the book's decision: code and rule number."""
    number = b.lift(rule, "i64")
    word = number * (1 << REASON_SHIFT) + REASON[name]
    b.effect("reason", word, attrs=(book.number,))
    if book.reason is not None:
        b.store(book.reason, word)


class Rules:
    """Lowers `decide` of one instance."""

    def __init__(self, machine: PositionMachine, instance: Instance, book: Book) -> None:
        self.machine, self.instance, self.book = machine, instance, book
        self.lowering = machine.lowering
        self.adds = [r for r in instance.entries if r.rule.add]
        self._masked: dict[int, Value] = {}

    def lower(self, b: SegmentBuilder) -> None:
        """The whole segment."""
        lowering, book = self.lowering, self.book
        if not self.machine.manages:
            self.machine.turn(b)
        b.effect("decided", attrs=(book.number,))
        self._reason(b, "not_armed")
        armed = self._armed(b)
        idle = b.load(book.working).eq(IDLE)
        if self.machine.manages:
            idle = idle & b.load(book.follow).eq(0) & (b.load(book.switch) < 0)
        held = b.load(book.qty).ne(0) & b.load(book.dust).eq(0)
        with lowering.region(b, armed & ~idle):
            self._reason(b, "in_flight")
            self._requote(b)
        if self.instance.entries:
            with lowering.region(b, armed & idle & ~held):
                self._entries(b, self.instance.entries)
        open_ = armed & held if self.machine.manages else armed & held & idle
        with lowering.region(b, open_):
            self._exits(b, idle)

    def _reason(self, b: SegmentBuilder, name: str, rule: Value | int = 0) -> None:
        give_reason(self.book, b, name, rule)

    def _armed(self, b: SegmentBuilder) -> Value:
        """Every root of every rule is warm on every clock it depends on.

        Over the rows of a test it is enough that what is asked is warm: exits while a position is open, else entries.
        """
        if self.lowering.rows is None:
            return self._warm(b, self._roots((*self.instance.entries, *self.instance.exits), 0))
        held = b.load(self.book.qty).ne(0) & b.load(self.book.dust).eq(0)
        exits = (*self.instance.exits, *self.adds)
        buys, sells = self._roots(self.instance.entries, 1), self._roots(exits, 1 if self.adds else -1)
        return b.select(held, self._warm(b, sells), self._warm(b, buys))

    def _warm(self, b: SegmentBuilder, roots: list[int]) -> Value:
        """Whether all these nodes are."""
        lowering = self.lowering
        armed = b.b(True)
        for clock in lowering.counted:
            terms = {t for n in roots for c, t in lowering.facts.warmups[n].per_clock if c == clock}
            if not terms and clock != self.instance.decision and not self._own_book(clock):
                continue
            needs = [lowering.term(term, b) for term in sorted(terms, key=repr)] or [b.i(1)]
            most = needs[0]
            for need in needs[1:]:
                most = most.max(need)
            armed = armed & (most <= lowering.seen(clock, b))
        return armed

    def _own_book(self, clock: object) -> bool:
        """Whether the clock is the one that carries the book's mark: without a price nothing may be decided."""
        return clock == self.machine.mark_clock(self.instance)

    def _roots(self, rules: tuple[CheckedRule, ...], side: int) -> list[int]:
        """All nodes that rules, the policies of a side (0: of both) and limits of this instance read."""
        found = [c.node for r in rules for c in r.clauses]
        found += [n for r in rules for n in (r.size, r.cooldown, r.fraction, r.at_least, *r.weights) if n is not None]
        policies = [p for _, p in reachable(self.instance) if p.side == side or not side]
        found += [n for p in policies for n in (p.price, p.ttl, p.requote_when) if n is not None]
        risk = self.instance.risk
        found += [c.node for c in risk.invariants]
        return [*found, *([risk.band_reference] if risk.band_reference is not None else [])]

    # clauses

    def _fires(self, b: SegmentBuilder, rule: CheckedRule, set_name: str) -> Value:
        """Evaluate and record every clause; the rule holds when all do, or when the score reaches its threshold."""
        holds = b.b(True)
        score = b.f(0.0)
        for place, clause in enumerate(rule.clauses):
            known = self.machine.clause(set_name, rule, place)
            self.lowering.path = ["file", f"{set_name}.{rule.rule.name.value}.{clause.name}"]
            value = self.lowering.one(clause.node, b).value
            b.effect("clause", value, attrs=(self.book.number, known.bit))
            self._explain(known, clause.node, b)
            weight = rule.weights[place] if rule.weights else None
            if weight is None:
                holds = holds & value
            else:
                score = score + b.select(value, self.lowering.number(weight, b), 0.0)
        self.lowering.path = ["file"]
        if rule.at_least is None:
            return holds
        self.machine.scores[self.book.alias, rule.rule.name.value] = score
        return holds & (self.lowering.number(rule.at_least, b) <= score)

    def _explain(self, clause: Clause, node: int, b: SegmentBuilder) -> None:
        self.machine.explainer.clause(clause, node, b, self.book.number)

    # entries

    def _entries(
        self, b: SegmentBuilder, rules: tuple[CheckedRule, ...] | list[CheckedRule], *, add: bool = False
    ) -> None:
        """The first entry that holds and is not cooling down, in file order."""
        if not add:
            self._reason(b, "no_entry")
        held, ready = [], []
        now = b.load(self.machine.shared.now)
        for rule in rules:
            holds = self._fires(b, rule, "entries")
            rested = b.b(True)
            if rule.cooldown is not None:
                rested = self.lowering.one(rule.cooldown, b).value <= now - b.load(self._fired(rule))
            if add and rule.rule.at_most is not None:
                holds = holds & (b.load(self.book.adds) < rule.rule.at_most.value)
            held.append(holds)
            ready.append(holds & rested)
        any_held, chosen = b.b(False), b.i(-1)
        for number in reversed(range(len(held))):
            any_held = any_held | held[number]
            chosen = b.select(ready[number], b.i(number), chosen)
        with self.lowering.region(b, any_held & (chosen < 0)):
            self._reason(b, "cooling_down")
        for number, rule in enumerate(rules):
            with self.lowering.region(b, chosen.eq(number)):
                self._enter(b, self.instance.entries.index(rule), rule, add=add)

    def _fired(self, rule: CheckedRule) -> Slot:
        return self.machine.last_fired[self.book.alias, rule.rule.name.value]

    def _enter(self, b: SegmentBuilder, number: int, rule: CheckedRule, *, add: bool) -> None:
        lots = entry_lots(self.machine, self.book, rule, b)
        least = least_lots(self.book, b)
        if rule.rule.below_min is not None and rule.rule.below_min.value == "round_up":
            lots = lots.max(least)
        with self.lowering.region(b, lots < least):
            self._reason(b, "below_minimum", number)
        with self.lowering.region(b, least <= lots):
            self.want(b, 1, lots, number, rule.policy)
            self._reason(b, "added" if add else "entered", number)
            if rule.cooldown is not None:
                b.store(self._fired(rule), b.load(self.machine.shared.now))

    # exits

    def _exits(self, b: SegmentBuilder, idle: Value) -> None:
        """The first exit that holds, in file order. One that is on its way yields only to one that stands before it."""
        entries = len(self.instance.entries)
        with self.lowering.region(b, idle):
            self._reason(b, "no_exit")
        chosen = b.i(-1)
        fires = [self._fires(b, rule, "exits") for rule in self.instance.exits]
        for number in reversed(range(len(fires))):
            free = fires[number]
            if self.instance.exits[number].rule.once:
                free = free & b.load(self._taken(self.instance.exits[number])).eq(0)
            chosen = b.select(free, b.i(number), chosen)
        for number, rule in enumerate(self.instance.exits):
            with self.lowering.region(b, idle & chosen.eq(number)):
                self._leave(b, entries + number, rule)
        if self.machine.manages:
            with self.lowering.region(b, ~idle & (chosen >= 0)):
                self._take_over(b, chosen + entries)
        if self.adds:
            with self.lowering.region(b, idle & (chosen < 0)):
                self._entries(b, self.adds, add=True)

    def _taken(self, rule: CheckedRule) -> Slot:
        return self.machine.taken[self.book.alias, rule.rule.name.value]

    def _leave(self, b: SegmentBuilder, number: int, rule: CheckedRule) -> None:
        """Sell; what is too little to be sold is dust, and counts as nothing from now on."""
        lots = exit_lots(self.machine, self.book, rule, b)
        least = least_lots(self.book, b)
        with self.lowering.region(b, lots < least):
            b.store(self.book.dust, 1)
            self._reason(b, "below_minimum", number)
        with self.lowering.region(b, least <= lots):
            self.want(b, -1, lots, number, rule.policy)
            self._reason(b, "exited", number)

    def _take_over(self, b: SegmentBuilder, number: Value) -> None:
        """An exit replaces an entry or a later exit that is on its way; what risk sells, it leaves alone."""
        book, rules = self.book, len(self.instance.entries) + len(self.instance.exits)
        working = b.load(book.rule)
        weaker = (b.load(book.side) > 0) | ((number < working) & (working < rules))
        standing = b.load(book.switch)
        wins = weaker & ((standing < 0) | (number < standing))
        with self.lowering.region(b, wins):
            b.store(book.switch, number)
            b.store(book.follow, 0)
            with b.when(b.load(book.working).eq(OUT)):
                b.store(book.want_cancel, 1)
            with b.when(b.load(book.working).eq(IDLE)):  # the chain was about to go on: it goes on as the exit
                b.store(book.want_side, 0)
                b.effect("wake", b.load(self.machine.shared.now))
            self._reason(b, "exited", number)

    # orders that rest

    def _requote(self, b: SegmentBuilder) -> None:
        """Move a resting order whose policy says so: cancel it, and send the rest again at the new price."""
        book = self.book
        for number, policy in reachable(self.instance):
            if policy.requote_when is None:
                continue
            mine = b.load(book.working).eq(OUT) & b.load(book.policy).eq(number)
            with self.lowering.region(b, mine & (b.load(book.requotes) < policy.requote_at_most)):
                moved = self.lowering.one(policy.requote_when, b).value
                with self.lowering.region(b, moved):
                    b.store(book.want_cancel, 1)
                    b.store(book.plan, AGAIN)

    # the wanted intent

    def want(self, b: SegmentBuilder, side: int, lots: Value, number: int | Value, policy: int) -> None:
        """Leave an intent for risk, priced by the policy now."""
        book, chosen = self.book, self.instance.policies[policy]
        b.store(book.want_side, side)
        b.store(book.want_qty, lots)
        b.store(book.want_rule, number)
        b.store(book.want_policy, policy)
        b.store(book.want_style, self.machine.style(chosen))
        b.store(book.want_price, order_price(self.lowering, book, chosen, b))
        ttl = b.i(0) if chosen.ttl is None else self.lowering.one(chosen.ttl, b).value
        b.store(book.want_ttl, ttl)


def reachable(instance: Instance) -> list[tuple[int, CheckedPolicy]]:
    """The policies that some rule uses, directly or through `then`, with their numbers."""
    found: set[int] = set()
    for rule in (*instance.entries, *instance.exits):
        number: int | None = rule.policy
        while number is not None and number not in found:
            found.add(number)
            number = instance.policies[number].then
    return [(n, instance.policies[n]) for n in sorted(found)]
