"""Where in the strategy file an operation comes from: `let.pressure 41:13`, for the comments of generated C.

A key that is not a plain identifier is left out: only letters, digits, `_` and `.` of a file's own words reach C.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....dsl.cst import Mapping, Node, Sequence
from ....dsl.source import Source
from ....dsl.yaml_reader import read
from .body import Places

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def places_of(source: Source) -> Places:
    """The innermost key around an origin, as a path of keys, and the line and column at which the origin begins."""
    root, _ = read(source)
    found = sorted(_keys(root, ()), key=lambda row: row[1] - row[0])

    def place(origin: tuple[int, int]) -> str:
        start, end = origin
        path = next((path for low, high, path in found if low <= start and end <= high), "")
        at = source.position(start)
        return f"{path} {at.line}:{at.column}".strip()

    return place


def _keys(node: Node | None, path: tuple[str, ...]) -> Iterator[tuple[int, int, str]]:
    """(start, end, path) of the value of every key below a node."""
    if isinstance(node, Mapping):
        for entry in node.entries:
            below = (*path, entry.key.value) if _IDENTIFIER.fullmatch(entry.key.value) else path
            yield entry.value.span.start, entry.value.span.end, ".".join(below)
            yield from _keys(entry.value, below)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _keys(item, path)
