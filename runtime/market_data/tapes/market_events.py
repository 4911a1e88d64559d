"""The events that a tape is made of: each instrument's trades and books on the venue's grid, in the range asked for.

`market.py` names the rules and merges what is made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import fault
from ..bars import Dataset, Flags, Ints, RuleUse
from ..events import EventSet, Signs, Trades
from ..moments import moment_text
from .accepted_book import BookRows, book_rows
from .grid import snap
from .matching import Match

#: Share of messages that may still arrive before they were sent, after the recorder's clock is set right.
EARLY_SHARE = 0.001
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class TradeRows:
    receive: Ints
    venue: Ints
    side: Signs
    ticks: Ints
    lots: Ints
    trade_id: Ints

    def __len__(self) -> int:
        return len(self.receive)

    def take(self, index: Flags | slice) -> TradeRows:
        """Rows by mask or slice."""
        return TradeRows(
            self.receive[index], self.venue[index], self.side[index], self.ticks[index], self.lots[index],
            self.trade_id[index],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """Events of one kind and instrument. `stream` is -1 where only bars are built from them."""

    symbol: str
    stream: int
    rows: BookRows | TradeRows


# --- clocks


def clock_offset(used: Sequence[Dataset | EventSet]) -> tuple[int, list[RuleUse]]:
    """How much later all receive times must be so that events arrive after they happened, with few exceptions."""
    shift, count = 0, 0
    for data in used:
        for part in data.parts().values() if isinstance(data, EventSet) else ():
            known = part.venue > 0
            early = (part.venue - part.receive)[known]
            if len(early):
                shift = max(shift, int(np.quantile(early, 1.0 - EARLY_SHARE, method="higher")))
                count += int(np.count_nonzero(early > 0))
    if shift <= 0:
        return 0, []
    detail = f"rows received before they happened: all receive times moved {shift / 1e6:.3f} ms later"
    return shift, [RuleUse("clock_offset", count, detail)]


# --- events


def event_parts(matches: Sequence[Match], shift: int) -> tuple[list[Part], list[RuleUse]]:
    """Trades of each instrument, then books: the order at one receive time."""
    parts: list[Part] = []
    rules: list[RuleUse] = []
    for number, match in _trade_sources(matches):
        data, need = match.dataset, match.need
        assert isinstance(data, EventSet) and data.trades is not None
        rows, found = trade_rows(data.trades, need.price_decimals, need.qty_decimals, data.name)
        parts.append(Part(need.symbol, number, replace(rows, receive=rows.receive + shift)))
        rules += found
    for number, match in enumerate(matches):
        data, need = match.dataset, match.need
        if need.kind != "book":
            continue
        assert isinstance(data, EventSet) and data.book is not None
        book, found = book_rows(data.book, need.price_decimals, need.qty_decimals, data.name)
        moved = replace(book, receive=book.receive + shift, moment=book.moment + shift)
        parts.append(Part(need.symbol, number, moved))
        rules += found + _outside(moved, [p for p in parts if p.symbol == need.symbol])
    return parts, rules


def _trade_sources(matches: Sequence[Match]) -> list[tuple[int, Match]]:
    """(stream or -1, match) for each instrument whose trades are needed, by themselves or for bars."""
    found: dict[str, tuple[int, Match]] = {}
    for number, match in enumerate(matches):
        if match.need.kind == "trade":
            found[match.need.symbol] = (number, match)
        elif match.need.kind == "bar" and isinstance(match.dataset, EventSet):
            found.setdefault(match.need.symbol, (-1, match))
    order = list(dict.fromkeys(match.need.symbol for match in matches))
    return [found[symbol] for symbol in order if symbol in found]


def trade_rows(trades: Trades, price_decimals: int, qty_decimals: int, source: str) -> tuple[TradeRows, list[RuleUse]]:
    """Trades on the venue's grid; those below one lot are left out."""
    price = snap(trades.price, price_decimals, "price", source)
    lots = snap(trades.qty, qty_decimals, "quantity", source)
    keep = (lots.units > 0) & (price.units > 0)
    gone = int(np.count_nonzero(~keep))
    uses = (
        (
            "price_to_tick",
            price.off_grid,
            f"trade prices moved to the nearest tick; largest by {price.largest:.3g}",
        ),
        ("qty_to_lot", lots.off_grid, f"trade quantities moved to the nearest lot; largest by {lots.largest:.3g}"),
        ("trade_below_lot", gone, "trades of less than one lot; left out"),
    )
    rules = [RuleUse(name, count, detail) for name, count, detail in uses if count]
    rows = TradeRows(trades.receive, trades.venue, trades.side, price.units, lots.units, trades.trade_id)
    return rows.take(keep) if gone else rows, rules


def _outside(book: BookRows, parts: Sequence[Part]) -> list[RuleUse]:
    """Trades outside the best prices of the accepted book before and the one after them."""
    rules = []
    for part in parts:
        if not isinstance(part.rows, TradeRows):
            continue
        after = np.searchsorted(book.moment, part.rows.receive, side="right")
        known = (after > 0) & (after < len(book.moment))
        at, ticks = after[known], part.rows.ticks[known]
        low = np.minimum(book.bid[at - 1], book.bid[at])
        high = np.maximum(book.ask[at - 1], book.ask[at])
        count = int(np.count_nonzero((ticks < low) | (ticks > high)))
        if count:
            detail = "trades outside the best prices of the book before and after them; kept"
            rules.append(RuleUse("trade_outside_spread", count, detail))
    return rules


# --- the range


def cut_parts(
    parts: list[Part], matches: Sequence[Match], from_ns: int | None, to_ns: int | None
) -> tuple[list[Part], tuple[int, int], list[RuleUse]]:
    """The events in the range that is asked for and that all instruments cover. Books begin with what they held."""
    parts = [part for part in parts if len(part.rows)]
    if not parts:
        raise fault("FC1012", "the data holds no usable event", matches[0].dataset.name)
    spans = [_span([p for p in parts if p.symbol == symbol]) for symbol in dict.fromkeys(p.symbol for p in parts)]
    ends = [m.dataset.to_ns for m in matches if isinstance(m.dataset, Dataset)]
    start, stop = max(first for first, _ in spans), min([*(last for _, last in spans), *ends])
    lost = _outside_range(parts, start, stop)
    detail = f"the tape starts at {moment_text(start)}, with every book there, and ends at {moment_text(stop)}"
    rules = [RuleUse("common_range", lost, detail)] if lost and stop > start else []
    start, stop = max(start, from_ns or start), min(stop, to_ns or stop)
    cut = [replace(part, rows=_cut_rows(part.rows, start, stop)) for part in parts]
    if stop <= start or not any(len(part.rows) for part in cut):
        names = sorted({m.dataset.name for m in matches})
        notes = tuple(f"the data covers {moment_text(first)} to {moment_text(last)} UTC" for first, last in spans)
        raise fault("FC1012", "no event lies in the range asked for", ", ".join(names), notes=notes)
    return cut, (start, stop), rules


def _span(parts: Sequence[Part]) -> tuple[int, int]:
    """From where an instrument can be used to its last event: once its book is there, else from its first trade."""
    books = [int(p.rows.receive[0]) for p in parts if isinstance(p.rows, BookRows)]
    start = max(books) + 2 if books else min(int(p.rows.receive[0]) for p in parts)
    if books and (start - 1) % _NS_PER_MS == 0:
        start += 1  # what a book held is known a nanosecond before the start, and before any timer of that moment
    return start, max(int(p.rows.receive[-1]) for p in parts) + 1


def _outside_range(parts: Sequence[Part], start: int, stop: int) -> int:
    """Records that are lost. What a book held before the start is not: it begins with that."""
    late = sum(int(np.count_nonzero(p.rows.receive >= stop)) for p in parts)
    return late + sum(int(np.count_nonzero(p.rows.receive < start)) for p in parts if isinstance(p.rows, TradeRows))


def _cut_rows(rows: BookRows | TradeRows, start: int, stop: int) -> BookRows | TradeRows:
    first, last = (int(k) for k in np.searchsorted(rows.receive, [start, stop], side="left"))
    if isinstance(rows, TradeRows):
        return rows.take(slice(first, last))
    if first == 0:
        return _book_slice(rows, np.arange(last), 0, start)
    begin = first - int(np.argmax(rows.reset[:first][::-1])) - 1 if rows.reset[:first].any() else 0
    held = _held(rows, begin, first)
    opening = np.concatenate(([begin if rows.reset[begin] else held[0]], held)) if len(held) else held
    return _book_slice(rows, np.concatenate((opening, np.arange(first, last))), len(opening), start)


def _held(rows: BookRows, begin: int, stop: int) -> Ints:
    """Indices of the rows that say what a book holds at `stop`, bids from the best on, then asks."""
    key = rows.ticks[begin:stop] * rows.side[begin:stop]
    _, from_end = np.unique(key[::-1], return_index=True)
    last = stop - 1 - from_end
    last = last[(rows.lots[last] > 0) & (rows.side[last] != 0)]
    side = rows.side[last].astype(np.int64)
    result: Ints = last[np.lexsort((-side * rows.ticks[last], -side))].astype(np.int64)
    return result


def _book_slice(rows: BookRows, index: Ints, opening: int, start: int) -> BookRows:
    """Rows by index; the first `opening` become a snapshot received just before `start`, its first row the reset."""
    part = replace(
        rows, receive=rows.receive[index], venue=rows.venue[index], side=rows.side[index], ticks=rows.ticks[index],
        lots=rows.lots[index], update_id=rows.update_id[index], reset=rows.reset[index], ends=rows.ends[index],
    )  # fmt: skip
    if opening:
        part.receive[:opening] = start - 1
        part.venue[:opening] = int(part.venue[:opening].max())
        part.reset[:opening], part.ends[:opening] = False, False
        part.reset[0], part.ends[opening - 1] = True, True
        part.side[0], part.ticks[0], part.lots[0] = 0, 0, 0
    return part
