"""The state of a strategy just before one of its decisions, found by running up to it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...cython_core.book_words import ASK_PARTS, BID_PARTS, CELLS, LOTS, LOW
from ...cython_core.layout import OUT_DECIDED, TIME, WORD_BYTES, WORDS_PER_RECORD
from . import sim_words as block
from .driver import CHUNK, KernelAddresses, Run
from .market.reference_book import Book

if TYPE_CHECKING:
    from .driver import Progress
    from .market.driver import MarketRun
    from .market.model import MarketTape
    from .result import Words

_ADDRESS = ctypes.c_void_p
_EVENTS = ctypes.CFUNCTYPE(ctypes.c_int64, _ADDRESS, ctypes.c_int64, *[_ADDRESS] * 5)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a decision started from: the state words, the record that brought it, the books that the strategy saw (by
    stream number), and which of the decisions of that record it is."""

    state: Words
    record: list[int]
    books: Mapping[int, Book]
    row: int


class Rewindable(Protocol):
    """A run on bars or on books, as far as it is needed here."""

    kernel: KernelAddresses
    sim: Words
    state: Words
    out: Words


def on_bars(work: Run, records: Words, number: int, time: int, progress: Progress | None = None) -> Moment:
    """The moment of decision row `number`, of time `time`. The run must have started and not moved."""
    return _moment(work, records, number, time, _steps(work.advance), dict, progress)


def _steps(advance: Callable[[int, int], int]) -> Callable[[int], int]:
    """`advance` that remembers where it is."""
    at = 0

    def go(stop: int) -> int:
        nonlocal at
        while at < stop:
            at = advance(at, stop)
        return at

    return go


def on_books(work: MarketRun, tape: MarketTape, number: int, time: int, progress: Progress | None = None) -> Moment:
    """The same of a run on books."""

    def books() -> dict[int, Book]:
        return {feed.stream: _book(blocks[1]) for feed, blocks in zip(tape.books, work.blocks, strict=True)}

    return _moment(work, tape.records, number, time, work.advance, books, progress)


def _moment(
    work: Rewindable,
    records: Words,
    number: int,
    time: int,
    go: Callable[[int], int],
    books: Callable[[], dict[int, Book]],
    progress: Progress | None,
) -> Moment:
    """Run compiled up to the last record before `time`, then look at every event until the decision is made."""
    before, at = int(np.searchsorted(records[:, TIME], time, side="left")), 0
    while at < before:
        at = min(at + CHUNK, before)
        go(at)
        if progress is not None:
            progress(at, before)
    watch = _Watch(work, number, books)
    hook = _EVENTS(watch.events)
    real, work.kernel = work.kernel, replace(work.kernel, events=_address(hook))
    work.sim[block.EVENTS_FUNCTION] = work.kernel.events
    while watch.found is None and at < len(records):
        at += 1
        go(at)
    work.kernel = real
    assert watch.found is not None, f"the run has no decision {number}"
    return watch.found


class _Watch:
    """Stands between the driver and the kernel and keeps what the decision started from."""

    def __init__(self, work: Rewindable, number: int, books: Callable[[], dict[int, Book]]) -> None:
        self.work, self.number, self.books = work, number, books
        self.real = _EVENTS(work.kernel.events)
        self.found: Moment | None = None

    def events(self, record: int, count: int, state: int, floats: int, out: int, rows: int, io: int) -> int:
        """One event, whatever the driver offers."""
        made, kept = int(self.work.sim[block.N_DECISIONS]), self.work.state.copy()
        words = [ctypes.c_int64.from_address(record + k * WORD_BYTES).value for k in range(WORDS_PER_RECORD)]
        taken = self.real(record, 1, state, floats, out, rows, io)
        decided = made + ctypes.c_int64.from_address(out + OUT_DECIDED * WORD_BYTES).value
        if made <= self.number < decided:
            self.found = Moment(kept, words, self.books(), self.number - made)
        return int(taken)


def _address(function: object) -> int:
    return ctypes.cast(function, _ADDRESS).value or 0  # type: ignore[arg-type]


def _book(words: Words) -> Book:
    """The plain twin of a native book."""
    sides = {}
    for side, parts in ((1, BID_PARTS), (-1, ASK_PARTS)):
        first = int(words[parts + LOTS])
        lots = words[first : first + int(words[CELLS])]
        cells = np.flatnonzero(lots)
        sides[side] = {int(words[LOW] + cell): int(lots[cell]) for cell in cells}
    return Book(int(words[LOW]), int(words[LOW] + words[CELLS]) - 1, sides)
