"""Builds a tape that holds books or trades: accepted books, trades, bars built from them, merged by receive time.

At one receive time trades stand before books, and instruments in the order of the strategy's file. Bars stand where
`trade_bars.py` says. Rules besides those of `accepted_book.py` and `trade_bars.py`:

`clock_offset`          receive times lay before the venue's: all are moved later by the least amount that mends it
`venue_after_receive`   venue times that still lie after the receive time take it
`venue_in_order`        venue times that fall from one record to the next take the time before them
`trade_outside_spread`  trades outside the best prices before and after them; kept
`trade_below_lot`       trades of less than one lot; left out
`price_to_tick`, `qty_to_lot`  values off the venue's grid, moved to the nearest multiple
`common_range`          events before every book is there, or outside what all instruments cover; left out
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np

from ....cython_core import layout
from ..bars import Dataset, Flags, Ints, RuleUse, content_hash
from ..day_parts import events_hash
from ..events import EventSet
from .accepted_book import BookRows
from .file import Tape, TapeStream
from .grid import to_grid
from .market_events import Part, TradeRows, clock_offset, cut_parts, event_parts
from .matching import Match
from .slots import Series, aggregate, fill_slots
from .trade_bars import LATENESS_NS, BarTrades, Events, close_times, trade_series


@dataclass(frozen=True, slots=True)
class _Merged:
    """All events in order: receive and venue times, and where the rows of each part stand."""

    parts: list[Part]
    places: list[Ints]
    receive: Ints
    venue: Ints
    lateness_ns: int

    def of(self, symbol: str) -> Events:
        places = [p for part, p in zip(self.parts, self.places, strict=True) if part.symbol == symbol]
        place = np.sort(np.concatenate(places)) if places else np.zeros(0, np.int64)
        return Events(self.receive[place], self.venue[place], place, self.lateness_ns)


@dataclass(frozen=True, slots=True)
class _BarRows:
    """The bars of one stream: times, and before which event each stands."""

    stream: int
    series: Series
    times: Ints
    places: Ints


def build_market_tape(
    matches: Sequence[Match],
    assumptions: Sequence[str],
    from_ns: int | None = None,
    to_ns: int | None = None,
    lateness_ns: int = LATENESS_NS,
) -> Tape:
    """A tape with one stream per match, of events received in `[from_ns, to_ns)`. Bars wait `lateness_ns` for trades.

    Faults: FC1012 (nothing in the range), FC1016 (a number does not fit), FC1007 (an impossible price).
    """
    used = _used(matches)
    rules = [rule for data in used for rule in data.rules]
    shift, offset = clock_offset(used)
    parts, found = event_parts(matches, shift)
    rules += offset + found
    parts, span, cut = cut_parts(parts, matches, from_ns, to_ns)
    merged, ordered = _merge(parts, lateness_ns)
    rules += cut + ordered
    bars = _bars(matches, merged, span, rules)
    records = _records(merged, bars, matches)
    streams = tuple(_stream(number, match, merged, bars) for number, match in enumerate(matches))
    texts = [*assumptions, *_shift_text(shift)]
    return Tape(streams, records, _hash(used, span), span[0], span[1], tuple(_summed(rules)), tuple(texts))


def _used(matches: Sequence[Match]) -> list[Dataset | EventSet]:
    """The data sets, each once, in order of first use."""
    everything = [data for match in matches for data in (match.dataset, match.history) if data is not None]
    return list({id(data): data for data in everything}.values())


def _summed(rules: Sequence[RuleUse]) -> list[RuleUse]:
    """Rules of equal name and detail as one."""
    counts: dict[tuple[str, str], int] = {}
    for rule in rules:
        counts[rule.name, rule.detail] = counts.get((rule.name, rule.detail), 0) + rule.count
    return [RuleUse(name, count, detail) for (name, detail), count in counts.items()]


def _shift_text(shift: int) -> list[str]:
    return [f"the recorder's clock is taken to run {shift / 1e6:.3f} ms behind the venue's"] if shift else []


def _hash(used: Sequence[Dataset | EventSet], span: tuple[int, int]) -> str:
    digest = hashlib.sha256(f"{span[0]}:{span[1]}".encode())
    for data in used:
        digest.update((content_hash(data.bars) if isinstance(data, Dataset) else events_hash(data)).encode())
    return digest.hexdigest()


# --- merging


def _merge(parts: list[Part], lateness_ns: int) -> tuple[_Merged, list[RuleUse]]:
    """Put all events in order of receive time and make venue times fit."""
    receive = np.concatenate([part.rows.receive for part in parts])
    order = np.argsort(receive, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    bounds = np.cumsum([0, *(len(part.rows) for part in parts)])
    receive = receive[order]
    given = np.concatenate([part.rows.venue for part in parts])[order]
    venue, rules = venue_times(receive, given)
    places = [place[first:stop] for first, stop in pairwise(bounds.tolist())]
    return _Merged(parts, places, receive, venue, lateness_ns), rules


def venue_times(receive: Ints, given: Ints) -> tuple[Ints, list[RuleUse]]:
    """Venue times that never fall and never lie after the receive time; 0 in `given` is unknown."""
    known = given > 0
    if not known.any():
        return receive.copy(), []
    after = int(np.count_nonzero(given > receive))
    venue = np.minimum(given, receive)
    first = int(np.argmax(known))
    venue[:first] = np.minimum(receive[:first], venue[first])
    risen: Ints = np.maximum.accumulate(venue)
    raised = int(np.count_nonzero((risen > venue) & known))
    uses = (
        ("venue_after_receive", after, "records whose venue time lay after their receive time; it takes that"),
        ("venue_in_order", raised, "records whose venue time lay before that of the record ahead; it takes that"),
    )
    return risen, [RuleUse(name, count, detail) for name, count, detail in uses if count]


# --- bars


def _bars(matches: Sequence[Match], merged: _Merged, span: tuple[int, int], rules: list[RuleUse]) -> list[_BarRows]:
    """The bars of each bar stream, with the moments at which they close."""
    result = []
    for symbol in dict.fromkeys(match.need.symbol for match in matches if match.need.kind == "bar"):
        wanted = [(k, m) for k, m in enumerate(matches) if m.need.kind == "bar" and m.need.symbol == symbol]
        base = gcd(*(match.need.period_ns for _, match in wanted))
        events = merged.of(symbol)
        series, found = _series(wanted[0][1], merged, events, base, span)
        rules += found
        for stream, match in wanted:
            longer, dropped = aggregate(series, match.need.period_ns, match.dataset.name)
            rules += dropped
            ends = (np.arange(1, len(longer) + 1, dtype=np.int64) + longer.first_slot) * longer.period_ns
            result.append(_BarRows(stream, longer, *close_times(events, ends, merged.receive)))
    return result


def _series(
    match: Match, merged: _Merged, events: Events, base: int, span: tuple[int, int]
) -> tuple[Series, list[RuleUse]]:
    """Gapless bars of an instrument, of the period `base`."""
    data = match.dataset
    if isinstance(data, Dataset):
        stop = span[1] if not len(events) else max(int(events.venue[-1]), int(events.receive[-1]) - events.lateness_ns)
        return _recorded(data, match, base, stop)
    history, rules = None, list[RuleUse]()
    begin = int(events.venue[0]) if len(events) else span[0]
    if match.history is not None and match.history.from_ns < begin:
        history, rules = _recorded(match.history, match, base, -(-begin // base) * base)
    trades = _bar_trades(merged, match.need.symbol, events)
    series, found = trade_series(events, trades, base, history if history and len(history) else None, data.name)
    return series, rules + found


def _recorded(data: Dataset, match: Match, base: int, stop_ns: int) -> tuple[Series, list[RuleUse]]:
    """Bars of a data set that end at or before `stop_ns`."""
    need = match.need
    last = int(np.searchsorted(data.bars.ts, stop_ns - data.period_ns, side="right"))
    grid, rules = to_grid(data.bars.take(slice(0, last)), need.price_decimals, need.qty_decimals, data.name)
    if not last:
        return aggregate(_no_series(data.period_ns), base, data.name)
    first = data.from_ns // data.period_ns
    series, carried = fill_slots(grid, data.period_ns, first, min(stop_ns, data.to_ns) // data.period_ns - first)
    longer, dropped = aggregate(series, base, data.name)
    return longer, [*rules, *carried, *dropped]


def _no_series(period_ns: int) -> Series:
    none, never = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    return Series(period_ns, 0, none, none, none, none, none, none, none, never)


def _bar_trades(merged: _Merged, symbol: str, events: Events) -> BarTrades:
    for part, place in zip(merged.parts, merged.places, strict=True):
        if part.symbol == symbol and isinstance(part.rows, TradeRows):
            return BarTrades(part.rows.ticks, part.rows.lots, np.searchsorted(events.place, place).astype(np.int64))
    nothing = np.zeros(0, np.int64)
    return BarTrades(nothing, nothing, nothing)


# --- records


def _records(merged: _Merged, bars: list[_BarRows], matches: Sequence[Match]) -> Ints:
    """All records: events of streams and bars, in order, with the ends of instants marked."""
    shown = _shown(merged)
    rank: Ints = np.cumsum(shown) - shown  # place among the events that stand on the tape
    which, order = _bar_order(bars, matches)
    before = rank[np.minimum(which, len(rank) - 1)] + (which >= len(rank)) * shown[-1] if len(rank) else which
    records = np.zeros((int(shown.sum()) + len(which), layout.WORDS_PER_RECORD), np.int64)
    for part, place in zip(merged.parts, merged.places, strict=True):
        if part.stream >= 0:
            own: Ints = rank[place]
            rows: Ints = own + np.searchsorted(before, own, side="right")
            _write_events(records, rows, part, merged.venue[place])
    bar_rows = before + np.arange(len(before))
    at = 0
    for part_bars, count in zip(bars, (len(b.times) for b in bars), strict=True):
        _write_bars(records, bar_rows[order[at : at + count]], part_bars)
        at += count
    ends = np.ones(len(records), np.bool_)
    np.not_equal(records[1:, layout.TIME], records[:-1, layout.TIME], out=ends[:-1])
    records[:, layout.HEAD] |= ends.astype(np.int64) * (layout.FLAG_INSTANT_END << layout.FLAG_SHIFT)
    return records


def _shown(merged: _Merged) -> Flags:
    shown = np.zeros(len(merged.receive), np.bool_)
    for part, place in zip(merged.parts, merged.places, strict=True):
        if part.stream >= 0:
            shown[place] = True
    return shown


def _bar_order(bars: list[_BarRows], matches: Sequence[Match]) -> tuple[Ints, Ints]:
    """For all bars in tape order the event before which each stands; and the rank of each bar of `bars` in turn."""
    if not bars:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    symbols = list(dict.fromkeys(match.need.symbol for match in matches))
    places = np.concatenate([b.places for b in bars])
    times = np.concatenate([b.times for b in bars])
    periods = np.concatenate([np.full(len(b.times), b.series.period_ns) for b in bars])
    ranks = np.concatenate([np.full(len(b.times), symbols.index(matches[b.stream].need.symbol)) for b in bars])
    order = np.lexsort((ranks, periods, times, places))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return places[order], rank


def _write_events(records: Ints, rows: Ints, part: Part, venue: Ints) -> None:
    data = part.rows
    if isinstance(data, BookRows):
        kind = np.where(data.reset, layout.KIND_RESET, layout.KIND_LEVEL)
        head = kind | data.ends.astype(np.int64) * (layout.FLAG_MESSAGE_END << layout.FLAG_SHIFT)
        identity = data.update_id
    else:
        head = np.full(len(data), layout.KIND_TRADE, np.int64)
        identity = data.trade_id
    head |= part.stream << layout.STREAM_SHIFT
    columns = (
        (layout.TIME, data.receive), (layout.HEAD, head), (layout.SIDE, data.side), (layout.QTY, data.lots),
        (layout.PRICE, data.ticks), (layout.VENUE_TIME, venue), (layout.UPDATE_ID, identity),
    )  # fmt: skip
    for word, column in columns:
        records[rows, word] = column


def _write_bars(records: Ints, rows: Ints, bars: _BarRows) -> None:
    series = bars.series
    head = series.count << layout.COUNT_SHIFT
    head |= series.carried.astype(np.int64) * (layout.FLAG_CARRIED << layout.FLAG_SHIFT)
    head |= layout.head(layout.KIND_BAR, stream=bars.stream)
    columns = (
        (layout.TIME, bars.times), (layout.HEAD, head), (layout.OPEN, series.open), (layout.HIGH, series.high),
        (layout.LOW, series.low), (layout.CLOSE, series.close), (layout.VOLUME, series.volume),
        (layout.NOTIONAL, series.notional),
    )  # fmt: skip
    for word, column in columns:
        records[rows, word] = column


def _stream(number: int, match: Match, merged: _Merged, bars: list[_BarRows]) -> TapeStream:
    need, data = match.need, match.dataset
    rows = next((part.rows for part in merged.parts if part.stream == number), None)
    own = next((b.series for b in bars if b.stream == number), None)
    count = len(own) if own is not None else len(rows) if rows is not None else 0
    low, high, depth = 0, 0, 0
    if isinstance(rows, BookRows) and len(rows):
        levels = rows.ticks[~rows.reset]
        low, high, depth = int(levels.min()), int(levels.max()), rows.depth
    return TapeStream(
        need.kind, need.symbol, data.instrument.symbol, data.name, need.period_ns, need.price_decimals,
        need.qty_decimals, count, int(np.count_nonzero(own.carried)) if own is not None else 0, low, high, depth,
    )  # fmt: skip
