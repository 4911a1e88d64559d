"""Put the slots that are touched most into the first cache lines.

    slot %s0 f64[512] "ring"             slot %s1 f64[1] "ema"
    slot %s1 f64[1] "ema"          ->    slot %s0 f64[512] "ring"

Single words come first, by falling number of uses outside `setup`; then rings and trees by rising length. Ties keep
their order. Names and ids stay, only offsets change.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..ir.nodes import Program
from ..ir.walk import operations, slot_name


def run(program: Program) -> Program:
    uses: Counter[str] = Counter()
    for segment in program.segments:
        if segment.trigger != "setup":
            uses.update(name for op in operations(segment.body) if (name := slot_name(op)) is not None)
    packed = sorted(program.slots, key=lambda slot: (slot.words, -uses[slot.name]))
    return replace(program, slots=tuple(packed))
