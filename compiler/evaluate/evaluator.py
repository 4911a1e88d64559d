"""The reference interpreter: the definition of what a FIR program does.

One Python `int` or `float` per value, one function per operation (`numbers.PURE`, `windows.SLOT`, and the few below
that touch the record, the state or the outcome). Each segment becomes a list of closures over one list of values;
constants are written into that list once.

One event, in order: the outcome is cleared; if the record ticks its stream's clock (each record does, of a book stream
only the last one of a message), the stream's segment runs and the ticked flags of the instances that decide on it are
set; if the record ends its instant, the rules of `compiler/ir/nodes.py` say what is decided. A record of a stream that
the program does not know (a wake is one) runs no segment, but may end the instant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from ...cython_core import layout as memory
from ..ir.layout import last_decided_word, offsets, state_words, ticked_word
from ..ir.nodes import F64, STREAM_KINDS, Item, Op, Program, Segment, When
from ..ir.ops import FIELDS, OPS
from ..ir.walk import highest_value, operations
from ..library.mathfir import FUNCTIONS
from .numbers import CONSTANT, PURE, bits_float, float_bits, wrap
from .panes import PANES
from .windows import SLOT

_SLOT = SLOT | PANES

#: No book has so many levels or lots.
_BEYOND = 2**62

Values = list[Any]
Step = Callable[[Values], None]


class EvaluationError(Exception):
    """The caller used the machine wrongly, or the program does not verify. Never caused by market data."""


class Book(Protocol):
    """An order book after a whole message; the meaning of each function is that of the operation `book.` + its name."""

    def px(self, side: int, k: int) -> int: ...
    def qty(self, side: int, k: int) -> int: ...
    def depth(self, side: int, k: int) -> int: ...
    def value(self, side: int, k: int) -> int: ...
    def cost(self, side: int, lots: int) -> int: ...
    def reach(self, side: int, lots: int) -> int: ...
    def at(self, side: int, tick: int) -> int: ...


Row = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Out:
    """What one event or report leaves behind.

    `decisions` are rows (time; reason word with the instance in its high half; clause mask, a signed word), `intents`
    rows of `INTENT_WORDS` words, `wake` the earliest time asked for (`NEVER`: none). `traces` has one row of words per
    decision row if the program traces.
    """

    decisions: tuple[Row, ...] = ()
    intents: tuple[tuple[int, ...], ...] = ()
    wake: int = memory.NEVER
    traces: tuple[tuple[int, ...], ...] = ()

    @property
    def decided(self) -> bool:
        return bool(self.decisions)

    @property
    def reason(self) -> int:
        """The reason word of the last decision row; 0 if there is none."""
        return self.decisions[-1][1] if self.decisions else 0

    @property
    def mask(self) -> int:
        return self.decisions[-1][2] if self.decisions else 0


@dataclass(slots=True)
class _Decision:
    """One instance's outcome under way."""

    decided: bool = False
    reason: int = 0
    mask: int = 0


class Machine:
    """Runs one program. `init` first, then `event` and `report` in tape order.

    `books` has the book of each book stream by stream number; the caller keeps it up to date.
    """

    def __init__(self, program: Program, books: Mapping[int, Book] | None = None) -> None:
        self.program = program
        self.books = {} if books is None else books
        self.offsets = offsets(program)
        self.probes: list[tuple[int, int | float | bool]] = []
        self.cells: Values = [0] * state_words(program)
        self._slots = {slot.name: slot for slot in program.slots}
        self._ticked = range(ticked_word(program), last_decided_word(program))
        self._last_decided = last_decided_word(program)
        self._params: dict[str, int | float] = {}
        self._record: Sequence[int] = ()
        self._wake: int = memory.NEVER
        self._trace = [0] * len(program.traces)
        self._clear()
        self._compile()

    def _compile(self) -> None:
        streams = {s.name: number for number, s in enumerate(self.program.streams)}
        by_trigger: dict[tuple[str, str | None, int], Callable[[], None]] = {}
        for segment in self.program.segments:
            key = (segment.trigger, segment.stream if segment.trigger in STREAM_KINDS else None, segment.instance)
            by_trigger[key] = self._segment(segment)
        self._ticks = [by_trigger.get((s.kind, s.name, 0), _nothing) for s in self.program.streams]
        self._setup = by_trigger.get(("setup", None, 0), _nothing)
        self._decides = [by_trigger.get(("decide", None, i), _nothing) for i in range(self.program.instance_count)]
        self._manage = by_trigger.get(("manage", None, 0))
        self._risk = by_trigger.get(("risk", None, 0), _nothing)
        self._report = by_trigger.get(("report", None, 0), _nothing)
        clocks = [(streams.get(s.stream or "", -1), s.instance) for s in self.program.segments if s.trigger == "decide"]
        self._deciding = [[i for at, i in clocks if at == number] for number in streams.values()]

    # --- running -------------------------------------------------------------------------------------------------

    def init(self, params: Sequence[int | float] = ()) -> None:
        """Fill the slots, then run `setup`. `params` in program order; empty means the defaults."""
        declared = self.program.params
        if params and len(params) != len(declared):
            raise EvaluationError(f"the program has {len(declared)} parameters, got {len(params)}")
        values = tuple(params) or tuple(p.default for p in declared)
        self._params = {p.name: _carried(p.type, v) for p, v in zip(declared, values, strict=True)}
        for slot in self.program.slots:
            start = self.offsets[slot.name]
            self.cells[start : start + slot.words] = [_carried(slot.type, slot.init)] * slot.words
        for word in (*self._ticked, self._last_decided):
            self.cells[word] = 0
        self._clear()
        self._setup()

    def event(self, record: Sequence[int]) -> Out:
        """Process one tape record."""
        self._clear()
        self._record = record
        head = record[memory.HEAD]
        stream, flags = head >> memory.STREAM_SHIFT & 0xFFFF, head >> memory.FLAG_SHIFT & 0xFF
        if stream < len(self._ticks):
            book = self.program.streams[stream].kind == "book"
            if not book or flags & memory.FLAG_MESSAGE_END:
                self._ticks[stream]()
                for instance in self._deciding[stream]:
                    self.cells[self._ticked[instance]] = 1
        if flags & memory.FLAG_INSTANT_END:
            self._instant_end(record[memory.TIME], head & 0xFF == memory.KIND_WAKE)
        return self._out()

    def _instant_end(self, time: int, woken: bool) -> None:
        due = [i for i, word in enumerate(self._ticked) if self.cells[word]]
        gap = self.program.min_gap_ns
        if due and gap and wrap(time - self.cells[self._last_decided]) < gap:
            self._wake = min(self._wake, wrap(self.cells[self._last_decided] + gap))
            due = []
        if due:
            self._decide_all(time, due)
        elif woken:
            self._act()

    def _decide_all(self, time: int, due: Sequence[int]) -> None:
        if self.program.min_gap_ns:
            self.cells[self._last_decided] = time
        self.probes.clear()
        if self._manage is not None:
            self._manage()
        for instance in due:
            self.cells[self._ticked[instance]] = 0
            self._trace = [0] * len(self._trace)
            self._decides[instance]()
            if self._trace and self._outcomes[instance].decided:
                self._traces.append(tuple(self._trace))
        self._risk()
        for instance, outcome in enumerate(self._outcomes):
            if outcome.decided:
                reason = wrap(outcome.reason | instance << memory.INSTANCE_SHIFT)
                self._decisions.append((time, reason, outcome.mask))

    def _act(self) -> None:
        """What a wake or a report lets the program do."""
        if self._manage is not None:
            self._manage()
            self._risk()

    def report(self, record: Sequence[int]) -> Out:
        """Process one order or fill report."""
        self._clear()
        self._record = record
        self._report()
        self._act()
        return self._out()

    @property
    def state(self) -> list[int]:
        """The state block as signed words: floats as bits, every NaN as `NAN_BITS`."""
        return [float_bits(x) if isinstance(x, float) else x for x in self.cells]

    def load_state(self, words: Sequence[int]) -> None:
        """The inverse of `state`."""
        if len(words) != len(self.cells):
            raise EvaluationError(f"the state has {len(self.cells)} words, got {len(words)}")
        for slot in self.program.slots:
            start = self.offsets[slot.name]
            part = words[start : start + slot.words]
            self.cells[start : start + slot.words] = [bits_float(w) for w in part] if slot.type == F64 else list(part)
        self.cells[self._ticked.start :] = words[self._ticked.start :]

    def _clear(self) -> None:
        self._outcomes = [_Decision() for _ in range(self.program.instance_count)]
        self._decisions: list[Row] = []
        self._intents: list[tuple[int, ...]] = []
        self._traces: list[tuple[int, ...]] = []
        self._wake = memory.NEVER

    def _out(self) -> Out:
        return Out(tuple(self._decisions), tuple(self._intents), self._wake, tuple(self._traces))

    # --- compiling -----------------------------------------------------------------------------------------------

    def _segment(self, segment: Segment) -> Callable[[], None]:
        values: Values = [None] * (highest_value(segment.body) + 1)
        steps = self._steps(segment.body, values, FIELDS.get(segment.trigger, {}))

        def run() -> None:
            for step in steps:
                step(values)

        return run

    def _steps(self, body: tuple[Item, ...], values: Values, fields: dict[str, int]) -> list[Step]:
        steps: list[Step] = []
        for item in body:
            if isinstance(item, When):
                steps.append(_when(item.condition, self._steps(item.body, values, fields)))
            elif item.name in CONSTANT:
                values[_result(item)] = CONSTANT[item.name](item.attrs[0])
            else:
                steps.append(self._step(item, fields))
        return steps

    def _step(self, op: Op, fields: dict[str, int]) -> Step:
        pure = pure_function(op.name)
        if pure is not None:
            return _pure_step(pure, _result(op), op.args)
        if op.name in _SLOT:
            return self._slot_step(op)
        if op.name.startswith("book."):
            return self._book_step(op)
        if op.name not in _SPECIAL:
            raise EvaluationError(f"unknown operation {op.name}")
        return _SPECIAL[op.name](self, op, fields)

    def _slot_step(self, op: Op) -> Step:
        function, cells, args = _SLOT[op.name], self.cells, op.args
        slot = self._slots[str(op.attrs[0])]
        base, words = self.offsets[slot.name], slot.words

        def query(values: Values) -> None:
            values[target] = function(cells, base, words, *[values[a] for a in args])

        def put(values: Values) -> None:
            function(cells, base, words, *[values[a] for a in args])

        if OPS[op.name].result is None:
            return put
        target = _result(op)
        return query

    def _book_step(self, op: Op) -> Step:
        target, (side, amount), name = _result(op), op.args, op.name.removeprefix("book.")
        stream = next(k for k, s in enumerate(self.program.streams) if s.name == op.attrs[0])

        def read(values: Values) -> None:
            which, most = 1 if values[side] > 0 else -1, min(values[amount], _BEYOND)
            values[target] = getattr(self.books[stream], name)(which, most)

        return read

    def _load(self, op: Op, fields: dict[str, int]) -> Step:
        target, at, cells = _result(op), self.offsets[str(op.attrs[0])], self.cells

        def load(values: Values) -> None:
            values[target] = cells[at]

        return load

    def _store(self, op: Op, fields: dict[str, int]) -> Step:
        source, at, cells = op.args[0], self.offsets[str(op.attrs[0])], self.cells

        def store(values: Values) -> None:
            cells[at] = values[source]

        return store

    def _param(self, op: Op, fields: dict[str, int]) -> Step:
        target, name = _result(op), str(op.attrs[0])

        def param(values: Values) -> None:
            values[target] = self._params[name]

        return param

    def _ev(self, op: Op, fields: dict[str, int]) -> Step:
        target, word = _result(op), fields[str(op.attrs[0])]

        def ev(values: Values) -> None:
            values[target] = self._record[word]

        return ev

    def _clause(self, op: Op, fields: dict[str, int]) -> Step:
        instance, source, bit = int(op.attrs[0]), op.args[0], wrap(1 << int(op.attrs[1]))

        def clause(values: Values) -> None:
            if values[source]:
                self._outcomes[instance].mask |= bit

        return clause

    def _set_reason(self, op: Op, fields: dict[str, int]) -> Step:
        instance, source = int(op.attrs[0]), op.args[0]

        def reason(values: Values) -> None:
            self._outcomes[instance].reason = values[source]

        return reason

    def _set_decided(self, op: Op, fields: dict[str, int]) -> Step:
        instance = int(op.attrs[0])

        def decided(values: Values) -> None:
            self._outcomes[instance].decided = True

        return decided

    def _intend(self, *words: int) -> None:
        if len(self._intents) < memory.MAX_INTENTS:
            self._intents.append(words)

    def _emit(self, op: Op, fields: dict[str, int]) -> Step:
        instance = int(op.attrs[0])

        def emit(values: Values) -> None:
            self._intend(*(values[a] for a in op.args), instance)

        return emit

    def _cancel(self, op: Op, fields: dict[str, int]) -> Step:
        instance, (tag, expired) = int(op.attrs[0]), op.args

        def cancel(values: Values) -> None:
            self._intend(0, memory.STYLE_CANCEL, 0, 0, 0, values[expired], values[tag], instance)

        return cancel

    def _ask_wake(self, op: Op, fields: dict[str, int]) -> Step:
        def wake(values: Values) -> None:
            self._wake = min(self._wake, values[op.args[0]])

        return wake

    def _trace_value(self, op: Op, fields: dict[str, int]) -> Step:
        number, source = int(op.attrs[0]), op.args[0]

        def trace(values: Values) -> None:
            x = values[source]
            self._trace[number] = float_bits(x) if isinstance(x, float) else int(x)

        return trace

    def _probe(self, op: Op, fields: dict[str, int]) -> Step:
        number, source = int(op.attrs[0]), op.args[0]

        def probe(values: Values) -> None:
            self.probes.append((number, values[source]))

        return probe


_SPECIAL: dict[str, Callable[[Machine, Op, dict[str, int]], Step]] = {
    "load.i": Machine._load,
    "load.f": Machine._load,
    "store.i": Machine._store,
    "store.f": Machine._store,
    "param.i": Machine._param,
    "param.f": Machine._param,
    "ev": Machine._ev,
    "clause": Machine._clause,
    "reason": Machine._set_reason,
    "decided": Machine._set_decided,
    "emit": Machine._emit,
    "cancel": Machine._cancel,
    "wake": Machine._ask_wake,
    "trace.b": Machine._trace_value,
    "trace.i": Machine._trace_value,
    "trace.f": Machine._trace_value,
    "probe.b": Machine._probe,
    "probe.i": Machine._probe,
    "probe.f": Machine._probe,
}


def known() -> frozenset[str]:
    """Names of the operations that the interpreter can run."""
    books = (f"book.{name}" for name in ("px", "qty", "depth", "value", "cost", "reach", "at"))
    return frozenset({*PURE, *CONSTANT, *_SLOT, *books, *_SPECIAL, *FUNCTIONS})


def pure_function(name: str) -> Callable[..., Any] | None:
    """The meaning of a pure operation on values; None if the operation is not pure or is a constant."""
    return PURE.get(name) or (_library(name) if name in FUNCTIONS else None)


@cache
def _library(name: str) -> Callable[..., Any]:
    """A library function as a Python function that interprets its FIR body."""
    function = FUNCTIONS[name]
    values: Values = [None] * (highest_value(function.body) + 1)
    steps: list[Step] = []
    for op in operations(function.body):
        if op.name in CONSTANT:
            values[_result(op)] = CONSTANT[op.name](op.attrs[0])
        else:
            steps.append(_pure_step(PURE[op.name], _result(op), op.args))

    def call(*args: Any) -> Any:
        for number, value in zip(function.params, args, strict=True):
            values[number] = value
        for step in steps:
            step(values)
        return values[function.result]

    return call


def _carried(type_: str, value: int | float) -> int | float:
    return float(value) if type_ == F64 else int(value)


def _nothing() -> None:
    """A trigger without a segment."""


def _result(op: Op) -> int:
    if op.result is None:
        raise EvaluationError(f"{op.name} needs a result")
    return op.result


def _when(condition: int, steps: list[Step]) -> Step:
    def when(values: Values) -> None:
        if values[condition]:
            for step in steps:
                step(values)

    return when


def _pure_step(function: Callable[..., Any], target: int, args: tuple[int, ...]) -> Step:
    def unary(values: Values) -> None:
        values[target] = function(values[a])

    def binary(values: Values) -> None:
        values[target] = function(values[a], values[b])

    def ternary(values: Values) -> None:
        values[target] = function(values[a], values[b], values[c])

    a, b, c = (*args, 0, 0)[:3]
    return (unary, binary, ternary)[len(args) - 1]
