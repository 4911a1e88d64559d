"""Where the `tests:` block names what the file defines: keys of rows and settings, and expressions."""

from __future__ import annotations

from collections.abc import Iterator

from ..cst import Mapping, Node, Scalar, Sequence
from ..source import Span

#: Blocks of a test whose keys are names of the file.
_NAMED = ("rows", "start", "params")


def names_in_tests(tests: Node | None) -> Iterator[tuple[Span | None, Scalar | None]]:
    """(place of a key that is a name, expression) of every test; one of the two is None where there is none."""
    for test in tests.entries if isinstance(tests, Mapping) else ():
        if isinstance(test.value, Mapping):
            for block in test.value.entries:
                yield from _names(block.value, block.key.value in _NAMED)


def _names(node: Node, named: bool) -> Iterator[tuple[Span | None, Scalar | None]]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _names(item, named)
    elif isinstance(node, Mapping):
        for entry in node.entries:
            if named:
                yield entry.key.content, None
            yield from _names(entry.value, named)
    else:
        yield None, node
