"""Where each slot lives in the state block.

Slots lie in program order, each `words` 8-byte words long. After them come one "ticked" word per instance, non-zero
between the tick of the instance's decision clock and its next decision, and the time of the last decision. Every
executor uses these offsets.
"""

from __future__ import annotations

from hashlib import sha256

from .nodes import Program


def offsets(program: Program) -> dict[str, int]:
    """Slot name -> offset of its first word."""
    result: dict[str, int] = {}
    position = 0
    for slot in program.slots:
        result[slot.name] = position
        position += slot.words
    return result


def ticked_word(program: Program, instance: int = 0) -> int:
    """Offset of the "ticked" flag of an instance."""
    return sum(slot.words for slot in program.slots) + instance


def last_decided_word(program: Program) -> int:
    """Offset of the time of the last decision, 0 before the first."""
    return ticked_word(program, program.instance_count)


def state_words(program: Program) -> int:
    """Length of the state block in 8-byte words."""
    return last_decided_word(program) + 1


def layout_hash(program: Program) -> str:
    """64 hex digits over the identity, type, length and place of every slot and the number of instances."""
    at = offsets(program)
    lines = [f"{s.id} {s.type} {s.words} {at[s.name]}" for s in program.slots]
    return sha256("\n".join([str(program.instance_count), *lines]).encode()).hexdigest()
