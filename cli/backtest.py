"""`flashc backtest`: run a strategy over history."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, StrategyFile, example, make_app
from .exit_codes import Exit
from .problem import Problem

if TYPE_CHECKING:
    from .running import Costs, Finished, Prepared

app = make_app()

Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data", "-d", metavar="NAME-or-PATH", help="A data set, or a CSV or Parquet file of bars; may repeat."
    ),
]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="First bar, such as 2024-03-01 (UTC).")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End: bars that open before it.")]
Engine = Annotated[str, typer.Option("--engine", metavar="numba|ref", help="Compiled kernel, or slow reference.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="NAME=VALUE", help="Run with another parameter value; may repeat."),
]
Fees = Annotated[
    str | None, typer.Option("--fees", metavar="RATE", help="5bps, 0.05%, or MAKER/TAKER; the venue's if left out.")
]
Slippage = Annotated[
    int, typer.Option("--slippage", metavar="TICKS", min=0, max=1_000_000, help="Ticks lost when an order takes.")
]
Out = Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="Where run folders are written.")]


@app.command(
    epilog=example(
        "flashc backtest strategies/ema_cross.yaml --data btc_1m --from 2024-01-01 --to 2024-02-01",
        "flashc backtest my_strategy.yaml --data bars.csv --set fast=15 --json",
    )
)
def backtest(
    file: StrategyFile,
    data: Data = None,
    from_: From = None,
    to: To = None,
    engine: Engine = "numba",
    set_: Set = None,
    fees: Fees = None,
    slippage: Slippage = 0,
    out: Out = "runs",
    json: Json = False,
) -> Exit:
    """Run a strategy over history: print what it earned and why it did not trade, and write a run folder."""
    from .settings import moment, rates

    begun = time.perf_counter()
    if not data:
        raise Problem(
            "no data was named", helps=("add `--data NAME` or a file; `flashc data list` shows what there is",)
        )
    range_ = moment("--from", from_), moment("--to", to)
    given = rates(fees)
    from . import running

    if engine not in running.ENGINES:
        helps = (f"there are: {', '.join(running.ENGINES)}",)
        raise Problem(f"there is no engine `{engine}`", helps=helps, code="FC1105")
    prepared = running.prepare(file, set_ or [], data)
    compiled = time.perf_counter()
    tape = running.make_tape(prepared, data, *range_)
    costs = running.costs_of(prepared, given, slippage)
    account = running.account_of(prepared, costs)
    with console.progress("backtest", len(tape)) as tick:
        finished = running.run(prepared, tape, account, engine, lambda done, total: tick(done), _say_compiling)
    return _deliver(prepared, finished, costs, given is None, engine, tuple(data), out, compiled - begun, json)


def _say_compiling() -> None:
    console.hint("compiling the kernel; this happens once for a strategy")


def _deliver(
    prepared: Prepared,
    finished: Finished,
    costs: Costs,
    from_venue: bool,
    engine: str,
    data: tuple[str, ...],
    out: str,
    compile_s: float,
    json: bool,
) -> Exit:
    from .outcome import evaluate

    outcome = evaluate(prepared, finished, costs, from_venue, engine, data, compile_s)
    folder = outcome.write(out)
    if json:
        console.out_json(outcome.json())
    else:
        console.out(outcome.text(str(folder)))
    return Exit.OK
