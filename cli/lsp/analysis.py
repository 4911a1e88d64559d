"""What the front end makes of one version of a text, kept for the questions that an editor asks about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ...compiler.frontend.built import Built
from ...compiler.frontend.check import Analysed, analyse, check_tests
from ...dsl.diagnostics import Diagnostic, Diagnostics
from ...dsl.document import Document
from ...dsl.document_reader import read_document
from ...dsl.language_server.symbols import Names, names_of
from ...dsl.source import Source


@dataclass(frozen=True)
class Analysis:
    """One analysed text. `document` and `analysed` are None where the text is too broken for them."""

    version: int
    source: Source
    document: Document | None
    analysed: Analysed | None
    found: tuple[Diagnostic, ...]

    @cached_property
    def names(self) -> Names:
        return names_of(self.document) if self.document is not None else Names()

    @property
    def built(self) -> Built | None:
        return self.analysed.built if self.analysed is not None else None


def analysis_of(source: Source, version: int, is_stale: Callable[[], bool] = lambda: False) -> Analysis | None:
    """Check a text; None when it became stale on the way. Raises only for faults of our own."""
    document, found = read_document(source)
    if document is None or is_stale():
        return None if is_stale() else Analysis(version, source, None, None, tuple(found))
    analysed, more = analyse(document)
    bag = Diagnostics()
    bag.extend(found)
    bag.extend(more)
    if document.tests and not bag.errors and not is_stale():
        bag.extend(check_tests(document)[1])
    return None if is_stale() else Analysis(version, source, document, analysed, tuple(bag))
