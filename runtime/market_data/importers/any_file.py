"""Any file of market data to a checked data set: bars, trades, a book, or a book with its trades."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from ...errors import RuntimeFault, fault
from ..bars import Dataset, RuleUse, summed
from ..checks.events import checked, usable
from ..events import AnySet, EventSet, Levels, Trades
from ..files import file_hash
from ..instruments import VENUES, facts_from_name
from .bar_series import joined_bars
from .bars import ImportOptions, find_instrument, import_bars, one_symbol, stem_of
from .dump_files import require_sum, venue_of_folder
from .event_tables import Found, event_layout, read_events
from .npz import is_npz, read_npz
from .raw_lines import looks_raw, read_raw
from .tables import read_table

_START = 1 << 16
Part = TypeVar("Part", Levels, Trades)


def import_any(path: Path, options: ImportOptions | None = None) -> AnySet:
    """Read, recognise, check. Faults FC1001 to FC1009 and FC1018 say what is wrong and in which row, FC1025 that the
    file is not the one that its archive gave a check sum of."""
    has_sum = require_sum(path)
    found = _read(path, options or ImportOptions())
    return replace(found, facts=MappingProxyType({**(found.facts or {}), "checksum": "matches"})) if has_sum else found


def _read(path: Path, options: ImportOptions) -> AnySet:
    options.allowed()
    start, plain = _start(path)
    if is_npz(path, start):
        return _event_set(path, "NumPy", read_npz(path), options)
    if looks_raw(plain):
        return _event_set(path, "messages", read_raw(path, options.symbol), options)
    table = read_table(path)
    layout = event_layout(table)
    if layout is None:
        return import_bars(table, path, options)
    if not len(table.frame):
        raise fault("FC1001", "the file has no rows", str(path))
    frame, symbol, chosen = one_symbol(table.frame, layout[1].get("symbol"), options, str(path))
    found = read_events(replace(table, frame=frame), *layout, str(path))
    found = replace(found, symbol=symbol, rules=(*found.rules, *chosen))
    return _event_set(path, table.kind, found, options)


def _start(path: Path) -> tuple[bytes, bytes]:
    """The first bytes of the file, and the first bytes of what it holds if it is gzipped."""
    try:
        with path.open("rb") as file:
            start = file.read(_START)
    except OSError as error:
        raise fault("FC1001", f"cannot read the file: {error.strerror}", str(path)) from error
    if not start.startswith(b"\x1f\x8b"):
        return start, start
    with suppress(OSError, EOFError, zlib.error), gzip.open(path) as packed:
        return start, packed.read(_START)
    return start, b""


def _event_set(path: Path, kind: str, found: Found, options: ImportOptions) -> EventSet:
    source, repairs = str(path), options.allowed()
    rules = list(found.rules)
    book, trades = found.book, found.trades
    if book is not None:
        book, used = usable(book, "book", repairs, source)
        rules += used
    if trades is not None:
        trades, used = usable(trades, "trade", repairs, source)
        rules += used
    book, trades, seen = checked(book, _forward(trades, rules))
    named = facts_from_name(stem_of(path))
    facts = {
        "file": path.name, "sha256": file_hash(path), "format": kind, "layout": found.layout,
        "time_unit": found.time_unit,
    }  # fmt: skip
    return EventSet(
        options.name or stem_of(path).lower(),
        find_instrument(options, found.symbol, named.instrument, source),
        options.venue or found.venue or named.venue or venue_of_folder(path, VENUES) or "unknown",
        book, trades, (*rules, *seen), source, MappingProxyType(facts),
    )  # fmt: skip


def _forward(part: Trades | None, rules: list[RuleUse]) -> Trades | None:
    """Trades that run from the newest to the oldest row, turned round. A book's rows have one order only."""
    if part is None or len(part) < 2 or part.receive[0] <= part.receive[-1]:
        return part
    if (np.diff(part.receive) > 0).any():
        return part
    rules.append(RuleUse("reverse_rows", len(part), "rows from newest to oldest turned round"))
    return part.take(slice(None, None, -1))


def combine(parts: Sequence[EventSet], name: str) -> EventSet:
    """One data set of several: files of one kind follow each other in time, books and trades stand side by side.

    FC1014 if they are of different instruments, FC1004 if files of one kind overlap.
    """
    first = parts[0]
    for part in parts[1:]:
        if part.instrument != first.instrument:
            message = f"{part.name} is of {part.instrument.symbol}, {first.name} of {first.instrument.symbol}"
            raise fault("FC1014", message, part.source, helps=("give each instrument a data set of its own",))
    books = [part.book for part in parts if part.book is not None]
    trades = [part.trades for part in parts if part.trades is not None]
    sources = tuple(part.source for part in parts)
    facts = {**dict(first.facts or {}), "files": [dict(part.facts or {}) for part in parts]}
    rules = summed(tuple(rule for part in parts for rule in part.rules))
    return EventSet(
        name, first.instrument, first.venue, _joined(books, Levels, sources), _joined(trades, Trades, sources),
        rules, ", ".join(sources), MappingProxyType(facts),
    )  # fmt: skip


def combine_any(parts: Sequence[AnySet], name: str) -> AnySet:
    """One data set of the parts of one import: bars follow bars, books and trades are put together by `combine`.

    FC1014 if they are of different instruments, FC1021 if bars and others are mixed, or bars of different length;
    FC1005 if two files give one time different bars.
    """
    if len(parts) == 1:
        return parts[0]
    bars = [part for part in parts if isinstance(part, Dataset)]
    if not bars:
        return combine([part for part in parts if isinstance(part, EventSet)], name)
    if len(bars) < len(parts):
        helps = ("import bars under a name of their own",)
        raise fault("FC1021", "bars do not go with books or trades", name, helps=helps)
    return joined_bars(bars, name)


def _joined(parts: list[Part], shape: type[Part], sources: tuple[str, ...]) -> Part | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    parts = sorted(parts, key=lambda part: int(part.receive[0]))
    for before, after in pairwise(parts):
        if after.receive[0] < before.receive[-1]:
            raise _overlap(shape, sources)
    columns = [part.columns() for part in parts]
    return shape(**{name: np.concatenate([c[name] for c in columns]) for name in columns[0]})


def _overlap(shape: type[Levels] | type[Trades], sources: tuple[str, ...]) -> RuntimeFault:
    what = "books" if shape is Levels else "trades"
    helps = ("give each recording a data set of its own",)
    return fault("FC1004", f"two files of {what} overlap in time", ", ".join(sources), helps=helps)
