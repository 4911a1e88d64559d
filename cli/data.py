"""`flashc data`: import, generate, list and verify history of bars, trades and books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, example, make_app
from .data_bars import bars
from .data_export import export
from .data_fetch import fetch
from .data_options import Append, Instrument, Name, Period, Replace, Root, check_words, refuse_existing
from .data_record import record
from .data_synth import synth
from .data_tables import compact, history, prune, sql
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.market_data.events import AnySet
    from ..runtime.market_data.importers.bars import ImportOptions

app = make_app()

Source = Annotated[
    str, typer.Argument(metavar="NAME-or-FILE", help="A data set's name, or a file.", show_default=False)
]


@app.callback(epilog=example("flashc data synth --seed 7 --bars 100000 --name demo", "flashc data list"))
def data() -> None:
    """Import, fetch, record, generate, list and verify history."""


@app.command(
    "import",
    epilog=example(
        "flashc data import BTCUSDT-1m-2024-01.csv",
        "flashc data import export.csv --instrument BTC/USDT --repair sort_rows",
        "flashc data import depth.parquet trades.parquet --instrument BTC/USDT --name btc_l2",
        "flashc data import BTCUSDT-aggTrades-2024-*.zip --name btc_trades",
    ),
)
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="CSV, Parquet, Feather, JSON, npz; also packed; or folders.", show_default=False
        ),
    ],
    instrument: Instrument = None,
    period: Period = None,
    venue: Annotated[str | None, typer.Option("--venue", metavar="NAME", help="Where the data is from.")] = None,
    name: Name = None,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Which instrument of a file of several.")] = None,
    repair: Annotated[
        list[str] | None, typer.Option("--repair", metavar="RULE", help="Allow a repair by its name, or `all`.")
    ] = None,
    append: Append = False,
    replace: Replace = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Import files of bars, trades or order books, one data set for each; with --name, several into one.

    Knows bars of Binance, CCXT, freqtrade and TradingView, trades and books of Binance (dumps and recorded messages),
    Tardis and hftbacktest. Says what it detected. Data with a fault is refused with the row, or repaired by a named
    rule that the output states. A book and the trades of its instrument may share a name, at once or one by one.
    """
    from ..runtime.errors import Fault, RuntimeFault
    from ..runtime.market_data.importers.dump_files import data_files

    if append and replace:
        raise Problem("`--append` and `--replace` exclude each other", helps=("choose one",))
    how = "append" if append else "replace" if replace else "new"
    options = _options(files, instrument, period, venue, name, symbol, repair)
    files = data_files(files)
    if not files:
        raise Problem("these are check sums, and no files of market data", helps=("name the files they belong to",))
    results, faults = [], list[Fault]()
    for group in [files] if name is not None else [[path] for path in files]:
        try:
            results.append(_import(group, options, root, how))
        except RuntimeFault as error:
            faults.extend(error.faults)
    if not json:
        for _, text in results:
            console.out(text)
    if faults:
        raise RuntimeFault(*faults)
    if json:
        console.out_json({"version": 1, "datasets": [found for found, _ in results]})


def _options(
    files: list[Path],
    instrument: str | None,
    period: str | None,
    venue: str | None,
    name: str | None,
    symbol: str | None,
    repair: list[str] | None,
) -> ImportOptions:
    from ..runtime.market_data.checks.bars import REPAIRS
    from ..runtime.market_data.importers.bars import ImportOptions

    for path in files:
        if not path.exists():
            raise Problem(f"{path} does not exist", helps=("give files of market data, or a folder of them",))
    for rule in repair or ():
        if rule not in REPAIRS and rule != "all":
            helps = tuple(f"{known}: {what}" for known, what in REPAIRS.items())
            raise Problem(f"there is no repair called `{rule}`", helps=helps)
    check_words(instrument, period)
    return ImportOptions(instrument, venue, period, name, symbol, frozenset(repair or ()))


def _import(files: list[Path], options: ImportOptions, root: str | None, how: str) -> tuple[dict[str, object], str]:
    """One data set of one file, or of several."""
    from ..runtime.market_data.importers.any_file import combine_any, import_any
    from ..runtime.market_data.store.sets import append, save
    from .data_text import stored_text

    parts = [import_any(path, options) for path in files]
    found = combine_any(parts, options.name or parts[0].name)
    if how == "append" or (how != "replace" and _beside(found, root)):
        record = append(found, root)
    else:
        refuse_existing(found.name, root, how == "replace")
        record = save(found, root, how == "replace")
    return record.json() | {"path": str(record.path)}, stored_text(record)


def _beside(found: AnySet, root: str | None) -> bool:
    """Whether a data set of this name is there that lacks all that `found` holds: a book for trades, or trades for a
    book."""
    from ..runtime.market_data.events import EventSet
    from ..runtime.market_data.store.places import table_at
    from ..runtime.market_data.store.records import EventRecord
    from ..runtime.market_data.store.table_log import exists, read_record

    place = table_at(root, found.name)
    if not isinstance(found, EventSet) or not exists(place):
        return False
    there = read_record(place)
    return isinstance(there, EventRecord) and not there.rows.keys() & found.parts().keys()


app.command(
    epilog=example(
        "flashc data synth --seed 7 --bars 100000 --name demo",
        "flashc data synth --kind book --duration 1h --seed 7 --name btc_l2",
    )
)(synth)


app.command(
    epilog=example(
        "flashc data export btc_1m --to influxdb://localhost:8086/market",
        "PGPASSWORD=... flashc data export btc_l2 --to postgresql://me@localhost/market",
    )
)(export)


app.command(
    epilog=example(
        "flashc data fetch BTC/USDC --kind 1m --from 2026-01-01 --to 2026-02-01",
        "flashc data fetch BTC/USDC ETH/USDC --kind 1h --kind 1d --from 2025-01-01",
        "flashc data fetch BTC/USDC --kind trades --from 2026-01-31 --name btc_trades",
    )
)(fetch)
app.command(epilog=example("flashc data history btc_1m", "flashc backtest my_strategy.yaml --data btc_1m@3"))(history)
app.command(epilog=example("flashc data compact btc_1m"))(compact)
app.command(epilog=example("flashc data prune btc_1m --keep 3"))(prune)
app.command(
    epilog=example(
        'flashc data sql "SELECT day, max(high), min(low), sum(volume) FROM btc_1m GROUP BY day ORDER BY day"',
        'flashc data sql "SELECT side, count(*), sum(qty) FROM btc_l2.trades GROUP BY side" --json',
    )
)(sql)


app.command(
    epilog=example(
        "flashc data record BTC/USDC ETH/USDC --url ws://127.0.0.1:8870/ws --for 10m",
        "flashc data record BTC/USDC --name btc_live",
        "flashc data record --recover-only",
    )
)(record)


app.command(
    epilog=example(
        "flashc data bars btc_trades --period 1m",
        "flashc data bars btc_1m --period 1h --name btc_1h",
        "flashc data bars btc_trades --period 1m --append",
    )
)(bars)


@app.command("list", epilog=example("flashc data list", "flashc data list --root ~/history"))
def list_(root: Root = None, json: Json = False) -> None:
    """List the data sets."""
    from ..runtime.errors import RuntimeFault
    from ..runtime.market_data.store.catalog import data_root, list_datasets
    from .data_text import listing_text

    listing = list_datasets(root)
    if json:
        records = [record.json() | {"path": str(record.path)} for record in listing.records]
        if not listing.faults:
            console.out_json({"version": 1, "root": str(data_root(root)), "datasets": records})
    else:
        console.out(listing_text(listing.records, data_root(root)))
    if listing.faults:
        raise RuntimeFault(*(fault for error in listing.faults for fault in error.faults))


@app.command(epilog=example("flashc data info demo", "flashc data info btc-usdt_binance_1m.parquet --json"))
def info(
    source: Source,
    instrument: Instrument = None,
    period: Period = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Say what a data set or a file holds, and which rules were applied when it was read."""
    from ..runtime.market_data.importers.bars import ImportOptions
    from ..runtime.market_data.store.catalog import locate, resolve
    from ..runtime.market_data.store.places import Stored
    from ..runtime.market_data.store.records import describe
    from ..runtime.market_data.store.table_log import read_record
    from .data_text import record_text

    check_words(instrument, period)
    place = locate(source, root)
    if isinstance(place, Stored):
        record = read_record(place)
    else:
        record = describe(
            resolve(source, root, ImportOptions(instrument=instrument, period=period)), Stored(str(place))
        )
    if json:
        console.out_json({"version": 1, "dataset": record.json() | {"path": str(record.path)}})
    else:
        console.out(record_text(record))


@app.command(epilog=example("flashc data verify demo", "flashc data verify btc-usdt_binance_1m.parquet --jump 0.02"))
def verify(
    source: Source,
    instrument: Instrument = None,
    period: Period = None,
    jump: Annotated[float, typer.Option("--jump", help="Report moves larger than this share of the price.")] = 0.05,
    price_decimals: Annotated[int, typer.Option("--price-decimals", min=0, max=8, help="Tick 0.01 is 2.")] = 2,
    qty_decimals: Annotated[int, typer.Option("--qty-decimals", min=0, max=8, help="Lot 0.000001 is 6.")] = 6,
    root: Root = None,
    json: Json = False,
) -> int:
    """Look for faults in a data set or a file, and say what would be done about them.

    Bars: gaps, duplicates, order, OHLC sanity, volume, jumps, the venue's grid.

    Books and trades: sequence, crossed or one-sided states, clocks, far levels, trades outside the book, grid.

    Exit code 0: nothing a backtest would refuse. 1: a fault.
    """
    from ..runtime.market_data.bars import Dataset
    from ..runtime.market_data.importers.bars import ImportOptions
    from ..runtime.market_data.store.catalog import locate, resolve
    from ..runtime.market_data.store.places import Stored
    from ..runtime.market_data.store.records import describe
    from ..runtime.market_data.store.table_log import read_record
    from ..runtime.market_data.verify.bars import verify as check
    from ..runtime.market_data.verify.events import verify_events
    from .data_text import bars_head, events_head, report_text

    check_words(instrument, period)
    if not 0.0 < jump < 10.0:
        raise Problem(f"--jump {jump:g} is not a share of the price", helps=("0.05 reports moves above 5 %",))
    place = locate(source, root)
    record = read_record(place) if isinstance(place, Stored) else None
    stored = None if record is None else record.content_hash
    found = resolve(source, root, ImportOptions(instrument=instrument, period=period))
    facts = (record or describe(found, Stored(str(place)))).json()
    if isinstance(found, Dataset):
        report = check(found, jump, price_decimals, qty_decimals, stored)
        head = bars_head(found)
    else:
        report = verify_events(found, price_decimals, qty_decimals, stored)
        head = events_head(found)
    if json:
        items = [item.json() for item in report.items]
        gaps = [{"from": gap.from_ns, "bars": gap.bars} for gap in report.gaps]
        console.out_json({"version": 1, "dataset": facts, "ok": report.ok, "checks": items, "gaps": gaps})
    else:
        console.out(report_text(head, found.rules if isinstance(found, Dataset) else (), report))
    return 0 if report.ok else 1
