"""Random tapes of books and trades, and strategies without a mind that run on both markets."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flashc.cython_core import book_words
from flashc.cython_core.layout import (
    FLAG_INSTANT_END,
    FLAG_MESSAGE_END,
    IO_FIRST_BOOK,
    KIND_LEVEL,
    KIND_RESET,
    KIND_TRADE,
    NEVER,
    OUT_DECIDED,
    OUT_FIRST_INTENT,
    OUT_INTENTS,
    OUT_WAKE,
    STYLE_CANCEL,
    WORD_BYTES,
    head,
)
from flashc.runtime.backtest.driver import KernelAddresses
from flashc.runtime.backtest.market.model import BookFeed, MarketTape

Record = list[int]


@dataclass
class TapeWriter:
    """Writes messages; venue times and receive times as given, flags put where they belong."""

    records: list[Record] = field(default_factory=list)

    def levels(self, receive: int, venue: int, stream: int, rows: Sequence[tuple[int, int, int]], *, reset: bool = False) -> None:  # fmt: skip
        """A book message: (side, tick, lots) each."""
        if reset:
            self.records.append([receive, head(KIND_RESET, 0, stream), 0, 0, 0, venue, 0, 0])
        for side, tick, lots in rows:
            self.records.append([receive, head(KIND_LEVEL, 0, stream), side, lots, tick, venue, 0, 0])
        self.records[-1][1] |= FLAG_MESSAGE_END << 8

    def trade(self, receive: int, venue: int, stream: int, taker: int, tick: int, lots: int) -> None:
        self.records.append([receive, head(KIND_TRADE, 0, stream), taker, lots, tick, venue, 0, 0])

    def words(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        for number, record in enumerate(self.records):
            if number + 1 == len(self.records) or self.records[number + 1][0] > record[0]:
                record[1] |= FLAG_INSTANT_END << 8
        return np.array(self.records, dtype=np.int64).reshape(-1, 8)


def random_tape(seed: int, messages: int, books: int = 1) -> MarketTape:
    """Book streams 0, 2, ... with their trades on 1, 3, ...; prices walk around 1000 ticks."""
    rng, writer = np.random.default_rng(seed), TapeWriter()
    sides: list[dict[int, dict[int, int]]] = [{1: {}, -1: {}} for _ in range(books)]
    middles, venue, receive = [1000] * books, 10**15 + int(rng.integers(10**9)), 0
    for _ in range(messages):
        book = int(rng.integers(books))
        venue += int(rng.choice([0, 1, 1000, 10**6, 30 * 10**6, 400 * 10**6], p=[0.2, 0.1, 0.2, 0.3, 0.15, 0.05]))
        receive = max(receive, venue + int(rng.choice([0, 1, 10**6, 20 * 10**6])))
        own = sides[book]
        if own[1] and rng.random() < 0.4:
            taker = int(rng.choice([1, -1]))
            best = min(own[-1]) if taker > 0 else max(own[1])
            writer.trade(receive, venue, 2 * book + 1, taker, best + int(rng.integers(-2, 3)), int(rng.integers(1, 12)))
            continue
        reset = not own[1] or rng.random() < 0.02
        middles[book] += int(rng.integers(-2, 3))
        writer.levels(receive, venue, 2 * book, _message(rng, own, middles[book], reset=reset), reset=reset)
    feeds = tuple(BookFeed(2 * k, 1, 2500, 2 * k + 1) for k in range(books))
    return MarketTape(writer.words(), feeds)


def _message(rng: np.random.Generator, own: dict[int, dict[int, int]], middle: int, *, reset: bool) -> list[tuple[int, int, int]]:  # fmt: skip
    """Level changes after which bids stand below and asks above the middle, and both are there."""
    rows = []
    if reset:
        own[1], own[-1] = {}, {}
    for side in (1, -1):
        for tick in [t for t in own[side] if side * t >= side * middle]:
            rows.append((side, tick, 0))
    for _ in range(int(rng.integers(1, 6))):
        side = int(rng.choice([1, -1]))
        rows.append((side, middle - side * int(rng.integers(1, 6)), int(rng.choice([0, 1, 3, 10, 40]))))
    for side in (1, -1):
        rows.append((side, middle - side * int(rng.integers(1, 3)), int(rng.integers(1, 30))))
    rows = [rows[k] for k in rng.permutation(len(rows) - 2)] + rows[-2:]
    for side, tick, lots in rows:
        own[side].pop(tick, None)
        if lots:
            own[side][tick] = lots
    cleaned = [(s, t, 0) for s in (1, -1) for t in list(own[s]) if s * t >= s * middle]
    for side, tick, _ in cleaned:
        del own[side][tick]
    return rows + cleaned


@dataclass
class Out:
    decisions: list[tuple[int, int, int]] = field(default_factory=list)
    intents: list[list[int]] = field(default_factory=list)
    wake: int = NEVER


class Script:
    """Sends random orders and cancels; remembers everything that it was told, and the books as it saw them."""

    def __init__(self, seed: int, streams: Sequence[int] = (0,), eagerness: float = 0.3) -> None:
        self.rng, self.streams, self.eagerness = np.random.default_rng(seed), streams, eagerness
        self.books: Any = {}
        self.seen: list[list[int]] = []
        self.tags = 0
        self.state: list[int] = [0]

    def init(self, params: Sequence[int | float]) -> None:
        pass

    def best(self, stream: int, side: int) -> int:
        """The best price that the strategy sees; of a native book, read from its block."""
        book = self.books[stream]
        if not isinstance(book, int):
            return int(book.px(side, 0))
        words = (ctypes.c_int64 * book_words.HEADER_WORDS).from_address(book)
        cell = words[book_words.BEST_BID if side > 0 else book_words.BEST_ASK]
        return words[book_words.LOW] + cell if 0 <= cell < words[book_words.CELLS] else 0

    def event(self, record: Sequence[int]) -> Out:
        kind, flags = record[1] & 0xFF, record[1] >> 8 & 0xFF
        if kind in (KIND_LEVEL, KIND_RESET) and not flags & FLAG_MESSAGE_END:
            return Out()
        return self._say(record, decided=bool(flags & FLAG_INSTANT_END))

    def report(self, record: Sequence[int]) -> Out:
        return self._say(record, decided=False)

    def _say(self, record: Sequence[int], *, decided: bool) -> Out:
        self.seen.append([*record, *(self.best(s, side) for s in self.streams for side in (1, -1))])
        out = Out()
        if decided:
            out.decisions.append((record[0], int(self.rng.integers(5)), 7))
        while len(out.intents) < 3 and self.rng.random() < self.eagerness:
            out.intents.append(self._intent())
        if self.rng.random() < 0.1:
            out.wake = record[0] + int(self.rng.choice([-5, 0, 1, 10**6, 10**9]))
        return out

    def _intent(self) -> list[int]:
        instance = int(self.rng.integers(len(self.streams)))
        if self.tags and self.rng.random() < 0.35:
            tag = max(1, self.tags - int(self.rng.integers(6)))
            return [0, STYLE_CANCEL, 0, 0, 0, int(self.rng.integers(2)), tag, instance]
        self.tags += 1
        side = 1 if self.rng.random() < 0.6 else -1
        price = self.best(self.streams[instance], side) + side * int(self.rng.integers(-4, 4))
        odd = self.rng.random() < 0.03
        style = int(self.rng.choice([0, 1, 1, 1, 2, 3, 4, 4, 9 if odd else 1]))
        return [side, style, int(self.rng.integers(0 if odd else 1, 40)), price, 0, 3, self.tags, instance + 9 * odd]


class NativeScript:
    """A script behind the addresses of C functions, as a kernel is."""

    def __init__(self, script: Script) -> None:
        self.script = script
        address, call = ctypes.c_void_p, ctypes.CFUNCTYPE
        self._init = call(ctypes.c_int64, *[address] * 4)(lambda *_: 0)
        self._events = call(ctypes.c_int64, address, ctypes.c_int64, *[address] * 5)(self._on_event)
        self._report = call(ctypes.c_int64, *[address] * 5)(self._on_report)
        functions = [ctypes.cast(f, address).value or 0 for f in (self._init, self._events, self._report)]
        self.addresses = KernelAddresses(*functions)

    def _on_event(self, record: int, count: int, st: int, sf: int, out: int, rows: int, io: int) -> int:
        given = self.script.event(self._record(record, io))
        self._write(given, out)
        for k, row in enumerate(given.decisions):
            for word, value in enumerate(row):
                _word(rows, 3 * k + word).value = value
        return 1

    def _on_report(self, record: int, st: int, sf: int, out: int, io: int) -> int:
        self._write(self.script.report(self._record(record, io)), out)
        return 0

    def _record(self, at: int, io: int) -> list[int]:
        self.script.books = {stream: _word(io, IO_FIRST_BOOK + stream).value for stream in self.script.streams}
        return [_word(at, k).value for k in range(8)]

    def _write(self, given: Out, out: int) -> None:
        _word(out, OUT_INTENTS).value, _word(out, OUT_DECIDED).value = len(given.intents), len(given.decisions)
        _word(out, OUT_WAKE).value = given.wake
        for k, intent in enumerate(given.intents):
            for word, value in enumerate(intent):
                _word(out, OUT_FIRST_INTENT + 8 * k + word).value = value


def _word(at: int, number: int) -> ctypes.c_int64:
    return ctypes.c_int64.from_address(at + number * WORD_BYTES)
