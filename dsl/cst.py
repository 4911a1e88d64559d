"""The structure of a file with exact spans: what `yaml_reader` makes from YAML events.

Nothing is interpreted here. A scalar keeps its style and the place of its content, so that an expression can be parsed
where it stands (`Scalar.content`), whatever YAML did to its value. Duplicate keys are kept, in file order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .source import Span


class Style(StrEnum):
    PLAIN = "plain"
    SINGLE = "single"  # 'text'
    DOUBLE = "double"  # "text"
    LITERAL = "literal"  # |
    FOLDED = "folded"  # >


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar.

    `span` is the whole token (quotes and block indicator included). `content` is the text to parse in place: the plain
    text, the inside of the quotes, or a block scalar from the line after its indicator. `value` is what YAML makes of
    it (folds, escapes, indentation removed). `in_flow` when some `{...}` or `[...]` is around it.
    """

    span: Span
    content: Span
    style: Style
    value: str
    in_flow: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """`key: value` of a mapping."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """A block or, `in_flow`, a `{...}` mapping, in file order."""

    span: Span
    entries: tuple[Entry, ...]
    in_flow: bool

    def get(self, key: str) -> Node | None:
        """The value of the first entry called `key`."""
        entry = self.entry(key)
        return entry.value if entry else None

    def entry(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key.value == key), None)

    def unique(self) -> Iterator[Entry]:
        """The entries without the later ones of a duplicated key."""
        seen: set[str] = set()
        for entry in self.entries:
            if entry.key.value not in seen:
                seen.add(entry.key.value)
                yield entry


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list: dashes or, `in_flow`, `[...]`."""

    span: Span
    items: tuple[Node, ...]
    in_flow: bool


Node = Scalar | Mapping | Sequence
