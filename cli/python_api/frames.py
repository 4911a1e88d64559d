"""Data given as frames. Each becomes a Parquet file in the cache, named by its content, and is read like any file.

So a frame goes through the checks of `flashc data import` and gives the bits that a file gives; a run folder can be
explained later; and the tape is built once. The oldest files go when there are too many.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...runtime.cache_root import cache_root
from ...runtime.market_data.importers.bar_formats import COLUMN_NAMES, plain_name
from ...runtime.market_data.instruments import parse_instrument
from .errors import FlashcError, usage

if TYPE_CHECKING:
    import polars as pl

MOST_FILES = 32
_KINDS = (
    "a data set's name, a path, a polars or pandas DataFrame of bars, a dict of frames by symbol, or a list of these"
)


@dataclass(slots=True)
class Sources:
    """Names and paths for `--data`, and what to call the files that stand for frames."""

    names: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)  # path -> words for a message


def sources(data: Any, symbols: Mapping[str, str]) -> Sources:
    """`data` as names and paths. `symbols` are the strategy's: alias -> symbol."""
    found = Sources()
    for item in data if isinstance(data, list | tuple) else [data]:
        if isinstance(item, str | os.PathLike):
            found.names.append(os.fspath(item))
        elif isinstance(item, Mapping):
            for key, part in item.items():
                for frame in part if isinstance(part, list | tuple) else [part]:
                    _add(found, polars_frame(frame), _symbol(str(key), symbols))
        else:
            _add_frame(found, polars_frame(item), symbols)
    if not found.names:
        raise usage("no data was given", f"`data` is {_KINDS}")
    return found


def _symbol(key: str, symbols: Mapping[str, str]) -> str:
    if key in symbols:
        return symbols[key]
    instrument = parse_instrument(key)
    if instrument is None:
        near = get_close_matches(key, [*symbols, *symbols.values()], n=1)
        guess = (f"did you mean `{near[0]}`?",) if near else ()
        raise usage(f"`{key}` is not an instrument", *guess, f"the strategy reads {', '.join(symbols.values())}")
    return instrument.symbol


def _add_frame(found: Sources, frame: pl.DataFrame, symbols: Mapping[str, str]) -> None:
    """A frame that names no instrument is of the strategy's only one; rows of several are taken apart."""
    column = next((name for name in frame.columns if plain_name(name) in COLUMN_NAMES["symbol"]), None)
    if column is not None:
        for (key,), part in frame.partition_by(column, as_dict=True, maintain_order=True).items():
            _add(found, part.drop(column), _symbol(str(key), symbols))
    elif len(symbols) == 1:
        _add(found, frame, next(iter(symbols.values())))
    else:
        names = ", ".join(f'"{symbol}": ...' for symbol in symbols.values())
        raise usage("this strategy reads several instruments, and the frame does not name its own", f"give {{{names}}}")


def _add(found: Sources, frame: pl.DataFrame, symbol: str) -> None:
    path = keep(frame, symbol)
    found.names.append(str(path))
    found.labels[str(path)] = f"frame of {symbol}"


def keep(frame: pl.DataFrame, symbol: str) -> Path:
    """The frame as a file of the cache. Raises OSError."""
    import polars as pl

    packed = io.BytesIO()
    try:
        frame.write_parquet(packed, compression="lz4", statistics=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise FlashcError(f"error: the frame of {symbol} cannot be kept: {reason}", "data") from None
    root = cache_root() / "frames"
    folder = root / hashlib.sha256(packed.getbuffer()).hexdigest()[:24]
    path = folder / f"{symbol.lower().replace('/', '-')}.parquet"
    if path.is_file():
        os.utime(folder)
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(packed.getbuffer())
    partial.replace(path)
    _prune(root)
    return path


def _prune(root: Path) -> None:
    """Keep the files used last."""
    with suppress(OSError):
        folders = sorted(root.iterdir(), key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
        for folder in folders[MOST_FILES:]:
            shutil.rmtree(folder, ignore_errors=True)


def polars_frame(item: Any) -> pl.DataFrame:
    """A polars frame of any of the frames that are understood."""
    kind = f"{type(item).__module__.partition('.')[0]}.{type(item).__name__}"
    if kind == "polars.LazyFrame":
        item = item.collect()
    elif kind == "pandas.DataFrame":
        item = _from_pandas(item)
    elif kind != "polars.DataFrame":
        raise usage(f"`data` cannot be of type {type(item).__name__}", f"it is {_KINDS}")
    frame: pl.DataFrame = item
    return frame


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Column by column, so that no Arrow library is needed. An index of times goes first, a named one along."""
    import pandas as pd
    import polars as pl

    columns: dict[str, Any] = {}
    if isinstance(frame.index, pd.DatetimeIndex):
        columns["open_time"] = frame.index.to_series()
    elif frame.index.name is not None:
        columns[str(frame.index.name)] = frame.index.to_series()
    for name in frame.columns:
        columns.setdefault(str(name), frame[name])
    return pl.DataFrame([_column(name, values) for name, values in columns.items()])


def _column(name: str, values: Any) -> pl.Series:
    import pandas as pd
    import polars as pl

    kind = values.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        zone = getattr(kind, "tz", None)
        plain = values.dt.tz_convert("UTC").dt.tz_localize(None) if zone is not None else values
        moments = pl.Series(name, plain.to_numpy(dtype="datetime64[ns]"))
        return moments.dt.replace_time_zone("UTC") if zone is not None else moments
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        whole = pd.api.types.is_integer_dtype(kind) and not values.hasnans
        return pl.Series(name, values.to_numpy(dtype="int64" if whole else "float64"))
    return pl.Series(name, [None if pd.isna(value) else str(value) for value in values], dtype=pl.String)
