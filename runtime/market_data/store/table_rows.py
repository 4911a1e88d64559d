"""Rows in memory to rows of a table and back.

One schema serves all kinds; columns that a kind does not have are null. Times are epoch nanoseconds, which no time
type of Delta holds. `row` counts the rows of a kind on a day: files of a table have no order of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import fault
from ..day_parts import Columns
from ..moments import NS_PER_DAY
from .delta import files, open_table
from .places import Stored, storage_options

if TYPE_CHECKING:
    import polars as pl

_INT, _FLOAT, _SIGN, _FLAG = np.dtype(np.int64), np.dtype(np.float64), np.dtype(np.int8), np.dtype(np.bool_)

#: Column of a table -> type. `venue_time` is the `venue` of `events.py`: in a table that is the venue's name.
COLUMNS: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "row": _INT,
        "ts": _INT,
        "open": _FLOAT,
        "high": _FLOAT,
        "low": _FLOAT,
        "close": _FLOAT,
        "volume": _FLOAT,
        "notional": _FLOAT,
        "n_trades": _INT,
        "receive": _INT,
        "venue_time": _INT,
        "side": _SIGN,
        "price": _FLOAT,
        "qty": _FLOAT,
        "trade_id": _INT,
        "snapshot": _FLAG,
        "ends": _FLAG,
        "first_id": _INT,
        "last_id": _INT,
    }
)
_RENAMED = {"venue": "venue_time"}
_PLACE = re.compile(r"/kind=([^/]+)/day=([0-9]{4}-[0-9]{2}-[0-9]{2})/")
_AGAIN = ("`flashc data verify` says more; `flashc data import` with `--replace` mends it",)


def to_rows(venue: str, instrument: str, kind: str, columns: Columns, times_ns: NDArray[np.int64], first: Any) -> Any:
    """Rows of one kind as a polars frame in the table's schema. `first` is each row's number on its day."""
    import polars as pl

    held = {_RENAMED.get(name, name): column for name, column in columns.items()} | {"row": first}
    length = len(times_ns)
    types = {_INT: pl.Int64, _FLOAT: pl.Float64, _SIGN: pl.Int8, _FLAG: pl.Boolean}
    made = [
        pl.Series(name, held[name], dtype=types[kind_of])
        if name in held
        else pl.Series(name, [None], dtype=types[kind_of]).new_from_index(0, length)
        for name, kind_of in COLUMNS.items()
    ]
    frame = pl.DataFrame(made)
    days = pl.Series("day", (times_ns // NS_PER_DAY).astype(np.int32)).cast(pl.Date)
    words = {"venue": venue, "instrument": instrument.replace("/", "-"), "kind": kind}
    return frame.with_columns(*(pl.lit(text).alias(name) for name, text in words.items()), days)


def numbered(times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each row's number on its day."""
    days = times_ns // NS_PER_DAY
    starts = np.flatnonzero(np.concatenate([[True], np.diff(days) != 0])) if len(days) else np.zeros(0, np.int64)
    counts = np.diff(np.append(starts, len(days)))
    return np.arange(len(days), dtype=np.int64) - np.repeat(starts, counts)


def read_columns(
    place: Stored, kind: str, names: Sequence[str], days: tuple[str, str] | None = None, at_least: int = 0
) -> dict[str, NDArray[Any]]:
    """Columns of one kind in order, of `days` (first and last) or all; only rows numbered `at_least` or more.

    FC1013 if a file is gone, damaged or of other types than it was written with.
    """
    wanted = [_RENAMED.get(name, name) for name in names]
    order = "ts" if "ts" in wanted else "receive"
    numbers = ["row"] if order == "receive" else []
    frame = _frame(place, kind, list(dict.fromkeys([*numbers, order, *wanted])), days, at_least)
    rows = {name: np.ascontiguousarray(frame[name].to_numpy()) for name in frame.columns}
    for name, column in rows.items():
        if column.dtype != COLUMNS[name]:
            raise fault("FC1013", f"column {name} has values missing", str(place), helps=_AGAIN)
    key = rows["ts"] if order == "ts" else (rows["receive"] // NS_PER_DAY << 44) + rows["row"]
    if not (np.diff(key) > 0).all():
        place_of = np.argsort(key, kind="stable")
        rows = {name: column[place_of] for name, column in rows.items()}
    return {name: rows[_RENAMED.get(name, name)] for name in names}


def _frame(place: Stored, kind: str, names: Sequence[str], days: tuple[str, str] | None, at_least: int) -> pl.DataFrame:
    """Files whose rows are all below `at_least` are skipped by their statistics: a day that grows stays cheap."""
    import polars as pl

    paths = files_of(place, kind, days)
    if not paths:
        return pl.DataFrame(schema={name: _types()[COLUMNS[name]] for name in names})
    options = storage_options(place.uri) or None
    try:
        scan = pl.scan_parquet(paths, hive_partitioning=False, glob=False, storage_options=options)
        return (scan.filter(pl.col("row") >= at_least) if at_least else scan).select(names).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise fault("FC1013", f"the {kind} cannot be read", str(place), notes=(reason,), helps=_AGAIN) from error


def _types() -> dict[np.dtype[Any], Any]:
    import polars as pl

    return {_INT: pl.Int64, _FLOAT: pl.Float64, _SIGN: pl.Int8, _FLAG: pl.Boolean}


def days_of(place: Stored, kind: str, days: tuple[str, str] | None = None) -> pl.DataFrame | None:
    """A frame of `day` alone, one row for each row of a kind, from the table's log; None if that does not know them."""
    import polars as pl

    table = open_table(place)
    files = None if table is None else pl.DataFrame(table.get_add_actions(flatten=True))
    if files is None or not {"num_records", "partition.day"} <= set(files.columns):
        return None
    low, high = days or ("", "~")
    day = pl.col("partition.day").cast(pl.Date)
    own = files.filter(pl.col("partition.kind") == kind, day.cast(pl.String).is_between(pl.lit(low), pl.lit(high)))
    if own["num_records"].null_count():
        return None
    return own.select(day.repeat_by("num_records").explode().alias("day")).drop_nulls()


def files_of(place: Stored, kind: str | None = None, days: tuple[str, str] | None = None) -> list[str]:
    """Files of a kind on some days, by day. FC1011 if there is no table."""
    table = open_table(place)
    if table is None:
        raise fault("FC1011", f"there is no data set `{place.name}`", str(place))
    found = [(match[2], match[1], path) for path in files(table) if (match := _PLACE.search(path))]
    low, high = days or ("", "~")
    return [path for day, own, path in sorted(found) if (kind is None or own == kind) and low <= day <= high]
