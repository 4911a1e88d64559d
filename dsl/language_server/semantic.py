"""The words of expressions, for colouring: what each is, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..expression_scanner import scan
from .outline import keys
from .schema_keys import schema_at

#: The kinds of words, in the order in which their numbers are announced to the editor.
KINDS = ("keyword", "number", "operator", "function", "variable", "parameter", "property", "namespace", "type")

_OPERATORS = frozenset({"COMPARE", "PLUS", "MINUS", "TIMES", "OVER", "ORELSE", "AT"})
_KEYWORDS = frozenset({"IF", "THEN", "ELSE", "AND", "OR", "NOT", "TRUE", "FALSE"})


def words(text: str, names: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of each word of the text's expressions. `names` gives kinds of the file's own names."""
    for key in keys(text):
        place = schema_at(key.path)
        if place is None or not place.is_expression:
            continue
        start, end = key.value_start, key.end
        first = text[start : start + 1]
        if first in ("|", ">"):
            start = text.find("\n", start, end) + 1 or end
        elif first in ("{", "["):
            continue
        elif first in ("'", '"'):
            start, end = start + 1, end - 1
        yield from _words(text, start, end, names)


def _words(text: str, start: int, end: int, names: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    pieces = [*scan(text, start, end)]
    for i, piece in enumerate(pieces):
        before = pieces[i - 1].kind if i else ""
        after = pieces[i + 1].kind if i + 1 < len(pieces) else ""
        if piece.kind == "NAME":
            kind = _name(piece.text, before, after, names)
        elif piece.kind == "NUMBER":
            kind = "number"
        else:
            kind = "operator" if piece.kind in _OPERATORS else "keyword" if piece.kind in _KEYWORDS else ""
        if kind:
            yield piece.start, piece.end, kind


def _name(text: str, before: str, after: str, names: Mapping[str, str]) -> str:
    if before == "NUMBER" or before == "AT":
        return "type"
    if before == "DOT":
        return "function" if after == "LPAR" else "property"
    if after == "LPAR":
        return "function"
    if after == "EQUAL":
        return "parameter"
    return names.get(text, "namespace" if after == "DOT" else "variable")
