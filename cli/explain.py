"""`flashc explain`: why a run traded, or did not, at an instant."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from . import console
from .command import Json, example, make_app
from .problem import Problem

app = make_app()

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, its name below runs/, or `latest`.")]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", "-d", metavar="NAME-or-PATH", help="The run's data, if it moved."),
]

Instrument = Annotated[
    str | None, typer.Option("--instrument", metavar="NAME", help="Of several, the one to explain, such as eth.")
]


Runs = Annotated[
    list[str], typer.Argument(metavar="RUN", help="A run folder, its name below runs/, or `latest`; with --diff two.")
]
AtOrNot = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="The instant (UTC); the last decision up to it is shown."),
]
Diff = Annotated[bool, typer.Option("--diff", help="Compare two runs: where they part, and which value parts first.")]


@app.command(
    epilog=example(
        "flashc explain latest --at 2024-02-12T09:14", "flashc explain --diff runs/ema_cross-1 runs/ema_cross-2"
    )
)
def explain(
    runs: Runs,
    at: AtOrNot = None,
    diff: Diff = False,
    data: Data = None,
    instrument: Instrument = None,
    json: Json = False,
) -> None:
    """Say why a run traded, or did not: each rule with its clauses, their values, and what would flip the decision."""
    from .settings import moment

    asked = moment("--at", at)
    if diff:
        _compare(runs, asked, data, json)
        return
    if len(runs) != 1:
        raise Problem(f"one run is explained, not {len(runs)}", helps=("`--diff` compares two",))
    if asked is None:
        raise Problem("missing option '--at'", helps=("name the instant, such as `--at 2024-02-12T09:14`",))
    from .runs import open_run

    past = open_run(runs[0])
    from .inquiry import inquire

    found = inquire(past, asked, data, instrument)
    if json:
        console.out_json({"version": 1, **asdict(found)})
        return
    from .explain_text import explain_text

    console.out(explain_text(found, console.colored()))


def _compare(names: list[str], at: int | None, data: list[str] | None, json: bool) -> None:
    if len(names) != 2:
        raise Problem(f"two runs are compared, not {len(names)}", helps=("`flashc explain --diff RUN_A RUN_B`",))
    from .runs import open_run

    a, b = open_run(names[0]), open_run(names[1])
    from .run_difference import difference

    found = difference(a, b, at, data, _say_compiling)
    if json:
        console.out_json({"version": 1, **asdict(found)})
        return
    from .run_difference_text import run_difference_text

    console.out(run_difference_text(found))


def _say_compiling() -> None:
    console.hint("compiling the kernel that writes down values; this happens once for a strategy")
