"""What this instant's intents need runs first, probes and what only they need run last.

    probe.f 0 %1                         %2: i64 = load.i %s0
    %2: i64 = load.i %s0           ->    emit %2 %2 %2 %2 %2 %2
    emit %2 %2 %2 %2 %2 %2               probe.f 0 %1

Within one instant state flows from the bar segments to `decide` to `risk`. So a store in a bar segment is urgent if
`decide` or `risk` read that slot on the way to an `emit`; an average that only its own next update reads can wait.
Items keep their order inside each of the three groups, and never pass an item on which they depend: a definition, a
write before a read of the same slot, a read before a write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir.dependence import Facts, cone, facts_of
from ..ir.nodes import STREAM_KINDS, Item, Program, Segment

_INTENTS = frozenset({"emit", "cancel"})
_ORDERED = (*STREAM_KINDS, "manage", "decide", "risk")


def run(program: Program) -> Program:
    bodies = {id(s): [facts_of(item) for item in s.body] for s in program.segments}
    urgent_reads = _urgent_reads(program, bodies)
    return replace(
        program,
        segments=tuple(replace(s, body=_ordered(s, bodies[id(s)], urgent_reads)) for s in program.segments),
    )


def _urgent_reads(program: Program, bodies: dict[int, list[Facts]]) -> frozenset[str]:
    """Slots read, in this instant, on the way to an intent: the least set that holds all its own causes."""
    segments = [s for s in program.segments if s.trigger in _ORDERED]
    reads: frozenset[str] = frozenset()
    while True:
        found = reads
        for segment in segments:
            for item in cone(bodies[id(segment)], _is_urgent(found)):
                found |= item.reads
        if found == reads:
            return reads
        reads = found


def _is_urgent(slots: frozenset[str]) -> Callable[[Facts], bool]:
    return lambda item: bool(item.outcomes & _INTENTS or item.writes & slots)


def _is_probe(item: Facts) -> bool:
    return any(name.startswith("probe") for name in item.outcomes)


def _is_effect(item: Facts) -> bool:
    return bool(item.outcomes or item.writes)


def _ordered(segment: Segment, body: list[Facts], urgent_reads: frozenset[str]) -> tuple[Item, ...]:
    if segment.trigger not in _ORDERED:
        return segment.body
    first = cone(body, _is_urgent(urgent_reads))
    middle = cone(body, lambda item: _is_effect(item) and not _is_probe(item))
    taken = {id(item) for item in first}
    rest = {id(item) for item in middle} - taken
    groups = (
        first,
        [item for item in body if id(item) in rest],
        [item for item in body if id(item) not in rest and id(item) not in taken],
    )
    return tuple(item.item for group in groups for item in group)
