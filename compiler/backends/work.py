"""The most work that one event can take, in FIR operations: every segment, every region, windows at full length."""

from __future__ import annotations

from ..ir.nodes import STREAM_KINDS, Program, Segment
from ..ir.ops import OPS
from ..ir.walk import operations


def work_bound(program: Program) -> int:
    """The greatest stream segment, and `manage`, all `decide`s and `risk` after it."""
    streams = [_cost(s, program) for s in program.segments if s.trigger in STREAM_KINDS]
    rest = [_cost(s, program) for s in program.segments if s.trigger in ("manage", "decide", "risk")]
    return max(streams, default=0) + sum(rest)


def _cost(segment: Segment, program: Program) -> int:
    longest = {s.name: s.words for s in program.slots}
    total = 0
    for op in operations(segment.body):
        row = OPS[op.name]
        total += row.cost * (longest[str(op.attrs[0])] if row.per_length else 1)
    return total
