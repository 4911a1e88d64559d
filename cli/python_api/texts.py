"""Values that show themselves as text: at a prompt, in a notebook, when printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...dsl.diagnostics import Diagnostic


class Text(str):
    """Text that a prompt shows as it is, with its lines."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Findings(tuple["Diagnostic", ...]):
    """Diagnostics in the order of the file. Showing or printing them gives the rendered text."""

    _text: str

    def __new__(cls, found: Iterable[Diagnostic], text: str) -> Findings:
        made = super().__new__(cls, tuple(found))
        made._text = text
        return made

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self if d.severity.value == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self if d.severity.value == "warning")

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._text or "no findings"
