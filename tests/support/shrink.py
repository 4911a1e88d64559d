"""Make a failing FIR program small: remove what the failure does not need, keep the program well formed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from flashc.compiler.ir.nodes import Item, Program, When
from flashc.compiler.ir.verify import verify
from flashc.compiler.ir.walk import operations, renumber, slot_name

Fails = Callable[[Program], bool]


def smallest(program: Program, fails: Fails) -> Program:
    """A program that still fails and from which no single item can be removed. `fails(program)` must hold."""
    assert fails(program), "there is nothing to shrink"
    found = True
    while found:
        found = False
        for candidate in _smaller(program):
            if not verify(candidate) and fails(candidate):
                program, found = candidate, True
                break
    return renumber(_without_unused_slots(program))


def _smaller(program: Program) -> Iterator[Program]:
    for index, segment in enumerate(program.segments):
        for body in _shorter(segment.body):
            segments = list(program.segments)
            segments[index] = replace(segment, body=body)
            yield replace(program, segments=tuple(segments))


def _shorter(body: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    """The body without runs of 2**k items, long runs first, then with shorter or opened regions."""
    length = 1 << max(0, len(body).bit_length() - 1)
    while length:
        for at in range(len(body) - length, -1, -length):
            yield body[:at] + body[at + length :]
        length //= 2
    for at, item in enumerate(body):
        if isinstance(item, When):
            yield body[:at] + item.body + body[at + 1 :]
            for inner in _shorter(item.body):
                yield (*body[:at], When(item.condition, inner), *body[at + 1 :])


def _without_unused_slots(program: Program) -> Program:
    used = {slot_name(op) for s in program.segments for op in operations(s.body)}
    return replace(program, slots=tuple(s for s in program.slots if s.name in used))
