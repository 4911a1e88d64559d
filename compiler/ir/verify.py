"""Is this FIR well formed? Every executor may assume what is checked here.

The rules, one function each: declarations are unique and sane; segments have a known trigger and stream and stand once;
operations have the attributes, operand types and result of their row; a value is assigned once, before it is used, in
a region that encloses the use; a slot is used as one type and one shape (scalar, ring, one kind of tree) of a fitting
size; `param.*` stands in setup, `ev` where there is a record (with the fields of that record), `emit` in risk, and each
other outcome in the segments that `PLACES` names; streams and instances that an operation names exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .nodes import F64, I1, I64, STREAM_KINDS, TRIGGERS, Attr, Item, Op, Program, Segment, Slot, Stream, When
from .ops import FIELDS, OPS, Row
from .printer import print_op

CLAUSE_SETS = ("entries", "exits")
CLAUSE_BITS = 64
PROFILE_HEADER = 128  # words of a profile before its levels and amounts (compiler/evaluate/profile.py)
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_SLOT_ID = re.compile(r"[0-9a-f]{8}")

#: Operations that stand only in some segments; all others stand in each.
PLACES: dict[str, tuple[str, ...]] = {
    "param.i": ("setup",),
    "param.f": ("setup",),
    "ev": tuple(FIELDS),
    **dict.fromkeys((name for name in OPS if name.startswith("book.")), TRIGGERS[1:]),  # in setup there is no book
    "emit": ("risk",),
    "cancel": ("manage", "risk"),
    "wake": ("manage", "decide", "risk"),
    "decided": ("decide",),
    **dict.fromkeys(("trace.b", "trace.i", "trace.f"), ("decide",)),
    **dict.fromkeys(("clause", "reason", "probe.b", "probe.i", "probe.f"), ("decide", "risk")),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`where` names the declaration or the segment and operation; `reason` says what rule is broken."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def verify(program: Program) -> list[Problem]:
    """All problems of a program; empty if it is well formed."""
    problems = [*_params(program), *_streams(program), *_slots(program), *_clauses(program), *_segments(program)]
    shapes: dict[str, str] = {}
    for segment in program.segments:
        checker = _SegmentChecker(program, segment, shapes)
        checker.region(segment.body, {})
        problems += checker.problems
    return problems


def slot_shape(op_name: str) -> str | None:
    """How an operation uses its slot: scalar, a kind of ring, profile, panes or tree; None if it uses none."""
    if "slot" not in OPS[op_name].attrs:
        return None
    family, *rest = op_name.split(".")
    if family in ("load", "store"):
        return "scalar"
    if family in _RINGS:
        return _RINGS[family]
    return f"{rest[-1].removeprefix('i')} panes" if family == "pane" else _TREES[rest[-1]]


_RINGS = {"ring": "ring", "win": "ring", "sort": "sorted ring", "pair": "pair ring", "profile": "profile"}
_TREES = {"sum": "sum tree", "min": "min tree", "max": "max tree", "mom": "moments tree"}
_TREES |= {"mean": "moments tree", "m2": "moments tree"}


def slot_type(op_name: str) -> str:
    """The word type that a slot operation needs."""
    family, *_, last = op_name.split(".")
    return I64 if last == "i" or (family in ("win", "pane") and last.startswith("i")) else F64


# --- declarations ----------------------------------------------------------------------------------------------------


def _names(kind: str, names: Iterable[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for name in names:
        if not _NAME.fullmatch(name):
            yield Problem(f"{kind} %{name}", "a name is a letter, then letters, digits or _")
        if name in seen:
            yield Problem(f"{kind} %{name}", "declared twice")
        seen.add(name)


def _params(program: Program) -> Iterator[Problem]:
    yield from _names("param", (p.name for p in program.params))
    for p in program.params:
        where = f"param %{p.name}"
        if p.type not in (I64, F64):
            yield Problem(where, f"type {p.type} is neither i64 nor f64")
        for value in (p.default, p.low, p.high):
            if value is not None and not _carries(p.type, value):
                yield Problem(where, f"{value!r} is not an {p.type}")
        if (p.low is not None and not p.low <= p.default) or (p.high is not None and not p.default <= p.high):
            yield Problem(where, "the default is outside the range")


def _carries(type_: str, value: int | float) -> bool:
    """Whether `value` can be a word of this type; a whole number may stand for a double."""
    if isinstance(value, bool) or (type_ == I64 and not isinstance(value, int)):
        return False
    return isinstance(value, float) or -(2**63) <= value < 2**63


def _streams(program: Program) -> Iterator[Problem]:
    yield from _names("stream", (s.name for s in program.streams))
    for s in program.streams:
        where = f"stream %{s.name}"
        if s.kind not in STREAM_KINDS:
            yield Problem(where, f"kind {s.kind} is none of {', '.join(STREAM_KINDS)}")
        if s.kind in ("bar", "timer") and s.period_ns <= 0:
            yield Problem(where, "the period is not positive")
        if s.kind in ("book", "trade") and s.period_ns:
            yield Problem(where, f"a {s.kind} stream has no period")
        if s.depth < 0 or (s.depth and s.kind != "book"):
            yield Problem(where, "a depth is positive, and a book's")
        if not (0 <= s.price_decimals <= 18 and 0 <= s.qty_decimals <= 18):
            yield Problem(where, "the decimals are outside 0..18")


def _slots(program: Program) -> Iterator[Problem]:
    yield from _names("slot", (s.name for s in program.slots))
    for s in program.slots:
        where = f"slot %{s.name}"
        if s.type not in (I64, F64):
            yield Problem(where, f"type {s.type} is neither i64 nor f64")
        if s.words < 1:
            yield Problem(where, "it has no word")
        if not _SLOT_ID.fullmatch(s.id):
            yield Problem(where, f"id {s.id!r} is not 8 hex digits")
        if not _carries(s.type, s.init):
            yield Problem(where, f"initial value {s.init!r} is not an {s.type}")


def _clauses(program: Program) -> Iterator[Problem]:
    seen: set[tuple[str, int]] = set()
    for c in program.clauses:
        where = f"clause {c.bit} of {c.set}"
        if c.set not in CLAUSE_SETS:
            yield Problem(where, f"the set is none of {', '.join(CLAUSE_SETS)}")
        if not 0 <= c.bit < CLAUSE_BITS:
            yield Problem(where, f"the bit is outside 0..{CLAUSE_BITS - 1}")
        if (c.set, c.bit) in seen:
            yield Problem(where, "the bit is used twice in this set")
        seen.add((c.set, c.bit))


def _segments(program: Program) -> Iterator[Problem]:
    streams = {s.name: s for s in program.streams}
    seen: set[tuple[str, str | None, int]] = set()
    for s in program.segments:
        where = segment_name(s)
        if s.trigger not in TRIGGERS:
            yield Problem(where, f"unknown trigger {s.trigger}")
        elif s.trigger in (*STREAM_KINDS, "decide"):
            yield from _clock(s, streams.get(s.stream or ""))
        elif s.stream is not None:
            yield Problem(where, f"a {s.trigger} segment has no stream")
        if not 0 <= s.instance < program.instance_count or (s.instance and s.trigger != "decide"):
            yield Problem(where, f"there is no instance {s.instance} for it")
        key = (s.trigger, s.stream if s.trigger != "decide" else None, s.instance)
        if key in seen:
            yield Problem(where, "there is another segment with this trigger")
        seen.add(key)
    if program.min_gap_ns < 0:
        yield Problem("program", "the gap is negative")
    if program.lateness_ns < 0:
        yield Problem("program", "the lateness is negative")


def _clock(segment: Segment, stream: Stream | None) -> Iterator[Problem]:
    where = segment_name(segment)
    if stream is None:
        yield Problem(where, "it names no declared stream")
    elif segment.trigger not in ("decide", stream.kind):
        yield Problem(where, f"%{stream.name} is a {stream.kind} stream")


def segment_name(segment: Segment) -> str:
    """`segment bar %b0`: how problems and dumps name a segment."""
    instance = f" instance {segment.instance}" if segment.instance else ""
    return f"segment {segment.trigger}{f' %{segment.stream}' if segment.stream is not None else ''}{instance}"


# --- bodies ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _SegmentChecker:
    """Walks one body. `defined` of a region maps the values that are visible to their types."""

    program: Program
    segment: Segment
    shapes: dict[str, str]  # of slots, shared by all segments
    problems: list[Problem] = field(default_factory=list)
    assigned: set[int] = field(default_factory=set)

    def region(self, body: tuple[Item, ...], outer: dict[int, str]) -> None:
        defined = dict(outer)
        for item in body:
            if isinstance(item, When):
                where = f"{segment_name(self.segment)}, when %{item.condition}"
                self.use(where, item.condition, I1, defined)
                self.region(item.body, defined)
            else:
                self.op(item, defined)

    def op(self, op: Op, defined: dict[int, str]) -> None:
        where = f"{segment_name(self.segment)}, {print_op(op)}"
        row = OPS.get(op.name)
        if row is None:
            self.report(where, f"unknown operation {op.name}")
            return
        self.place(where, op)
        if len(op.attrs) != len(row.attrs):
            self.report(where, f"it takes {len(row.attrs)} attributes, not {len(op.attrs)}")
        else:
            for kind, value in zip(row.attrs, op.attrs, strict=True):
                self.attribute(where, op, kind, value)
        self.operands(where, op, row, defined)
        self.result(where, op, row, defined)

    def place(self, where: str, op: Op) -> None:
        places = PLACES.get(op.name)
        if places is not None and self.segment.trigger not in places:
            self.report(where, f"{op.name} stands only in {', '.join(places)}")

    def operands(self, where: str, op: Op, row: Row, defined: dict[int, str]) -> None:
        if len(op.args) != len(row.args):
            self.report(where, f"it takes {len(row.args)} operands, not {len(op.args)}")
            return
        for value, type_ in zip(op.args, row.args, strict=True):
            self.use(where, value, type_, defined)

    def use(self, where: str, value: int, type_: str, defined: dict[int, str]) -> None:
        if value not in defined:
            reason = "is defined in another region" if value in self.assigned else "is used before it is defined"
            self.report(where, f"%{value} {reason}")
        elif defined[value] != type_:
            self.report(where, f"%{value} is {defined[value]}, needed is {type_}")

    def result(self, where: str, op: Op, row: Row, defined: dict[int, str]) -> None:
        if row.result is None or op.result is None:
            if row.result is not None:
                self.report(where, "its result has no name")
            if op.result is not None:
                self.report(where, "an effect has no result")
            return
        if op.result < 0:
            self.report(where, "a value number is not negative")
        if op.result in self.assigned:
            self.report(where, f"%{op.result} is assigned twice")
        self.assigned.add(op.result)
        defined[op.result] = row.result

    def attribute(self, where: str, op: Op, kind: str, value: Attr) -> None:
        if kind == "slot":
            self.slot(where, op, value)
        elif kind == "param":
            self.param(where, op, value)
        elif kind == "field":
            if value not in FIELDS.get(self.segment.trigger, ()):
                self.report(where, f"a {self.segment.trigger} record has no field {value}")
        elif kind == "stream":
            if not any(s.name == value and s.kind == "book" for s in self.program.streams):
                self.report(where, f"there is no book stream {value}")
        elif kind == "float":
            if not isinstance(value, float):
                self.report(where, f"{value!r} is not a float")
        elif isinstance(value, bool) or not isinstance(value, int):
            self.report(where, f"{value!r} is not an integer")
        else:
            self.integer(where, op, kind, value)

    def integer(self, where: str, op: Op, kind: str, value: int) -> None:
        low, high = -(2**63), 2**63 - 1
        if op.name == "bconst":
            low, high = 0, 1
        elif kind == "instance":
            low, high = 0, self.program.instance_count - 1
            if self.segment.trigger == "decide" and value != self.segment.instance:
                self.report(where, f"it speaks for instance {value}")
        elif op.name == "clause":
            low, high = 0, CLAUSE_BITS - 1
            if value not in {c.bit for c in self.program.clauses}:
                self.report(where, f"no clause has bit {value}")
        elif op.name.startswith("probe"):
            low = 0
        elif op.name.startswith("trace"):
            low, high = 0, len(self.program.traces) - 1
        if not low <= value <= high:
            self.report(where, f"{value} is outside {low}..{high}")

    def param(self, where: str, op: Op, name: Attr) -> None:
        found = next((p for p in self.program.params if p.name == name), None)
        if found is None:
            self.report(where, f"there is no parameter {name}")
        elif found.type != OPS[op.name].result:
            self.report(where, f"parameter {name} is {found.type}")

    def slot(self, where: str, op: Op, name: Attr) -> None:
        slot = next((s for s in self.program.slots if s.name == name), None)
        if slot is None:
            self.report(where, f"there is no slot {name}")
            return
        if slot.type != slot_type(op.name):
            self.report(where, f"slot {name} is {slot.type}, needed is {slot_type(op.name)}")
        shape = slot_shape(op.name)
        assert shape is not None
        if self.shapes.setdefault(slot.name, shape) != shape:
            self.report(where, f"slot {name} is used as {self.shapes[slot.name]} and as {shape}")
        if not _fits(slot, shape):
            self.report(where, f"slot {name} has {slot.words} words, which no {shape} has")
        if shape == "sorted ring" and slot.init != 0:
            self.report(where, f"slot {name} is a sorted ring and does not start from 0")

    def report(self, where: str, reason: str) -> None:
        self.problems.append(Problem(where, reason))


def _fits(slot: Slot, shape: str) -> bool:
    if shape == "scalar":
        return slot.words == 1
    unit = {"ring": 1, "moments tree": 6}.get(shape, 2)  # words per leaf, per pane
    leaves, rest = divmod(slot.words - (PROFILE_HEADER if shape == "profile" else 0), unit)
    return rest == 0 and leaves > 0 and leaves & (leaves - 1) == 0
