"""Data sets as polars frames, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bars import Dataset
from .events import AnySet

if TYPE_CHECKING:
    import polars as pl


def frame_of(data: AnySet, kind: str) -> pl.DataFrame:
    """`time` (UTC), then the columns of the kind: `bars`, `book` or `trades`. Times of events are receive times, and
    `receive` and `venue_time` are epoch nanoseconds."""
    import polars as pl

    if isinstance(data, Dataset):
        columns = data.bars.columns()
        frame = pl.DataFrame({"time": columns.pop("ts"), **columns})
    else:
        columns = data.parts()[kind].columns()
        frame = pl.DataFrame({"time": columns["receive"], **columns}).rename({"venue": "venue_time"})
    return frame.with_columns(pl.from_epoch("time", "ns").dt.replace_time_zone("UTC"))
