"""How many findings of one file are shown, and where a finding belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..diagnostics import Diagnostic

#: More findings than this in one file are counted, not shown: the first ones are the ones to mend.
MAX_PER_FILE = 20


def file_of(diagnostic: Diagnostic) -> str:
    """The file a finding is about, or the place named instead of one."""
    return diagnostic.primary.span.path if diagnostic.primary else diagnostic.where


def _bucket(diagnostic: Diagnostic) -> str:
    return file_of(diagnostic) if diagnostic.primary else diagnostic.where.partition(",")[0]


def limited(diagnostics: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings to show, in their order."""
    seen: Counter[str] = Counter()
    for diagnostic in diagnostics:
        seen[_bucket(diagnostic)] += 1
        if seen[_bucket(diagnostic)] <= MAX_PER_FILE:
            yield diagnostic


def left_out(diagnostics: Sequence[Diagnostic]) -> list[tuple[str, int]]:
    """File and number of findings that are not shown."""
    seen = Counter(_bucket(d) for d in diagnostics)
    return [(path, count - MAX_PER_FILE) for path, count in seen.items() if count > MAX_PER_FILE]
