"""Builds a tape from data sets: prices to ticks, gaps filled, longer bars aggregated, streams merged in order.

Records stand in the order in which a strategy sees them: by close time, at equal time shorter periods first, then
instruments in the order of the strategy's file. The last record of an instant carries FLAG_INSTANT_END.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ....cython_core import layout
from ...errors import fault
from ..bars import Dataset, Ints, RuleUse, content_hash
from ..events import AnySet, EventSet
from ..moments import moment_text, period_text
from .file import Tape, TapeStream, open_tape, write_tape
from .grid import to_grid
from .matching import Match, StreamNeed, match_streams
from .slots import Series, aggregate, fill_slots
from .trade_bars import LATENESS_NS

__all__ = ["StreamNeed", "Tape", "TapeStream", "build_tape", "open_tape", "write_tape"]

#: A tape longer than this is a mistake in the times, not history (20 million minutes are 38 years).
LARGEST_SLOTS = 20_000_000


@dataclass(frozen=True, slots=True)
class _Span:
    """The range `[from_ns, to_ns)` that all data sets cover."""

    from_ns: int
    to_ns: int


def build_tape(
    datasets: Sequence[AnySet],
    needs: Sequence[StreamNeed],
    from_ns: int | None = None,
    to_ns: int | None = None,
    lateness_ns: int = LATENESS_NS,
) -> Tape:
    """A tape with one stream per need, in the order of `needs`, of the bars that lie in `[from_ns, to_ns)`.

    Bars of several data sets start and end together, at the range that all of them cover. Faults: FC1010 and FC1014
    (the data does not give what is needed), FC1012 (no bar in the range), FC1016 (a number does not fit).
    `Tape.rules` lists the rules of the data sets' import first, then those of the building. Where a book or trades
    take part, `market.py` builds the tape; there alone, bars wait `lateness_ns` for late trades.
    """
    matches, assumptions = match_streams(datasets, needs)
    used = list({id(d): d for match in matches if isinstance(d := match.dataset, Dataset)}.values())
    if any(isinstance(match.dataset, EventSet) for match in matches):
        from .market import build_market_tape

        return build_market_tape(matches, assumptions, from_ns, to_ns, lateness_ns)
    span, common = _common_span(used, from_ns, to_ns)
    rules = [rule for data in used for rule in data.rules] + common
    with ThreadPoolExecutor(max_workers=1) as pool:
        hashing = pool.submit(_data_hash, used, span)  # hashing releases the interpreter lock
        series = _all_series(matches, span, rules)
        records = _merge(needs, series)
        data_hash = hashing.result()
    streams = tuple(_stream(match, part) for match, part in zip(matches, series, strict=True))
    return Tape(streams, records, data_hash, span.from_ns, span.to_ns, tuple(_sum_up(rules)), tuple(assumptions))


def _common_span(datasets: list[Dataset], from_ns: int | None, to_ns: int | None) -> tuple[_Span, list[RuleUse]]:
    """Where all data sets have bars, cut to the range asked for and to whole bars."""
    start = max(data.from_ns for data in datasets)
    stop = min(data.to_ns for data in datasets)
    lost = sum((start - data.from_ns) // data.period_ns + (data.to_ns - stop) // data.period_ns for data in datasets)
    detail = f"several data sets: all start at {moment_text(start)} and end at {moment_text(stop)}"
    rules = [RuleUse("common_range", lost, detail)] if lost and stop > start else []
    if from_ns is not None:
        start = max(start, from_ns)
    if to_ns is not None:
        stop = min(stop, to_ns)
    coarsest = max(data.period_ns for data in datasets)
    start, stop = -(-start // coarsest) * coarsest, stop // coarsest * coarsest
    if stop <= start:
        raise _no_bars(datasets)
    if (stop - start) // min(data.period_ns for data in datasets) > LARGEST_SLOTS:
        raise fault("FC1016", "the range is too long for one tape", datasets[0].name, helps=("give --from and --to",))
    return _Span(start, stop), rules


def _no_bars(datasets: list[Dataset]) -> Exception:
    notes = tuple(f"{d.name} holds {moment_text(d.from_ns)} to {moment_text(d.to_ns)} UTC" for d in datasets)
    return fault("FC1012", "no whole bar lies in the range asked for", datasets[0].name, notes=notes)


def _rows(data: Dataset, span: _Span) -> tuple[int, int]:
    """Index range of the bars that open in the span."""
    first, last = np.searchsorted(data.bars.ts, [span.from_ns, span.to_ns], side="left")
    return int(first), int(last)


def _data_hash(datasets: list[Dataset], span: _Span) -> str:
    hashes = [content_hash(data.bars, *_rows(data, span)) for data in datasets]
    if len(hashes) == 1:
        return hashes[0]
    import hashlib

    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _all_series(matches: Sequence[Match], span: _Span, rules: list[RuleUse]) -> list[Series]:
    """One series per match. Streams of one data set on one grid share the base series."""
    bases: dict[tuple[int, int, int], Series] = {}
    result = []
    for match in matches:
        need, data = match.need, match.dataset
        assert isinstance(data, Dataset)
        key = (id(data), need.price_decimals, need.qty_decimals)
        if key not in bases:
            bases[key] = _base_series(data, need, span, rules)
        longer, dropped = aggregate(bases[key], need.period_ns, data.name)
        if not len(longer):
            note = f"the range is {moment_text(span.from_ns)} to {moment_text(span.to_ns)} UTC"
            message = f"no whole {period_text(need.period_ns)} bar in the range"
            raise fault("FC1012", message, data.name, notes=(note,))
        rules.extend(dropped)
        result.append(longer)
    return result


def _base_series(data: Dataset, need: StreamNeed, span: _Span, rules: list[RuleUse]) -> Series:
    first, last = _rows(data, span)
    before = max(0, first - 1) if first == last or data.bars.ts[first] != span.from_ns else first
    grid, snapped = to_grid(data.bars.take(slice(before, last)), need.price_decimals, need.qty_decimals, data.name)
    first_slot = span.from_ns // data.period_ns
    n_slots = span.to_ns // data.period_ns - first_slot
    series, carried = fill_slots(grid, data.period_ns, first_slot, n_slots)
    rules.extend(snapped + carried)
    return series


def _sum_up(rules: list[RuleUse]) -> list[RuleUse]:
    """One entry per rule and detail."""
    counts: dict[tuple[str, str], int] = {}
    for rule in rules:
        counts[rule.name, rule.detail] = counts.get((rule.name, rule.detail), 0) + rule.count
    return [RuleUse(name, count, detail) for (name, detail), count in counts.items()]


def _stream(match: Match, series: Series) -> TapeStream:
    need, data = match.need, match.dataset
    return TapeStream(
        need.kind, need.symbol, data.instrument.symbol, data.name, need.period_ns, need.price_decimals,
        need.qty_decimals, len(series), int(np.count_nonzero(series.carried)),
    )  # fmt: skip


def _merge(needs: Sequence[StreamNeed], series: Sequence[Series]) -> Ints:
    """All streams' records in tape order, written word by word: a column is contiguous until its last step."""
    ranks = _ranks(needs)
    places = [_places(number, series, ranks) for number in range(len(series))]
    records = np.empty((sum(len(part) for part in series), layout.WORDS_PER_RECORD), np.int64)
    for word in range(layout.WORDS_PER_RECORD):
        if len(series) == 1:
            records[:, word] = _column(word, 0, series[0])
            continue
        column = np.empty(len(records), np.int64)
        for number, part in enumerate(series):
            column[places[number]] = _column(word, number, part)
        records[:, word] = column
    ends = np.ones(len(records), np.bool_)
    np.not_equal(records[1:, layout.TIME], records[:-1, layout.TIME], out=ends[:-1])
    records[:, layout.HEAD] |= ends.astype(np.int64) * (layout.FLAG_INSTANT_END << layout.FLAG_SHIFT)
    return records


def _ranks(needs: Sequence[StreamNeed]) -> list[tuple[int, int, int]]:
    """Order within an instant: period, then the instrument's first place in the file, then the stream's number."""
    order = {symbol: place for place, symbol in reversed(list(enumerate(need.symbol for need in needs)))}
    return [(need.period_ns, order[need.symbol], number) for number, need in enumerate(needs)]


def _places(number: int, series: Sequence[Series], ranks: list[tuple[int, int, int]]) -> Ints:
    """Where this stream's records go: its own place plus the records of every other stream that come before.

    Each stream is an arithmetic progression of times, so counting needs no search.
    """
    times = _times(series[number])
    places = np.arange(len(times), dtype=np.int64)
    for other, part in enumerate(series):
        if other == number:
            continue
        latest = times if ranks[other] < ranks[number] else times - 1
        places += np.clip(latest // part.period_ns - part.first_slot, 0, len(part))
    return places


def _times(part: Series) -> Ints:
    """Close times of the bars."""
    return (np.arange(1, len(part) + 1, dtype=np.int64) + part.first_slot) * part.period_ns


def _column(word: int, number: int, part: Series) -> Ints:
    """One word of every record of a stream."""
    if word == layout.TIME:
        return _times(part)
    if word == layout.HEAD:
        head = part.count << layout.COUNT_SHIFT
        head += part.carried.astype(np.int64) * (layout.FLAG_CARRIED << layout.FLAG_SHIFT)
        head |= layout.head(layout.KIND_BAR, stream=number)
        return head
    columns = {
        layout.OPEN: part.open,
        layout.HIGH: part.high,
        layout.LOW: part.low,
        layout.CLOSE: part.close,
        layout.VOLUME: part.volume,
        layout.NOTIONAL: part.notional,
    }
    return columns[word]
