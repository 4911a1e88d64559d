"""Which part of each segment an instant's intents need: the rest runs after they are sent.

Within one record segments run in order: that of the stream, `manage`, the due `decide`s, `risk`. The first parts of all
of them run before the rests of all of them, so an item may wait only if no first part of a later segment writes what it
reads or writes, or reads what it writes. The order inside the parts is the program's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...ir.dependence import Facts, cone, facts_of
from ...ir.nodes import STREAM_KINDS, Program, Segment

_ORDER = {**dict.fromkeys(STREAM_KINDS, 0), "manage": 1, "decide": 2, "risk": 3}

#: What the caller of a strategy acts on.
_WANTED = frozenset({"emit", "cancel", "wake"})


def first_items(program: Program) -> Mapping[int, frozenset[int]]:
    """Segment number -> numbers of the items of its body that run first.

    All of `setup` and `report` is first, and all of everything when the program traces: a trace row is filled in order.
    """
    bodies = {k: [facts_of(item) for item in s.body] for k, s in enumerate(program.segments)}
    chosen = {k: frozenset(range(len(body))) for k, body in bodies.items()}
    if program.traces:
        return chosen
    stepped = [k for k, s in enumerate(program.segments) if s.trigger in _ORDER]
    return chosen | _fixpoint(program.segments, {k: bodies[k] for k in stepped})


def _fixpoint(segments: Sequence[Segment], bodies: Mapping[int, Sequence[Facts]]) -> dict[int, frozenset[int]]:
    """The least first parts that hold the causes of every intent and everything that may not be overtaken."""
    forced: dict[int, frozenset[int]] = dict.fromkeys(bodies, frozenset())
    slots: frozenset[str] = frozenset()
    while True:
        first = {k: _numbers(body, forced[k], slots) for k, body in bodies.items()}
        read = slots.union(*(bodies[k][at].reads for k, numbers in first.items() for at in numbers))
        grown = {k: first[k] | _overtaken(k, segments, bodies, first) for k in bodies}
        if read == slots and grown == first:
            return first
        slots, forced = read, grown


def _numbers(body: Sequence[Facts], forced: frozenset[int], slots: frozenset[str]) -> frozenset[int]:
    roots = {id(body[at]) for at in forced}
    kept = cone(body, lambda item: id(item) in roots or bool(item.outcomes & _WANTED or item.writes & slots))
    ids = {id(item) for item in kept}
    return frozenset(at for at, item in enumerate(body) if id(item) in ids)


def _overtaken(
    number: int, segments: Sequence[Segment], bodies: Mapping[int, Sequence[Facts]], first: Mapping[int, frozenset[int]]
) -> frozenset[int]:
    """Items of the rest that a first part of a later segment may not overtake."""
    later = [bodies[k][at] for k in bodies if _place(segments[k]) > _place(segments[number]) for at in first[k]]
    return frozenset(
        at
        for at, item in enumerate(bodies[number])
        if at not in first[number] and any(item.touches(other) for other in later)
    )


def _place(segment: Segment) -> tuple[int, int]:
    return _ORDER[segment.trigger], segment.instance
