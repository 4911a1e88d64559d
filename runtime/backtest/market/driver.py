"""The compiled market and its Python entrance: one compilation serves every strategy, as with bars (`../driver.py`)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ....cython_core.book_words import OUTSIDE
from ....cython_core.kernel_stamp import source_stamp
from ....cython_core.layout import (
    IO_FIRST_BOOK,
    IO_WORDS,
    MAX_INTENTS,
    NEVER,
    OUT_WORDS,
    TIME,
    WORDS_PER_RECORD,
)
from .. import machine_code
from .. import sim_words as block
from ..driver import account_words, parameter_words, require_started
from ..result import DECISION_COLUMNS, MAX_OPEN, Account, KernelFacts, RunResult
from . import market_words as words
from .book_layout import new_book
from .model import MarketModel, MarketTape

if TYPE_CHECKING:
    from ..driver import KernelAddresses, Progress
    from ..result import Words

#: Records that the strategy receives between two calls of `progress`.
CHUNK = 1 << 18
_ROOM = 2 * MAX_OPEN + 16  # rows that one happening adds, besides a walk through a book
_FILES = (
    "cython_core/layout.py",
    "cython_core/book_words.py",
    *(f"runtime/backtest/{name}.py" for name in ("core", "kernel_math", "native_ops", "result", "sim_words")),
    *(
        f"runtime/backtest/market/{name}.py"
        for name in (
            "book",
            "consumption",
            "market_words",
            "matching",
            "model",
            "native_market",
            "queues",
        )
    ),
)
_START = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 3)
_ADVANCE = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 2)


@dataclass(frozen=True, slots=True)
class _Functions:
    """`start(params, sim, init)` and `advance(sim, stop)`; calling them releases the interpreter lock."""

    start: Callable[[int, int, int], int]
    advance: Callable[[int, int], int]
    code: machine_code.Code


@lru_cache(maxsize=1)
def _functions() -> _Functions:
    """The compiled market: stored machine code if there is some that fits, else compiled now and stored."""
    code = machine_code.load_or_build(_stored(), _compiled)
    return _Functions(_START(code.addresses["start"]), _ADVANCE(code.addresses["advance"]), code)


def _compiled() -> dict[str, Any]:
    from .native_market import build

    start, advance = build(int(source_stamp(*_FILES), 16) >> 1)
    return {"start": start, "advance": advance}


def _stored() -> Path:
    """Where the market's machine code is kept."""
    return machine_code.folder() / f"market-{machine_code.environment(source_stamp(*_FILES))}"


def is_stored() -> bool:
    """Whether the market need not be compiled."""
    return _stored().is_file()


def load() -> None:
    """Bring the compiled market into memory, so that the first run is timed as the others are."""
    _functions()


class MarketRun:
    """One run under way: books, tables, the account's words and the kernel's state. All memory is its own."""

    def __init__(
        self, kernel: KernelAddresses, facts: KernelFacts, tape: MarketTape, account: Account, model: MarketModel
    ) -> None:
        records = tape.records
        assert records.ndim == 2, "records are rows of words"
        assert records.shape[1] == WORDS_PER_RECORD, "a record is eight words"
        assert records.dtype == np.int64, "words are int64"
        assert records.flags.c_contiguous, "rows lie one after the other"
        self.kernel, self._tape, self._facts = kernel, tape, facts
        self.sim = account_words(facts, account)
        self.state = np.zeros(max(1, facts.state_words), dtype=np.int64)
        self.out = np.zeros(OUT_WORDS, dtype=np.int64)
        self.io = np.zeros(IO_WORDS, dtype=np.int64)
        self.orders = np.empty((1 << 12, block.ORDER_WORDS), dtype=np.int64)
        self.fills = np.empty((1 << 12, block.FILL_WORDS), dtype=np.int64)
        self.responses = np.empty((1 << 12, WORDS_PER_RECORD), dtype=np.int64)
        self.decisions = np.empty((1 << 14, len(DECISION_COLUMNS)), dtype=np.int64)
        span = max(0, int(records[-1, TIME]) - tape.begin_ns) if len(records) else 0
        points = min(len(records), span // tape.step_ns + 2)
        self.equity, self.equity_time = np.empty(points, dtype=np.int64), np.empty(points, dtype=np.int64)
        self._market(model)
        self._feeds()

    def _market(self, model: MarketModel) -> None:
        """The market's block, and the tables that it points to."""
        market, tape = np.zeros(words.MARKET_WORDS, dtype=np.int64), self._tape
        latency = model.latency
        self.samples = [np.array(s, dtype=np.int64) for s in (latency.place, latency.cancel, latency.response)]
        for (at, count), values in zip(_SAMPLES, self.samples, strict=True):
            market[at], market[count] = values.ctypes.data, len(values)
        market[words.WAKE] = market[words.POINT] = market[words.NEXT_TIME] = NEVER
        market[words.RECORDS], market[words.STEP] = len(tape.records), tape.step_ns
        market[words.END] = tape.records[-1, TIME] if len(tape.records) else -1
        market[words.BEGIN] = tape.begin_ns
        market[words.TAPE_AT] = tape.records.ctypes.data
        market[words.QUEUE_MODEL], market[words.HALF_LIFE] = model.queue_number, model.refill_half_life_ns
        market[words.BAND] = model.band_parts
        market[words.POWER : words.POWER + 1].view(np.float64)[0] = model.power
        market[words.IMPACT : words.IMPACT + 1].view(np.float64)[0] = model.impact
        self.market = market

    def _feeds(self) -> None:
        """Books, the map from streams to them, and timers."""
        feeds, market = self._tape.books, self.market
        missing = {*self._facts.books, *(base.stream for base in self._facts.bases)} - {feed.stream for feed in feeds}
        assert not missing, f"streams {sorted(missing)} are books that the tape does not have"
        self.blocks = [[new_book(feed.low_ticks, feed.high_ticks) for _ in range(2)] for feed in feeds]
        self.books = np.array([[own.ctypes.data for own in pair] for pair in self.blocks], dtype=np.int64).reshape(
            -1, 2
        )
        streams = [feed.stream for feed in feeds] + [feed.trades for feed in feeds]
        self.streams = np.full(max([0, *streams]) + 1, -1, dtype=np.int64)
        for number, feed in enumerate(feeds):
            self.io[IO_FIRST_BOOK + feed.stream] = self.books[number, words.B_STRATEGY]
            self.streams[feed.stream] = number
            if feed.trades >= 0:
                self.streams[feed.trades] = number
        for number, base in enumerate(self._facts.bases):
            own = block.FIRST_INSTANCE + number * block.INSTANCE_WORDS
            self.sim[own + words.OWN_BOOK] = self.streams[base.stream]
        begin, timers = self._tape.begin_ns, self._facts.in_order
        rows = (
            [[-(-begin // own.period_ns) * own.period_ns, own.period_ns, own.stream] for own in timers]
            if begin < NEVER
            else []
        )
        self.timers = np.array(rows, dtype=np.int64).reshape(-1, words.TIMER_WORDS)
        market[words.N_TIMERS], market[words.TIMERS_AT] = len(rows), self.timers.ctypes.data
        market[words.N_STREAMS], market[words.STREAMS_AT] = len(self.streams), self.streams.ctypes.data
        market[words.BOOKS_AT] = self.books.ctypes.data

    def start(self, params: Sequence[int | float]) -> None:
        """Run the kernel's `init` with one word per parameter: integers as they are, floats as bits.

        Raises `RuntimeFault` (FC0911) if the processor does not compute as it should.
        """
        given = parameter_words(params)
        self.place_tables()
        require_started(_functions().start(given.ctypes.data, self.sim.ctypes.data, self.kernel.init))

    def advance(self, stop: int) -> int:
        """Go on until the strategy has received `stop` records; how many it has, -1 when the run has ended."""
        reached = int(_functions().advance(self.sim.ctypes.data, stop))
        while 0 <= reached < min(stop, len(self._tape.records)) or (reached >= 0 and self._full()):
            self._grow()
            reached = int(_functions().advance(self.sim.ctypes.data, stop))
        return reached

    def _full(self) -> bool:
        """Whether the run stopped for want of room after it received the last record."""
        return int(self.market[words.AT_STRATEGY]) == len(self._tape.records)

    def _grow(self) -> None:
        """Double the tables: a stop for want of room is rare."""
        self.orders, self.fills = _doubled(self.orders), _doubled(self.fills)
        self.responses, self.decisions = _doubled(self.responses), _doubled(self.decisions)
        self.place_tables()

    def place_tables(self) -> None:
        """Tell the market where everything is, and how many rows it may use before it stops for more."""
        sim, market, rows = self.sim, self.market, len(self._facts.bases)
        sim[block.ORDERS_LIMIT], sim[block.FILLS_LIMIT] = len(self.orders) - MAX_INTENTS, len(self.fills) - _ROOM
        sim[block.DECISIONS_LIMIT] = len(self.decisions) - rows
        market[words.RESPONSES_LIMIT], market[words.RESPONSES_AT] = (
            len(self.responses) - _ROOM,
            self.responses.ctypes.data,
        )
        sim[block.EVENTS_FUNCTION], sim[block.REPORT_FUNCTION] = self.kernel.events, self.kernel.report
        sim[block.STATE_AT], sim[block.OUT_AT], sim[block.IO_AT] = (
            own.ctypes.data for own in (self.state, self.out, self.io)
        )
        sim[block.ORDERS_AT], sim[block.FILLS_AT] = self.orders.ctypes.data, self.fills.ctypes.data
        sim[block.EQUITY_AT], sim[block.EQUITY_TIME_AT] = self.equity.ctypes.data, self.equity_time.ctypes.data
        sim[block.DECISIONS_AT], sim[block.MARKET_AT] = self.decisions.ctypes.data, market.ctypes.data

    def result(self) -> RunResult:
        """The tables, cut to what was written."""
        sim = self.sim
        assert all(own[OUTSIDE] == 0 for pair in self.blocks for own in pair), "a tape names the ticks of its books"
        return RunResult(
            equity_time=self.equity_time[: sim[block.BAR]],
            equity=self.equity[: sim[block.BAR]],
            decisions=self.decisions[: sim[block.N_DECISIONS]].copy(),
            orders=self.orders[: sim[block.N_ORDERS]].copy(),
            fills=self.fills[: sim[block.N_FILLS]].copy(),
            state=self.state,
            waits=0,
            cash=int(sim[block.CASH]),
            position=sim[block.FIRST_INSTANCE + block.POSITION :: block.INSTANCE_WORDS].copy(),
        )


_SAMPLES = (
    (words.PLACE_AT, words.PLACE),
    (words.CANCEL_AT, words.CANCEL),
    (words.RESPONSE_AT, words.RESPONSE),
)


def run_market(
    kernel: KernelAddresses,
    facts: KernelFacts,
    tape: MarketTape,
    params: Sequence[int | float],
    account: Account,
    model: MarketModel,
    *,
    progress: Progress | None = None,
    chunk: int = CHUNK,
) -> RunResult:
    """Run a kernel over a tape of books and trades. `params`: one value per parameter, in program order.

    The strategy receives `chunk` records between two calls of `progress`; it has no influence on the result.
    """
    assert chunk > 0, "a chunk holds records"
    work, total = MarketRun(kernel, facts, tape, account, model), len(tape.records)
    work.start(params)
    at = 0
    while at >= 0:
        at = work.advance(min(at + chunk, total))
        if progress is not None:
            progress(total if at < 0 else at, total)
    return work.result()


def _doubled(table: Words) -> Words:
    larger = np.empty((2 * len(table), table.shape[1]), dtype=np.int64)
    larger[: len(table)] = table
    return larger
