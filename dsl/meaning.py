"""Compare what was read without where it stood."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from .document import Document
from .source import Source, Span

_PLACES = (Span, Source)


def same_meaning(left: Document, right: Document) -> bool:
    """Equal up to places in the text, and up to whether a default was written out."""
    return meaning(left) == meaning(right)


def meaning(value: object) -> object:
    """`value` as nested tuples without spans, sources and `written` marks."""
    if isinstance(value, tuple):
        return tuple(meaning(item) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    parts = ((field.name, getattr(value, field.name)) for field in fields(value) if field.name != "written")
    kept = ((name, meaning(part)) for name, part in parts if not _is_place(part))
    return (type(value).__name__, *kept)


def _is_place(part: object) -> bool:
    if isinstance(part, tuple) and part:
        return all(isinstance(item, _PLACES) for item in part)
    return isinstance(part, _PLACES)
