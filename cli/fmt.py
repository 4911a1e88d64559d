"""`flashc fmt`: one style, comments untouched, meaning kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, StrategyFiles, example, make_app
from .diagnosis import show
from .exit_codes import Exit
from .files import read_source
from .writing import replace_text, unified_diff

if TYPE_CHECKING:
    from ..dsl.diagnostics import Diagnostic
    from ..dsl.source import Source

app = make_app()

Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file is not formatted.")]
Diff = Annotated[bool, typer.Option("--diff", help="Write nothing; print what would change.")]


@app.command(epilog=example("flashc fmt strategies/*.yaml", "flashc fmt --check strategies/*.yaml"))
def fmt(files: StrategyFiles, check: Check = False, diff: Diff = False, json: Json = False) -> int:
    """Format strategy files in place. Comments stay, meaning stays."""
    changed: list[str] = []
    errors: list[Diagnostic] = []
    sources: dict[str, Source] = {}
    for path in files:
        before, after = _format(path, errors, sources)
        if after == before:
            continue
        changed.append(str(path))
        if diff and not json:
            console.raw(unified_diff(path, before, after))
        if not check and not diff:
            replace_text(path, after)
    code = show(errors, sources, as_json=json) if errors else Exit.OK
    if not (json and errors):  # one object, and the errors are what matters
        _tell(changed, len(files), check or diff, json)
    return max(code, Exit.FILE if check and changed else Exit.OK)


def _format(path: Path, errors: list[Diagnostic], sources: dict[str, Source]) -> tuple[str, str]:
    """The text before and after, equal when the file cannot be parsed (its errors are then added to `errors`)."""
    from ..dsl.document_reader import read_document

    source, found = read_source(path)
    if source is not None:
        document, more = read_document(source)
        found.extend(more)
        if document is not None and not found.errors:
            from ..dsl.formatter import format_source

            return source.text, format_source(source).text
        sources[source.path] = source
    errors.extend(found.errors)
    return "", ""


def _tell(changed: list[str], count: int, dry: bool, json: bool) -> None:
    if json:
        console.out_json({"version": 1, "files": count, "changed": changed, "written": not dry})
        return
    verb = "would format" if dry else "formatted"
    for path in changed:
        console.err(f"{verb} {path}")
