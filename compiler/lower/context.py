"""Lowering HIR to FIR: where each node lives and how one segment reads another's values.

Every node has a **home**:

- constants are emitted wherever they are used (folding makes them literals);
- values of parameters are computed once in `setup` and kept in a slot;
- a value that ticks on one bar, trade or timer clock lives in that clock's segment, and so does what keeps state on a
  book clock;
- what is made of book fields without any state is computed where it is read: segments run only between whole messages,
  so the book says there what it said at its last tick;
- a value on several clocks, or on the account, is pointwise by the clock rules and is computed where it is read.

A segment that reads a value whose home is elsewhere reads its **hold**: the home stores the value when its clock ticks
(commits it), the reader loads it. That is all there is to multi-timeframe reading: nothing earlier can be seen.

Equal nodes (same operation, attributes, inputs and clock) share one value and one state, through structural keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from ...dsl.diagnostics import Diagnostic, FlashcError, Label
from ..analysis.clocks import is_stateful
from ..ir.builder import ProgramBuilder, SegmentBuilder, Value
from ..ir.hir import Checked, Node, WarmUp
from ..ir.nodes import F64, I1, I64, Param, Slot, Stream
from ..ir.types import Clock, Kind, Type
from ..venues.profile import VenueProfile
from .rows import RowSlots, declare_rows
from .warmups import inputs_of, lower_term

if TYPE_CHECKING:
    from ..frontend.rows import RowPlan
    from .machine.machine import PositionMachine
    from .panes import Forming


@dataclass(frozen=True, slots=True)
class Lowered:
    """A value in some segment. `present` is None when the value is always there."""

    value: Value
    present: Value | None = None


#: What a node lowers to: a value, or for multi-output functions one value per field.
Result = Lowered | dict[str, Lowered]


@dataclass(slots=True)
class Home:
    """The segment of one base clock: `seen` counts its ticks since the start, `time` is the receive time.

    `tick` is the absolute tick number (time // period) of bars and timers; events have none, theirs is `seen`.
    """

    clock: Clock
    stream: Stream
    builder: SegmentBuilder
    seen_slot: Slot
    seen: Value
    time: Value

    @property
    def tick(self) -> Value:
        if not self.clock.period_ns:
            return self.seen
        return self.builder.op("idiv", self.time, self.builder.i(self.clock.period_ns))


@dataclass(slots=True)
class Memo:
    """Values already lowered in one segment, one dictionary per open region."""

    scopes: list[dict[int, Result]] = field(default_factory=lambda: [{}])

    def find(self, key: int) -> Result | None:
        for scope in reversed(self.scopes):
            if key in scope:
                return scope[key]
        return None


class Lowering:
    """State of one lowering run. `expressions.emit` and the library do the work; this class knows homes and holds."""

    def __init__(self, checked: Checked, profile: VenueProfile, plan: RowPlan | None = None) -> None:
        self.checked = checked
        self.graph = checked.graph
        self.facts = checked.facts
        self.profile = profile
        self.program = ProgramBuilder()
        self.keys = _structural_keys(checked)
        self.setup = SegmentBuilder(self.program, "setup")
        self.manage = SegmentBuilder(self.program, "manage")
        self.decides = {alias: SegmentBuilder(self.program, "decide") for alias in checked.traded}
        self.risk = SegmentBuilder(self.program, "risk")
        self.report = SegmentBuilder(self.program, "report")
        self.homes: dict[Clock, Home] = {}
        self.pane_clocks = _pane_clocks(checked)
        self._pure_book = _made_of_books(checked)
        self.path = ["file"]
        self._memos: dict[int, Memo] = {}
        self._holds: dict[int, dict[str, tuple[Slot, Slot | None]]] = {}
        self._ticked: dict[Clock, Slot] = {}
        self._derived: dict[tuple[object, ...], Slot] = {}
        self._later: list[Callable[[], None]] = []
        self.starts: dict[Clock, Slot] = {}
        self.forming: dict[tuple[Clock, int], Forming] = {}
        self.emit: Callable[[Lowering, Node, SegmentBuilder], Result]
        self.machine: PositionMachine
        self._declare_params()
        self._declare_streams()
        self._declare_timers()
        self.rows: RowSlots | None = declare_rows(self, plan) if plan is not None else None
        self.watching = False  # whether a test's assertions are being lowered
        self.watched = False  # whether the program keeps what they ask for

    # declarations

    def _declare_params(self) -> None:
        self.param_index: dict[str, tuple[Param, Type]] = {}
        for p in self.checked.parameters:
            kind = F64 if p.type.carrier == F64 else I64
            made = Param(f"p{len(self.program.params)}", p.name, kind, p.default, p.low, p.high)
            self.program.params.append(made)
            self.param_index[p.name] = (made, p.type)

    def _declare_streams(self) -> None:
        for need in self.checked.streams:
            clock, facts = need.clock, self.profile.instruments[need.symbol]
            stream = Stream(
                f"{_LETTERS[clock.kind]}{len(self.program.streams)}",
                clock.kind,
                clock.instrument,
                need.symbol,
                clock.period_ns,
                facts.price_decimals,
                facts.qty_decimals,
                need.depth,
                need.optional,
            )
            self.program.streams.append(stream)
            if not need.optional:
                self._declare_home(clock, stream)

    def _declare_timers(self) -> None:
        """The timers that decide or sample. They come last: drivers make them, tapes do not have them."""
        found = {c for clocks in self.facts.clocks.values() for c in clocks}
        found |= {instance.decision for instance in self.checked.instances}
        for clock in sorted((c for c in found if c.kind == "timer"), key=lambda c: c.period_ns):
            stream = Stream(f"c{len(self.program.streams)}", "timer", "", "", clock.period_ns, 0, 0)
            self.program.streams.append(stream)
            self._declare_home(clock, stream)

    def _declare_home(self, clock: Clock, stream: Stream) -> None:
        builder = SegmentBuilder(self.program, clock.kind, stream.name)
        slot = self.program.slot(I64, f"{clock}/seen")
        time = builder.ev("time")
        seen = builder.load(slot) + 1
        builder.store(slot, seen)
        self.homes[clock] = Home(clock, stream, builder, slot, seen, time)
        if any(clock in clocks for clocks in self.pane_clocks.values()):
            self._declare_start(clock)

    def _declare_start(self, clock: Clock) -> None:
        """The time of the first tick, from which whole panes are counted."""
        home = self.homes[clock]
        b = home.builder
        self.starts[clock] = self.program.slot(I64, f"{clock}/start")
        with b.when(home.seen.eq(1)):
            b.store(self.starts[clock], home.time)

    # homes

    def qualifier(self, node_id: int) -> str:
        return self.facts.qualifiers[node_id]

    def home(self, node_id: int) -> Home | None:
        """The segment a node lives in; None for constants, parameters and values computed where they are read."""
        clocks = self.facts.clocks[node_id]
        if len(clocks) != 1 or self.graph[node_id].attrs.get("function") == "age":
            return None
        (clock,) = clocks
        if clock.kind == "account":
            return None
        return self.homes[clock]

    def now(self, b: SegmentBuilder) -> Value:
        """The time in segment `b`: that of its own tick, or of the last decision."""
        return next((home.time for home in self.homes.values() if home.builder is b), b.load(self.machine.shared.now))

    def last_tick(self, clock: Clock, b: SegmentBuilder) -> Value:
        """Time of the latest tick of `clock`; -1 before the first."""
        home = self.homes[clock]
        if home.builder is b:
            return home.time
        if clock not in self._ticked:
            self._ticked[clock] = self.program.slot(I64, f"{clock}/time", 1, -1)
            home.builder.store(self._ticked[clock], home.time)
        return b.load(self._ticked[clock])

    def unsupported(self, node: Node, what: str, help_: str) -> FlashcError:
        return FlashcError(
            [
                Diagnostic(
                    "FC0907",
                    f"this release cannot execute {what}",
                    Label(node.span, "checked, but not executable yet"),
                    helps=(help_,),
                )
            ]
        )

    # values

    def get(self, node_id: int, b: SegmentBuilder) -> Result:
        """The node's value in the current region of segment `b`."""
        memo = self._memos.setdefault(id(b), Memo())
        key = self.keys[node_id]
        found = memo.find(key)
        if found is None:
            found = self._make(node_id, b)
            memo.scopes[-1][key] = found
        return found

    def _make(self, node_id: int, b: SegmentBuilder) -> Result:
        node = self.graph[node_id]
        if self.qualifier(node_id) == "param" and b is not self.setup:
            return self._held(node_id, self.setup, b)
        home = self.home(node_id)
        if home is None or home.builder is b or node_id in self._pure_book:
            return self._emit(node, b)
        return self._held(node_id, home.builder, b)

    def _emit(self, node: Node, b: SegmentBuilder) -> Result:
        outer = b.origin
        if node.span.path == self.checked.document.source.path:  # code of a module stands where it is called
            b.origin = (node.span.start, node.span.end)
        path = self.path
        if node.label:  # state belongs to the `let` it is written in, whoever asks for it first
            self.path = ["file", node.label]
        result = self.emit(self, node, b)
        self.path = path
        b.origin = outer
        return result

    def one(self, node_id: int, b: SegmentBuilder) -> Lowered:
        """As `get`, for a node that is a single value."""
        result = self.get(node_id, b)
        assert isinstance(result, Lowered), "a record is read through its fields"
        return result

    def _held(self, node_id: int, home: SegmentBuilder, b: SegmentBuilder) -> Result:
        key = self.keys[node_id]
        if key not in self._holds:
            result = self.get(node_id, home)
            fields = {"": result} if isinstance(result, Lowered) else result
            self._holds[key] = {name: self._commit(node_id, name, item, home) for name, item in fields.items()}
        loaded = {name: self._load_hold(item, slots, b) for name, (slots, item) in self._hold_items(node_id, home)}
        return loaded.get("", loaded)

    def _hold_items(
        self, node_id: int, home: SegmentBuilder
    ) -> list[tuple[str, tuple[tuple[Slot, Slot | None], Lowered]]]:
        result = self.get(node_id, home)
        fields = {"": result} if isinstance(result, Lowered) else result
        holds = self._holds[self.keys[node_id]]
        return [(name, (holds[name], item)) for name, item in fields.items()]

    def _commit(self, node_id: int, name: str, item: Lowered, home: SegmentBuilder) -> tuple[Slot, Slot | None]:
        path = f"{self._name(node_id)}{'.' if name else ''}{name}/hold"
        slot = self.program.slot(F64 if item.value.type == F64 else I64, path)
        home.store(slot, _word(item.value))
        if item.present is None:
            return slot, None
        present = self.program.slot(I64, f"{path}/present")
        home.store(present, _word(item.present))
        return slot, present

    def _load_hold(self, item: Lowered, slots: tuple[Slot, Slot | None], b: SegmentBuilder) -> Lowered:
        value = b.load(slots[0])
        if item.value.type == I1:
            value = value.ne(0)
        present = b.load(slots[1]).ne(0) if slots[1] is not None else None
        return Lowered(value, present)

    def _name(self, node_id: int) -> str:
        node = self.graph[node_id]
        return node.label or f"{'.'.join(self.path[1:]) or 'file'}/{node.op}"

    def region(self, b: SegmentBuilder, condition: Value) -> _Scope:
        """`with lowering.region(b, c):` opens a `when` whose values stay inside it."""
        return _Scope(self, b, condition)

    # state and parameters

    def slot(self, type_: str, tag: str, words: int = 1, init: int | float = 0) -> Slot:
        return self.program.slot(type_, f"{'.'.join(self.path[1:]) or 'file'}/{tag}", words, init)

    def derived(
        self,
        name: str,
        inputs: tuple[int, ...],
        b: SegmentBuilder,
        formula: Callable[..., Value],
        key: object = None,
    ) -> Value:
        """`formula(builder, *inputs)` over constants and parameters: a literal, or computed once in `setup`.

        Equal names, keys and inputs are computed once.
        """
        if all(self.qualifier(i) == "const" for i in inputs):
            return formula(b, *(self.one(i, b).value for i in inputs))
        full = (name, key, tuple(self.keys[i] for i in inputs))
        if full not in self._derived:
            made = formula(self.setup, *(self.one(i, self.setup).value for i in inputs))
            self._derived[full] = self.program.slot(made.type, f"setup/{name}")
            self.setup.store(self._derived[full], made)
        return b.load(self._derived[full])

    def later(self, action: Callable[[], None]) -> None:
        """Run `action` after everything that is reachable was lowered (a `prev` stores its next value there)."""
        self._later.append(action)

    def run_later(self) -> None:
        while self._later:
            self._later.pop(0)()

    # warm-up

    def warm_ticks(self, node_id: int, clock: Clock, b: SegmentBuilder) -> Value:
        """Ticks of `clock` before the node may be read, as a literal or a slot computed in `setup`."""
        return self.term_ticks(self.facts.warmups.get(node_id, WarmUp()), clock, b)

    def term_ticks(self, warmup: WarmUp, clock: Clock, b: SegmentBuilder) -> Value:
        terms = [term for at, term in warmup.per_clock if at == clock]
        if not terms:
            return b.i(0)
        return self.term(terms[0], b)

    def term(self, term: tuple[object, ...], b: SegmentBuilder) -> Value:
        inputs = tuple(inputs_of(term))
        settle = self.checked.document.settle.value

        def formula(s: SegmentBuilder, *values: Value) -> Value:
            known = {
                i: self.as_float(v, t) if (t := self.type(i)).grid else v for i, v in zip(inputs, values, strict=True)
            }
            return lower_term(s, term, known, settle)

        return self.derived("warm-up", inputs, b, formula, key=term)

    def seen(self, clock: Clock, b: SegmentBuilder) -> Value:
        """Ticks of a clock since the start, as any segment sees them; of panes: whole ones since their first event."""
        ticks = b.load(self.homes[clock].seen_slot) if clock in self.homes else None
        for events in sorted(self.pane_clocks.get(clock, ()), key=str):
            length = b.i(clock.period_ns)
            panes = b.op("idiv", b.ev("time"), length) - b.op("idiv", b.load(self.starts[events]), length)
            ticks = panes if ticks is None else ticks.min(panes)
        assert ticks is not None, f"nothing counts {clock}"
        return ticks

    @property
    def counted(self) -> tuple[Clock, ...]:
        """All clocks that warm-up may name."""
        return (*self.homes, *(clock for clock in self.pane_clocks if clock not in self.homes))

    # types

    def type(self, node_id: int) -> Type:
        return self.facts.types[node_id]

    def decimals(self, type_: Type) -> int:
        """Decimals of a grid type's unit."""
        assert type_.grid is not None
        symbol = next(
            i.symbol.value for i in self.checked.document.instruments if i.alias.value == type_.grid.instrument
        )
        instrument = self.profile.instruments[symbol]
        return instrument.price_decimals if type_.grid.unit == "tick" else instrument.qty_decimals

    def as_float(self, value: Value, type_: Type) -> Value:
        """The value as f64 in whole units: grid values are divided by their power of ten, once."""
        if type_.grid is not None:
            return value.to_float() / float(10 ** self.decimals(type_))
        return value.to_float()

    def number(self, node_id: int, b: SegmentBuilder) -> Value:
        """The node's value as f64."""
        return self.as_float(self.one(node_id, b).value, self.type(node_id))


class _Scope:
    """Opens a `when` region and a memo scope together."""

    def __init__(self, lowering: Lowering, b: SegmentBuilder, condition: Value) -> None:
        self._memo = lowering._memos.setdefault(id(b), Memo())
        self._when = b.when(condition)

    def __enter__(self) -> None:
        self._memo.scopes.append({})
        self._when.__enter__()

    def __exit__(self, *error: object) -> None:
        self._when.__exit__(*error)  # type: ignore[arg-type]
        self._memo.scopes.pop()


def _word(value: Value) -> Value:
    return value.builder.op("b2i", value) if value.type == I1 else value


_LETTERS = {"bar": "b", "book": "k", "trade": "t"}


def _pane_clocks(checked: Checked) -> dict[Clock, frozenset[Clock]]:
    """Per length of panes the event clocks whose windows are made of such panes."""
    found: dict[Clock, frozenset[Clock]] = {}
    for node in checked.graph.nodes:
        if node.attrs.get("time") and node.id in checked.facts.clocks:
            pane = Clock("timer", "", max(1, int(checked.graph[node.args[2]].attrs.get("value", 10**9))))  # type: ignore[call-overload]
            found[pane] = found.get(pane, frozenset()) | checked.facts.clocks[node.args[0]]
    return found


def _made_of_books(checked: Checked) -> frozenset[int]:
    """Nodes that read books and nothing else, and keep nothing."""
    clocks, found = checked.facts.clocks, set[int]()
    for node in checked.graph.nodes:
        kinds = {c.kind for c in clocks.get(node.id, ())}
        if kinds == {"book"} and node.op not in ("prev", "at") and not is_stateful(node):
            inner = [a for a in node.args if clocks.get(a)]
            if node.op == "field" or all(a in found for a in inner):
                found.add(node.id)
    return frozenset(found)


def _structural_keys(checked: Checked) -> list[int]:
    """Per node an integer that is equal exactly for nodes with the same meaning and state."""
    table: dict[tuple[object, ...], int] = {}
    keys: list[int] = []
    for node in checked.graph.nodes:
        if node.op == "prev":
            shape: tuple[object, ...] = ("prev", node.id)
        else:
            attrs = tuple(sorted((k, repr(v)) for k, v in node.attrs.items() if k != "swapped"))
            clocks = tuple(sorted(map(str, checked.facts.clocks.get(node.id, frozenset()))))
            shape = (node.op, attrs, tuple(keys[a] for a in node.args), clocks)
        keys.append(table.setdefault(shape, len(table)))
    return keys


def literal(value: object, type_: Type, b: SegmentBuilder) -> Value:
    """A constant node's value: exact fractions are rounded once, to the nearest double."""
    if type_.kind is Kind.BOOL:
        return b.b(bool(value))
    exact = Fraction(str(value)) if not isinstance(value, (int, Fraction)) else Fraction(value)
    if type_.carrier == F64:
        return b.f(float(exact))
    assert exact.denominator == 1, f"{value} is not on its grid"
    return b.i(int(exact))
