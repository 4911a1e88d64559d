"""`flashc fix`: apply the fixes that diagnostics carry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..dsl.diagnostics import Safety
from ..dsl.source import Source
from . import console
from .command import Json, StrategyFiles, example, make_app
from .diagnosis import show, summary
from .exit_codes import Exit
from .front import Front, front_of, read_front
from .writing import replace_text, unified_diff

app = make_app()

#: A fix may make another one possible; more rounds than this would be a cycle.
_ROUNDS = 5

Unsafe = Annotated[bool, typer.Option("--unsafe", help="Also apply fixes that may change the meaning.")]
Diff = Annotated[bool, typer.Option("--diff", help="Write nothing; print what would change.")]


@app.command(epilog=example("flashc fix my_strategy.yaml --diff"))
def fix(files: StrategyFiles, unsafe: Unsafe = False, diff: Diff = False, json: Json = False) -> int:
    """Apply the safe fixes that `check` suggests, then report what is left.

    A round of fixes that would add errors is withdrawn.
    """
    levels = {Safety.SAFE, Safety.UNSAFE} if unsafe else {Safety.SAFE}
    left: list[Front] = []
    for path in files:
        before = read_front(path)
        after = _fixed(before, levels)
        left.append(after)
        if before.source is not None and after.source is not None and after.source.text != before.source.text:
            _deliver(path, before.source.text, after.source.text, diff, json)
    return _report(left, json)


def _fixed(front: Front, levels: set[Safety]) -> Front:
    from ..dsl.fixer import apply_fixes

    for _ in range(_ROUNDS):
        if front.source is None:
            return front
        text = apply_fixes(front.source, front.diagnostics, levels)
        if text == front.source.text:
            return front
        after = front_of(Source(front.source.path, text))
        if len(after.diagnostics.errors) > len(front.diagnostics.errors):
            return front
        front = after
    return front


def _deliver(path: Path, before: str, after: str, diff: bool, json: bool) -> None:
    if not diff:
        replace_text(path, after)
    if json:
        return
    if diff:
        console.raw(unified_diff(path, before, after))
    else:
        console.err(f"fixed {path}")


def _report(fronts: list[Front], json: bool) -> Exit:
    found = [diagnostic for front in fronts for diagnostic in front.diagnostics]
    sources = {front.source.path: front.source for front in fronts if front.source is not None}
    code = show(found, sources, as_json=json)
    if found and not json:
        console.err(f"left: {summary(found)}")
    return code
