"""`flashc data`: import, generate, list and verify history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, example, make_app
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.market_data.importers import ImportOptions
    from ..runtime.market_data.synth import SynthParameters

app = make_app()

Root = Annotated[
    Path | None,
    typer.Option("--root", metavar="DIR", help="Folder of data sets. Default: $FLASHC_DATA, else ./data."),
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the data set.")]
Replace = Annotated[bool, typer.Option("--replace", help="Overwrite a data set of this name.")]
Instrument = Annotated[str | None, typer.Option("--instrument", metavar="BASE/QUOTE", help="Such as BTC/USDT.")]
Period = Annotated[str | None, typer.Option("--period", metavar="PERIOD", help="Length of a bar, such as 1m.")]
Source = Annotated[
    str, typer.Argument(metavar="NAME-or-FILE", help="A data set's name, or a file of bars.", show_default=False)
]


@app.callback()
def data() -> None:
    """Import, generate, list and verify history."""


@app.command(
    "import",
    epilog=example(
        "flashc data import BTCUSDT-1m-2024-01.csv",
        "flashc data import export.csv --instrument BTC/USDT --repair sort_rows",
    ),
)
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="CSV, Parquet, Feather or JSON.", show_default=False)
    ],
    instrument: Instrument = None,
    period: Period = None,
    venue: Annotated[str | None, typer.Option("--venue", metavar="NAME", help="Where the bars are from.")] = None,
    name: Name = None,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Which instrument of a file of several.")] = None,
    repair: Annotated[
        list[str] | None, typer.Option("--repair", metavar="RULE", help="Allow a repair by its name, or `all`.")
    ] = None,
    replace: Replace = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Import files of OHLCV bars, one data set for each.

    Knows the columns, orders and time units of Binance, CCXT, freqtrade and TradingView files. Says what it detected.
    Data with a fault is refused with the row, or repaired by a named rule that the output states.
    """
    from ..runtime.errors import Fault, RuntimeFault

    options = _options(files, instrument, period, venue, name, symbol, repair)
    results, faults = [], list[Fault]()
    for path in files:
        try:
            results.append(_import_one(path, options, root, replace))
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
    from ..runtime.market_data.checks import REPAIRS
    from ..runtime.market_data.importers import ImportOptions

    for path in files:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise Problem(f"{path} {what}", helps=("give files of bars",))
    if name is not None and len(files) > 1:
        raise Problem("--name with several files", helps=("import them one by one, or leave --name out",))
    for rule in repair or ():
        if rule not in REPAIRS and rule != "all":
            helps = tuple(f"{known}: {what}" for known, what in REPAIRS.items())
            raise Problem(f"there is no repair called `{rule}`", helps=helps)
    _check_words(instrument, period)
    return ImportOptions(instrument, venue, period, name, symbol, frozenset(repair or ()))


def _check_words(instrument: str | None, period: str | None) -> None:
    from ..runtime.market_data.instruments import parse_instrument
    from ..runtime.market_data.moments import is_bar_period, parse_period

    if instrument is not None and parse_instrument(instrument) is None:
        raise Problem(f"`{instrument}` is not an instrument", helps=("write BASE/QUOTE, such as BTC/USDT",))
    if period is not None and not is_bar_period(parse_period(period) or 0):
        raise Problem(f"`{period}` is not a bar period", helps=("write 1s, 1m, 5m, 1h or 1d: it must divide a day",))


def _import_one(path: Path, options: ImportOptions, root: Path | None, replace: bool) -> tuple[dict[str, object], str]:
    from ..runtime.market_data.catalog import data_root
    from ..runtime.market_data.importers import import_file
    from ..runtime.market_data.store import save
    from .data_text import imported_text

    found = import_file(path, options)
    _refuse_existing(found.name, root, replace)
    record = save(found, data_root(root), replace)
    return record.json() | {"path": str(record.path)}, imported_text(record)


def _refuse_existing(name: str, root: Path | None, replace: bool) -> None:
    from ..runtime.market_data.catalog import data_root
    from ..runtime.market_data.store import valid_name

    if not replace and (data_root(root) / valid_name(name)).exists():
        helps = ("--replace overwrites it", "--name gives the new one another name")
        raise Problem(f"there already is a data set `{name}`", where=str(data_root(root)), helps=helps)


@app.command(epilog=example("flashc data synth --seed 7 --bars 100000 --name demo", "flashc data synth --regime trend"))
def synth(
    name: Name = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bars.")] = 1,
    bars: Annotated[int, typer.Option("--bars", help="How many bars.")] = 525_600,
    instrument: Instrument = "BTC/USDC",
    period: Period = "1m",
    start: Annotated[str, typer.Option("--start", metavar="TIME", help="First bar, UTC.")] = "2024-01-01",
    regime: Annotated[str, typer.Option("--regime", help="trend, range, walk or mixed.")] = "mixed",
    price: Annotated[float | None, typer.Option("--price", help="First price; default by the instrument.")] = None,
    volatility: Annotated[float, typer.Option("--volatility", help="Typical move of a bar: 0.0004 is 4 bps.")] = 0.0004,
    jumps: Annotated[float, typer.Option("--jumps", help="Share of bars with a jump.")] = 0.0002,
    gaps: Annotated[float, typer.Option("--gaps", help="Share of bars that are missing.")] = 0.0,
    outages: Annotated[float, typer.Option("--outages", help="Share of bars where an outage of an hour begins.")] = 0.0,
    still: Annotated[float, typer.Option("--still", help="Share of bars without trades.")] = 0.001,
    replace: Replace = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Generate bars from a seed: trends, ranges, jumps, gaps, outages. The same bits on every machine."""
    from ..runtime.market_data.catalog import data_root
    from ..runtime.market_data.moments import parse_moment, parse_period
    from ..runtime.market_data.store import save
    from ..runtime.market_data.synth import SynthParameters, for_instrument, generate
    from .data_text import imported_text

    _check_words(instrument, period)
    start_ns = parse_moment(start)
    if start_ns is None:
        raise Problem(f"`{start}` is not a time", helps=("write 2024-01-01 or 2024-01-01T12:00",))
    parameters = SynthParameters(
        seed=seed,
        bars=bars,
        instrument=instrument or SynthParameters().instrument,
        period_ns=parse_period(period or "1m") or 0,
        start_ns=start_ns,
        regime=regime,
        volatility=volatility,
        jump_rate=jumps,
        missing_rate=gaps,
        outage_rate=outages,
        still_rate=still,
    )
    parameters = for_instrument(parameters, price)
    _refuse_parameters(parameters)
    label = name or f"{parameters.instrument.replace('/', '-').lower()}_synth_seed{seed}"
    _refuse_existing(label, root, replace)
    with console.progress("generating", bars) as ticker:
        found = generate(parameters, label, ticker)
    record = save(found, data_root(root), replace)
    if json:
        console.out_json({"version": 1, "datasets": [record.json() | {"path": str(record.path)}]})
    else:
        console.out(imported_text(record))


def _refuse_parameters(parameters: SynthParameters) -> None:
    problems = parameters.problems()
    if problems:
        raise Problem("these parameters give no bars", notes=tuple(problems))


@app.command("list", epilog=example("flashc data list", "flashc data list --root ~/history"))
def list_(root: Root = None, json: Json = False) -> None:
    """List the data sets."""
    from ..runtime.errors import RuntimeFault
    from ..runtime.market_data.catalog import data_root, list_datasets
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
    """Say what a data set or a file of bars holds, and which rules were applied when it was read."""
    from ..runtime.market_data.catalog import locate, resolve
    from ..runtime.market_data.importers import ImportOptions
    from ..runtime.market_data.store import describe, read_record
    from .data_text import record_text

    _check_words(instrument, period)
    place = locate(source, root)
    if place.is_dir():
        record = read_record(place)
    else:
        record = describe(resolve(source, root, ImportOptions(instrument=instrument, period=period)), place)
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
    """Check bars: gaps, duplicates, order, OHLC sanity, volume, jumps, the venue's grid. Say what would be done.

    Exit code 0: nothing a backtest would refuse. 1: a fault.
    """
    from ..runtime.market_data.catalog import locate, resolve
    from ..runtime.market_data.importers import ImportOptions
    from ..runtime.market_data.store import describe, read_record
    from ..runtime.market_data.verify import verify as check
    from .data_text import report_text

    _check_words(instrument, period)
    if not 0.0 < jump < 10.0:
        raise Problem(f"--jump {jump:g} is not a share of the price", helps=("0.05 reports moves above 5 %",))
    place = locate(source, root)
    stored = read_record(place).content_hash if place.is_dir() else None
    found = resolve(source, root, ImportOptions(instrument=instrument, period=period))
    report = check(found, jump, price_decimals, qty_decimals, stored)
    if json:
        record = describe(found, place)
        items = [item.json() for item in report.items]
        gaps = [{"from": gap.from_ns, "bars": gap.bars} for gap in report.gaps]
        console.out_json({"version": 1, "dataset": record.json(), "ok": report.ok, "checks": items, "gaps": gaps})
    else:
        console.out(report_text(found, report))
    return 0 if report.ok else 1
