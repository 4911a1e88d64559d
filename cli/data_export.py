"""`flashc data export`: a copy of a data set in a database that others query."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json
from .data_options import Root

if TYPE_CHECKING:
    from ..runtime.market_data.events import AnySet
    from ..runtime.market_data.sinks.database import Copied
    from ..runtime.market_data.sinks.target import Target

Url = Annotated[
    str,
    typer.Option(
        "--to", metavar="URL", help="influxdb://host:8086/db or postgresql://user@host/db.", show_default=False
    ),
]


def export(
    source: Annotated[str, typer.Argument(metavar="NAME-or-FILE", help="A data set or a file.", show_default=False)],
    to: Url,
    root: Root = None,
    json: Json = False,
) -> None:
    """Copy a data set into InfluxDB, PostgreSQL or TimescaleDB.

    Copying again changes nothing, so an interrupted copy is simply started anew. Tables and measurements are called
    flashc_bars, flashc_trades and flashc_book. Passwords come from the environment, never from the address.
    """
    from ..runtime.market_data.sinks.batches import row_count
    from ..runtime.market_data.sinks.target import parse_target
    from ..runtime.market_data.store.catalog import resolve

    target = parse_target(to)
    data = resolve(source, root)
    rows = row_count(data)
    copied = _copy(target, data, rows)
    if copied.note:
        console.err(f"note: the server has TimescaleDB, but tables stay plain ones: {copied.note}")
    if json:
        facts = {
            "dataset": data.name, "rows": rows, "to": str(target), "hypertables": copied.hypertables,
            "note": copied.note,
        }  # fmt: skip
        console.out_json({"version": 1, "export": facts})
    else:
        console.out(f"{rows:,} rows of {data.name} are in {target}{' (hypertables)' * copied.hypertables}")


def _copy(target: Target, data: AnySet, rows: int) -> Copied:
    from ..runtime.market_data.sinks import database, influx
    from ..runtime.market_data.sinks.batches import batches

    with console.progress("export", rows) as tick:
        if target.is_influx:
            influx.write(target, batches(data), os.environ, tick)
            return database.Copied()
        return database.write(target, batches(data), tick)
