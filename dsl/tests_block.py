"""The `tests:` block: its expressions are parsed, so that a slip in a test is found before the test is run."""

from __future__ import annotations

from .cst import Mapping, Node, Sequence
from .document import Located
from .fields import Fields
from .literals import read_range


def read_tests(fields: Fields, node: Node | None) -> tuple[Located[str], ...]:
    """The tests' names, in file order."""
    names: list[Located[str]] = []
    for name, test in fields.named(node):
        if isinstance(test, Mapping):
            _read_test(fields, test)
            names.append(name)
    return tuple(names)


def _read_test(fields: Fields, test: Mapping) -> None:
    for key in ("start", "params"):
        _read_values(fields, test.get(key))
    for key in ("rows", "expect"):
        node = test.get(key)
        for item in node.items if isinstance(node, Sequence) else ():
            _read_values(fields, item)


def _read_values(fields: Fields, node: Node | None) -> None:
    if not isinstance(node, Mapping):
        return
    for entry in node.unique():
        scalar = fields.scalar(entry.value)
        if scalar is not None and entry.key.value == "in":
            read_range(fields.source, scalar, fields.bag)
        elif scalar is not None:
            fields.expr(scalar)
