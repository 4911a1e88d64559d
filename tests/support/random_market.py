"""Random books, trades and bars of one instrument, as tape records and as plain Python."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import polars
from flashc.cython_core.layout import FLAG_INSTANT_END, FLAG_MESSAGE_END, KIND_BAR, KIND_LEVEL, KIND_TRADE, head

SECOND = 10**9
MINUTE = 60 * SECOND
START = 1_700_000_000 // 60 * MINUTE
MIDDLE = 6_000_000
PRICE, LOTS = 100, 10**6  # ticks per unit, lots per coin


Book = dict[int, dict[int, int]]  # lots by tick, by side


@dataclass
class Market:
    """A minute-by-minute record of what happened: books after each message, trades, and the tape of both."""

    records: list[list[int]] = field(default_factory=list)
    books: list[Book] = field(default_factory=list)  # after each message
    trades: list[tuple[int, int, int, int]] = field(default_factory=list)  # time, side, lots, ticks
    messages_at_bar: list[int] = field(default_factory=list)
    trades_at_bar: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)


def random_market(seed: int, minutes: int, streams: dict[str, int]) -> Market:
    rng, market, book = random.Random(seed), Market(), {1: {}, -1: {}}
    for minute in range(minutes):
        moments = sorted(rng.sample(range(1, MINUTE), 12))
        for moment in moments:
            now = START + minute * MINUTE + moment
            if rng.random() < 0.6:
                _message(rng, market, book, now, streams["book"])
            else:
                side, lots = rng.choice((1, -1)), rng.randint(1, 3_000_000)
                ticks = MIDDLE + rng.randint(-500, 500)
                market.trades.append((now, side, lots, ticks))
                flags = FLAG_INSTANT_END
                market.records.append([now, head(KIND_TRADE, flags, streams["trade"]), side, lots, ticks, now, 1, 0])
        _bar(market, START + (minute + 1) * MINUTE, streams["bar"])
    return market


def _bar(market: Market, close: int, stream: int) -> None:
    flags = head(KIND_BAR, FLAG_INSTANT_END, stream, 1)
    market.records.append([close, flags, *[MIDDLE] * 4, 5, 5 * MIDDLE])
    market.messages_at_bar.append(len(market.books))
    market.trades_at_bar.append(len(market.trades))
    market.times.append(close)


def _message(rng: random.Random, market: Market, book: Book, now: int, stream: int) -> None:
    """A few level changes that leave both sides there and uncrossed."""
    changes: list[tuple[int, int, int]] = []
    shift = rng.randint(-3, 3)
    for side in (1, -1):
        for tick in list(book[side]):
            if side * (tick - MIDDLE - shift) >= 0:
                changes.append((side, tick, 0))
    for side in (1, -1):
        for _ in range(rng.randint(1, 4)):
            tick = MIDDLE + shift - side * rng.randint(1, 9)
            changes.append((side, tick, rng.choice((0, rng.randint(1, 2_000_000)))))
        changes.append((side, MIDDLE + shift - side * rng.randint(1, 9), rng.randint(1, 2_000_000)))
    _apply(market, book, now, stream, changes)


def _apply(market: Market, book: Book, now: int, stream: int, changes: list[tuple[int, int, int]]) -> None:
    for k, (side, tick, amount) in enumerate(changes):
        book[side].pop(tick, None)
        if amount:
            book[side][tick] = amount
        flags = FLAG_MESSAGE_END | FLAG_INSTANT_END if k == len(changes) - 1 else 0
        market.records.append([now, head(KIND_LEVEL, flags, stream), side, amount, tick, now, k, 0])
    market.books.append({side: dict(levels) for side, levels in book.items()})


def recorded_market(depth: Path, trades: Path, streams: dict[str, int], messages: int = 1200) -> Market:
    """The first messages of a recorded book, near its price, with the trades between them and a bar each second."""
    market, book = Market(), {1: {}, -1: {}}
    rows = polars.read_parquet(depth).sort("local_ts", maintain_order=True)
    middle = rows.filter(is_snapshot=True, side=1)["price"].max()
    rows = rows.filter((polars.col("price") - middle).abs() < 40)
    groups = list(rows.group_by(["local_ts", "last_id"], maintain_order=True))[:messages]
    last = groups[-1][0][0]
    sold = polars.read_parquet(trades).filter((polars.col("local_ts") <= last) & ~polars.col("is_snapshot"))
    events: list[tuple[int, int, list[tuple[int, int, int]]]] = []
    for (local, _), group in groups:
        levels = [(s, round(p * PRICE), lots(q)) for s, p, q in group.select("side", "price", "qty").iter_rows()]
        events.append((local * 1000, 0, levels))
    for local, price, qty, maker in sold.select("local_ts", "price", "qty", "is_buyer_maker").iter_rows():
        events.append((local * 1000, 1, [(-1 if maker else 1, round(price * PRICE), lots(qty))]))
    second = events[0][0] // SECOND + 1
    for now, kind, content in sorted(events, key=lambda e: e[:2]):
        while now >= second * SECOND:
            _bar(market, second * SECOND, streams["bar"])
            second += 1
        if kind:
            side, ticks, amount = content[0]
            market.trades.append((now, side, amount, ticks))
            record = [now, head(KIND_TRADE, FLAG_INSTANT_END, streams["trade"]), side, amount, ticks, now, 1, 0]
            market.records.append(record)
        else:
            _apply(market, book, now, streams["book"], [(side, tick, amount) for side, tick, amount in content])
    return market


def lots(qty: float) -> int:
    return max(1, round(qty * LOTS)) if qty > 0 else 0
