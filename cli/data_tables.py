"""`flashc data history`, `compact`, `prune` and `sql`: versions of data sets, and questions to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json
from .data_options import Root
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.market_data.store.places import Stored

Set = Annotated[str, typer.Argument(metavar="NAME", help="A data set's name.", show_default=False)]


def history(name: Set, root: Root = None, json: Json = False) -> None:
    """List the versions of a data set, the newest first.

    Each import, fetch or recording makes a version; NAME@VERSION reads that one wherever data is named.
    """
    from ..runtime.market_data.store.upkeep import history as versions
    from .data_text import history_text

    found = versions(_place(name, root))
    if json:
        console.out_json({"version": 1, "name": name, "versions": [one.json() for one in found]})
    else:
        console.out(history_text(found))


def compact(name: Set, root: Root = None, json: Json = False) -> None:
    """Put the small files of many appends together, as a new version with the same content.

    The files of the versions before stay until `flashc data prune`.
    """
    from ..runtime.market_data.store.upkeep import compact as run

    found = run(_place(name, root))
    if json:
        facts = {"version": found.version, "files_before": found.files_before, "files_after": found.files_after}
        console.out_json({"version": 1, "name": name, "compacted": facts})
    else:
        console.out(f"{name}: {found.files_before:,} files are now {found.files_after:,}, version {found.version}")


def prune(
    name: Set,
    keep: Annotated[int, typer.Option("--keep", metavar="N", min=1, help="How many contents stay readable.")],
    root: Root = None,
    json: Json = False,
) -> None:
    """Delete the files that only old versions need. What is gone cannot be read again.

    The newest N contents stay; versions with the same content count once. Files that a writer left behind when it
    died go too, a day after it touched them last.
    """
    from ..runtime.market_data.store.upkeep import prune as run
    from .data_text import freed_text

    freed = run(_place(name, root), keep)
    if json:
        facts = {"files_deleted": freed.files, "orphans_deleted": freed.orphans, "bytes_deleted": freed.size}
        console.out_json({"version": 1, "name": name, **facts})
    else:
        console.out(f"{name}: {freed_text(freed)}")


def sql(
    query: Annotated[str, typer.Argument(metavar="SQL", help="A SELECT.", show_default=False)],
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=0,
            show_default=False,
            help="At most N rows; 0 is all. Default: 40 on the screen and in JSON, all in CSV and files.",
        ),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the rows to a .parquet or .csv file.")
    ] = None,
    root: Root = None,
    json: Json = False,
) -> None:
    """Ask the data sets in SQL (DuckDB). Reads only, without network.

    A data set is a table: `btc_1m` or `btc_1m.bars`, `btc_l2.book`, `btc_l2.trades`; `"btc_1m@3"` is its version 3.
    """
    from .data_sql import answer

    if csv and json:
        raise Problem("`--csv` and `--json` exclude each other", helps=("choose one",))
    answer(query, root, limit=limit, form="csv" if csv else "json" if json else "table", out=out)


def _place(name: str, root: str | None) -> Stored:
    from ..runtime.market_data.store.catalog import locate

    place = locate(name, root)
    if isinstance(place, Path):
        raise Problem(f"{name} is a file, and has no versions", helps=("import it: `flashc data import FILE`",))
    return place.at(None)
