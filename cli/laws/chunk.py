"""Law `chunk`: however the events are cut into batches, the run is the same."""

from __future__ import annotations

from collections.abc import Iterator

from .ground import Ground
from .outcome import Difference, LawResult, first_difference, silent, told

NAME = "chunk"
#: Records per batch: one at a time, and lengths that share no divisor with anything of ours.
SIZES = (1, 7, 61, 1009)
_ONE_BY_ONE = 20_000  # longer tapes are not worked through record by record


def law(ground: Ground) -> LawResult:
    if not ground.compiled:
        return silent(NAME, "the reference takes one event at a time")
    sizes = [size for size in SIZES if size * _ONE_BY_ONE >= len(ground.tape)]
    shown = ", ".join(map(str, sizes))
    return told(NAME, _found(ground, sizes), f"batches of {shown} records on {', '.join(ground.compiled)}")


def _found(ground: Ground, sizes: list[int]) -> Iterator[tuple[str, Difference | None]]:
    for engine in ground.compiled:
        whole = ground.whole(engine)
        for size in sizes:
            other = ground.run(engine, chunk=size)
            yield f"{engine}, at once and by {size}", first_difference(ground.program, whole, other)
