"""Books and trades at rest: a folder with `book.parquet`, `trades.parquet` or both, and `dataset.json`.

Columns are those of `events.py`, times in nanoseconds. `content_hash` in the record covers every value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import fault
from .bars import RuleUse
from .data_folder import put, target_of
from .events import EventSet, Levels, Trades, events_hash
from .instruments import parse_instrument

FORMAT = "flashc-events/1"
FILES: Mapping[str, str] = MappingProxyType({"book": "book.parquet", "trades": "trades.parquet"})
RECORD_FILE = "dataset.json"
_AGAIN = ("import the file again",)
_DTYPES = {"side": np.int8, "price": np.float64, "qty": np.float64, "snapshot": np.bool_, "ends": np.bool_}


@dataclass(frozen=True, slots=True)
class EventRecord:
    """What `dataset.json` says. `rows` maps kinds to numbers of rows; `messages` are those of the book."""

    name: str
    instrument: str
    venue: str
    rows: Mapping[str, int]
    messages: int
    from_ns: int
    to_ns: int
    content_hash: str
    rules: tuple[RuleUse, ...]
    facts: Mapping[str, Any]
    path: Path

    @property
    def kinds(self) -> str:
        """`book and trades`."""
        return " and ".join(self.rows)

    def json(self) -> dict[str, object]:
        """Stable keys for `--json`."""
        return {
            "name": self.name,
            "kind": "events",
            "instrument": self.instrument,
            "venue": self.venue,
            "rows": dict(self.rows),
            "messages": self.messages,
            "from": self.from_ns,
            "to": self.to_ns,
            "content_hash": self.content_hash,
            "rules": [rule.json() for rule in self.rules],
            "source": dict(self.facts),
        }


def describe_events(data: EventSet, path: Path) -> EventRecord:
    """The record of a data set."""
    return EventRecord(
        data.name,
        data.instrument.symbol,
        data.venue,
        MappingProxyType({kind: len(part) for kind, part in data.parts().items()}),
        int(np.count_nonzero(data.book.ends)) if data.book is not None else 0,
        data.from_ns,
        data.to_ns,
        events_hash(data),
        data.rules,
        MappingProxyType(dict(data.facts or {})),
        path,
    )


def save_events(data: EventSet, root: Path, replaces: bool = False) -> EventRecord:
    """Store a data set under its name. FC1017 if it exists and `replaces` is off, or the folder is not writable."""
    target = target_of(data.name, root, replaces)
    record = describe_events(data, target)
    put(target, lambda folder: _write(data, record, folder))
    return record


def _write(data: EventSet, record: EventRecord, folder: Path) -> None:
    import polars as pl

    folder.chmod(0o755)
    names = [RECORD_FILE]
    for kind, part in data.parts().items():
        names.append(FILES[kind])
        pl.DataFrame(part.columns()).write_parquet(folder / FILES[kind], compression="zstd", statistics=False)
    facts = {
        "format": FORMAT, "name": record.name, "instrument": record.instrument, "venue": record.venue,
        "rows": dict(record.rows), "messages": record.messages, "from_ns": record.from_ns, "to_ns": record.to_ns,
        "content_hash": record.content_hash, "rules": [asdict(rule) for rule in record.rules],
        "facts": dict(record.facts),
    }  # fmt: skip
    (folder / RECORD_FILE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    for name in names:
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())


def event_record(facts: dict[str, Any], folder: Path) -> EventRecord:
    """The record from the content of `dataset.json`. KeyError, TypeError or ValueError if it is damaged."""
    rows = {kind: int(facts["rows"][kind]) for kind in FILES if kind in facts["rows"]}
    if not rows or set(rows) != set(facts["rows"]):
        raise ValueError("no known kind")
    given = {key: facts[key] for key in ("name", "instrument", "venue", "messages", "from_ns", "to_ns", "content_hash")}
    rules = tuple(RuleUse(**rule) for rule in facts["rules"])
    about = MappingProxyType(facts["facts"])
    return EventRecord(**given, rows=MappingProxyType(rows), rules=rules, facts=about, path=folder)


def load_events(record: EventRecord) -> EventSet:
    """Read a stored data set. FC1013 if its columns do not fit its record (`verify` also compares the hash)."""
    book = Levels(**_columns(record, "book", Levels)) if "book" in record.rows else None
    trades = Trades(**_columns(record, "trades", Trades)) if "trades" in record.rows else None
    instrument = parse_instrument(record.instrument)
    if instrument is None:
        raise fault("FC1013", "the data set's record is damaged", str(record.path), helps=_AGAIN)
    data = EventSet(
        record.name, instrument, record.venue, book, trades, record.rules, str(record.path), record.facts
    )  # fmt: skip
    return replace(data, content_hash=record.content_hash)


def _columns(record: EventRecord, kind: str, shape: type[Levels] | type[Trades]) -> dict[str, Any]:
    from .tables import read_table

    path = record.path / FILES[kind]
    frame = read_table(path).frame
    columns = {}
    for name in shape.__dataclass_fields__:
        if name not in frame.columns:
            raise fault("FC1013", f"the {kind} lacks the column {name}", str(path), helps=_AGAIN)
        columns[name] = np.ascontiguousarray(frame[name].to_numpy())
        if columns[name].dtype != _DTYPES.get(name, np.int64):
            raise fault("FC1013", f"column {name} has another type than it was written with", str(path), helps=_AGAIN)
    receive = columns["receive"]
    if not len(receive) or len(receive) != record.rows[kind] or bool((np.diff(receive) < 0).any()):
        raise fault("FC1013", f"the {kind} does not fit its record", str(record.path), helps=_AGAIN)
    return columns
