"""Rows, run by the reference interpreter: each row is one instant, and the position machine is the compiled one.

There is no market. `fills: full` fills every order in full at the instant at which it is sent: at its own price, and a
market order at the ask or bid of the row (on bars, at its close). `fills: none` fills nothing: what takes ends at once,
what rests stays. No fees are paid, so that a row's numbers can be checked by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ...compiler.evaluate.evaluator import Machine, Out
from ...compiler.evaluate.numbers import float_bits
from ...compiler.frontend.assertions import CheckedTest, Row
from ...compiler.frontend.rows import RowInput
from ...compiler.ir.nodes import F64
from ...compiler.lower.rows import HIGH, LOW, MARK, UNKNOWN, WORDS
from ...compiler.venues.profile import InstrumentProfile
from ...cython_core import layout as memory
from ...dsl.diagnostics import Diagnostic, Label
from ...runtime.backtest import result as names
from .programs import Watched, parameter_words
from .seen import Order, Seen, Witness, style_name

#: When row tests happen: noon, far from the ends of the UTC day.
EPOCH_NS = 1_735_732_800 * 10**9  # 2025-01-01T12:00:00Z
#: Orders and wakes that one row can bring about; more is a strategy that never comes to rest.
_MOST_STEPS = 1_000

Values = dict[str, Fraction]


@dataclass(slots=True)
class RowRun:
    """One test over rows, with the witnesses of what happens."""

    test: CheckedTest
    watched: Watched
    facts: InstrumentProfile  # of the instrument that the test is about
    grids: Mapping[str, InstrumentProfile]  # of every instrument of the file, by alias
    rules: Sequence[str]
    witness: Witness
    findings: list[Diagnostic] = field(default_factory=list)
    machine: Machine = field(init=False)
    _wake: int = memory.NEVER
    _open: dict[int, Sequence[int]] = field(default_factory=dict)
    _now: int = 0
    _row: Row | None = None
    _inputs: Values = field(default_factory=dict)

    def run(self) -> None:
        """All rows, or until a value is missing."""
        self.machine = Machine(self.watched.program)
        self.machine.init(parameter_words(self.watched.program, self.test.params))
        values = self._first_values()
        if values is None:
            return
        self._begin(values)
        for row in self.test.rows:
            values |= {name: Fraction(given.value) for name, given in row.values.items()}
            self._step(row, self._all(values))
            if self.findings:
                return

    # --- values

    def _first_values(self) -> Values | None:
        """A price is known in every row: without one nothing can be sized, bought or valued."""
        first = self.test.rows[0]
        known: Values = {name: Fraction(given.value) for name, given in first.values.items()}
        if self._price(known) is None:
            if "entry" in self.test.start:
                known["#entry"] = Fraction(self.test.start["entry"].value)
                return known
            example = "mid" if self._market else "close"
            unit = f"USDC/{self.test.aliases[0].upper()}"
            self.findings.append(
                Diagnostic(
                    "FC0807",
                    "the rows give no price",
                    Label(first.span, "the first row"),
                    notes=("orders are sized and positions valued at a price",),
                    helps=(f"add `{example}: 100 {unit}` to the first row",),
                )
            )
            return None
        return known

    @property
    def _market(self) -> bool:
        return self.watched.plan is not None and self.watched.plan.market

    def _price(self, known: Mapping[str, Fraction]) -> tuple[Fraction, Fraction] | None:
        """(bid, ask), or twice the close."""
        fields = {key.field: known[name] for name, key in self.test.keys.items() if key.field and name in known}
        tick = Fraction(1, 10**self.facts.price_decimals)
        mid, bid, ask, spread = (fields.get(name) for name in ("mid", "bid", "ask", "spread"))
        if bid is not None and ask is not None:
            return bid, ask
        if mid is not None and (bid is not None or ask is not None):
            return (bid, 2 * mid - bid) if bid is not None else (2 * mid - ask, ask)  # type: ignore[operator,return-value]
        if mid is not None and spread is not None:
            return mid - spread / 2, mid + spread / 2
        if mid is not None and self._market:
            below, above = -(-mid // tick) - 1, mid // tick + 1
            return below * tick, above * tick
        only = fields.get("close") or mid or bid or ask
        return (only, only) if only is not None else None

    def _all(self, known: Values) -> Values:
        """What was given, what follows from it, and the prices that the machine keeps."""
        pair = self._price(known)
        bid, ask = pair if pair is not None else (known["#entry"], known["#entry"])
        derived = {"bid": bid, "ask": ask, "mid": (bid + ask) / 2, "spread": ask - bid}
        fields = {key.field: known[name] for name, key in self.test.keys.items() if key.field and name in known}
        scale = 10**self.facts.price_decimals
        mark = round((bid + ask) * scale) if self._market else round(bid * scale)
        high = bid if self._market else fields.get("high", bid)
        low = bid if self._market else fields.get("low", bid)
        prices = {MARK: Fraction(mark), HIGH: Fraction(round(high * scale)), LOW: Fraction(round(low * scale))}
        return derived | known | prices

    def _word(self, name: str, values: Values) -> int:
        """An input as the word of a record that brings it."""
        value = values[name]
        item = next((i for i in self._plan_inputs if i.name == name), None)
        if item is None:
            return int(value)
        if item.type.carrier == F64:
            return int(float_bits(float(value)))
        return int(value * 10 ** self._decimals(item))

    @property
    def _plan_inputs(self) -> tuple[RowInput, ...]:
        assert self.watched.plan is not None
        return self.watched.plan.inputs

    def _decimals(self, item: RowInput) -> int:
        if item.type.grid is None:
            return 0
        facts = self.grids[item.type.grid.instrument]
        return facts.price_decimals if item.type.grid.unit == "tick" else facts.qty_decimals

    # --- the position at the start

    def _begin(self, values: Values) -> None:
        start = self.test.start
        self._now = EPOCH_NS + self.test.rows[0].time_ns
        if not start:
            return
        scale = 10**self.facts.price_decimals
        entry, lots = Fraction(start["entry"].value), self._lots(start["qty"].value)
        self._poke("mark", round(entry * scale * (2 if self._market else 1)))
        rule = next((v.expr for v in self.test.decl.start if v.name.value == "rule"), None)
        if rule is not None:
            self._poke("rule", list(self.rules).index(f"entries.{getattr(rule, 'name', '')}"))
        age = int(start["age"].value) if "age" in start else 0
        value = round(entry * lots * 10**memory.ATOM_DECIMALS / 10**self.facts.qty_decimals)
        fill = memory.head(memory.KIND_FILL)
        self._take(self.machine.report([self._now - age, fill, 1, lots, round(entry * scale), value, 0, 0]), self._now)
        for name in ("best", "worst"):
            if name in start:
                self._poke(name, round(Fraction(start[name].value) * scale))

    def _lots(self, qty: int | Fraction | bool) -> int:
        lots: int = round(Fraction(qty) * 10**self.facts.qty_decimals)
        return lots

    def _poke(self, name: str, word: int) -> None:
        """Set a word of the position machine's own books."""
        slot = next(s for s in self.watched.program.slots if s.label == f"account/{name}")
        self.machine.cells[self.machine.offsets[slot.name]] = word

    # --- a row

    def _step(self, row: Row, values: Values) -> None:
        self._wakes_until(EPOCH_NS + row.time_ns)
        self._now, self._row, self._inputs = EPOCH_NS + row.time_ns, row, values
        order = self.watched.order
        groups = [order[i : i + len(WORDS)] for i in range(0, len(order), len(WORDS))]
        for number in [*range(1, len(groups)), 0]:
            words = [self._word(name, values) for name in groups[number]]
            stream = number  # the row clock is stream 0, further inputs follow
            flags = memory.FLAG_INSTANT_END if number == 0 else 0
            head = memory.head(memory.KIND_TRADE, flags, stream)
            record = [self._now, head, *words, *([0] * (len(WORDS) - len(words))), 0]
            self._hear(self.machine.event(record))

    def _wakes_until(self, time: int) -> None:
        for _ in range(_MOST_STEPS):
            if self._wake >= time:
                return
            self._now, self._wake = max(self._wake, self._now), memory.NEVER
            self._hear(self.machine.event([self._now, memory.WAKE_HEAD, 0, 0, 0, 0, 0, 0]))

    def _hear(self, out: Out) -> None:
        """Decisions first: what they saw is the state before anything fills."""
        for time, reason, mask in out.decisions:
            probes = dict(self.machine.probes)
            self._note_missing(probes)
            where = self._row.span if self._row is not None else None
            since = time - EPOCH_NS
            self.witness.decided(Seen(time, since, self.test.aliases[0], reason & 0xFFFF_FFFF, mask, probes, where))
        self._take(out, self._now)

    def _take(self, out: Out, time: int) -> None:
        """Work through what the machine wants, and what it wants when it hears of that."""
        todo = [out]
        for _ in range(_MOST_STEPS):
            if not todo:
                return
            current = todo.pop(0)
            self._wake = min(self._wake, current.wake if current.wake > time else time + 1)
            for intent in current.intents:
                todo += [self.machine.report(report) for report in self._answer(intent, time)]

    # --- orders

    def _answer(self, intent: Sequence[int], time: int) -> list[list[int]]:
        """The reports that an order or a cancel brings at once."""
        tag = intent[memory.I_TAG]
        if intent[memory.I_STYLE] == memory.STYLE_CANCEL:
            order = self._open.pop(tag, None)
            status = names.EXPIRED if intent[memory.I_RULE] else names.CANCELLED
            return [] if order is None else [self._report(order, memory.KIND_DONE, time, count=status)]
        self._tell(intent, time)
        if self.test.decl.fills == "full":
            return self._filled(intent, time)
        if intent[memory.I_STYLE] in (memory.STYLE_LIMIT, memory.STYLE_POST_ONLY):
            self._open[tag] = intent
            return []
        return [self._report(intent, memory.KIND_DONE, time, count=names.CANCELLED)]

    def _tell(self, intent: Sequence[int], time: int) -> None:
        number = intent[memory.I_RULE]
        rule = self.rules[number] if number < len(self.rules) else "risk"
        what = (style_name(intent[memory.I_STYLE]), intent[memory.I_QTY], intent[memory.I_PRICE])
        self.witness.ordered(Order(time, time - EPOCH_NS, intent[memory.I_SIDE], *what, rule, self.test.aliases[0]))

    def _filled(self, intent: Sequence[int], time: int) -> list[list[int]]:
        price = intent[memory.I_PRICE]
        if price <= 0:
            pair = self._inputs["ask"] if intent[memory.I_SIDE] > 0 else self._inputs["bid"]
            price = round(pair * 10**self.facts.price_decimals)
        scale = 10 ** (memory.ATOM_DECIMALS - self.facts.price_decimals - self.facts.qty_decimals)
        fill = self._report(intent, memory.KIND_FILL, time)
        fill[memory.PRICE], fill[memory.VALUE] = price, price * intent[memory.I_QTY] * scale
        done = self._report(intent, memory.KIND_DONE, time, count=names.FILLED)
        done[memory.QTY] = 0
        return [fill, done]

    @staticmethod
    def _report(intent: Sequence[int], kind: int, time: int, count: int = 0) -> list[int]:
        side, qty, price, tag = (intent[i] for i in (memory.I_SIDE, memory.I_QTY, memory.I_PRICE, memory.I_TAG))
        return [time, memory.head(kind, 0, 0, count), side, qty, price, 0, 0, tag]

    # --- what nobody gave

    def _note_missing(self, probes: Mapping[int, int | float | bool]) -> None:
        """FC0807 for values that a rule, a limit or an assertion read and no row gives."""
        assert self.watched.plan is not None
        read = sorted(number - UNKNOWN for number in probes if number >= UNKNOWN)
        by_rules = [self.watched.plan.unknown[n // 2] for n in read if n % 2 == 0]
        fresh = by_rules or [self.watched.plan.unknown[n // 2] for n in read]
        if not fresh or self.findings or self._row is None:
            return
        listed = ", ".join(f"`{name}`" for name in dict.fromkeys(fresh))
        first = next(iter(fresh))
        self.findings.append(
            Diagnostic(
                "FC0807",
                f"{'the decision' if by_rules else 'an assertion'} of this row reads {listed}, which no row gives",
                Label(self._row.span, "asked here"),
                notes=(f"{self._asked()}, and every clause of a rule that is asked is read",) if by_rules else (),
                helps=(f"give a value from the first row on: `{first.partition('(')[0].strip()}: ...`",)
                if first.isidentifier()
                else ("give a value to the name in `let` that is made of it",),
            )
        )

    def _asked(self) -> str:
        held = next(s for s in self.watched.program.slots if s.label == "account/qty")
        if self.machine.cells[self.machine.offsets[held.name]]:
            return "a position is open, so the exits are asked"
        return "no position is open, so the entries are asked"
