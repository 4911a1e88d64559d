"""Spacing inside expressions: one space around binary operators and after commas, none inside brackets.

Line ends, indentation and comments stay as they are; only the space between two tokens on one line changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .diagnostics import Edit
from .expression_printer import JOINED_UNITS
from .expression_scanner import Piece, scan
from .source import Source, Span

_OPENING = frozenset({"LPAR", "LSQB"})
_CLOSING = frozenset({"RPAR", "RSQB"})
_TIGHT = frozenset({"DOT", "AT", "EQUAL"})
_VALUE_ENDS = frozenset({"NUMBER", "NAME", "TRUE", "FALSE", *_CLOSING})


def spacing_edits(source: Source, span: Span) -> Iterator[Edit]:
    """Edits that give the expression in `span` its canonical spacing."""
    pieces = list(scan(source.text, span.start, span.end))
    for index in range(1, len(pieces)):
        before, after = pieces[index - 1], pieces[index]
        gap = source.text[before.end : after.start]
        wanted = _gap(pieces, index)
        if "\n" not in gap and gap != wanted:
            yield Edit(source.span(before.end, after.start), wanted)


def _gap(pieces: Sequence[Piece], index: int) -> str:
    """The space in front of `pieces[index]`."""
    before, after = pieces[index - 1], pieces[index]
    if before.kind in _OPENING or after.kind in _CLOSING or after.kind == "COMMA":
        return ""
    if before.kind in _TIGHT or after.kind in _TIGHT:
        return ""
    if before.kind == "MINUS" and _is_sign(pieces, index - 1):
        return ""
    if after.kind in _OPENING and before.kind in ("NAME", *_CLOSING):
        return ""
    if before.kind == "NUMBER" and after.kind == "NAME":
        return "" if after.text in JOINED_UNITS else " "
    if _in_compound_unit(pieces, index) or _in_compound_unit(pieces, index - 1):
        return ""
    return " "


def _is_sign(pieces: Sequence[Piece], index: int) -> bool:
    return index == 0 or pieces[index - 1].kind not in _VALUE_ENDS


def _in_compound_unit(pieces: Sequence[Piece], index: int) -> bool:
    """Is this the `/` of `64_000 USDC/BTC`?"""
    if not 2 <= index < len(pieces) - 1 or pieces[index].kind != "OVER":
        return False
    number, unit, below = pieces[index - 2], pieces[index - 1], pieces[index + 1]
    named = unit.kind == below.kind == "NAME" and unit.text.isupper() and below.text.isupper()
    return number.kind == "NUMBER" and named
