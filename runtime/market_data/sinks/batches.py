"""A data set as batches of columns, the same for every database.

Every row has a key that is the same whenever the data set is copied, so copying twice changes nothing: the name of the
data set, its time in ns, and `n`, which counts rows of one time from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..bars import Dataset, Ints
from ..events import AnySet, EventSet
from ..moments import period_text

ROWS = 5_000
#: Columns that hold whole numbers or flags; the others are floats. Optional ones may be absent.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "bars": ("open", "high", "low", "close", "volume", "notional", "n_trades"),
    "trades": ("venue_ns", "side", "price", "qty", "trade_id"),
    "book": ("venue_ns", "side", "price", "qty", "snapshot", "ends", "first_id", "last_id"),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to `ROWS` rows. `tags` are the same for all; `columns` are lists of Python numbers and flags."""

    kind: str
    tags: Mapping[str, str]
    time_ns: list[int]
    n: list[int]
    columns: Mapping[str, list[float | int | bool]]

    def __len__(self) -> int:
        return len(self.time_ns)


def batches(data: AnySet, rows: int = ROWS) -> Iterator[Batch]:
    """The data set in order of time. Books and trades are of their receive times."""
    tags = {"dataset": data.name, "venue": data.venue, "instrument": data.instrument.symbol}
    if isinstance(data, Dataset):
        columns = data.bars.columns()
        del columns["ts"]
        yield from _batches("bars", tags | {"period": period_text(data.period_ns)}, data.bars.ts, columns, rows)
        return
    for kind, part in data.parts().items():
        columns = part.columns()
        receive = columns.pop("receive")
        columns = {"venue_ns": columns.pop("venue"), **columns}
        yield from _batches(kind, tags, receive, columns, rows)


def row_count(data: AnySet) -> int:
    """How many rows `batches` gives."""
    if isinstance(data, EventSet):
        return sum(len(part) for part in data.parts().values())
    return len(data.bars)


def _batches(
    kind: str, tags: Mapping[str, str], time_ns: Ints, columns: Mapping[str, np.ndarray], rows: int
) -> Iterator[Batch]:
    n = ranks(time_ns)
    for start in range(0, len(time_ns), rows):
        part = slice(start, start + rows)
        values = {name: column[part].tolist() for name, column in columns.items()}
        yield Batch(kind, tags, time_ns[part].tolist(), n[part].tolist(), values)


def ranks(time_ns: Ints) -> Ints:
    """How many rows of the same time stand before each row. Times do not fall."""
    index = np.arange(len(time_ns), dtype=np.int64)
    starts = np.ones(len(time_ns), np.bool_)
    starts[1:] = time_ns[1:] != time_ns[:-1]
    return index - np.maximum.accumulate(np.where(starts, index, 0))
