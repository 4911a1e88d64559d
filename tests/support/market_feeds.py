"""A random tape of one book and its trades, in the stream numbers of a program, with the bars that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from flashc.compiler.ir.nodes import Program
from flashc.cython_core.layout import (
    FLAG_CARRIED,
    FLAG_INSTANT_END,
    FLAG_SHIFT,
    HEAD,
    KIND_BAR,
    KIND_TRADE,
    PRICE,
    QTY,
    STREAM_SHIFT,
    TIME,
    head,
)
from flashc.runtime.backtest.market.model import BookFeed, MarketTape
from support.market_tapes import random_tape

Record = list[int]
LOTS = 20_000  # per lot of the random tapes: then a few dollars can be traded
TICKS = (1, 2500)  # of the books
_BOOK, _TRADES = 0, 1  # stream numbers of `random_tape`
_STREAMS = 0xFFFF << STREAM_SHIFT


def tape_for(program: Program, seed: int, messages: int) -> MarketTape:
    """Messages and trades as in `random_tape`; bars close at multiples of their period, after what came before."""
    numbers = {s.kind: k for k, s in enumerate(program.streams) if s.kind in ("book", "trade")}
    book, trades = (numbers.get(kind, len(program.streams) + k) for k, kind in enumerate(("book", "trade")))
    made = random_tape(seed, messages)
    made.records[:, QTY] *= LOTS
    records: list[Record] = made.records.tolist()
    for record in records:
        stream = {_BOOK: book, _TRADES: trades}[record[HEAD] >> STREAM_SHIFT & 0xFFFF]
        record[HEAD] = record[HEAD] & ~_STREAMS | stream << STREAM_SHIFT
    bars = [bar for k, s in enumerate(program.streams) if s.kind == "bar" for bar in _bars(records, s.period_ns, k)]
    rows = sorted([*records, *bars], key=lambda record: (record[TIME], record[HEAD] & 0xFF == KIND_BAR))
    return replace(made, records=_instants(rows), books=(BookFeed(book, *TICKS, trades),))


def _bars(records: Sequence[Record], period: int, stream: int) -> list[Record]:
    """Bars of the trades received in each period; without a trade the close is carried."""
    bars: list[Record] = []
    close, inside = 1000, [r for r in records if r[HEAD] & 0xFF == KIND_TRADE]
    for end in range(-(-records[0][TIME] // period) * period, records[-1][TIME] + 1, period):
        of_bar = [r for r in inside if end - period < r[TIME] <= end]
        prices = [r[PRICE] for r in of_bar] or [close]
        close = prices[-1]
        flags = 0 if of_bar else FLAG_CARRIED
        volume, notional = sum(r[QTY] for r in of_bar), sum(r[QTY] * r[PRICE] for r in of_bar)
        shape = [prices[0], max(prices), min(prices), close, volume, notional]
        bars.append([end, head(KIND_BAR, flags, stream, len(of_bar)), *shape])
    return bars


def _instants(rows: Sequence[Record]) -> np.ndarray:
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        last = following is None or following[TIME] != row[TIME]
        row[HEAD] = row[HEAD] & ~(FLAG_INSTANT_END << FLAG_SHIFT) | (last * FLAG_INSTANT_END) << FLAG_SHIFT
    return np.array(rows, dtype=np.int64).reshape(-1, 8)
