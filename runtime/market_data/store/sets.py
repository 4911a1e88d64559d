"""Data sets at rest: one versioned Delta table for each name.

    ROOT/btc_1m/                      or s3://bucket/prefix/btc_1m/
      _delta_log/                     one commit for each version; the record travels in it
      venue=../instrument=../kind=1m/day=2024-01-01/*.parquet

A data set holds bars of one length, or a book, trades, or both, of one instrument. Prices and quantities are float64:
the nearest double of a decimal gives the decimal back when it is put on the venue's grid.

Every call below is one commit: it happens whole or not at all, and readers of an older version are not disturbed.
`content_hash` of the record covers every value, and does not tell how the data was put together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np

from ...errors import RuntimeFault, fault
from ..bars import Bars, Dataset
from ..day_parts import kinds_of
from ..events import AnySet, EventSet, Levels, Trades
from ..instruments import parse_instrument
from ..moments import NS_PER_DAY, period_text
from .places import Root, Stored, table_at
from .records import AnyRecord, EventRecord, Pruned, Record, describe, to_commit
from .table_log import KEY, exists, read_record

__all__ = ["AnyRecord", "EventRecord", "Record", "append", "describe", "load", "note", "read", "read_record", "save"]

#: Writers that are overtaken try again from the newest version, this often.
ATTEMPTS = 20
_AGAIN = ("`flashc data import` with `--replace` mends it",)

#: What is kept in `progress`, from what is kept there so far. It may be called more than once.
Update: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Change:
    """What a commit adds, and the record that it makes true."""

    record: AnyRecord
    frames: Sequence[Any]
    mode: Literal["append", "overwrite"]


def save(data: AnySet, root: Root | None = None, replace: bool = False, update: Update | None = None) -> AnyRecord:
    """Store a data set under its name; with `replace` as a new version of one that is there.

    FC1011 for its name, FC1017 if it exists and `replace` is off or the place is not writable, FC1023 if it cannot be
    reached.
    """
    place = table_at(root, data.name)
    if not replace and (exists(place) or _occupied(place)):
        raise _exists(place)
    made = describe(data, place)

    def change(before: AnyRecord | None) -> _Change:
        if before is not None and not replace:
            raise _exists(place)
        progress = MappingProxyType(dict(update(MappingProxyType({})) if update is not None else {}))
        pruned = Pruned() if before is None else before.pruned
        return _Change(_with(made, progress=progress, pruned=pruned), _frames(data), "overwrite")

    record = commit(place, change)
    if not place.is_remote:
        _clear_old(place.folder)
    return record


def append(
    data: AnySet, root: Root | None = None, *, update: Update | None = None, facts: Mapping[str, Any] | None = None
) -> AnyRecord:
    """Add rows to the data set of this name, or create it; one commit for all kinds of `data`.

    Bars that are there already are skipped (FC1021 if they differ). Books and trades go behind the rows that are there
    of the same day (FC1021 if they are older than the last of them); earlier days may follow later ones. `update` says
    what `progress` becomes, `facts` what the record says of the source from now on. FC1014 for another instrument,
    FC1021 for another kind of data, FC1022 if other writers were faster each time, FC1017 and FC1023 as `save`.
    """
    from . import append as adding

    given = _without_empty(data)
    if given is None:
        return note(data.name, update or dict, root)
    data = given
    place = table_at(root, data.name)

    def change(before: AnyRecord | None) -> _Change:
        if before is None:
            made, frames = describe(data, place), _frames(data)
        else:
            made, frames = adding.added(before, data)
        progress = made.progress if update is None else MappingProxyType(dict(update(made.progress)))
        known = made.facts if facts is None else MappingProxyType({**made.facts, **facts})
        return _Change(_with(made, progress=progress, facts=known), frames, "append")

    return commit(place, change)


def _without_empty(data: AnySet) -> AnySet | None:
    """The data set without kinds that have no rows; None if nothing is left."""
    if isinstance(data, Dataset):
        return data if len(data.bars) else None
    held = [kind for kind, part in data.parts().items() if len(part)]
    if not held:
        return None
    return replace(data, book=data.book if "book" in held else None, trades=data.trades if "trades" in held else None)


def note(name: str, update: Update, root: Root | None = None) -> AnyRecord:
    """Commit what `progress` becomes, without rows. FC1011 if there is no data set of this name."""
    place = table_at(root, name)

    def change(before: AnyRecord | None) -> _Change:
        if before is None:
            raise fault("FC1011", f"there is no data set `{name}`", str(place))
        return _Change(_with(before, progress=MappingProxyType(dict(update(before.progress)))), (), "append")

    return commit(place, change)


def _with(record: AnyRecord, **changes: Any) -> AnyRecord:
    return replace(record, **changes)


def _exists(place: Stored) -> RuntimeFault:
    helps = ("`--replace` makes a new version of it", "`--append` adds to it", "`--name` gives another name")
    return fault("FC1017", f"there already is a data set `{place.name}`", str(place), helps=helps)


def _occupied(place: Stored) -> bool:
    """Whether something else is where the table would be."""
    return not place.is_remote and place.folder.exists() and any(place.folder.iterdir())


def _clear_old(folder: Path) -> None:
    """Files of the format of earlier releases, once a table stands in their place."""
    for name in ("bars.parquet", "book.parquet", "trades.parquet", "dataset.json"):
        (folder / name).unlink(missing_ok=True)


def _frames(data: AnySet) -> list[Any]:
    """All rows of a data set, by kind."""
    from .table_rows import numbered, to_rows

    words = data.venue, data.instrument.symbol
    return [to_rows(*words, kind, columns, times, numbered(times)) for kind, (columns, times) in kinds_of(data).items()]


def commit(place: Stored, change: Callable[[AnyRecord | None], _Change]) -> AnyRecord:
    """Commit a change to the newest version, made anew for as long as other writers are faster."""
    from . import delta

    for _ in range(ATTEMPTS):
        before = read_record(place) if exists(place) else None
        made = change(before)
        metadata = {KEY: json.dumps(to_commit(made.record), separators=(",", ":"), allow_nan=False)}
        try:
            version = _write(place, made, metadata, None if before is None else before.version)
        except delta.Overtaken:
            continue
        delta.sync(place, version)
        return replace(made.record, version=version, path=place.at(version))
    message = f"other writers changed `{place.name}` {ATTEMPTS} times meanwhile"
    raise fault("FC1022", message, str(place), helps=("try again when they are done",))


def _write(place: Stored, made: _Change, metadata: Mapping[str, str], before: int | None) -> int:
    import polars as pl

    from . import delta

    if not made.frames and before is not None:
        return delta.note(place, metadata, before)
    frame = pl.concat(made.frames) if len(made.frames) > 1 else made.frames[0]
    return delta.write(place, frame, metadata, before, made.mode)


def load(
    place: Stored | Path, kinds: Sequence[str] | None = None, from_ns: int | None = None, to_ns: int | None = None
) -> AnySet:
    """Read a stored data set, or its rows with times in `[from_ns, to_ns)`, of some kinds; only their days are read.

    FC1013 if its rows do not fit its record (`verify` also compares the hash), FC1012 if nothing is left, and the
    faults of `read_record`.
    """
    place = place if isinstance(place, Stored) else Stored(str(place))
    return _load(with_files(read_record(place)), kinds, (from_ns, to_ns))


def with_files(record: AnyRecord) -> AnyRecord:
    """The record, or that of another version with the same content where its own files were pruned. FC1020 if there is
    none."""
    version = record.version
    newest = record if version is None else read_record(record.path.at(None))
    if version is None or not newest.pruned.lacks(version):
        return record
    for kept in (*newest.pruned.kept, newest.version):
        other = read_record(record.path.at(kept))
        if other.content_hash == record.content_hash:
            return other
    helps = (f"`flashc data history {record.name}` shows what is kept",)
    raise fault("FC1020", f"version {version} of `{record.name}` was pruned", str(record.path), helps=helps)


def read(name: str, root: Root | None = None, version: int | None = None) -> AnySet:
    """The data set of that name as `load` gives it."""
    return load(table_at(root, name).at(version))


Range: TypeAlias = tuple[int | None, int | None]


def _load(record: AnyRecord, kinds: Sequence[str] | None = None, range_: Range = (None, None)) -> AnySet:
    instrument = parse_instrument(record.instrument)
    if instrument is None:
        raise fault("FC1013", "the data set's record is damaged", str(record.path), helps=_AGAIN)
    head = record.name, instrument, record.venue
    tail = record.rules, str(record.path), record.facts
    if isinstance(record, Record):
        columns = _columns(record, period_text(record.period_ns), record.columns, record.bars, range_)
        if not len(columns["ts"]):
            raise _nothing(record)
        return Dataset(*head, record.period_ns, Bars(**columns), *tail)
    parts: dict[str, dict[str, Any]] = {}
    for kind, shape in (("book", Levels), ("trades", Trades)):
        if kind in record.rows and (kinds is None or kind in kinds):
            names = tuple(shape.__dataclass_fields__)
            parts[kind] = _columns(record, kind, names, record.rows[kind], range_)
    found = {kind: columns for kind, columns in parts.items() if len(columns["receive"])}
    if not found:
        raise _nothing(record)
    book = Levels(**found["book"]) if "book" in found else None
    trades = Trades(**found["trades"]) if "trades" in found else None
    whole = range_ == (None, None) and len(found) == len(record.rows)
    return EventSet(*head, book, trades, *tail, record.content_hash if whole else "")


def _columns(record: AnyRecord, kind: str, names: Sequence[str], rows: int, range_: Range) -> dict[str, Any]:
    from ..day_parts import day_text
    from .table_rows import read_columns

    low, high = range_
    days = None
    if range_ != (None, None):
        days = day_text((low or 0) // NS_PER_DAY), day_text((high or 1 << 62) // NS_PER_DAY)
    columns = read_columns(record.path, kind, names, days)
    times = columns["ts" if "ts" in columns else "receive"]
    if days is not None:
        first, last = np.searchsorted(times, [low or 0, 1 << 62 if high is None else high])
        return {name: column[first:last] for name, column in columns.items()}
    if len(times) != rows:
        note = f"{len(times):,} rows, the record says {rows:,}"
        raise fault("FC1013", f"the {kind} does not fit its record", str(record.path), notes=(note,), helps=_AGAIN)
    return columns


def _nothing(record: AnyRecord) -> RuntimeFault:
    return fault("FC1012", f"`{record.name}` holds nothing of that in this range", str(record.path))
