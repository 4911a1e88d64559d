"""`flashc check`: all diagnostics, no output otherwise."""

from __future__ import annotations

from typing import Annotated

import typer

from ..dsl.diagnostics import Diagnostic
from . import console
from .command import Json, StrategyFiles, example, make_app
from .diagnosis import show, summary
from .front import Front, read_front
from .problem import Problem

app = make_app()

FORMATS = ("text", "github")

#: Advice for the day a strategy goes live: not printed at every check, but with `--report` and in JSON.
_BEFORE_LIVE = frozenset({"FL116"})

Report = Annotated[bool, typer.Option("--report", help="Print what the compiler inferred: inputs, warm-up, bounds.")]
Concise = Annotated[bool, typer.Option("--concise", help="One line for each finding.")]
Format = Annotated[
    str, typer.Option("--format", metavar="text|github", help="`github` adds annotations for GitHub Actions.")
]
Defaults = Annotated[bool, typer.Option("--explain-defaults", help="Print the file with every default written out.")]


@app.command(
    epilog=example("flashc check strategies/ema_cross.yaml --report", "flashc check strategies/*.yaml --format github")
)
def check(
    files: StrategyFiles,
    report: Report = False,
    json: Json = False,
    concise: Concise = False,
    explain_defaults: Defaults = False,
    format_: Format = "text",
) -> int:
    """Report everything that is wrong with strategy files; print nothing else.

    Exit code 0: no errors (there may be warnings). 1: at least one error.
    """
    if format_ not in FORMATS:
        raise Problem(f"there is no format `{format_}`", helps=(f"there are: {', '.join(FORMATS)}",))
    fronts = [read_front(path) for path in files]
    found: list[Diagnostic] = [d for front in fronts for d in front.diagnostics]
    sources = {front.source.path: front.source for front in fronts if front.source is not None}
    if not (report or json):
        found = [d for d in found if d.code not in _BEFORE_LIVE]
    if format_ == "github" and not json:
        from ..dsl.render.github import render as annotations

        console.raw(annotations(found, sources))
    code = show(found, sources, as_json=json, concise=concise)
    if not json and not concise and found:
        console.err(summary(found))
    if not json:
        for front in fronts:
            _print_extras(front, report, explain_defaults)
    return code


def _print_extras(front: Front, report: bool, explain_defaults: bool) -> None:
    if front.diagnostics.errors or front.source is None:
        return
    if explain_defaults:
        from ..dsl.defaults import explain_defaults as written_out

        console.raw(written_out(front.source))
    if report and front.checked is not None:
        from .check_report import report_text

        console.out(report_text(front.checked))
