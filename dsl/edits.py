"""Lists of text edits: which go together, and what they make of a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .diagnostics import Edit
from .source import Span


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """The edits by position, each once; an edit that touches text of an earlier one is left out."""
    kept: list[Edit] = []
    for edit in sorted(set(edits), key=lambda e: (e.span.start, e.span.end, e.text)):
        if not kept or not _collide(kept[-1].span, edit.span):
            kept.append(edit)
    return kept


def collide(one: Iterable[Edit], other: Sequence[Edit]) -> bool:
    """Do two lists of edits claim the same text? An equal edit in both is no collision."""
    return any(_collide(a.span, b.span) for a in one for b in other if a != b)


def _collide(a: Span, b: Span) -> bool:
    """Ranges that overlap, and two insertions at one place, whose order would be a guess."""
    if a.start == a.end or b.start == b.end:
        return a.start <= b.start <= a.end if b.start == b.end else b.start <= a.start <= b.end
    return a.start < b.end and b.start < a.end


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """`text` with all edits made. They must not overlap."""
    out: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end)):
        assert edit.span.start >= at, "edits overlap"
        out += (text[at : edit.span.start], edit.text)
        at = edit.span.end
    return "".join((*out, text[at:]))
