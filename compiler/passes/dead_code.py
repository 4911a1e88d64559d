"""Remove what no outcome depends on: unused values, slots that feed nothing but themselves, empty regions.

    slot %s0 i64[1]                      (gone)
    %0: i64 = load.i %s0
    %1: i64 = iadd %0 %one         ->
    store.i %s0 %1
    %2: f64 = fadd %7 %8                 (gone if nothing uses %2)

Outcomes are clauses, reasons, decisions, intents and probes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..ir.nodes import Item, Op, Program, When
from ..ir.ops import OPS
from ..ir.walk import map_segments, slot_name


def run(program: Program) -> Program:
    slots: set[str] = set()
    while True:
        known = len(slots)
        result = map_segments(program, lambda segment: _Sweep(slots, set()).body(segment.body))
        if len(slots) == known:
            return replace(result, slots=tuple(s for s in program.slots if s.name in slots))


@dataclass(slots=True)
class _Sweep:
    """One walk from the end to the start of a segment. `slots` grows: slots whose content reaches an outcome."""

    slots: set[str]
    values: set[int]

    def body(self, body: tuple[Item, ...]) -> tuple[Item, ...]:
        kept: list[Item] = []
        for item in reversed(body):
            if isinstance(item, When):
                inner = self.body(item.body)
                if inner:
                    self.values.add(item.condition)
                    kept.append(When(item.condition, inner))
            elif self.needed(item):
                self.use(item)
                kept.append(item)
        return tuple(reversed(kept))

    def needed(self, op: Op) -> bool:
        if op.result is not None:
            return op.result in self.values
        return not OPS[op.name].writes or slot_name(op) in self.slots

    def use(self, op: Op) -> None:
        self.values.update(op.args)
        slot = slot_name(op)
        if slot is not None and OPS[op.name].reads:
            self.slots.add(slot)
