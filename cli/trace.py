"""`flashc trace`: named values of a run at its decisions, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .command import Json, example, make_app
from .explain import Data, Instrument, RunName
from .problem import Problem

app = make_app()

Let = Annotated[
    list[str] | None, typer.Option("--let", metavar="NAME,...", help="Names of `let`; all of them if left out.")
]
Expr = Annotated[
    list[str] | None,
    typer.Option("--expr", metavar="EXPRESSION", help="Any expression of the file's names; may repeat."),
]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="From this time on (UTC); the whole run.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Up to this time.")]
Every = Annotated[str | None, typer.Option("--every", metavar="TIME", help="The last decision of each such stretch.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write a .csv or .parquet file instead of printing.")
]

SUFFIXES = (".csv", ".parquet")


@app.command(epilog=example("flashc trace latest --let quick,calm --expr 'quick - calm' --every 1h -o series.csv"))
def trace(
    run: RunName,
    let: Let = None,
    expr: Expr = None,
    from_: From = None,
    to: To = None,
    every: Every = None,
    instrument: Instrument = None,
    out: Out = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Export values of a run at its decisions: a preview on a terminal, CSV into a pipe, or a file.

    Units stand in the header; a value that is absent, or not yet warm, is empty.
    """
    from .settings import moment

    range_ = moment("--from", from_), moment("--to", to)
    if out is not None and out.suffix not in SUFFIXES:
        raise Problem(f"`{out}` is neither .csv nor .parquet")
    from .trace_table import Wanted, period, traced

    names = tuple(name.strip() for part in let or [] for name in part.split(",") if name.strip())
    wanted = Wanted(names, tuple(expr or ()), range_, None if every is None else period(every), instrument)
    from .runs import open_run

    found = traced(open_run(run), wanted, data, _say_compiling)
    from . import trace_text

    if out is not None:
        trace_text.write(found, out)
        console.err(f"{out}: {len(found.time):,} rows")
    elif json:
        console.out_json({"version": 1, **trace_text.json_of(found)})
    elif console.on_terminal():
        console.out(trace_text.preview(found, console.width()))
    else:
        for block in trace_text.csv_blocks(found):
            console.raw(block)


def _say_compiling() -> None:
    console.hint("compiling the kernel that writes down values; this happens once for these names")
