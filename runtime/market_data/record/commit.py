"""Segments into the store: one commit each, and the file goes when the store has it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ...errors import fault
from ..bars import RuleUse
from ..events import EventSet, Levels, Trades
from ..store.places import Root, data_root, is_remote, table_at
from ..store.records import AnyRecord
from ..store.sets import append, read_record
from ..store.table_log import exists
from .join import Gap
from .segment import SegmentDamaged, read_segment
from .spool import Spool
from .streams import Recorded, event_set

Part = TypeVar("Part", Levels, Trades)
KEY = "recording"
FORMAT = "flashc-recording/1"
#: So many holes are listed by name, the newest; all are counted.
MOST_NAMED = 200


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a segment. `rows` is 0 and `record` None for one without rows, or one that was there already."""

    rows: int
    torn_bytes: int
    torn_rows: int
    record: AnyRecord | None


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found of the run before."""

    segments: int = 0
    rows: int = 0
    torn_rows: int = 0
    torn_bytes: int = 0
    damaged: tuple[Path, ...] = ()


class _Known(Exception):
    """Another process committed the segment meanwhile: the one that a killed recording left at work."""


#: As `commit_segment`: a segment's path and number, and the root of the data sets.
Commit = Callable[[Path, int, Root | None], Committed]


def last_segment(name: str, root: Root | None) -> int:
    """The number of the newest segment that the store has, 0 for none. FC1038 for a data set of another origin."""
    place = table_at(root, name)
    if not exists(place):
        return 0
    known = read_record(place).progress.get(KEY)
    if known is None:
        helps = ("`--name` gives the recording a data set of its own",)
        raise fault("FC1038", f"`{name}` was not made by `data record`", str(place), helps=helps)
    return int(known["last_segment"])


def commit_segment(path: Path, number: int, root: Root | None) -> Committed:
    """Put a closed segment into the store and delete it. `SegmentDamaged` if nothing of it can be read.

    OSError (ENOSPC) before anything is tried if the disk has clearly no room for it.
    """
    _need_room(path, root)
    found = read_segment(path.read_bytes())
    try:
        what = Recorded.of_head(found.head)
        url = str(found.head["url"])
    except (KeyError, TypeError, ValueError) as error:
        raise SegmentDamaged("the head is of another format") from error
    record = None
    data, gaps = event_set(what, found.rows, url)
    rows = 0 if data is None else sum(len(part) for part in data.parts().values())
    if data is not None and number > last_segment(what.name, root):
        torn = found.torn_rows, found.torn_bytes
        data = _behind(data, root)
        with suppress(_Known):
            record = append(data, root, update=lambda before: _progress(before, number, gaps, *torn))
    path.unlink(missing_ok=True)
    return Committed(rows if record else 0, found.torn_bytes, found.torn_rows, record)


def _need_room(path: Path, root: Root | None) -> None:
    """A table packs its rows to less than half of a segment's size."""
    base = data_root(root)
    if not is_remote(base) and shutil.disk_usage(path.parent).free < path.stat().st_size // 2:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path.parent))


def _behind(data: EventSet, root: Root | None) -> EventSet:
    """Receive times not before those that are stored: the machine's clock may have been set back between two runs."""
    place = table_at(root, data.name)
    if not exists(place):
        return data
    days = read_record(place).days
    least = {kind: max(day.last_ns for day in own.values()) for kind, own in days.items() if own}
    late = sum(int(np.count_nonzero(part.receive < least.get(kind, 0))) for kind, part in data.parts().items())
    if not late:
        return data
    rule = RuleUse("out_of_order", late, "rows received before those that are stored take the time of the last one")
    book, trades = _from(data.book, least.get("book", 0)), _from(data.trades, least.get("trades", 0))
    return replace(data, book=book, trades=trades, rules=(*data.rules, rule))


def _from(part: Part | None, least_ns: int) -> Part | None:
    """Received no earlier than `least_ns`."""
    return None if part is None else replace(part, receive=np.maximum(part.receive, least_ns))


def _progress(
    before: Mapping[str, Any], number: int, gaps: list[Gap], torn_rows: int, torn_bytes: int
) -> Mapping[str, Any]:
    known = before.get(KEY, {})
    if number <= known.get("last_segment", 0):
        raise _Known
    listed = [*known.get("gaps", []), *(gap.json() for gap in gaps)]
    mine = {
        "format": FORMAT,
        "last_segment": number,
        "segments": known.get("segments", 0) + 1,
        "gap_count": known.get("gap_count", 0) + len(gaps),
        "gaps": listed[-MOST_NAMED:],
        "torn_rows": known.get("torn_rows", 0) + torn_rows,
        "torn_bytes": known.get("torn_bytes", 0) + torn_bytes,
    }
    return {**before, KEY: mine}


def trade_holes(facts: Mapping[str, Any]) -> list[tuple[int, int]]:
    """When a recording lacked trades (ns, by receive time), as far as it is listed, from what a record keeps of it."""
    return [(int(gap["from"]), int(gap["to"])) for gap in facts.get("gaps", ()) if gap["kind"] == "trades"]


def recover(spool: Spool, root: Root | None, commit: Commit | None = None) -> Recovered:
    """Commit what a run before left behind. Damaged files are put aside and named."""
    segments = rows = torn_rows = torn_bytes = 0
    damaged = []
    for number, path in spool.leftovers():
        try:
            done = (commit or commit_segment)(path, number, root)
        except SegmentDamaged:
            damaged.append(spool.put_aside(path))
            continue
        except FileNotFoundError:  # a process that a killed recording left at work has just committed it
            continue
        segments, rows = segments + (done.rows > 0), rows + done.rows
        torn_rows, torn_bytes = torn_rows + done.torn_rows, torn_bytes + done.torn_bytes
    return Recovered(segments, rows, torn_rows, torn_bytes, tuple(damaged))
