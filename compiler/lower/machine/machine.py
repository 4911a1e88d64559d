"""The position machine of all traded instruments: which segment does what.

    flat -> entering -> open -> exiting -> flat

    decide    evaluates the rules of one instance and leaves one wanted intent in slots       (rules.py)
    manage    what follows an order: its end of life, a new price, the next policy            (chain.py)
    risk      sees every wanted intent last, shrinks or stops it, and alone sends             (limits.py)
    report    books fills and ends of orders                                                  (chain.py)

One place decides, one place sends; a backtest runs the very machine that trades.
"""

from __future__ import annotations

from ....cython_core.layout import ATOMS_PER_UNIT, STYLES
from ...ir.builder import SegmentBuilder, Value
from ...ir.hir import CheckedPolicy, CheckedRule, Instance
from ...ir.nodes import I64, Clause, Slot
from ...ir.types import Clock
from ...venues.profile import InstrumentProfile
from ..context import Lowering
from ..explain import Explainer
from ..rows import HIGH, LOW, MARK
from .chain import Chain
from .limits import Limits
from .queue import Queues
from .rules import Rules
from .sizing import Capital
from .slots import Book, Shared, declare_book, declare_shared, market_value

DEFAULT_START = 10_000  # of the quote currency


class PositionMachine:
    """Lowers the rules, policies and limits of every instance into the program's segments."""

    shared: Shared
    capital: Capital
    limits: Limits

    def __init__(self, lowering: Lowering, explainer: Explainer) -> None:
        self.lowering, self.explainer = lowering, explainer
        lowering.machine = self
        checked = lowering.checked
        rows = lowering.rows
        self.market = rows.plan.market if rows else any(s.clock.kind == "book" for s in checked.streams)
        self.shared = declare_shared(lowering.program, self._start_atoms())
        alone = len(checked.instances) == 1
        self.books = {
            made.alias: declare_book(
                lowering.program,
                number,
                made.alias,
                self._profile(made.alias),
                market=self.market,
                alone=alone,
                watched=lowering.watched,
            )
            for number, made in enumerate(checked.instances)
        }
        self.last_fired = self._rule_slots("entries", "fired", -(2**62))
        self.taken = self._rule_slots("exits", "taken", 0)
        self.scores: dict[tuple[str, str], Value] = {}
        self._clauses = self._number_clauses()
        self.manages = False  # whether anything can follow an order, so that wakes and reports must be acted on
        self._fields = {(n.attrs["source"], n.attrs["name"]) for n in lowering.graph.nodes if n.op == "field"}
        self.capital = Capital(self)
        self.limits = Limits(self)
        self.queues: Queues = Queues(self)

    def _start_atoms(self) -> int:
        checked = self.lowering.checked
        node = checked.capital.start
        start = DEFAULT_START if node is None else checked.graph[node].attrs["value"]
        return int(start * ATOMS_PER_UNIT)

    def _profile(self, alias: str) -> InstrumentProfile:
        document = self.lowering.checked.document
        symbol = next(i.symbol.value for i in document.instruments if i.alias.value == alias)
        return self.lowering.profile.instruments[symbol]

    def _rule_slots(self, set_name: str, tag: str, init: int) -> dict[tuple[str, str], Slot]:
        """One slot per instance and rule that needs one: entries with a cooldown, exits that fire once."""
        checked, made = self.lowering.checked, {}
        for instance in checked.instances:
            prefix = "" if len(checked.instances) == 1 else f"{instance.alias}."
            for rule in instance.entries if set_name == "entries" else instance.exits:
                if rule.cooldown is None if set_name == "entries" else not rule.rule.once:
                    continue
                name = rule.rule.name.value
                path = f"{prefix}{set_name}.{name}/{tag}"
                made[instance.alias, name] = self.lowering.program.slot(I64, path, init=init)
        return made

    # clauses

    def _number_clauses(self) -> dict[tuple[str, str, int], Clause]:
        """Bits of the clause mask. Entries and exits are never asked together, unless an entry adds to a position."""
        first = self.lowering.checked.instances[0]
        together = any(r.rule.add for r in first.entries)
        made: dict[tuple[str, str, int], Clause] = {}
        bit = 0
        for set_name, rules in (("entries", first.entries), ("exits", first.exits)):
            bit = bit if together else 0
            for rule in rules:
                for place, clause in enumerate(rule.clauses):
                    origin = (clause.span.start, clause.span.end)
                    name = rule.rule.name.value
                    made[set_name, name, place] = Clause(bit, set_name, name, clause.name, origin)
                    bit += 1
        return made

    def clause(self, set_name: str, rule: CheckedRule, place: int) -> Clause:
        """The clause at a place of a rule; the same for all instances."""
        return self._clauses[set_name, rule.rule.name.value, place]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(self._clauses.values())

    def style(self, policy: CheckedPolicy) -> int:
        return STYLES.index(policy.style)

    def taken_of(self, book: Book) -> list[Slot]:
        """The `once` marks of an instance: a new position clears them."""
        return [slot for (alias, _), slot in self.taken.items() if alias == book.alias]

    # what must be kept

    def reads(self, source: str, *names: str) -> bool:
        """Whether the file reads one of the fields of the source; any of them without names."""
        return any(s == source and (not names or n in names) for s, n in self._fields)

    @property
    def follows_orders(self) -> bool:
        """Whether anything asks what is on its way, beyond that something is."""
        asked = self.reads("working") or self.reads("order") or self.reads("account", "free")
        shared = len(self.books) > 1 and self.limits.risk.position_max is not None
        return self.manages or asked or shared or self.capital.bounded

    @property
    def counts_adds(self) -> bool:
        rules = (r for i in self.lowering.checked.instances for r in i.entries)
        return self.reads("pos", "adds") or any(r.rule.add for r in rules)

    # the account

    def equity_change(self, b: SegmentBuilder) -> Value:
        """Atoms won or lost since the start, open positions at the mark, fees paid."""
        total = b.load(self.shared.cash_flow)
        for book in self.books.values():
            total = total + market_value(book, b)
        return total

    def drawdown(self, b: SegmentBuilder) -> Value:
        """(highest equity - equity) / highest equity, 0 to 1 or above when more than everything is lost."""
        peak = b.load(self.shared.peak) + self.shared.start_atoms
        fallen = (b.load(self.shared.peak) - self.equity_change(b)).max(0)
        return fallen.to_float() / peak.max(1).to_float()

    # segments

    def lower(self) -> None:
        """Fill `manage`, `decide` of every instance, `risk` and `report`."""
        lowering = self.lowering
        for instance, book in zip(lowering.checked.instances, self.books.values(), strict=True):
            self._mark(instance, book)
            self.queues.follow(book)
        parts = []
        for instance, book in zip(lowering.checked.instances, self.books.values(), strict=True):
            rules = Rules(self, instance, book)
            parts.append((rules, Chain(self, instance, book, rules)))
        self.manages = self.market or any(chain.used for _, chain in parts)
        if self.manages:
            self.turn(lowering.manage)
        for rules, chain in parts:
            if self.manages:
                chain.manage(lowering.manage)
            rules.lower(lowering.decides[rules.instance.alias])
            chain.report(lowering.report)
        self.limits.lower(lowering.risk)

    def turn(self, b: SegmentBuilder) -> None:
        """A turn begins: the time, the day and the peak. In `manage`; in a program without one, in `decide`."""
        b.store(self.shared.now, b.ev("time"))
        self.limits.keep_books(b)

    def mark_clock(self, instance: Instance) -> Clock:
        """The clock that carries the instrument's price: its book, or its shortest bars."""
        if self.lowering.rows is not None:
            return self.lowering.rows.plan.clock
        own = [c for c in self.lowering.homes if c.instrument == instance.alias]
        if self.market:
            return next(c for c in own if c.kind == "book")
        return min((c for c in own if c.kind == "bar"), key=lambda c: c.period_ns)

    def _mark(self, instance: Instance, book: Book) -> None:
        """Keep the mark, and the best and the worst price since entry: of bars, or of bids, where one could sell."""
        home = self.lowering.homes[self.mark_clock(instance)]
        b = home.builder
        if self.lowering.rows is not None:
            mark, high, low = (self.lowering.rows.load(name, b) for name in (MARK, HIGH, LOW))
        elif self.market:
            bid, ask = (b.op("book.px", b.i(side), b.i(0), attrs=(home.stream.name,)) for side in (1, -1))
            mark, high, low = bid + ask, bid, bid
        else:
            mark, high, low = b.ev("close"), b.ev("high"), b.ev("low")
        b.store(book.mark, mark)
        with b.when(b.load(book.qty).ne(0)):
            b.store(book.best, b.load(book.best).max(high))
            b.store(book.worst, b.load(book.worst).min(low))
