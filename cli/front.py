"""From a path to a checked strategy: the way that `check`, `compile` and `backtest` share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..compiler.ir.hir import Checked
from ..dsl.diagnostics import Diagnostics
from ..dsl.document import Document
from ..dsl.source import Source
from .files import read_source


@dataclass(frozen=True, slots=True)
class Front:
    """What the front end made of one file: as far as it came, and everything it found."""

    path: Path
    source: Source | None
    document: Document | None
    checked: Checked | None
    diagnostics: Diagnostics


def read_front(path: Path) -> Front:
    """Read, parse and check one file; findings are in `diagnostics`. Raises `Problem` if it cannot be read at all."""
    source, found = read_source(path)
    if source is None:
        return Front(path, None, None, None, found)
    from ..dsl.document_reader import read_document

    document, more = read_document(source)
    found.extend(more)
    if document is None:
        return Front(path, source, None, None, found)
    from ..compiler.frontend.check import check

    checked, more = check(document)
    found.extend(more)
    return Front(path, source, document, None if found.errors else checked, found)


def checked_or_raise(path: Path) -> Front:
    """As `read_front`, but raises `FlashcError` unless the strategy is free of errors."""
    front = read_front(path)
    front.diagnostics.raise_errors()
    return front
