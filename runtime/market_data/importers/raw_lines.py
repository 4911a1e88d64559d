"""Recorded websocket lines of Binance: `<receive time> {message}`, or `{message}` alone, also compressed.

These are the recordings that hftbacktest's collectors write and its converters read. Spot and futures messages are
understood, plain or from a combined stream: `depthUpdate`, `trade`, `aggTrade`, `bookTicker`, and answers to a request
for a snapshot (`lastUpdateId`, `bids`, `asks`). Where there is depth, `bookTicker` is not read.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import Place, fault
from ..bars import Ints, RuleUse
from ..events import Levels, Signs, Trades
from .event_tables import Found
from .snapshots import Frames, to_updates

LARGEST_BYTES = 4 << 30
_LINE = re.compile(rb"\s*(?:[0-9]{16,20}\s+)?\{")
_MARKS = (b'"stream"', b'"lastUpdateId"', b'"depthUpdate"', b'"bookTicker"', b'"trade"', b'"aggTrade"', b'"e":')
_NS_PER_MS = 1_000_000


def looks_raw(start: bytes) -> bool:
    """Whether a (plain) file's first bytes are recorded messages."""
    line = start.lstrip().split(b"\n", 1)[0]
    return bool(_LINE.match(line)) and any(mark in line for mark in _MARKS)


@dataclass(slots=True)
class _Rows:
    """Columns under construction; `message` numbers the messages of the book."""

    receive: list[int] = field(default_factory=list)
    venue: list[int] = field(default_factory=list)
    first_id: list[int] = field(default_factory=list)
    last_id: list[int] = field(default_factory=list)
    snapshot: list[bool] = field(default_factory=list)
    message: list[int] = field(default_factory=list)
    side: list[int] = field(default_factory=list)
    price: list[str] = field(default_factory=list)
    qty: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    depth: _Rows = field(default_factory=_Rows)
    trades: _Rows = field(default_factory=_Rows)
    best: _Rows = field(default_factory=_Rows)
    symbols: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    unstamped: int = 0


def read_raw(path: Path, wanted: str | None) -> Found:
    """All messages of a file. FC1001 (not readable), FC1002 (no message with market data), FC1009 (two symbols)."""
    reading = _Reading()
    source = str(path)
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            _read_line(line, reading, wanted, Place(source, number))
    symbol = _symbol(reading, wanted, source)
    book, trades = _book(reading, source), _trades(reading, source)
    if book is None and trades is None:
        raise fault("FC1002", "no message holds trades or a book", source)
    rules = []
    if reading.skipped:
        rules.append(RuleUse("skip_messages", reading.skipped, "messages of other kinds or symbols are not read"))
    if reading.unstamped:
        detail = "the lines have no receive times: the venue's are taken, as if nothing took time to arrive"
        rules.append(RuleUse("no_receive_time", reading.unstamped, detail))
    return Found("Binance messages", book, trades, tuple(rules), "ms", symbol, "binance")


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        total = 0
        with gzip.open(path) if packed else path.open("rb") as file:
            for line in file:
                total += len(line)
                if total > LARGEST_BYTES:
                    raise fault("FC1001", "the unpacked file is too large to import at once", str(path))
                yield line
    except (OSError, EOFError, zlib.error) as error:
        raise fault("FC1001", "the file is cut short or damaged", str(path), notes=(str(error),)) from error


def _read_line(line: bytes, reading: _Reading, wanted: str | None, place: Place) -> None:
    stamp, _, _ = line.partition(b"{")
    try:
        receive = int(stamp) if stamp.strip() else 0
        found = json.loads(line[len(stamp) :])
        data = found.get("data", found)
        symbol = str(data.get("s") or str(found.get("stream", "")).partition("@")[0]).upper()
        if symbol and wanted is not None and symbol != wanted.upper():
            reading.skipped += 1
            return
        if _read(data, receive, reading):
            reading.symbols[symbol] += bool(symbol)
            reading.unstamped += receive == 0
        else:
            reading.skipped += 1
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        cut = "" if line.endswith(b"\n") else "; the file may be cut short"
        message = f"a line is no message of market data{cut}"
        raise fault("FC1001", message, place, notes=(f"{type(error).__name__}: {error}"[:200],)) from error


def _read(data: Any, receive: int, reading: _Reading) -> bool:
    """Put one message into its columns. False if it holds no market data."""
    kind = data.get("e")
    if kind == "depthUpdate":
        stamp = int(data.get("T") or data["E"]) * _NS_PER_MS
        first = int(data["pu"]) + 1 if "pu" in data else int(data["U"])
        ids = (first, int(data["u"]))
        _levels(reading.depth, receive, stamp, ids, False, data["b"], data["a"])
    elif "lastUpdateId" in data and "bids" in data:
        stamp = int(data.get("T") or 0) * _NS_PER_MS
        _levels(reading.depth, receive, stamp, (0, int(data["lastUpdateId"])), True, data["bids"], data["asks"])
    elif kind in ("trade", "aggTrade") and data.get("X", "MARKET") == "MARKET":
        _row(reading.trades, receive, int(data["T"]) * _NS_PER_MS, int(data["t" if kind == "trade" else "a"]))
        _values(reading.trades, -1 if data["m"] else 1, data["p"], data["q"])
    elif "u" in data and "B" in data and "A" in data:
        stamp = int(data.get("T") or data.get("E") or 0) * _NS_PER_MS
        _levels(reading.best, receive, stamp, (0, int(data["u"])), False, [(data["b"], data["B"])],
                [(data["a"], data["A"])])  # fmt: skip
    else:
        return False
    return True


def _row(rows: _Rows, receive: int, venue: int, last: int, first: int = 0, snapshot: bool = False) -> None:
    rows.receive.append(receive or venue)
    rows.venue.append(venue)
    rows.first_id.append(first)
    rows.last_id.append(last)
    rows.snapshot.append(snapshot)


def _values(rows: _Rows, side: int, price: object, qty: object) -> None:
    rows.message.append(len(rows.receive) - 1)
    rows.side.append(side)
    rows.price.append(str(price))
    rows.qty.append(str(qty))


def _levels(
    rows: _Rows, receive: int, venue: int, ids: tuple[int, int], snapshot: bool, bids: list[Any], asks: list[Any]
) -> None:  # fmt: skip
    _row(rows, receive, venue, ids[1], ids[0], snapshot)
    for side, levels in ((1, bids), (-1, asks)):
        for level in levels:
            _values(rows, side, level[0], level[1])


def _symbol(reading: _Reading, wanted: str | None, source: str) -> str | None:
    names = sorted(reading.symbols)
    names = [name for name in names if name]
    if len(names) > 1:
        helps = (f"`--symbol {names[0]}` imports one of them",)
        note = f"it holds {', '.join(names[:8])}"
        raise fault("FC1009", f"{len(names)} instruments in one file", source, notes=(note,), helps=helps)
    if wanted is not None and not names and not reading.depth.receive:
        raise fault("FC1009", f"the file holds no messages of `{wanted}`", source)
    return names[0] if names else None


def _floats(texts: list[str], source: str) -> Any:
    try:
        return np.array(texts, np.float64)
    except ValueError as error:
        raise fault("FC1006", "a price or quantity is not a number", source, notes=(str(error)[:200],)) from error


def _ints(values: list[int], source: str) -> Ints:
    try:
        return np.array(values, np.int64)
    except OverflowError as error:
        raise fault("FC1016", "a time or an id does not fit 64 bits", source) from error


def _signs(values: list[int]) -> Signs:
    return np.array(values, np.int8)


def _book(reading: _Reading, source: str) -> Levels | None:
    rows = reading.depth
    if not rows.message:
        return _best(reading.best, source)
    message = _ints(rows.message, source)
    ends = np.ones(len(message), np.bool_)
    np.not_equal(message[1:], message[:-1], out=ends[:-1])
    heads = [_ints(column, source)[message] for column in (rows.receive, rows.venue, rows.first_id, rows.last_id)]
    snapshot = np.array(rows.snapshot, np.bool_)[message]
    price, qty = _floats(rows.price, source), _floats(rows.qty, source)
    return Levels(heads[0], heads[1], _signs(rows.side), price, qty, snapshot, ends, heads[2], heads[3])


def _best(rows: _Rows, source: str) -> Levels | None:
    if not rows.message:
        return None
    columns = (_ints(column, source) for column in (rows.receive, rows.venue, rows.last_id))
    price, qty = _floats(rows.price, source), _floats(rows.qty, source)
    return to_updates(Frames(_ints(rows.message, source), _signs(rows.side), price, qty, *columns))


def _trades(reading: _Reading, source: str) -> Trades | None:
    rows = reading.trades
    if not rows.message:
        return None
    receive, venue, ids = (_ints(column, source) for column in (rows.receive, rows.venue, rows.last_id))
    return Trades(receive, venue, _signs(rows.side), _floats(rows.price, source), _floats(rows.qty, source), ids)
