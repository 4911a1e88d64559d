"""Apply fixes to a text, and take back those that make it worse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from .diagnostics import Diagnostic, Diagnostics, Edit, Fix, Safety
from .edits import apply_edits, collide
from .source import Source

#: Rounds of fixing and checking: a fix can uncover the next finding.
MAX_ROUNDS = 10

SAFE_ONLY = frozenset({Safety.SAFE})

Check = Callable[[Source], Diagnostics]


@dataclass(frozen=True, slots=True)
class FixResult:
    """The text after all kept fixes, the findings that were mended, and those whose fixes were withdrawn."""

    text: str
    applied: tuple[Diagnostic, ...]
    withdrawn: tuple[Diagnostic, ...]


def apply_fixes(source: Source, diagnostics: Iterable[Diagnostic], levels: AbstractSet[Safety] = SAFE_ONLY) -> str:
    """The text with the first fitting fix of each finding. Of fixes that claim the same text, the first is applied."""
    return _batch(source, list(diagnostics), levels)[0]


def fix(source: Source, check: Check, levels: AbstractSet[Safety] = SAFE_ONLY) -> FixResult:
    """Fix, check again, and go on while that helps.

    A batch that adds errors is withdrawn; its fixes are then tried one by one, and those that add errors are left out.
    """
    now, found = source, list(check(source))
    applied: list[Diagnostic] = []
    withdrawn: list[Diagnostic] = []
    for _ in range(MAX_ROUNDS):
        rejected = {_key(d) for d in withdrawn}
        todo = [d for d in found if _key(d) not in rejected]
        text, used = _batch(now, todo, levels)
        if not used or text == now.text:
            break
        candidate = Source(source.path, text)
        after = list(check(candidate))
        if _errors(after) > _errors(found):
            candidate, after, used, refused = _one_by_one(now, found, used, levels, check)
            withdrawn += refused
        applied += used
        now, found = candidate, after
        if not used:
            break
    return FixResult(now.text, tuple(applied), tuple(withdrawn))


def _one_by_one(
    source: Source, found: list[Diagnostic], batch: list[Diagnostic], levels: AbstractSet[Safety], check: Check
) -> tuple[Source, list[Diagnostic], list[Diagnostic], list[Diagnostic]]:
    """The text, its findings, the first finding whose fix helps by itself, and those before it whose fixes do not."""
    refused: list[Diagnostic] = []
    for diagnostic in batch:
        candidate = Source(source.path, apply_fixes(source, [diagnostic], levels))
        after = list(check(candidate))
        if _errors(after) <= _errors(found):
            return candidate, after, [diagnostic], refused
        refused.append(diagnostic)
    return source, found, [], refused


def _errors(diagnostics: Iterable[Diagnostic]) -> int:
    return sum(d.code.startswith("FC") for d in diagnostics)


def _key(diagnostic: Diagnostic) -> tuple[str, str, str]:
    """A finding across rounds: its offsets move with the edits before it, its code, message and labels do not."""
    label = diagnostic.primary.text if diagnostic.primary else diagnostic.where
    return diagnostic.code, diagnostic.message, label


def _batch(source: Source, diagnostics: list[Diagnostic], levels: AbstractSet[Safety]) -> tuple[str, list[Diagnostic]]:
    """The text after one batch of fixes that do not touch each other, and the findings they belong to."""
    edits: list[Edit] = []
    used: list[Diagnostic] = []
    for diagnostic in diagnostics:
        fix = _fitting(source, diagnostic, levels)
        if fix is not None and not collide(fix.edits, edits) and not collide(fix.edits, fix.edits):
            edits += (edit for edit in fix.edits if edit not in edits)
            used.append(diagnostic)
    return apply_edits(source.text, edits), used


def _fitting(source: Source, diagnostic: Diagnostic, levels: AbstractSet[Safety]) -> Fix | None:
    for fix in diagnostic.fixes:
        if fix.safety in levels and fix.edits and all(e.span.path == source.path for e in fix.edits):
            return fix
    return None
