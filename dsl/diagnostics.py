"""Diagnostics are values.

A diagnostic says what is wrong, where, why, and how to go on. It carries a code from `diagnostic_codes.CODES` (which
fixes severity, category and title), one primary label with an exact span, any number of secondary labels, notes, helps
and fixes. How it looks is the renderers' concern (`dsl/render/`); nobody formats a diagnostic anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from .source import Span


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Category(StrEnum):
    """Whose fault it is, and so who can mend it."""

    FILE = "your file"
    VENUE = "venue"
    DATA = "data"
    MODEL = "model"
    TOOLCHAIN = "toolchain"
    BUG = "compiler bug"


class Safety(StrEnum):
    """How far a fix may be trusted: `flashc fix` applies only safe ones."""

    SAFE = "safe"  # meaning kept, or plainly what was meant
    UNSAFE = "unsafe"  # meaning may change
    PLACEHOLDER = "placeholder"  # needs a choice


@dataclass(frozen=True, slots=True)
class Label:
    """A span and a short text beside it (may be empty)."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of the text that mends the finding, and how far it may be trusted."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `message` is one terse line without a full stop. `primary` is None only where there is no text to point at (a data
    file, a missing program); then `where` names the place (`bars.csv, row 17`).
    """

    code: str
    message: str
    primary: Label | None
    secondary: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    where: str = ""
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        assert self.primary is not None or self.where, "a diagnostic says where"
        assert self.message and not self.message.endswith("."), "a message is one line without a full stop"

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.code.startswith("FC") else Severity.WARNING


class FlashcError(Exception):
    """Carries diagnostics out of a call that cannot go on. Only the command line and the public API catch it."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        assert self.diagnostics, "an error without a diagnostic says nothing"
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in self.diagnostics))


class Diagnostics:
    """Collects findings of one run. Order of adding does not matter: reading sorts by position."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span | None, str], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a finding; the same code at the same place is kept once."""
        span = diagnostic.primary.span if diagnostic.primary else None
        self._found.setdefault((diagnostic.code, span, diagnostic.where), diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def __iter__(self) -> Iterator[Diagnostic]:
        def place(d: Diagnostic) -> tuple[str, int, int, str]:
            if d.primary is None:
                return (d.where, 0, 0, d.code)
            return (d.primary.span.path, d.primary.span.start, d.primary.span.end, d.code)

        return iter(sorted(self._found.values(), key=place))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that are errors, in the order in which they were added."""
        return tuple(d for d in self if d.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self if d.severity is Severity.WARNING)

    def raise_errors(self) -> None:
        """Raise `FlashcError` with everything found if there is an error among it."""
        if self.errors:
            raise FlashcError(tuple(self))
