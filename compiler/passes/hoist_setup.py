"""Compute once, in `setup`, what depends only on parameters.

    segment setup {                      segment setup {
      store.f %s0 %alpha                   store.f %s0 %alpha
    }                                      %5: f64 = load.f %s0
    segment bar %b0 {                      %6: f64 = fsub %one %5
      %1: f64 = load.f %s0         ->      %7: f64 = fdiv %one %6
      %2: f64 = fsub %one %1               store.f %h0 %7
      %3: f64 = fdiv %one %2             }
      ...                                segment bar %b0 {
                                           %3: f64 = load.f %h0

A slot that only `setup` writes is constant afterwards. An expression over such slots and constants is moved when it
costs more than the load that replaces it. Every operation is defined for all inputs, so computing it early is safe.
The old operands are left to `dead_code`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from ..ir.nodes import F64, I64, Item, Op, Program, Segment, Slot, When
from ..ir.ops import OPS
from ..ir.walk import highest_value, operations, slot_name

#: Hoist from this cost on: a division, or four simple operations.
WORTH = 4

_STORE = {I64: "store.i", F64: "store.f"}
_LOAD = {I64: "load.i", F64: "load.f"}


@dataclass(frozen=True, slots=True)
class _Expression:
    """A constant of the run. `parts` are the numbers of this and all inner expressions, each counted once."""

    number: int
    op: Op
    args: tuple[int, ...]  # numbers of the operands' expressions
    parts: frozenset[int]
    text: str  # hash of the structure, over slot ids: survives edits elsewhere


@dataclass(slots=True)
class _Expressions:
    """Expressions of all segments, equal ones once."""

    slot_ids: dict[str, str]
    constant_slots: frozenset[str]
    found: list[_Expression] = field(default_factory=list)
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)

    def of(self, op: Op, known: dict[int, int]) -> int | None:
        """The expression number of an operation whose operands are constants of the run; None if it is not one."""
        row, slot = OPS[op.name], slot_name(op)
        constant = slot in self.constant_slots if op.name in _LOAD.values() else row.pure and "param" not in row.attrs
        if op.result is None or not constant or not all(a in known for a in op.args):
            return None
        args = tuple(known[a] for a in op.args)
        key = (op.name, tuple(map(repr, op.attrs)), args)
        if key not in self.numbers:
            self.numbers[key] = len(self.found)
            self.found.append(self._make(op, args))
        return self.numbers[key]

    def _make(self, op: Op, args: tuple[int, ...]) -> _Expression:
        number = len(self.found)
        attrs = [self.slot_ids.get(str(a), repr(a)) for a in op.attrs]
        text = sha256(" ".join([op.name, *attrs, *(self.found[a].text for a in args)]).encode()).hexdigest()
        parts = frozenset({number}).union(*(self.found[a].parts for a in args))
        return _Expression(number, op, args, parts, text)

    def worth_moving(self, number: int) -> bool:
        parts = [self.found[p].op for p in self.found[number].parts]
        reads_state = any(op.name in _LOAD.values() for op in parts)
        type_ = OPS[self.found[number].op.name].result
        return reads_state and type_ in _STORE and sum(OPS[op.name].cost for op in parts) > WORTH


def run(program: Program) -> Program:
    written = {slot_name(op) for s in program.segments if s.trigger != "setup" for op in _writes(s)}
    constant = frozenset(s.name for s in program.slots if s.words == 1 and s.name not in written)
    expressions = _Expressions({s.name: s.id for s in program.slots}, constant)
    moved: dict[int, Slot] = {}
    names = _fresh_names({s.name for s in program.slots})
    segments = []
    for segment in program.segments:
        if segment.trigger != "setup":
            hoister = _Hoister(expressions, moved, names)
            hoister.scan(segment.body)
            segment = replace(segment, body=hoister.rewritten(segment.body))
        segments.append(segment)
    if not moved:
        return program
    return replace(program, slots=(*program.slots, *moved.values()), segments=_with_setup(segments, expressions, moved))


def _writes(segment: Segment) -> Iterator[Op]:
    return (op for op in operations(segment.body) if OPS[op.name].writes)


def _fresh_names(taken: set[str]) -> Iterator[str]:
    number = 0
    while True:
        if f"h{number}" not in taken:
            yield f"h{number}"
        number += 1


@dataclass(slots=True)
class _Hoister:
    """Finds the constants of the run in one segment and replaces those used by anything else."""

    expressions: _Expressions
    moved: dict[int, Slot]
    names: Iterator[str]
    known: dict[int, int] = field(default_factory=dict)  # value -> expression
    wanted: set[int] = field(default_factory=set)  # values used outside of expressions

    def scan(self, body: tuple[Item, ...]) -> None:
        for item in body:
            if isinstance(item, When):
                self.wanted.add(item.condition)
                self.scan(item.body)
                continue
            number = self.expressions.of(item, self.known)
            if number is not None and item.result is not None:
                self.known[item.result] = number
            if number is None or OPS[item.name].result not in _STORE:
                self.wanted.update(item.args)

    def rewritten(self, body: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(
            When(item.condition, self.rewritten(item.body)) if isinstance(item, When) else self.op(item)
            for item in body
        )

    def op(self, op: Op) -> Op:
        number = self.known.get(op.result) if op.result is not None else None
        if number is None or op.result not in self.wanted or not self.expressions.worth_moving(number):
            return op
        slot = self.moved.get(number)
        if slot is None:
            slot = self.moved[number] = self.slot(number)
        return replace(op, name=_LOAD[slot.type], attrs=(slot.name,), args=())

    def slot(self, number: int) -> Slot:
        expression = self.expressions.found[number]
        type_ = OPS[expression.op.name].result
        assert type_ is not None
        init: int | float = 0.0 if type_ == F64 else 0
        return Slot(next(self.names), type_, 1, expression.text[:8], f"constant {expression.op.name}", init)


def _with_setup(segments: list[Segment], expressions: _Expressions, moved: dict[int, Slot]) -> tuple[Segment, ...]:
    """The segments with the moved expressions at the end of `setup`, which is made if there is none."""
    if not any(s.trigger == "setup" for s in segments):
        segments = [Segment("setup", None, ()), *segments]
    at = next(i for i, s in enumerate(segments) if s.trigger == "setup")
    body = list(segments[at].body)
    value = highest_value(body) + 1
    needed = sorted(frozenset().union(*(expressions.found[n].parts for n in moved)))
    values = {number: value + i for i, number in enumerate(needed)}
    for number in needed:
        found = expressions.found[number]
        body.append(replace(found.op, result=values[number], args=tuple(values[a] for a in found.args)))
        if number in moved:
            body.append(Op(None, _STORE[moved[number].type], (moved[number].name,), (values[number],)))
    segments[at] = replace(segments[at], body=tuple(body))
    return tuple(segments)
