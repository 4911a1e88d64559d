"""`flashc backtest`: run a strategy over history."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, StrategyFile, example, make_app
from .exit_codes import Exit
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.backtest.result import Account
    from ..runtime.market_data.tapes.file import Tape
    from .engines import Begun
    from .market_options import MarketOptions
    from .prepared import Prepared
    from .running import Costs, Finished

app = make_app()

Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data", "-d", metavar="NAME-or-PATH", help="A data set, or a file of bars, books or trades; may repeat."
    ),
]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="First bar, such as 2024-03-01 (UTC).")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End: bars that open before it.")]
Engine = Annotated[
    str,
    typer.Option("--engine", metavar="auto|c|numba|ref", help="What runs it; all give the same bits."),
]
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
Latency = Annotated[
    str | None,
    typer.Option(
        "--latency", metavar="TIMES-or-FILE", help="On books: place=2ms,cancel=2ms,response=1ms,feed=0, or samples."
    ),
]
Queue = Annotated[
    str | None,
    typer.Option(
        "--queue", metavar="MODEL", help="On books: risk_averse|prob_power:3|prob_log|prob_log2|fifo_optimistic."
    ),
]
Fill = Annotated[
    str | None,
    typer.Option("--fill", metavar="PARTS", help="On books: refill=500ms,impact=0.1,band=5%,order=trades_first."),
]
Bounds = Annotated[
    bool, typer.Option("--bounds", help="On books: also run what bounds the unknown: queues, order in a push.")
]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Also write the run as one HTML page that opens offline."),
]
Out = Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="Where run folders are written.")]


@app.command(
    epilog=example(
        "flashc backtest strategies/ema_cross.yaml --data btc_1m --from 2024-01-01 --to 2024-02-01",
        "flashc backtest my_strategy.yaml --data bars.csv --set fast=15 --report out.html",
    )
)
def backtest(
    file: StrategyFile,
    data: Data = None,
    from_: From = None,
    to: To = None,
    engine: Engine = "auto",
    set_: Set = None,
    fees: Fees = None,
    slippage: Slippage = 0,
    latency: Latency = None,
    queue: Queue = None,
    fill: Fill = None,
    bounds: Bounds = False,
    out: Out = "runs",
    report: Report = None,
    json: Json = False,
) -> Exit:
    """Run a strategy over history: print what it earned and why it did not trade, and write a run folder."""
    from .settings import moment, rates

    begun_at = time.perf_counter()
    if not data:
        raise Problem(
            "no data was named", helps=("add `--data NAME` or a file; `flashc data list` shows what there is",)
        )
    range_ = moment("--from", from_), moment("--to", to)
    given = rates(fees)
    asked = {"--latency": latency, "--queue": queue, "--fill": fill, "--bounds": bounds or None}
    from . import running
    from .engines import require_engine
    from .locking import warn_if_stale
    from .market_options import options_for
    from .prepared import prepare
    from .report import check_place

    if report is not None:
        check_place(report)

    require_engine(engine)
    prepared = prepare(file, set_ or [], data)
    warn_if_stale(prepared.compiled.checked)
    options = options_for(prepared, asked, slippage)
    data = running.pinned(data)
    with running.begin(prepared, engine) as begun:
        compiled = time.perf_counter()
        tape = running.make_tape(prepared, data, *range_, options)
        costs = running.costs_of(prepared, given, slippage)
        from ..runtime.backtest import run_folder  # now: the C compiler may still be at work

        run_folder.load()
        work = Work(prepared, tape, running.account_of(prepared, costs), engine, begun)
        finished = work.run(options)
        others = work.bounds(options) if bounds and options is not None else {}
    terms = Terms(costs, given is None, tuple(data), compiled - begun_at)
    return _deliver(prepared, finished, terms, others, out, report, json)


@dataclass(frozen=True, slots=True)
class Work:
    """What stays the same when one command runs several models."""

    prepared: Prepared
    tape: Tape
    account: Account
    engine: str
    begun: Begun

    def run(self, options: MarketOptions | None) -> Finished:
        from . import running

        choice = self.begun.choose(len(self.tape), options is not None)
        if choice.why:
            console.hint(str(choice))
        given = self.prepared, self.tape, self.account, self.engine
        with console.progress("backtest", len(self.tape)) as tick:
            report = lambda done, total: tick(done)  # noqa: E731
            return running.run(*given, report, _say_compiling, options, self.begun)

    def bounds(self, options: MarketOptions) -> dict[str, Finished]:
        """The run with the most and the least cautious queue model, and with a push read in either order."""
        from .market_options import BOUNDS, PUSH_BOUNDS

        found = {queue: self.run(options.with_queue(queue)) for queue in BOUNDS if queue != options.model.queue}
        orders = [order for order in PUSH_BOUNDS if order != options.feed.order]
        return found | {order: self.run(options.with_push_order(order)) for order in orders}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run was asked for, besides the model of the market."""

    costs: Costs
    from_venue: bool  # the fees
    data: tuple[str, ...]
    compile_s: float


def _say_compiling() -> None:
    console.hint("compiling the kernel; this happens once for a strategy")


def _deliver(
    prepared: Prepared,
    finished: Finished,
    terms: Terms,
    others: Mapping[str, Finished],
    out: str,
    report: Path | None,
    json: bool,
) -> Exit:
    from .bounds import bounds_object, bounds_text
    from .outcome import evaluate
    from .report import report_line

    asked = (terms.costs, terms.from_venue, terms.data, terms.compile_s)
    outcome = evaluate(prepared, finished, *asked)
    folder = outcome.write(out)
    written = report_line(outcome, folder, report)
    spread = {finished.options.model.queue: outcome} if finished.options is not None and others else {}
    spread |= {queue: evaluate(prepared, other, *asked) for queue, other in others.items()}
    if json:
        console.out_json(outcome.json() | ({"bounds": bounds_object(spread)} if spread else {}))
    else:
        console.out(
            console.fitted(outcome.text(str(folder))) + written + (f"\n\n{bounds_text(spread)}" if spread else "")
        )
    return Exit.OK
