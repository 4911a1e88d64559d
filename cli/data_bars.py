"""`flashc data bars`: bars of trades, or longer bars of shorter ones, as a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json
from .data_options import Append, Name, Replace, Root, check_words, refuse_existing
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.market_data.bars import Dataset

#: What names of trades and books end with; the period takes its place.
_ENDINGS = ("_trades", "_l2", "_book")


def bars(
    source: Annotated[str, typer.Argument(metavar="NAME-or-FILE", help="Trades, or shorter bars.", show_default=False)],
    period: Annotated[
        str, typer.Option("--period", metavar="PERIOD", help="Length of a bar, such as 1m.", show_default=False)
    ],
    name: Name = None,
    append: Append = False,
    replace: Replace = False,
    root: Root = None,
    json: Json = False,
) -> None:
    """Make bars of trades, or longer bars of shorter ones, and store them.

    Strategies need neither: a backtest makes longer bars by itself. Bars that the data covers only in part are left
    out. With --append, bars that are there already are skipped, so the same command follows data that grows.
    """
    from ..runtime.market_data.moments import parse_period
    from ..runtime.market_data.store.sets import append as add
    from ..runtime.market_data.store.sets import save
    from .data_text import stored_text

    if append and replace:
        raise Problem("`--append` and `--replace` exclude each other", helps=("choose one",))
    check_words(None, period)
    label = name or _name(source, period)
    if not append:
        refuse_existing(label, root, replace)
    made = _made(source, parse_period(period) or 0, label, root)
    record = add(made, root) if append else save(made, root, replace)
    if json:
        console.out_json({"version": 1, "datasets": [record.json() | {"path": str(record.path)}]})
    else:
        console.out(stored_text(record))


def _name(source: str, period: str) -> str:
    """`btc_trades` and `btc_1m` become `btc_1h`."""
    from pathlib import Path

    from ..runtime.market_data.moments import parse_period, period_text

    stem = Path(source.partition("@")[0]).name.partition(".")[0].lower()
    head, _, last = stem.rpartition("_")
    base = head if head and (f"_{last}" in _ENDINGS or parse_period(last)) else stem
    return f"{base}_{period_text(parse_period(period) or 0)}"


def _made(source: str, period_ns: int, name: str, root: str | None) -> Dataset:
    from pathlib import Path

    from ..runtime.market_data.fetch.progress import covered_of
    from ..runtime.market_data.record.commit import trade_holes
    from ..runtime.market_data.resample import resampled
    from ..runtime.market_data.store.catalog import locate, resolve
    from ..runtime.market_data.store.records import EventRecord
    from ..runtime.market_data.store.sets import load
    from ..runtime.market_data.store.table_log import read_record

    place = locate(source, root)
    if isinstance(place, Path):
        return resampled(resolve(source, root), period_ns, name)
    record = read_record(place)
    covered = covered_of(record.progress.get("fetch", {}))
    holes = trade_holes(record.progress.get("recording", {}))
    kinds = ["trades"] if isinstance(record, EventRecord) and "trades" in record.rows else None
    return resampled(load(place, kinds), period_ns, name, covered, holes)
