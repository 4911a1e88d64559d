"""Tables of books and trades (CSV, Parquet, Feather, JSON) to columns. What a column means is told by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import Place, fault
from ..bars import Flags, Floats, Ints, RuleUse
from ..events import Levels, Signs, Trades
from .bar_formats import plain_name
from .event_formats import BAR_MARKS, EVENT_COLUMNS, HEADERLESS_TRADES, LAYOUTS, SET, SIDES, EventLayout
from .snapshots import Frames, to_updates
from .tables import Table
from .time_columns import read_times

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Found:
    """What a file held, before any check. `rows` counts rows as the file does, for messages."""

    layout: str
    book: Levels | None = None
    trades: Trades | None = None
    rules: tuple[RuleUse, ...] = ()
    time_unit: str = "ns"
    symbol: str | None = None
    venue: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def event_layout(table: Table) -> tuple[EventLayout, dict[str, str]] | None:
    """The layout and canonical column -> column of the table; None if this is no table of events."""
    if table.names is None:
        return _headerless(table)
    plain = {plain_name(name): name for name in reversed(table.names)}
    columns = {}
    for column, spellings in EVENT_COLUMNS.items():
        named = next((plain[spelling] for spelling in spellings if spelling in plain), None)
        if named is not None:
            columns[column] = named
    if BAR_MARKS & plain.keys():
        return None
    for layout in LAYOUTS:
        if layout.needs <= columns.keys() and layout.marks <= plain.keys():
            return layout, columns
    return None


def _headerless(table: Table) -> tuple[EventLayout, dict[str, str]] | None:
    names = table.frame.columns
    if not len(table.frame):
        return None
    first = [str(value).strip().lower() for value in table.frame.row(0)]
    flags = [place for place, value in enumerate(first) if value in ("true", "false")]
    columns = HEADERLESS_TRADES.get((len(names), flags[0])) if flags else None
    if columns is None:
        return None
    title = "Binance aggregated trades" if columns.index("venue") == 5 else "Binance trades"
    return EventLayout(title, "trades"), {c: name for c, name in zip(columns, names, strict=True) if c}


def read_events(table: Table, layout: EventLayout, columns: Mapping[str, str], source: str) -> Found:
    """The rows of a table whose layout is known. FC1002 and FC1003 for what has no meaning."""
    if layout.kind == "percent":
        note = "it sums quantities by distance from the price; a book needs the levels themselves"
        raise fault("FC1002", "this file holds depth by percentage, not a book", source, notes=(note,))
    frame = table.frame
    nested = [name for name in columns.values() if frame[name].dtype.is_nested()]
    if nested:
        raise fault("FC1002", f"column {nested[0]} holds {frame[nested[0]].dtype}, not one value a row", source)
    receive, venue, unit, rules = _times(frame, columns, source)
    common = {"rules": (*table.rules, *rules), "time_unit": unit, "venue": _only_value(frame, columns, "exchange")}
    if layout.kind == "trades":
        trades, backlog = _trades(frame, columns, receive, venue, source)
        common["rules"] = (*common["rules"], *backlog)  # type: ignore[misc]
        return Found(layout.title, trades=trades, **common)  # type: ignore[arg-type]
    if layout.kind == "depth":
        return Found(layout.title, book=_depth(frame, columns, receive, venue, source), **common)  # type: ignore[arg-type]
    frames = _best(frame, columns, receive, venue, source) if layout.kind == "best" else None
    frames = frames or _wide(frame, columns, receive, venue, source)
    return Found(layout.title, book=to_updates(frames), **common)  # type: ignore[arg-type]


# --- columns


def _times(frame: pl.DataFrame, columns: Mapping[str, str], source: str) -> tuple[Ints, Ints, str, list[RuleUse]]:
    """Receive and venue times, 0 where there is none, and the unit. A file with one of them has it for both."""
    given = {name: _stamps(frame[columns[name]], source) for name in ("receive", "venue") if name in columns}
    if not given:
        raise fault("FC1002", "no column of times", source, notes=(f"its columns are {', '.join(frame.columns[:16])}",))
    unit = next(iter(given.values()))[1]
    venue = given["venue"][0] if "venue" in given else np.zeros(len(frame), np.int64)
    if "receive" not in given:
        detail = "the file has no receive times: the venue's are taken, as if nothing took time to arrive"
        return venue, venue, unit, [RuleUse("no_receive_time", len(frame), detail)]
    receive = given["receive"][0]
    return receive, np.where(venue == receive, 0, venue), unit, []  # a recorder's copy is no stamp of the venue


def _stamps(column: pl.Series, source: str) -> tuple[Ints, str]:
    """Epoch nanoseconds, 0 where the file has none."""
    import polars as pl

    if column.dtype == pl.String:
        column = column.str.strip_chars().replace(["", "null", "None", "0"], None)
    elif column.dtype.is_numeric():
        column = pl.select(pl.when(column != 0).then(column)).to_series()
    present = column.is_not_null()
    if not present.any():
        return np.zeros(len(column), np.int64), "ns"
    times = read_times(column.filter(present), frozenset(), source)
    stamps = np.zeros(len(column), np.int64)
    stamps[present.to_numpy()] = times.ts
    return stamps, times.unit


def _numbers(frame: pl.DataFrame, columns: Mapping[str, str], name: str, source: str) -> Floats:
    from .bars import to_floats

    return to_floats(frame[columns[name]], name, source)


def _words(column: pl.Series) -> pl.Series:
    import polars as pl

    return column.cast(pl.String, strict=False).str.strip_chars().str.to_lowercase()


def _signs(column: pl.Series) -> Signs:
    """+1 and -1, 0 for words that mean neither."""
    import polars as pl

    found = _words(column).replace_strict(list(SIDES), list(SIDES.values()), default=0, return_dtype=pl.Int8)
    result: Signs = found.fill_null(0).to_numpy().astype(np.int8)
    return result


def _flags(column: pl.Series) -> Flags:
    result: Flags = _words(column).is_in(SET).fill_null(False).to_numpy()
    return result


def _ids(frame: pl.DataFrame, columns: Mapping[str, str], name: str) -> Ints:
    """Whole numbers; 0 where there is none."""
    import polars as pl

    if name not in columns:
        return np.zeros(len(frame), np.int64)
    found = frame[columns[name]].cast(pl.Int64, strict=False).fill_null(0)
    return np.ascontiguousarray(found.to_numpy(), np.int64)


def _only_value(frame: pl.DataFrame, columns: Mapping[str, str], name: str) -> str | None:
    if name not in columns or not len(frame):
        return None
    return str(frame[columns[name]][0])


# --- kinds


def _trades(
    frame: pl.DataFrame, columns: Mapping[str, str], receive: Ints, venue: Ints, source: str
) -> tuple[Trades, list[RuleUse]]:
    """Trades; those of a backlog that was sent on subscribing are left out."""
    side = -_signs(frame[columns["maker"]]) if "maker" in columns else _signs(frame[columns["side"]])
    price, qty = (_numbers(frame, columns, name, source) for name in ("price", "qty"))
    trades = Trades(receive, venue, side, price, qty, _ids(frame, columns, "trade_id"))
    if "snapshot" not in columns:
        return trades, []
    old = _flags(frame[columns["snapshot"]])
    if not old.any() or old.all():
        return trades, []
    detail = "trades from before the recording, sent on subscribing; left out"
    return trades.take(~old), [RuleUse("backlog_trades", int(old.sum()), detail)]


def _depth(frame: pl.DataFrame, columns: Mapping[str, str], receive: Ints, venue: Ints, source: str) -> Levels:
    """Rows of one message share receive time, update id and snapshot flag."""
    side = _signs(frame[columns["side"]])
    price, qty = (_numbers(frame, columns, name, source) for name in ("price", "qty"))
    snapshot = _flags(frame[columns["snapshot"]]) if "snapshot" in columns else np.zeros(len(frame), np.bool_)
    first, last = _ids(frame, columns, "first_id"), _ids(frame, columns, "last_id")
    first = np.where(snapshot, 0, first)
    ends = message_ends(receive, last, snapshot)
    return Levels(receive, venue, side, price, qty, snapshot, ends, chained(first, last, snapshot, ends), last)


def message_ends(*keys: Any) -> Flags:
    """Where the next row differs in one of the columns."""
    ends = np.zeros(len(keys[0]), np.bool_)
    for key in keys:
        ends[:-1] |= key[1:] != key[:-1]
    ends[-1:] = True
    return ends


def chained(first: Ints, last: Ints, snapshot: Flags, ends: Flags) -> Ints:
    """First update ids; where a file has last ids only that step by one, each message is one update."""
    heads = np.flatnonzero(ends & ~snapshot)
    steps = np.diff(last[heads])
    if first.any() or len(steps) < 10 or np.count_nonzero(steps == 1) < 0.99 * len(steps):
        return first
    return np.where(snapshot, 0, last)


def _best(frame: pl.DataFrame, columns: Mapping[str, str], receive: Ints, venue: Ints, source: str) -> Frames:
    """Best bid and ask: books of one level a side."""
    n = len(frame)
    cells = {name: _numbers(frame, columns, name, source) for name in ("bid", "bid_qty", "ask", "ask_qty")}
    _refuse_holes(cells, source)
    price = np.column_stack((cells["bid"], cells["ask"])).ravel()
    qty = np.column_stack((cells["bid_qty"], cells["ask_qty"])).ravel()
    side = np.tile(np.array([1, -1], np.int8), n)
    message = np.repeat(np.arange(n), 2)
    return Frames(message, side, price, qty, receive, venue, _ids(frame, columns, "last_id"))


def _refuse_holes(cells: Mapping[str, Floats], source: str) -> None:
    for name, values in cells.items():
        broken = ~np.isfinite(values)
        if broken.any():
            row = int(np.argmax(broken)) + 1
            raise fault("FC1006", f"{int(broken.sum()):,} rows without a number in {name}", Place(source, row))


def _wide(frame: pl.DataFrame, columns: Mapping[str, str], receive: Ints, venue: Ints, source: str) -> Frames:
    """`bids[0].price`, `bids[0].amount`, ...: a book in each row. A level that is not there has no number."""
    plain = {plain_name(name): name for name in frame.columns}
    n, parts = len(frame), []
    for word, sign in (("bids", 1), ("asks", -1)):
        depth = 0
        while f"{word}_{depth}_price" in plain:
            names = {"price": plain[f"{word}_{depth}_price"], "qty": _amount(plain, word, depth, source)}
            price, qty = (_numbers(frame, names, name, source) for name in ("price", "qty"))
            there = np.isfinite(price) & np.isfinite(qty)
            parts.append((np.flatnonzero(there), np.full(int(there.sum()), sign, np.int8), price[there], qty[there]))
            depth += 1
    message, side, price, qty = (np.concatenate([part[k] for part in parts]) for k in range(4))
    return Frames(message, side, price, qty, receive, venue, np.zeros(n, np.int64))


def _amount(plain: Mapping[str, str], word: str, depth: int, source: str) -> str:
    for name in ("amount", "qty", "size"):
        if f"{word}_{depth}_{name}" in plain:
            return plain[f"{word}_{depth}_{name}"]
    raise fault("FC1002", f"level {depth} of the {word} has a price but no amount", source)
