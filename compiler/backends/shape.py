"""What the printers of all backends ask about a program: which words live in registers, whether it asks for wakes."""

from __future__ import annotations

from ..ir.nodes import STREAM_KINDS, Op, Program
from ..ir.walk import operations

#: Segments that run inside the loop of `events`.
LOOPED = (*STREAM_KINDS, "manage", "decide", "risk")


def asks_wakes(program: Program) -> bool:
    return program.min_gap_ns > 0 or any(op.name == "wake" for s in program.segments for op in operations(s.body))


def manages(program: Program) -> bool:
    """Whether reports and wakes let the program act."""
    return any(s.trigger == "manage" for s in program.segments)


def hot_slots(program: Program) -> frozenset[str]:
    """Single words that every record reads, or writes for a later read: worth a variable, that is a register.

    None with books: their records come one at a time, as the driver moves the book between them.
    """
    if any(s.kind == "book" for s in program.streams):
        return frozenset()
    looped = [s for s in program.segments if s.trigger in LOOPED]
    read = {str(op.attrs[0]) for s in looped for op in operations(s.body) if op.name in ("load.i", "load.f")}
    top = [item for s in looped for item in s.body if isinstance(item, Op)]
    touched = {str(op.attrs[0]) for op in top if op.name in ("load.i", "load.f", "store.i", "store.f")}
    return frozenset(read & touched & {s.name for s in program.slots if s.words == 1})
