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
from dataclasses import dataclass, replace

from ..ir.nodes import STREAM_KINDS, Item, Op, Program, Segment, When
from ..ir.ops import OPS
from ..ir.walk import operations, slot_name

#: Outcomes that must keep their order among themselves are treated as writes to one place.
_PLACES = {"emit": "emit", "cancel": "emit", "reason": "reason"}
_PLACES |= {f"{name}.{kind}": name for name in ("probe", "trace") for kind in "bif"}
_INTENTS = frozenset({"emit", "cancel"})
_ORDERED = (*STREAM_KINDS, "manage", "decide", "risk")


@dataclass(frozen=True, slots=True)
class _Item:
    """An item with what it uses and touches; a region counts as one item."""

    item: Item
    defines: frozenset[int]
    uses: frozenset[int]
    reads: frozenset[str]
    writes: frozenset[str]
    outcomes: frozenset[str]

    def must_precede(self, later: _Item) -> bool:
        return bool(
            self.defines & later.uses or self.writes & (later.reads | later.writes) or self.reads & later.writes
        )


def run(program: Program) -> Program:
    bodies = {id(s): [_facts(item) for item in s.body] for s in program.segments}
    urgent_reads = _urgent_reads(program, bodies)
    return replace(
        program,
        segments=tuple(replace(s, body=_ordered(s, bodies[id(s)], urgent_reads)) for s in program.segments),
    )


def _facts(item: Item) -> _Item:
    ops = [item] if isinstance(item, Op) else list(operations(item.body))
    uses = {a for op in ops for a in op.args} | _conditions(item)
    reads = {str(slot_name(op)) for op in ops if OPS[op.name].reads and slot_name(op) is not None}
    writes = {str(slot_name(op)) for op in ops if OPS[op.name].writes}
    outcomes = {op.name for op in ops if OPS[op.name].effect and not OPS[op.name].writes}
    places = {"#" + _PLACES[name] for name in outcomes if name in _PLACES}
    defines = {item.result} if isinstance(item, Op) and item.result is not None else set()
    return _Item(item, frozenset(defines), frozenset(uses), frozenset(reads), frozenset(writes | places),
                 frozenset(outcomes))  # fmt: skip


def _conditions(item: Item) -> set[int]:
    if isinstance(item, Op):
        return set()
    return {item.condition}.union(*(_conditions(i) for i in item.body if isinstance(i, When)))


def _urgent_reads(program: Program, bodies: dict[int, list[_Item]]) -> frozenset[str]:
    """Slots read, in this instant, on the way to an intent: the least set that holds all its own causes."""
    segments = [s for s in program.segments if s.trigger in _ORDERED]
    reads: frozenset[str] = frozenset()
    while True:
        found = reads
        for segment in segments:
            for item in _cone(bodies[id(segment)], _is_urgent(found)):
                found |= item.reads
        if found == reads:
            return reads
        reads = found


def _is_urgent(slots: frozenset[str]) -> Callable[[_Item], bool]:
    return lambda item: bool(item.outcomes & _INTENTS or item.writes & slots)


def _is_probe(item: _Item) -> bool:
    return any(name.startswith("probe") for name in item.outcomes)


def _is_effect(item: _Item) -> bool:
    return bool(item.outcomes or item.writes)


def _cone(body: list[_Item], is_root: Callable[[_Item], bool]) -> list[_Item]:
    """The roots and everything that must run before them, in order."""
    kept: list[_Item] = []
    for item in reversed(body):
        if is_root(item) or any(item.must_precede(later) for later in kept):
            kept.append(item)
    return kept[::-1]


def _ordered(segment: Segment, body: list[_Item], urgent_reads: frozenset[str]) -> tuple[Item, ...]:
    if segment.trigger not in _ORDERED:
        return segment.body
    first = _cone(body, _is_urgent(urgent_reads))
    middle = _cone(body, lambda item: _is_effect(item) and not _is_probe(item))
    taken = {id(item) for item in first}
    rest = {id(item) for item in middle} - taken
    groups = (
        first,
        [item for item in body if id(item) in rest],
        [item for item in body if id(item) not in rest and id(item) not in taken],
    )
    return tuple(item.item for group in groups for item in group)
