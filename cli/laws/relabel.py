"""Law `relabel`: names mean nothing. With the names of two instruments swapped everywhere in the file, in
`instruments`, `trade` and all expressions, the same instruments do the same: only the names of the rows are swapped.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .ground import Ground
from .outcome import LawResult, first_difference, silent, told

if TYPE_CHECKING:
    from ..prepared import Prepared

NAME = "relabel"


def law(ground: Ground) -> LawResult:
    document = ground.prepared.compiled.checked.document
    names = [instrument.alias.value for instrument in document.instruments]
    if len(names) < 2:
        return silent(NAME, "the strategy names one instrument")
    if document.uses:
        return silent(NAME, "the strategy uses modules, whose names are their own")
    engine = ground.quick[0]
    other = _swapped(ground, names[0], names[1])
    found = first_difference(ground.program, ground.whole(engine), other.run(engine))
    return told(NAME, [(f"{engine}, as written and with {names[0]} and {names[1]} swapped", found)], engine)


def _swapped(ground: Ground, one: str, other: str) -> Ground:
    prepared = relabelled(ground.prepared, {one: other, other: one})
    return Ground(prepared, ground.tape, ground.account, ground.options, ground.engines)


def relabelled(prepared: Prepared, names: dict[str, str]) -> Prepared:
    """The strategy with other names for its instruments, compiled anew with the same parameters."""
    from ...dsl.source import Source
    from ..front import front_of
    from ..prepared import prepared_of

    words = re.compile(rf"(?<![\w./])({'|'.join(map(re.escape, names))})(?![\w/])")
    text = words.sub(lambda match: names[match[1]], prepared.source.text)
    front = front_of(Source(prepared.source.path, text))
    return replace(prepared_of(front, []), params=prepared.params)
