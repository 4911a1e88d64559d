"""The position machine: rules to intents, risk, and what fills do to the books.

    flat -> (entry fires) -> order on its way -> open -> (exit fires) -> order on its way -> flat

`decide` evaluates entries when flat and exits when open, and leaves one wanted intent in slots. `risk` sees it last and
alone may emit. `report` books fills. So one place decides, one place sends, and a backtest runs the very machine that
trades.
"""

from __future__ import annotations

from ...cython_core.layout import ATOMS_PER_UNIT, KIND_FILL, REASON_SHIFT, REASONS, STYLE_LIMIT, STYLE_MARKET, STYLES
from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import CheckedRule
from ..ir.nodes import I64, Clause, Slot
from .account import Account, equity_change, market_value
from .context import NS_PER_DAY, Lowering
from .explain import Explainer

REASON = {name: code for code, name in enumerate(REASONS)}


class PositionMachine:
    """Lowers rules, risk and reports of the one traded instrument."""

    def __init__(self, lowering: Lowering, explainer: Explainer) -> None:
        self.lowering = lowering
        self.account: Account = lowering.account
        self.explainer = explainer
        self.clauses: list[Clause] = []
        self.orders = lowering.program.slot(I64, "account/orders")  # sent so far: the last tag
        checked = lowering.checked
        self.rules = (*checked.entries, *checked.exits)
        self.last_fired = {
            r.rule.name.value: lowering.program.slot(I64, f"entries.{r.rule.name.value}/fired", init=-(2**62))
            for r in checked.entries
            if r.cooldown is not None
        }
        profile = lowering.profile.instruments[self._symbol()]
        self.min_lots = max(1, profile.min_qty_lots)
        self.min_atoms = int(profile.min_notional * ATOMS_PER_UNIT)

    def _symbol(self) -> str:
        alias = self.lowering.checked.traded[0]
        return next(i.symbol.value for i in self.lowering.checked.document.instruments if i.alias.value == alias)

    def lower(self) -> None:
        self._marks()
        self._decide(self.lowering.decide)
        self._risk(self.lowering.risk)
        self._report(self.lowering.report)

    # closed bars

    def _marks(self) -> None:
        """The shortest bar of the traded instrument carries the mark; the decision clock carries the time."""
        lowering, account = self.lowering, self.account
        own = [h for h in lowering.homes.values() if h.clock.instrument == lowering.checked.traded[0]]
        b = min(own, key=lambda h: h.clock.period_ns).builder
        b.store(account.mark, b.ev("close"))
        with b.when(b.load(account.qty).ne(0)):
            b.store(account.best, b.load(account.best).max(b.ev("high")))
            b.store(account.worst, b.load(account.worst).min(b.ev("low")))
        decision = lowering.homes[lowering.checked.decision]
        decision.builder.store(account.now, decision.time)

    # decide

    def _reason(self, b: SegmentBuilder, name: str, rule: Value | int = 0) -> None:
        code = b.i(REASON[name])
        number = b.lift(rule, I64)
        b.effect("reason", number * (1 << REASON_SHIFT) + code, attrs=(0,))

    def _armed(self, b: SegmentBuilder) -> Value:
        """Every root of every rule is warm on every clock it depends on."""
        lowering = self.lowering
        roots = [c.node for r in self.rules for c in r.clauses]
        roots += [n for r in self.rules for n in (r.size, r.cooldown, r.price) if n is not None]
        armed = b.b(True)
        for home in lowering.homes.values():
            terms = {t for n in roots for c, t in lowering.facts.warmups[n].per_clock if c == home.clock}
            needs = [lowering.term(term, b) for term in sorted(terms, key=repr)] or [b.i(1)]
            most = needs[0]
            for need in needs[1:]:
                most = most.max(need)
            armed = armed & (most <= b.load(home.seen_slot))
        return armed

    def _decide(self, b: SegmentBuilder) -> None:
        account, lowering = self.account, self.lowering
        b.effect("decided", attrs=(0,))
        b.store(account.want_side, 0)
        self._reason(b, "not_armed")
        if self._keeps_day():
            self._day_books(b)
        armed = self._armed(b)
        idle = b.load(account.working).eq(0)
        flat = b.load(account.qty).eq(0)
        with lowering.region(b, armed & ~idle):
            self._reason(b, "in_flight")
        if lowering.checked.entries:
            with lowering.region(b, armed & idle & flat):
                self._entries(b)
        with lowering.region(b, armed & idle & ~flat):
            self._exits(b)

    def _fires(self, b: SegmentBuilder, rule: CheckedRule, set_name: str) -> Value:
        """Evaluate and record every clause; the rule holds when all do."""
        holds = b.b(True)
        for clause in rule.clauses:
            bit = sum(1 for c in self.clauses if c.set == set_name)
            self.lowering.path = ["file", f"{set_name}.{rule.rule.name.value}.{clause.name}"]
            value = self.lowering.one(clause.node, b).value
            b.effect("clause", value, attrs=(0, bit))
            origin = (clause.span.start, clause.span.end)
            self.clauses.append(Clause(bit, set_name, rule.rule.name.value, clause.name, origin))
            self.explainer.clause(self.clauses[-1], clause.node, b)
            holds = holds & value
        self.lowering.path = ["file"]
        return holds

    def _entries(self, b: SegmentBuilder) -> None:
        """The first entry that holds and is not cooling down, in file order."""
        self._reason(b, "no_entry")
        held, ready = [], []
        now = b.load(self.account.now)
        for rule in self.lowering.checked.entries:
            holds = self._fires(b, rule, "entries")
            rested = b.b(True)
            if rule.cooldown is not None:
                fired = b.load(self.last_fired[rule.rule.name.value])
                rested = self.lowering.one(rule.cooldown, b).value <= now - fired
            held.append(holds)
            ready.append(holds & rested)
        any_held, chosen = b.b(False), b.i(-1)
        for number in reversed(range(len(held))):
            any_held = any_held | held[number]
            chosen = b.select(ready[number], b.i(number), chosen)
        with self.lowering.region(b, any_held & (chosen < 0)):
            self._reason(b, "cooling_down")
        for number, rule in enumerate(self.lowering.checked.entries):
            with self.lowering.region(b, chosen.eq(number)):
                self._enter(b, number, rule)

    def _enter(self, b: SegmentBuilder, number: int, rule: CheckedRule) -> None:
        lots = self._lots(b, rule)
        mark = b.load(self.account.mark)
        least = self._least_lots(b, mark)
        if rule.rule.below_min is not None and rule.rule.below_min.value == "round_up":
            lots = lots.max(least)
        with self.lowering.region(b, lots < least):
            self._reason(b, "below_minimum", number)
        with self.lowering.region(b, least <= lots):
            self._want(b, 1, lots, number, rule)
            self._reason(b, "entered", number)
            if rule.cooldown is not None:
                b.store(self.last_fired[rule.rule.name.value], b.load(self.account.now))

    def _least_lots(self, b: SegmentBuilder, mark: Value) -> Value:
        """Smallest order the venue takes at the mark: minimum quantity and minimum notional, rounded up to a lot."""
        per_lot = (mark * self.account.atoms_per_tick_lot).max(1)
        return b.op("idiv", per_lot + (self.min_atoms - 1), per_lot).max(self.min_lots)

    def _lots(self, b: SegmentBuilder, rule: CheckedRule) -> Value:
        """The size in whole lots, rounded down; a quantity that is on the lot grid is taken as it is."""
        assert rule.size is not None
        type_ = self.lowering.type(rule.size)
        if type_.grid is not None and type_.grid.unit == "lot":
            return self.lowering.one(rule.size, b).value
        size = self.lowering.number(rule.size, b)
        quote = self.lowering.checked.document.instruments[0].quote
        if dict(type_.dim.exponents).get(quote) == 1:  # a notional: at the last known price
            size = size / (b.load(self.account.mark).to_float() / self.account.price_scale)
        nearest = b.op("fround", size * self.account.qty_scale)
        exact_or_above = nearest / self.account.qty_scale <= size
        return b.op("f2i", b.select(exact_or_above, nearest, nearest - 1.0))

    def _exits(self, b: SegmentBuilder) -> None:
        """The first exit that holds, in file order; it sells the whole position."""
        self._reason(b, "no_exit")
        entries = len(self.lowering.checked.entries)
        chosen = b.i(-1)
        fires = [self._fires(b, rule, "exits") for rule in self.lowering.checked.exits]
        for number in reversed(range(len(fires))):
            chosen = b.select(fires[number], b.i(number), chosen)
        for number, rule in enumerate(self.lowering.checked.exits):
            with self.lowering.region(b, chosen.eq(number)):
                self._want(b, -1, b.load(self.account.qty), entries + number, rule)
                self._reason(b, "exited", entries + number)

    def _want(self, b: SegmentBuilder, side: int, lots: Value, number: int, rule: CheckedRule | None) -> None:
        account = self.account
        style = STYLE_MARKET if rule is None else STYLES.index(rule.style)
        b.store(account.want_side, side)
        b.store(account.want_qty, lots)
        b.store(account.want_rule, number)
        b.store(account.want_style, style)
        b.store(account.want_price, b.i(0) if rule is None or rule.price is None else self._price(b, rule, side))
        ttl = b.i(0) if rule is None or rule.ttl is None else self.lowering.one(rule.ttl, b).value
        b.store(account.want_ttl, ttl)

    def _price(self, b: SegmentBuilder, rule: CheckedRule, side: int) -> Value:
        """Order price in ticks: passive rounding for limit and post-only, aggressive for IOC and FOK."""
        assert rule.price is not None
        type_ = self.lowering.type(rule.price)
        if type_.grid is not None:
            return self.lowering.one(rule.price, b).value
        ticks = self.lowering.number(rule.price, b) * self.account.price_scale
        nearest = b.op("fround", ticks)
        on_grid = (nearest / self.account.price_scale).eq(self.lowering.number(rule.price, b))
        passive = STYLES.index(rule.style) >= STYLE_LIMIT and rule.style in ("limit", "post_only")
        down = passive == (side > 0)
        rounded = b.op("ffloor" if down else "fceil", ticks)
        return b.op("f2i", b.select(on_grid, nearest, rounded))

    # risk

    def _risk(self, b: SegmentBuilder) -> None:
        account = self.account
        if self.lowering.checked.day_loss is not None:
            self._day_loss(b)
        if self.lowering.checked.position_max is not None:
            with self.lowering.region(b, b.load(account.want_side) > 0):
                self._position_limit(b)
        with self.lowering.region(b, b.load(account.want_side).ne(0)):
            wants = (
                account.want_side,
                account.want_style,
                account.want_qty,
                account.want_price,
                account.want_ttl,
                account.want_rule,
            )
            b.store(self.orders, b.load(self.orders) + 1)
            b.effect("emit", *(b.load(slot) for slot in wants), b.load(self.orders), attrs=(0,))
            b.store(account.working, 1)
            with b.when(b.load(account.want_side) > 0):
                b.store(account.opened_by, b.load(account.want_rule))

    def _position_limit(self, b: SegmentBuilder) -> None:
        """Shrink an entry to what the limit leaves; block it when that is below the venue's minimum."""
        account, limit = self.account, self.lowering.checked.position_max
        assert limit is not None
        allowed = b.op("f2i", b.op("ffloor", self.lowering.number(limit, b) * float(ATOMS_PER_UNIT)))
        mark = b.load(account.mark)
        room = allowed - market_value(account, b)
        most = b.op("idiv", room, (mark * account.atoms_per_tick_lot).max(1))
        lots = b.load(account.want_qty).min(most)
        blocked = lots < self._least_lots(b, mark)
        b.store(account.want_qty, lots)
        with b.when(blocked):
            b.store(account.want_side, 0)
            self._reason(b, "position_limit", b.load(account.want_rule))

    def _keeps_day(self) -> bool:
        """Whether anything asks for the day's result."""
        reads = any(n.op == "field" and n.attrs["source"] == "day" for n in self.lowering.graph.nodes)
        return reads or self.lowering.checked.day_loss is not None

    def _day_books(self, b: SegmentBuilder) -> None:
        """A UTC day starts from the value at the last decision of the day before."""
        account = self.account
        value = equity_change(account, b)
        today = b.op("idiv", b.load(account.now), b.i(NS_PER_DAY))
        new_day = today.ne(b.load(account.day))
        b.store(account.day_base, b.select(new_day, b.load(account.last_value), b.load(account.day_base)))
        b.store(account.day, today)
        b.store(account.last_value, value)

    def _day_loss(self, b: SegmentBuilder) -> None:
        """At the limit entries stop for the rest of the UTC day; by policy we leave as well."""
        account, limit = self.account, self.lowering.checked.day_loss
        assert limit is not None
        today = b.load(account.day)
        most = b.op("f2i", b.op("ffloor", self.lowering.number(limit, b) * float(ATOMS_PER_UNIT)))
        lost = most <= b.load(account.day_base) - b.load(account.last_value)
        halted = lost | b.load(account.halted_day).eq(today)
        with self.lowering.region(b, halted):
            b.store(account.halted_day, today)
            with self.lowering.region(b, b.load(account.want_side) > 0):
                b.store(account.want_side, 0)
                self._reason(b, "halted", b.load(account.want_rule))
            if self.lowering.checked.day_loss_then == "flatten_and_halt":
                self._flatten(b)

    def _flatten(self, b: SegmentBuilder) -> None:
        account = self.account
        held, idle = b.load(account.qty).ne(0), b.load(account.working).eq(0)
        with self.lowering.region(b, held & idle & b.load(account.want_side).eq(0)):
            self._want(b, -1, b.load(account.qty), len(self.rules), None)
            self._reason(b, "day_loss", len(self.rules))

    # report

    def _report(self, b: SegmentBuilder) -> None:
        kind = b.op("iand", b.ev("head"), b.i(255))
        with b.when(kind.eq(KIND_FILL)):
            buy = b.ev("side") > 0
            with b.when(buy):
                self._bought(b)
            with b.when(~buy):
                self._sold(b)
            flow = b.select(buy, -b.ev("value"), b.ev("value")) - b.ev("fee")
            b.store(self.account.cash_flow, b.load(self.account.cash_flow) + flow)
        with b.when(kind.ne(KIND_FILL)):  # rejected or done: nothing is on its way any more
            b.store(self.account.working, 0)

    def _bought(self, b: SegmentBuilder) -> None:
        account = self.account
        with b.when(b.load(account.qty).eq(0)):
            b.store(account.since, b.ev("time"))
            b.store(account.best, b.ev("price"))
            b.store(account.worst, b.ev("price"))
            b.store(account.cost, 0)
            b.store(account.fees, 0)
        b.store(account.qty, b.load(account.qty) + b.ev("qty"))
        b.store(account.cost, b.load(account.cost) + b.ev("value"))
        b.store(account.fees, b.load(account.fees) + b.ev("fee"))

    def _sold(self, b: SegmentBuilder) -> None:
        """Cost and fees shrink with the quantity; selling all leaves exactly nothing."""
        account = self.account
        held = b.load(account.qty)
        left = held - b.ev("qty")
        share = left.to_float() / held.max(1).to_float()
        for slot in (account.cost, account.fees):
            kept = b.op("f2i", b.op("fround", b.load(slot).to_float() * share))
            b.store(slot, b.select(left <= 0, b.i(0), kept))
        b.store(account.qty, left)
        with b.when(left <= 0):
            self._rest(b)

    def _rest(self, b: SegmentBuilder) -> None:
        """A cooldown also counts from the moment the position it opened is gone."""
        for number, rule in enumerate(self.lowering.checked.entries):
            slot: Slot | None = self.last_fired.get(rule.rule.name.value)
            if slot is not None:
                with b.when(b.load(self.account.opened_by).eq(number)):
                    b.store(slot, b.ev("time"))
