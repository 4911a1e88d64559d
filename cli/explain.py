"""`flashc explain`: why a run traded, or did not, at an instant."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from . import console
from .command import Json, example, make_app

app = make_app()

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, its name below runs/, or `latest`.")]
At = Annotated[
    str, typer.Option("--at", metavar="TIME", help="The instant (UTC); the last decision up to it is shown.")
]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", "-d", metavar="NAME-or-PATH", help="The run's data, if it moved."),
]

Instrument = Annotated[
    str | None, typer.Option("--instrument", metavar="NAME", help="Of several, the one to explain, such as eth.")
]


@app.command(epilog=example("flashc explain latest --at 2024-02-12T09:14"))
def explain(run: RunName, at: At, data: Data = None, instrument: Instrument = None, json: Json = False) -> None:
    """Say why a run traded, or did not: each rule with its clauses, their values, and what would flip the decision."""
    from .settings import moment

    asked = moment("--at", at)
    assert asked is not None, "the option is required"
    from .runs import open_run

    past = open_run(run)
    from .inquiry import inquire

    found = inquire(past, asked, data, instrument)
    if json:
        console.out_json({"version": 1, **asdict(found)})
        return
    from .explain_text import explain_text

    console.out(explain_text(found, console.colored()))
