"""Random records of every kind for random FIR programs, and the books that follow them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from flashc.compiler.ir.nodes import Stream
from flashc.cython_core.layout import (
    FLAG_CARRIED,
    FLAG_INSTANT_END,
    FLAG_MESSAGE_END,
    FLAG_SHIFT,
    HEAD,
    KIND_BAR,
    KIND_DONE,
    KIND_FILL,
    KIND_LEVEL,
    KIND_REJECT,
    KIND_RESET,
    KIND_TIMER,
    KIND_TRADE,
    PRICE,
    QTY,
    SIDE,
    STREAM_SHIFT,
    WAKE_HEAD,
    head,
)
from flashc.runtime.backtest.market.reference_book import Book

MINUTE = 60_000_000_000
LOW, HIGH = 1000, 1127  # ticks of random books


def random_records(rng: random.Random, n: int, streams: Sequence[Stream]) -> list[list[int]]:
    """`n` records in tape order. Bars: consecutive ticks, extreme prices. Else messages, trades, timers and wakes."""
    if all(s.kind == "bar" for s in streams):
        return _bars(rng, n, streams)
    records: list[list[int]] = []
    now = rng.choice((0, 1_700_000_000_000_000_000))
    while len(records) < n:
        now += rng.choice((0, 1, 10**6, 10**9, MINUTE))
        records += _instant(rng, now, streams)
    return records[:n]


def _bars(rng: random.Random, n: int, streams: Sequence[Stream]) -> list[list[int]]:
    start = rng.choice((0, 1_700_000_000_000_000_000 // MINUTE, (2**63 - 1) // MINUTE - 10 * n - 10))
    minute, records = start, []
    while len(records) < n:
        minute += 1
        now = minute * MINUTE
        due = [(s.period_ns, i) for i, s in enumerate(streams) if now % s.period_ns == 0]
        for period_index, (_, index) in enumerate(sorted(due)):
            last = period_index == len(due) - 1
            records.append(bar_record(rng, now, index, FLAG_INSTANT_END if last else 0))
    return records[:n]


def _instant(rng: random.Random, now: int, streams: Sequence[Stream]) -> list[list[int]]:
    """Records of one time. The last one mostly ends the instant; a strange record here and there."""
    records: list[list[int]] = []
    for number in rng.sample(range(len(streams)), rng.randint(1, len(streams))):
        records += _of_stream(rng, now, number, streams[number])
    if rng.random() < 0.9:
        records[-1][HEAD] |= FLAG_INSTANT_END << FLAG_SHIFT
    if rng.random() < 0.15:
        records.append([now, WAKE_HEAD, 0, 0, 0, 0, 0, 0])
    return records


def _of_stream(rng: random.Random, now: int, number: int, stream: Stream) -> list[list[int]]:
    if stream.kind == "bar":
        return [bar_record(rng, now, number, 0)]
    if stream.kind == "timer":
        return [[now, head(KIND_TIMER, 0, number), 0, 0, 0, 0, 0, 0]]
    venue, serial = max(0, now - rng.randint(0, 10**6)), rng.randint(0, 2**40)
    if stream.kind == "trade":
        row = [rng.choice((1, -1)), rng.choice((1, 5, 2**40)), rng.randint(LOW, HIGH), venue, serial, 0]
        return [[now, head(KIND_TRADE, 0, number), *row]]
    reset = [now, head(KIND_RESET, 0, number), 0, 0, 0, venue, serial, 0]
    levels = [
        [now, head(KIND_LEVEL, 0, number), rng.choice((1, -1)), rng.randint(0, 4), rng.randint(LOW, HIGH), venue, serial, 0]
        for _ in range(rng.randint(1, 4))
    ]  # fmt: skip
    if rng.random() < 0.9:
        levels[-1][HEAD] |= FLAG_MESSAGE_END << FLAG_SHIFT
    return [reset, *levels] if rng.random() < 0.1 else levels


def bar_record(rng: random.Random, now: int, stream: int, flags: int) -> list[int]:
    """One bar; some are carried, some have extreme prices."""
    close = rng.choice((1, 2, 10**7, 2**53 + 1, 2**62)) if rng.random() < 0.1 else rng.randint(99_000, 101_000)
    if rng.random() < 0.15:
        return [now, head(KIND_BAR, flags | FLAG_CARRIED, stream, 0), close, close, close, close, 0, 0]
    open_ = max(1, close + rng.randint(-50, 50))
    high, low = max(open_, close) + rng.randint(0, 30), max(1, min(open_, close) - rng.randint(0, 30))
    volume = rng.choice((0, 1, 10**12)) if rng.random() < 0.1 else rng.randint(1, 10**6)
    notional = (close * volume + 2**63) % 2**64 - 2**63
    return [now, head(KIND_BAR, flags, stream, rng.randint(1, 500)), open_, high, low, close, volume, notional]


def random_report(rng: random.Random, now: int) -> list[int]:
    """One fill, reject or end of an order."""
    quantity, price = rng.randint(0, 10**6), rng.choice((1, 100_000, 2**62))
    kind = rng.choice((KIND_FILL, KIND_REJECT, KIND_DONE))
    fee = rng.randint(0, 10**9)
    made = head(kind, 0, rng.randint(0, 2), rng.randint(0, 5))
    return [now, made, rng.choice((1, -1)), quantity, price, quantity * 7, fee, rng.randint(0, 50)]


@dataclass(slots=True)
class Books:
    """The book of each book stream of a program, kept up to date record by record, as a driver does."""

    streams: Sequence[Stream]
    books: dict[int, Book] = field(default_factory=dict)
    ticks: tuple[int, int] = (LOW, HIGH)

    def __post_init__(self) -> None:
        self.books = {k: Book(*self.ticks) for k, s in enumerate(self.streams) if s.kind == "book"}

    def follow(self, record: Sequence[int]) -> None:
        """Apply one record."""
        book = self.books.get(record[HEAD] >> STREAM_SHIFT & 0xFFFF)
        kind = record[HEAD] & 0xFF
        if book is not None and kind == KIND_RESET:
            book.clear()
        if book is not None and kind == KIND_LEVEL:
            book.set(record[SIDE], record[PRICE], record[QTY])
