"""What an append makes of a stored data set: its next record, and the rows to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from ...errors import RuntimeFault, fault
from ..bars import Dataset, Ints, RuleUse, summed
from ..day_parts import Columns, DayPart, extended, fresh, kinds_of, rows, set_hash, slices_by_day
from ..events import AnySet
from ..moments import moment_text, period_text
from .records import AnyRecord, EventRecord, Record, messages_of, row_counts
from .table_rows import read_columns, to_rows


def added(before: AnyRecord, data: AnySet) -> tuple[AnyRecord, list[Any]]:
    """The record behind `before` with the rows of `data`, and these rows as frames. Faults are those of `append`."""
    _must_fit(before, data)
    days = {kind: dict(own) for kind, own in before.days.items()}
    frames, skipped = [], 0
    for kind, (columns, times) in kinds_of(data).items():
        own = days.setdefault(kind, {})
        if (np.diff(times) < 0).any():
            raise fault("FC1021", f"the {kind} to be added goes back in time", data.name)
        for day, place in slices_by_day(times):
            if isinstance(before, Record):
                part, number = _bars_of_day(before, kind, day, own.get(day), rows(columns, place))
            else:
                part, number = _events_of_day(before, kind, day, own.get(day), rows(columns, place))
            own[day] = part
            frames.append((kind, place, number))
            skipped += len(times[place]) - int(np.count_nonzero(number >= 0))
    words = data.venue, data.instrument.symbol
    made = [_frame(words, data, kind, place, number) for kind, place, number in frames if (number >= 0).any()]
    return _record(before, data, days, skipped), made


def _frame(words: tuple[str, str], data: AnySet, kind: str, place: slice, number: Ints) -> Any:
    columns, times = kinds_of(data)[kind]
    new = number >= 0
    return to_rows(*words, kind, rows(rows(columns, place), new), times[place][new], number[new])


def _must_fit(before: AnyRecord, data: AnySet) -> None:
    if (before.instrument, before.venue) != (data.instrument.symbol, data.venue):
        there, rows_of = f"{before.instrument} of {before.venue}", f"{data.instrument.symbol} of {data.venue}"
        message = f"`{before.name}` holds {there}, the rows are {rows_of}"
        raise fault("FC1014", message, str(before.path), helps=("give each instrument a data set of its own",))
    if isinstance(before, Record) != isinstance(data, Dataset):
        raise _other_kind(before, "bars" if isinstance(data, Dataset) else " and ".join(data.parts()))
    if isinstance(before, Record) and isinstance(data, Dataset):
        if before.period_ns != data.period_ns:
            raise _other_kind(before, f"{period_text(data.period_ns)} bars")
        if before.columns != tuple(data.bars.columns()):
            raise _other_kind(before, f"bars with the columns {', '.join(data.bars.columns())}")


def _other_kind(before: AnyRecord, what: str) -> RuntimeFault:
    notes = (f"its columns are {', '.join(before.columns)}",) if isinstance(before, Record) else ()
    helps = ("give them a data set of their own: `--name`",)
    return fault(
        "FC1021", f"`{before.name}` holds {before.holds}, not {what}", str(before.path), notes=notes, helps=helps
    )


def _bars_of_day(before: Record, kind: str, day: str, known: DayPart | None, new: Columns) -> tuple[DayPart, Ints]:
    """The day with the new bars in it, and which of them are new: 0, or -1 for those that are there already."""
    numbers = np.zeros(len(new["ts"]), np.int64)
    if known is None:
        return fresh(new, new["ts"]), numbers
    there = read_columns(before.path, kind, before.columns, (day, day))
    known_at = np.isin(new["ts"], there["ts"])
    if known_at.any():
        mine, own = rows(new, known_at), np.searchsorted(there["ts"], new["ts"][known_at])
        for name, column in mine.items():
            if (wrong := np.flatnonzero(column != there[name][own])).size:
                when = moment_text(int(mine["ts"][wrong[0]]))
                message = f"the bar of {when} is stored with another {name}"
                raise fault("FC1021", message, str(before.path), helps=("`--replace` takes the new data alone",))
    numbers[known_at] = -1
    merged = {name: np.concatenate([there[name], column[~known_at]]) for name, column in new.items()}
    ordered = rows(merged, np.argsort(merged["ts"], kind="stable"))
    return fresh(ordered, ordered["ts"]), numbers


def _events_of_day(
    before: EventRecord, kind: str, day: str, known: DayPart | None, new: Columns
) -> tuple[DayPart, Ints]:
    """The day with the new rows behind those that are there, and their numbers on it."""
    times = new["receive"]
    if known is None:
        return fresh(new, times), np.arange(len(times), dtype=np.int64)
    if times[0] < known.last_ns:
        message = f"{kind} of {moment_text(int(times[0]))} before those of {moment_text(known.last_ns)} that are stored"
        raise fault("FC1021", message, str(before.path), helps=("add the parts of one day in order",))
    tail = read_columns(before.path, kind, tuple(new), (day, day), known.whole_rows)
    return extended(known, tail, new, int(times[-1])), known.rows + np.arange(len(times), dtype=np.int64)


def _record(before: AnyRecord, data: AnySet, days: Mapping[str, Mapping[str, DayPart]], skipped: int) -> AnyRecord:
    again = [RuleUse("drop_exact_duplicates", skipped, "bars that were stored already")] if skipped else []
    common: dict[str, Any] = {
        "from_ns": min(before.from_ns, data.from_ns),
        "to_ns": max(before.to_ns, data.to_ns),
        "days": days,
        "content_hash": set_hash(days),
        "rules": summed((*before.rules, *data.rules, *again)),
        "facts": _facts(before.facts, data.facts or {}),
    }
    if isinstance(before, EventRecord):
        assert not isinstance(data, Dataset)
        messages = before.messages + messages_of(data)
        return replace(before, rows=row_counts(days), messages=messages, **common)
    return replace(before, bars=sum(row_counts(days).values()), **common)


def _facts(before: Mapping[str, Any], added: Mapping[str, Any]) -> Mapping[str, Any]:
    """The source of the first part, and under `files` each file that was imported."""
    if "file" not in added:
        return MappingProxyType({**added, **before})
    first = [{name: before[name] for name in ("file", "sha256") if name in before}] if "file" in before else []
    listed = [*before.get("files", first), {name: added[name] for name in ("file", "sha256") if name in added}]
    return MappingProxyType({**before, "files": listed})
