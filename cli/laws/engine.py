"""Law `engine`: every engine gives the same bits: all tables, the equity curve, and the whole state at the end."""

from __future__ import annotations

from .ground import Ground
from .outcome import LawResult, first_difference, silent, told

NAME = "engine"


def law(ground: Ground) -> LawResult:
    first, *others = ground.engines
    if not others:
        return silent(NAME, f"only {first} was asked for")
    whole = ground.whole(first)
    pairs = ((f"{first} and {name}", first_difference(ground.program, whole, ground.whole(name))) for name in others)
    return told(NAME, pairs, " = ".join(ground.engines))
