"""Data sets at rest: a folder with `bars.parquet` and `dataset.json`, replaced as a whole.

Books and trades are kept likewise (`event_store.py`); one data set holds either bars or these.

Prices and volumes are kept as float64: the nearest double of a decimal gives the decimal back when it is put on the
venue's grid. `content_hash` in the record covers every value (`bars.content_hash`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import fault
from .bars import Bars, Dataset, RuleUse, content_hash
from .data_folder import put, target_of
from .event_store import FORMAT as EVENTS_FORMAT
from .event_store import EventRecord, event_record, load_events
from .events import EventSet
from .instruments import parse_instrument
from .moments import period_text

FORMAT = "flashc-bars/1"
BARS_FILE = "bars.parquet"
RECORD_FILE = "dataset.json"


@dataclass(frozen=True, slots=True)
class Record:
    """What `dataset.json` says. Reading it does not read the bars."""

    name: str
    instrument: str
    venue: str
    period_ns: int
    bars: int
    from_ns: int
    to_ns: int
    columns: tuple[str, ...]
    content_hash: str
    rules: tuple[RuleUse, ...]
    facts: Mapping[str, Any]
    path: Path

    def json(self) -> dict[str, object]:
        """Stable keys for `--json`."""
        return {
            "name": self.name,
            "kind": "bars",
            "instrument": self.instrument,
            "venue": self.venue,
            "period": period_text(self.period_ns),
            "period_ns": self.period_ns,
            "bars": self.bars,
            "from": self.from_ns,
            "to": self.to_ns,
            "columns": list(self.columns),
            "content_hash": self.content_hash,
            "rules": [rule.json() for rule in self.rules],
            "source": dict(self.facts),
        }


def describe(data: Dataset, path: Path) -> Record:
    """The record of a data set."""
    return Record(
        data.name,
        data.instrument.symbol,
        data.venue,
        data.period_ns,
        len(data.bars),
        data.from_ns,
        data.to_ns,
        tuple(data.bars.columns()),
        content_hash(data.bars),
        data.rules,
        MappingProxyType(dict(data.facts or {})),
        path,
    )


def save(data: Dataset, root: Path, replace: bool = False) -> Record:
    """Store a data set under its name. FC1017 if it exists and `replace` is off, or the folder is not writable."""
    target = target_of(data.name, root, replace)
    record = describe(data, target)
    put(target, lambda folder: _write(data.bars, record, folder))
    return record


def _write(bars: Bars, record: Record, folder: Path) -> None:
    import polars as pl

    folder.chmod(0o755)
    pl.DataFrame(bars.columns()).write_parquet(folder / BARS_FILE, compression="zstd", statistics=True)
    (folder / RECORD_FILE).write_text(json.dumps(_record_json(record), indent=2) + "\n", encoding="utf-8")
    for name in (BARS_FILE, RECORD_FILE):
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())


def _record_json(record: Record) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": record.name,
        "instrument": record.instrument,
        "venue": record.venue,
        "period_ns": record.period_ns,
        "bars": record.bars,
        "from_ns": record.from_ns,
        "to_ns": record.to_ns,
        "columns": list(record.columns),
        "content_hash": record.content_hash,
        "rules": [asdict(rule) for rule in record.rules],
        "facts": dict(record.facts),
    }


def read_record(folder: Path) -> Record | EventRecord:
    """Read `dataset.json`. FC1013 if it is damaged."""
    path = folder / RECORD_FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        kind = facts.pop("format")
        if kind == EVENTS_FORMAT:
            return event_record(facts, folder)
        if kind != FORMAT:
            raise fault("FC1013", "the data set was written by another version", str(path))
        facts["columns"] = tuple(facts["columns"])
        facts["rules"] = tuple(RuleUse(**rule) for rule in facts["rules"])
        facts["facts"] = MappingProxyType(facts["facts"])
        return Record(**facts, path=folder)
    except OSError as error:
        raise fault("FC1013", f"cannot read the data set's record: {error.strerror}", str(path)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise fault("FC1013", "the data set's record is damaged", str(path), helps=("import it again",)) from error


def load(folder: Path) -> Dataset | EventSet:
    """Read a stored data set. FC1013 if its data does not fit its record (`verify` also compares the hash)."""
    record = read_record(folder)
    if isinstance(record, EventRecord):
        return load_events(record)
    bars = _read_bars(folder / BARS_FILE, record)
    instrument = parse_instrument(record.instrument)
    if instrument is None or len(bars) != record.bars or not len(bars) or not (np.diff(bars.ts) > 0).all():
        raise fault("FC1013", "the bars do not fit their record", str(folder), helps=("import the file again",))
    return Dataset(
        record.name, instrument, record.venue, record.period_ns, bars, record.rules, str(folder), record.facts
    )


def _read_bars(path: Path, record: Record) -> Bars:
    from .tables import read_table

    frame = read_table(path).frame
    absent = [name for name in record.columns if name not in frame.columns]
    if absent:
        raise fault("FC1013", f"the bars lack the column {absent[0]}", str(path), helps=("import the file again",))
    columns = {name: np.ascontiguousarray(frame[name].to_numpy()) for name in record.columns}
    wrong = [name for name, column in columns.items() if column.dtype != _dtype(name)]
    if wrong:
        raise fault("FC1013", f"column {wrong[0]} has another type than it was written with", str(path))
    return Bars(**columns)


def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(np.int64 if name in ("ts", "n_trades") else np.float64)
