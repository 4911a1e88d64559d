"""Options and checks that the `flashc data` commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from .problem import Problem

Root = Annotated[
    str | None,
    typer.Option("--root", metavar="DIR", help="Folder or s3:// URL of data sets. Default: $FLASHC_DATA, else ./data."),
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the data set.")]
Replace = Annotated[bool, typer.Option("--replace", help="Make a new version of a data set of this name.")]
Append = Annotated[bool, typer.Option("--append", help="Add to a data set of this name.")]
Instrument = Annotated[str | None, typer.Option("--instrument", metavar="BASE/QUOTE", help="Such as BTC/USDT.")]
Period = Annotated[str | None, typer.Option("--period", metavar="PERIOD", help="Length of a bar, such as 1m.")]


def check_words(instrument: str | None, period: str | None) -> None:
    """Raise `Problem` for an instrument or a period that is none."""
    from ..runtime.market_data.instruments import parse_instrument
    from ..runtime.market_data.moments import is_bar_period, parse_period

    if instrument is not None and parse_instrument(instrument) is None:
        raise Problem(f"`{instrument}` is not an instrument", helps=("write BASE/QUOTE, such as BTC/USDT",))
    if period is not None and not is_bar_period(parse_period(period) or 0):
        raise Problem(f"`{period}` is not a bar period", helps=("write 1s, 1m, 5m, 1h or 1d: it must divide a day",))


def refuse_existing(name: str, root: str | None, replace: bool) -> None:
    """Raise `Problem` if a data set of this name is there and must not be replaced."""
    from ..runtime.market_data.store.places import data_root, table_at
    from ..runtime.market_data.store.table_log import exists

    place = table_at(root, name)
    if not replace and (exists(place) or (not place.is_remote and place.folder.exists())):
        helps = ("--replace makes a new version of it", "--name gives the new one another name")
        raise Problem(f"there already is a data set `{name}`", where=str(data_root(root)), helps=helps)
