"""What is known of a stored data set without reading its rows. It travels in the commits of its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from ..bars import Dataset, RuleUse
from ..day_parts import DayPart, DayParts, parts_of, set_hash
from ..events import KINDS, AnySet, EventSet
from ..moments import parse_period, period_text
from .places import Stored

FORMAT = "flashc-data/1"

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Pruned:
    """Versions up to `last` have no files any more, but those of `kept`; -1 if nothing was pruned."""

    last: int = -1
    kept: tuple[int, ...] = ()

    def lacks(self, version: int) -> bool:
        return version <= self.last and version not in self.kept


@dataclass(frozen=True, slots=True)
class Record:
    """Stored bars. `days` says what is there of each day; `progress` is whatever a fetch keeps with its data.

    Of data that is not stored, `version` is None and `path` the file.
    """

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
    path: Stored
    version: int | None = None
    days: DayParts = field(default_factory=lambda: _NONE, repr=False)
    progress: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    pruned: Pruned = field(default_factory=lambda: Pruned())

    @property
    def holds(self) -> str:
        """`1m bars`."""
        return f"{period_text(self.period_ns)} bars"

    @property
    def total_rows(self) -> int:
        return self.bars

    def json(self) -> dict[str, object]:
        """Stable keys for `--json`."""
        return {
            "name": self.name,
            "version": self.version,
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
            "progress": dict(self.progress),
        }


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A stored book, trades or both. `rows` maps kinds to numbers of rows; `messages` are those of the book."""

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
    path: Stored
    version: int | None = None
    days: DayParts = field(default_factory=lambda: _NONE, repr=False)
    progress: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    pruned: Pruned = field(default_factory=lambda: Pruned())

    @property
    def kinds(self) -> str:
        """`book and trades`."""
        return " and ".join(self.rows)

    @property
    def holds(self) -> str:
        return self.kinds

    @property
    def total_rows(self) -> int:
        return sum(self.rows.values())

    def json(self) -> dict[str, object]:
        """Stable keys for `--json`."""
        return {
            "name": self.name,
            "version": self.version,
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
            "progress": dict(self.progress),
        }


AnyRecord: TypeAlias = Record | EventRecord


def describe(data: AnySet, path: Stored) -> AnyRecord:
    """The record of a data set in memory."""
    days = parts_of(data)
    common: dict[str, Any] = {
        "name": data.name, "instrument": data.instrument.symbol, "venue": data.venue, "from_ns": data.from_ns,
        "to_ns": data.to_ns, "content_hash": set_hash(days), "rules": data.rules,
        "facts": MappingProxyType(dict(data.facts or {})), "path": path, "days": days,
    }  # fmt: skip
    if isinstance(data, Dataset):
        return Record(period_ns=data.period_ns, bars=len(data.bars), columns=tuple(data.bars.columns()), **common)
    return EventRecord(rows=row_counts(days), messages=messages_of(data), **common)


def row_counts(days: DayParts) -> Mapping[str, int]:
    """Kind -> rows, in the order of `events.KINDS`."""
    counts = {kind: sum(part.rows for part in own.values()) for kind, own in days.items()}
    return MappingProxyType({kind: counts[kind] for kind in (*KINDS, *counts) if kind in counts})


def messages_of(data: EventSet) -> int:
    """Messages of the book."""
    return int(np.count_nonzero(data.book.ends)) if data.book is not None else 0


def to_commit(record: AnyRecord) -> dict[str, Any]:
    """The record as JSON values, for the commit that makes it true."""
    days = {
        kind: {day: [part.rows, part.hash, part.last_ns, part.chain] for day, part in own.items()}
        for kind, own in record.days.items()
    }
    common = {
        "format": FORMAT, "name": record.name, "instrument": record.instrument, "venue": record.venue,
        "from_ns": record.from_ns, "to_ns": record.to_ns, "content_hash": record.content_hash,
        "rules": [asdict(rule) for rule in record.rules], "facts": dict(record.facts),
        "progress": dict(record.progress), "days": days, "pruned": [record.pruned.last, *record.pruned.kept],
    }  # fmt: skip
    if isinstance(record, Record):
        return common | {"holds": "bars", "period_ns": record.period_ns, "columns": list(record.columns)}
    return common | {"holds": "events", "messages": record.messages}


def from_commit(facts: Mapping[str, Any], path: Stored, version: int) -> AnyRecord:
    """The record that a commit carries. KeyError, TypeError, ValueError or AttributeError if it is damaged."""
    if facts["format"] != FORMAT:
        raise ValueError(f"format {facts['format']}")
    days = {str(kind): {str(day): _part(part) for day, part in own.items()} for kind, own in facts["days"].items()}
    counts = row_counts(days)
    common: dict[str, Any] = {
        key: facts[key] for key in ("name", "instrument", "venue", "from_ns", "to_ns", "content_hash")
    } | {"path": path, "version": version, "days": days}
    common["rules"] = tuple(RuleUse(**rule) for rule in facts["rules"])
    common |= {key: MappingProxyType(dict(facts[key])) for key in ("facts", "progress")}
    last, *kept = facts["pruned"]
    common["pruned"] = Pruned(int(last), tuple(int(version) for version in kept))
    if facts["holds"] == "bars":
        [(kind, rows)] = counts.items()
        if parse_period(kind) != facts["period_ns"]:
            raise ValueError("another period than its rows")
        return Record(period_ns=int(facts["period_ns"]), bars=rows, columns=tuple(facts["columns"]), **common)
    if not counts or not set(counts) <= set(KINDS):
        raise ValueError("no known kind")
    return EventRecord(rows=counts, messages=int(facts["messages"]), **common)


def _part(values: Any) -> DayPart:
    return DayPart(int(values[0]), str(values[1]), int(values[2]), str(values[3]))
