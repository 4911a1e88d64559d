"""Values on the clocks of books, trades and timers, against plain recomputation from the records."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flashc.compiler.evaluate.evaluator import Machine, Out
from flashc.compiler.frontend.check import check
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.cython_core.layout import (
    FLAG_INSTANT_END,
    FLAG_MESSAGE_END,
    HEAD,
    KIND_LEVEL,
    KIND_TIMER,
    KIND_TRADE,
    STREAM_SHIFT,
    TIME,
    head,
)
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from support.fir_tapes import HIGH, LOW, Books
from support.kernels import KernelMachine

MS, SECOND = 10**6, 10**9
START = 1_700_000_000 * SECOND
MIDDLE = (LOW + HIGH) // 2

STRATEGY = """\
flash: 1
strategy: clocks
venue: mexc.spot
instruments: {{btc: BTC/USDC, eth: ETH/USDC}}
trade: btc
decide: {decide}
let:
  middle:  mid
  gap:     spread
  other:   eth.mid@100ms
  smooth:  ema(mid@100ms, 3)
  changes: ema(mid, 3)
  flow:    sum(trade.signed_qty, 2s, pane=100ms)
  paid:    mean(trade.price, 2s, pane=500ms)
  large:   count(trade.qty > 3 lots, 2s, pane=500ms)
  lowest:  min(trade.price, 1s, pane=100ms)
  highest: max(trade.price, 1s, pane=100ms)
  top:     forming(5s).high
  bars:    forming(5s).n_trades
  vwap5:   forming(5s).vwap
  taker:   trade.price
entries:
  long:
    when:
      a: middle > 0 USDC/BTC and gap > 0 ticks and other > 0 USDC/ETH and smooth > 0 USDC/BTC
      b: flow > 1000 BTC and paid > 0 USDC/BTC and large > 0 and changes > 0 USDC/BTC and taker > 0 USDC/BTC
      c: lowest > 0 USDC/BTC and highest > 0 USDC/BTC and top > 0 USDC/BTC and bars > 0 and vwap5 > 0 USDC/BTC
    size: 60 USDC
exits:
  out: {{when: {{old: pos.age > 3s}}}}
"""
NAMES = ("middle", "gap", "other", "smooth", "changes", "flow", "paid", "large", "lowest", "highest", "top", "bars",
         "vwap5", "taker")  # fmt: skip


def compiled(text: str, trace: Sequence[str] = ()) -> Compiled:
    document, found = read_document(Source("clocks.yaml", text))
    assert document is not None, [d.message for d in found]
    checked, found = check(document)
    assert checked is not None, [d.message for d in found]
    return compile_checked(checked, trace=trace)


def feed(streams: dict[str, int], count: int) -> Iterator[list[int]]:
    """Messages of both books, trades, and the timers due before them."""
    rng, now, timer = random.Random(3), START, START
    for number in range(count):
        now += rng.choice((1, 7, 40, 130, 450)) * MS + 1
        while "timer" in streams and timer < now:
            yield [timer, head(KIND_TIMER, FLAG_INSTANT_END, streams["timer"]), 0, 0, 0, 0, 0, 0]
            timer += 100 * MS
        which = ["btc.book", "eth.book", "btc.trade"][number if number < 3 else rng.randrange(3)]
        if which.endswith("trade"):
            made = head(KIND_TRADE, FLAG_INSTANT_END, streams[which])
            yield [now, made, rng.choice((1, -1)), rng.randint(1, 9), rng.randint(LOW, HIGH), now - 5 * MS, number, 0]
        else:
            yield from _message(rng, now, streams[which], first=number < 3)


def _message(rng: random.Random, now: int, stream: int, *, first: bool) -> Iterator[list[int]]:
    """Levels on both sides of the middle; the levels at the ends are never taken away."""
    levels = [(1, LOW, 5), (-1, HIGH, 5)] if first else []
    for _ in range(rng.randint(1, 3)):
        side = rng.choice((1, -1))
        ticks = (LOW + 1, MIDDLE) if side > 0 else (MIDDLE + 1, HIGH - 1)
        levels.append((side, rng.randint(*ticks), rng.randint(0, 3)))
    for k, (side, tick, lots) in enumerate(levels):
        flags = FLAG_INSTANT_END | FLAG_MESSAGE_END if k == len(levels) - 1 else 0
        yield [now, head(KIND_LEVEL, flags, stream), side, lots, tick, now - 5 * MS, 0, 0]


class Oracle:
    """All values from the records seen, by the words of the language's description."""

    def __init__(self, streams: dict[str, int], books: Books) -> None:
        self.streams, self.books = streams, books
        self.trades: list[list[int]] = []
        self.values: dict[str, float] = {}
        self.smooth: float | None = None
        self.changes: float | None = None

    def _mid(self, name: str) -> float:
        book = self.books.books[self.streams[name]]
        return (book.px(1, 0) + book.px(-1, 0)) / 200.0

    def see(self, record: Sequence[int]) -> None:
        stream = record[HEAD] >> STREAM_SHIFT & 0xFFFF
        if stream == self.streams.get("timer"):
            self.values["other"] = self._mid("eth.book")
            before = self.smooth
            mid = self._mid("btc.book")
            self.smooth = mid if before is None else before + 0.5 * (mid - before)
        elif stream == self.streams["btc.trade"]:
            self.trades.append(list(record))
            self._trade(record)
        elif stream == self.streams["btc.book"]:
            mid, before = self._mid("btc.book"), self.changes
            self.changes = mid if before is None else before + 0.5 * (mid - before)

    def _window(self, now: int, length: int, pane: int) -> list[list[int]]:
        first = now // pane - length // pane
        return [t for t in self.trades if t[TIME] // pane > first]

    def _trade(self, record: Sequence[int]) -> None:
        now, seen = record[TIME], self._window
        self.values["flow"] = sum(t[2] * t[3] for t in seen(now, 2 * SECOND, 100 * MS)) / 1e6
        recent = seen(now, 2 * SECOND, 500 * MS)
        self.values["paid"] = sum(t[4] for t in recent) / (len(recent) * 100.0)
        self.values["large"] = sum(t[3] > 3 for t in recent)
        last = seen(now, SECOND, 100 * MS)
        self.values["lowest"], self.values["highest"] = min(t[4] for t in last) / 100, max(t[4] for t in last) / 100
        slot = [t for t in self.trades if t[5] // (5 * SECOND) == record[5] // (5 * SECOND)]
        self.values["top"], self.values["bars"] = max(t[4] for t in slot) / 100, len(slot)
        self.values["vwap5"] = sum(t[4] * t[3] for t in slot) / (sum(t[3] for t in slot) * 100.0)
        self.values["taker"] = record[4] / 100

    def row(self) -> list[float | None]:
        """None or NaN: nothing is known yet."""
        book = self.books.books[self.streams["btc.book"]]
        now = {
            "middle": self._mid("btc.book"),
            "gap": (book.px(-1, 0) - book.px(1, 0)) / 100,
            "smooth": self.smooth,
            "changes": self.changes,
        }
        return [{**self.values, **now}.get(name, math.nan) for name in NAMES]


def numbers(made: Compiled) -> dict[str, int]:
    return {"timer" if s.kind == "timer" else f"{s.instrument}.{s.kind}": k for k, s in enumerate(made.program.streams)}


def traced(out: Out) -> list[list[float]]:
    return [[struct.unpack("<d", struct.pack("<q", word))[0] for word in row] for row in out.traces]


@pytest.mark.parametrize("decide", ["book", "trade", "100ms", "{clock: book, min_gap: 300ms}"])
def test_every_value_is_what_the_records_say(decide: str, tmp_path: Path) -> None:
    made = compiled(STRATEGY.format(decide=decide), NAMES)
    assert made.program.traces == NAMES
    streams = numbers(made)
    books = Books(made.program.streams)
    oracle, rows = Oracle(streams, books), 0
    slow, fast = Machine(made.program, books.books), KernelMachine(made.program, tmp_path)
    slow.init()
    fast.init()
    for record in feed(streams, 500):
        books.follow(record)
        fast.follow(record)
        if record[HEAD] >> 8 & FLAG_MESSAGE_END or record[HEAD] & 0xFF != KIND_LEVEL:
            oracle.see(record)
        out = slow.event(record)
        assert out == fast.event(record)
        for row in traced(out):
            rows += 1
            want = oracle.row()
            known = [name for name, b in zip(NAMES, want, strict=True) if b is not None and not math.isnan(b)]
            wrong = [(n, a, b) for n, a, b in zip(NAMES, row, want, strict=True) if n in known and a != b]
            assert not wrong, (rows, wrong)
        assert slow.state == fast.state
    assert rows > 50


def test_nothing_is_decided_before_a_window_over_time_is_full() -> None:
    made = compiled(
        STRATEGY.format(decide="book").replace("ema(mid@100ms, 3)", "mid@100ms").replace("ema(mid, 3)", "mid")
    )
    books = Books(made.program.streams)
    machine = Machine(made.program, books.books)
    machine.init()
    first, armed = 0, 0
    for record in feed(numbers(made), 300):
        books.follow(record)
        out = machine.event(record)
        if record[HEAD] & 0xFF == KIND_TRADE:
            first = first or record[TIME]
        if out.decided and out.reason & 0xFFFF != 0:
            armed = armed or record[TIME]
    assert first + 2 * SECOND <= armed <= first + 3 * SECOND
