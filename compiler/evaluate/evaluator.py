"""The reference interpreter: the definition of what a FIR program does.

One Python `int` or `float` per value, one function per operation (`numbers.PURE`, `windows.SLOT`, and the few below
that touch the record, the state or the outcome). Each segment becomes a list of closures over one list of values;
constants are written into that list once.

One event, in order: the outcome is cleared; the `bar` segment of the record's stream runs; if that stream is the
decision clock, the ticked flag is set; if the record ends its instant and the flag is set, the flag is cleared and
`decide` and then `risk` run. The record's kind is not looked at. A record of a stream that the program does not know
runs no segment, but may end the instant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...cython_core import layout as memory
from ..ir.layout import offsets, state_words, ticked_word
from ..ir.nodes import F64, Item, Op, Program, Segment, When
from ..ir.ops import BAR_FIELDS, OPS, REPORT_FIELDS
from ..ir.walk import highest_value, operations
from ..library.mathfir import FUNCTIONS
from .numbers import CONSTANT, PURE, bits_float, float_bits, wrap
from .windows import SLOT

Values = list[Any]
Step = Callable[[Values], None]


class EvaluationError(Exception):
    """The caller used the machine wrongly, or the program does not verify. Never caused by market data."""


@dataclass(frozen=True, slots=True)
class Out:
    """What one event leaves behind. An intent is `INTENT_WORDS` words; tag and instrument are 0."""

    decided: bool
    reason: int
    mask: int  # a signed word
    intents: tuple[tuple[int, ...], ...]


class Machine:
    """Runs one program. `init` first, then `event` and `report` in tape order."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.offsets = offsets(program)
        self.probes: list[tuple[int, int | float | bool]] = []
        self.cells: Values = [0] * state_words(program)
        self._slots = {slot.name: slot for slot in program.slots}
        self._ticked = ticked_word(program)
        self._params: dict[str, int | float] = {}
        self._record: Sequence[int] = ()
        self._decided = False
        self._reason = self._mask = 0
        self._intents: list[tuple[int, ...]] = []
        self._compile()

    def _compile(self) -> None:
        streams = [s.name for s in self.program.streams]
        by_trigger: dict[tuple[str, str | None], Callable[[], None]] = {}
        for segment in self.program.segments:
            key = (segment.trigger, segment.stream if segment.trigger == "bar" else None)
            by_trigger[key] = self._segment(segment)
        self._bars = [by_trigger.get(("bar", name), _nothing) for name in streams]
        self._setup = by_trigger.get(("setup", None), _nothing)
        self._decide = by_trigger.get(("decide", None), _nothing)
        self._risk = by_trigger.get(("risk", None), _nothing)
        self._report = by_trigger.get(("report", None), _nothing)
        clocks = [s.stream for s in self.program.segments if s.trigger == "decide"]
        self._clock = streams.index(clocks[0]) if clocks and clocks[0] in streams else -1

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
        self.cells[self._ticked] = 0
        self._clear()
        self._setup()

    def event(self, record: Sequence[int]) -> Out:
        """Process one tape record."""
        self._clear()
        self._record = record
        head = record[memory.HEAD]
        stream = head >> memory.STREAM_SHIFT & 0xFFFF
        if stream < len(self._bars):
            self._bars[stream]()
            if stream == self._clock:
                self.cells[self._ticked] = 1
        if head >> memory.FLAG_SHIFT & memory.FLAG_INSTANT_END and self.cells[self._ticked]:
            self.cells[self._ticked] = 0
            self.probes.clear()
            self._decide()
            self._risk()
        return Out(self._decided, self._reason, self._mask, tuple(self._intents))

    def report(self, record: Sequence[int]) -> None:
        """Process one order or fill report."""
        self._record = record
        self._report()

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
        self.cells[self._ticked] = words[self._ticked]

    def _clear(self) -> None:
        self._decided = False
        self._reason = self._mask = 0
        self._intents = []

    # --- compiling -----------------------------------------------------------------------------------------------

    def _segment(self, segment: Segment) -> Callable[[], None]:
        values: Values = [None] * (highest_value(segment.body) + 1)
        fields = REPORT_FIELDS if segment.trigger == "report" else BAR_FIELDS
        steps = self._steps(segment.body, values, fields)

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
        if op.name in SLOT:
            return self._slot_step(op)
        if op.name not in _SPECIAL:
            raise EvaluationError(f"unknown operation {op.name}")
        return _SPECIAL[op.name](self, op, fields)

    def _slot_step(self, op: Op) -> Step:
        function, cells, args = SLOT[op.name], self.cells, op.args
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
        source, bit = op.args[0], wrap(1 << int(op.attrs[0]))

        def clause(values: Values) -> None:
            if values[source]:
                self._mask |= bit

        return clause

    def _set_reason(self, op: Op, fields: dict[str, int]) -> Step:
        def reason(values: Values) -> None:
            self._reason = values[op.args[0]]

        return reason

    def _set_decided(self, op: Op, fields: dict[str, int]) -> Step:
        def decided(values: Values) -> None:
            self._decided = True

        return decided

    def _emit(self, op: Op, fields: dict[str, int]) -> Step:
        def emit(values: Values) -> None:
            if len(self._intents) < memory.MAX_INTENTS:
                self._intents.append((*(values[a] for a in op.args), 0, 0))

        return emit

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
    "probe.b": Machine._probe,
    "probe.i": Machine._probe,
    "probe.f": Machine._probe,
}


def known() -> frozenset[str]:
    """Names of the operations that the interpreter can run."""
    return frozenset({*PURE, *CONSTANT, *SLOT, *_SPECIAL, *FUNCTIONS})


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
