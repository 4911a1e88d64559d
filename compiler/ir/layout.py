"""Where each slot lives in the state block.

Slots lie in program order, each `words` 8-byte words long. One extra word follows the last slot: the "ticked" flag,
non-zero between the tick of the decision clock and the end of that instant. Every executor uses these offsets.
"""

from __future__ import annotations

from .nodes import Program


def offsets(program: Program) -> dict[str, int]:
    """Slot name -> offset of its first word."""
    result: dict[str, int] = {}
    position = 0
    for slot in program.slots:
        result[slot.name] = position
        position += slot.words
    return result


def ticked_word(program: Program) -> int:
    """Offset of the "ticked" flag: the sum of all slot lengths."""
    return sum(slot.words for slot in program.slots)


def state_words(program: Program) -> int:
    """Length of the state block in 8-byte words."""
    return ticked_word(program) + 1
