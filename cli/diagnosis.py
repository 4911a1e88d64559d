"""Printing diagnostics of strategy files in the asked format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..dsl.diagnostics import Category, Diagnostic, Severity
from ..dsl.source import Source
from . import console
from .exit_codes import Exit

_EXITS = {Category.TOOLCHAIN: Exit.ENVIRONMENT, Category.BUG: Exit.BUG}


def show(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, Source] | None = None,
    *,
    as_json: bool = False,
    concise: bool = False,
) -> Exit:
    """Print all of them and return the exit code they stand for. `sources` are by path; missing ones are read again."""
    found = tuple(diagnostics)
    known = dict(sources or {})
    known.update(_reread(found, known))
    if as_json:
        from ..dsl.render.json import render as render_json

        console.raw(_ended(render_json(found, known)))
    elif concise:
        from ..dsl.render.concise import render as render_concise

        if found:
            console.raw(_ended(render_concise(found, known)))
    elif found:
        from ..dsl.render.text import render as render_text

        console.err(render_text(found, known, color=console.colored(console.stderr())).rstrip("\n"))
    return exit_code(found)


def exit_code(diagnostics: Iterable[Diagnostic]) -> Exit:
    """OK without errors; else what the gravest error stands for."""
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    if not errors:
        return Exit.OK  # without loading the catalogue
    from ..dsl.diagnostic_codes import CODES

    return max(_EXITS.get(CODES[d.code].category, Exit.FILE) if d.code in CODES else Exit.FILE for d in errors)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`, or an empty text."""
    found = tuple(diagnostics)
    errors = sum(d.severity is Severity.ERROR for d in found)
    return ", ".join(
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((errors, "error"), (len(found) - errors, "warning"))
        if count
    )


def _ended(text: str) -> str:
    """With exactly one newline at the end."""
    return text.rstrip("\n") + "\n"


def _reread(diagnostics: tuple[Diagnostic, ...], known: Mapping[str, Source]) -> dict[str, Source]:
    """Sources of files that a diagnostic points into and nobody handed over."""
    labels = [label for d in diagnostics for label in (d.primary, *d.secondary) if label is not None]
    paths = {label.span.path for label in labels} - set(known)
    return {path: Source(path, Path(path).read_text(encoding="utf-8")) for path in paths if Path(path).is_file()}
