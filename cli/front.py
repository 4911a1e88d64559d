"""From a path to a checked strategy: the way that `check`, `fix`, `compile` and `backtest` share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..dsl.diagnostics import Diagnostics
from ..dsl.source import Source
from .files import read_source

if TYPE_CHECKING:
    from ..compiler.frontend.check import TestedFile
    from ..compiler.ir.hir import Checked
    from ..dsl.document import Document


@dataclass(frozen=True, slots=True)
class Front:
    """What the front end made of one file: as far as it came, and everything it found."""

    source: Source | None
    document: Document | None
    checked: Checked | None
    diagnostics: Diagnostics
    tested: TestedFile | None = None


def read_front(path: Path) -> Front:
    """Read, parse and check one file; findings are in `diagnostics`. Raises `Problem` if it cannot be read at all."""
    source, found = read_source(path)
    if source is None:
        return Front(None, None, None, found)
    return front_of(source, found)


def front_of(source: Source, found: Diagnostics | None = None) -> Front:
    """Parse and check a text that is already read. `found` is what reading it brought up."""
    from ..dsl.document_reader import read_document

    found = found if found is not None else Diagnostics()
    document, more = read_document(source)
    found.extend(more)
    if document is None:
        return Front(source, None, None, found)
    from ..compiler.frontend.check import check, check_tests

    checked, more = check(document)
    found.extend(more)
    tested = None
    if not found.errors and document.tests:
        tested, more = check_tests(document)
        found.extend(more)
    return Front(source, document, None if found.errors else checked, found, tested)


def checked_or_raise(path: Path) -> tuple[Source, Checked]:
    """One file that must be free of errors. Raises `FlashcError` with everything found otherwise."""
    front = read_front(path)
    front.diagnostics.raise_errors()
    assert front.source is not None, "a file without text has errors"
    assert front.checked is not None, "a file without errors is checked"
    return front.source, front.checked
