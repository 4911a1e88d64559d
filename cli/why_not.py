"""`flashc why-not`: what kept a run from trading over a stretch of time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from . import console
from .command import Json, example, make_app
from .explain import Data, Instrument, RunName

app = make_app()

From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="From this time on (UTC); the whole run.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Up to this time.")]
Rule = Annotated[str | None, typer.Option("--rule", metavar="NAME", help="One rule, such as entries.long.")]
Near = Annotated[
    bool, typer.Option("--near/--no-near", help="Look for near misses: runs the strategy again with traces.")
]


@app.command(
    name="why-not",
    epilog=example("flashc why-not latest --from 2024-03-05 --to 2024-03-06 --rule entries.long"),
)
def why_not(
    run: RunName,
    from_: From = None,
    to: To = None,
    rule: Rule = None,
    instrument: Instrument = None,
    data: Data = None,
    near: Near = True,
    json: Json = False,
) -> None:
    """Say what kept a run from trading: how often each clause was false, alone, for how long, and how near it came."""
    from .settings import moment

    range_ = moment("--from", from_), moment("--to", to)
    from .runs import open_run

    past = open_run(run)
    from .blockage import Question, examine

    found = examine(past, Question(range_, rule, instrument, near), data, _say_compiling)
    if json:
        console.out_json({"version": 1, **asdict(found)})
        return
    from .blockage_text import blockage_text

    console.out(blockage_text(found, console.width()))


def _say_compiling() -> None:
    console.hint("compiling the kernel that writes down values; this happens once for a strategy")
