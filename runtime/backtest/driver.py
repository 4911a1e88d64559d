"""The compiled tape driver and its Python entrance.

The driver calls a kernel through raw addresses, so it is compiled once and serves every strategy. It works through a
range of records and can stop and go on anywhere: chunks feed a progress bar and let tables grow, and change nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...cython_core.kernel_stamp import source_stamp
from ...cython_core.layout import (
    HEAD,
    IO_WORDS,
    KIND_BAR,
    NEVER,
    OUT_WORDS,
    STREAM_SHIFT,
    TIME,
    WORDS_PER_RECORD,
)
from ..errors import fault
from . import machine_code
from . import sim_words as block
from .reference_schedule import Schedule
from .result import DECISION_COLUMNS, MAX_OPEN, Account, KernelFacts, RunResult

if TYPE_CHECKING:
    from .result import Words

#: Records per call of the compiled driver.
CHUNK = 1 << 18
_FIRST_ROWS = 1 << 16  # untouched rows cost no memory
_ORDERS_AT_ONCE = 2 * block.MAX_PENDING  # that one step of the driver can bring
_KIND_AND_STREAM = 0xFFFF00FF  # of a head
_DECISION_WORDS = len(DECISION_COLUMNS)

Progress = Callable[[int, int], None]  # (records done, records in all)

_START = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 3)
_DRIVE = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 4)


@dataclass(frozen=True, slots=True)
class _Functions:
    """`start(params, state, init)` and `drive(tape, at, stop, sim)`; calling them releases the interpreter lock."""

    start: Callable[[int, int, int], int]
    drive: Callable[[int, int, int, int], int]
    code: machine_code.Code


@dataclass(frozen=True, slots=True)
class KernelAddresses:
    """Addresses of a kernel's C functions; whoever made the kernel keeps it alive."""

    init: int
    events: int
    report: int


def _stamp() -> str:
    """What the compiled driver is made of."""
    files = ("core", "native_driver", "native_ops", "result", "schedule", "sim_words", "simulator")
    return source_stamp("cython_core/layout.py", *(f"runtime/backtest/{name}.py" for name in files))


@lru_cache(maxsize=1)
def _functions() -> _Functions:
    """The compiled driver: stored machine code if there is some that fits, else compiled now and stored."""
    code = machine_code.load_or_build(_stored(), _compiled)
    return _Functions(_START(code.addresses["start"]), _DRIVE(code.addresses["drive"]), code)


def _compiled() -> dict[str, Any]:
    from .native_driver import build

    start, drive = build(int(_stamp(), 16) >> 1)
    return {"start": start, "drive": drive}


def _stored() -> Path:
    """Where the driver's machine code is kept."""
    return machine_code.folder() / f"driver-{machine_code.environment(_stamp())}"


def is_stored() -> bool:
    """Whether the driver need not be compiled."""
    return _stored().is_file()


def load() -> None:
    """Bring the compiled driver into memory, so that the first run is timed as the others are."""
    _functions()


class Run:
    """One backtest under way: the tables, the account's words and the kernel's state. All memory is its own."""

    def __init__(self, kernel: KernelAddresses, facts: KernelFacts, records: Words, account: Account) -> None:
        """`records` is int64[n, 8], C-contiguous; it may be a read-only map of a tape file."""
        assert records.ndim == 2, "records are rows of words"
        assert records.shape[1] == WORDS_PER_RECORD, "a record is eight words"
        assert records.dtype == np.int64, "words are int64"
        assert records.flags.c_contiguous, "rows lie one after the other"
        self.kernel, self._records, self._facts = kernel, records, facts
        count = len(records)
        self.sim = account_words(facts, account, int(records[0, TIME]) if count else 0)
        self.state = np.zeros(facts.state_words, dtype=np.int64)
        self.out, self.report_out = np.zeros(OUT_WORDS, dtype=np.int64), np.zeros(OUT_WORDS, dtype=np.int64)
        self.io = np.zeros(IO_WORDS, dtype=np.int64)
        self.equity = np.empty(count, dtype=np.int64)
        self.equity_time = np.empty(count if len(facts.bases) > 1 else 0, dtype=np.int64)
        self._decided_at_once = block.STRETCH * len(facts.bases)
        rows = count * len(facts.bases) + self._decided_at_once
        self.decisions = np.empty((rows, _DECISION_WORDS), dtype=np.int64)
        self.orders = np.empty((_FIRST_ROWS, block.ORDER_WORDS), dtype=np.int64)
        self.fills = np.empty((_FIRST_ROWS, block.FILL_WORDS), dtype=np.int64)

    def start(self, params: Sequence[int | float]) -> None:
        """Run the kernel's `init` with one word per parameter: integers as they are, floats as bits.

        Raises `RuntimeFault` (FC0911) if the processor does not compute as it should.
        """
        words = parameter_words(params)
        require_started(_functions().start(words.ctypes.data, self.state.ctypes.data, self.kernel.init))

    def advance(self, at: int, stop: int) -> int:
        """Work through records [at, stop); the index reached (less than `stop` only after a table grew)."""
        self._place_tables()
        return int(_functions().drive(self._records.ctypes.data, at, stop, self.sim.ctypes.data))

    def _place_tables(self) -> None:
        """Make room for what one event can add, and tell the driver where everything is."""
        sim = self.sim
        if sim[block.N_ORDERS] > len(self.orders) - _ORDERS_AT_ONCE:
            self.orders = larger(self.orders)
        if sim[block.N_FILLS] > len(self.fills) - MAX_OPEN:
            self.fills = larger(self.fills)
        if sim[block.N_DECISIONS] > len(self.decisions) - self._decided_at_once:
            self.decisions = larger(self.decisions)
        sim[block.ORDERS_LIMIT] = len(self.orders) - _ORDERS_AT_ONCE
        sim[block.FILLS_LIMIT] = len(self.fills) - MAX_OPEN
        sim[block.DECISIONS_LIMIT] = len(self.decisions) - self._decided_at_once
        sim[block.EVENTS_FUNCTION], sim[block.REPORT_FUNCTION] = self.kernel.events, self.kernel.report
        sim[block.STATE_AT], sim[block.OUT_AT] = self.state.ctypes.data, self.out.ctypes.data
        sim[block.REPORT_OUT_AT], sim[block.IO_AT] = self.report_out.ctypes.data, self.io.ctypes.data
        sim[block.ORDERS_AT], sim[block.FILLS_AT] = self.orders.ctypes.data, self.fills.ctypes.data
        sim[block.EQUITY_AT], sim[block.EQUITY_TIME_AT] = self.equity.ctypes.data, self.equity_time.ctypes.data
        sim[block.DECISIONS_AT] = self.decisions.ctypes.data

    def _points(self) -> tuple[Words, Words]:
        """Times and values of the equity curve; the times are a view of the tape when it holds only base bars."""
        sim, bars = self.sim, int(self.sim[block.BAR])
        if len(self._facts.bases) > 1:
            count = bars + int(sim[block.POINT_TIME] != block.NO_TIME)
            return self.equity_time[:count], self.equity[:count]
        if bars == len(self._records):
            return self._records[:, TIME], self.equity
        heads = self._records[:, HEAD]
        base = (heads & _KIND_AND_STREAM) == KIND_BAR | self._facts.bases[0].stream << STREAM_SHIFT
        return self._records[base, TIME][:bars], self.equity[:bars]

    def _instances(self) -> Words:
        count = len(self._facts.bases) * block.INSTANCE_WORDS
        return self.sim[block.FIRST_INSTANCE :][:count].reshape(-1, block.INSTANCE_WORDS)

    def result(self) -> RunResult:
        """The tables, cut to what was written."""
        sim = self.sim
        times, equity = self._points()
        return RunResult(
            equity_time=times,
            equity=equity,
            decisions=self.decisions[: sim[block.N_DECISIONS]],
            orders=self.orders[: sim[block.N_ORDERS]],
            fills=self.fills[: sim[block.N_FILLS]],
            state=self.state,
            waits=int(sim[block.WAITS]),
            cash=int(sim[block.CASH]),
            position=self._instances()[:, block.POSITION].copy(),
        )


def run(
    kernel: KernelAddresses,
    facts: KernelFacts,
    records: Words,
    params: Sequence[int | float],
    account: Account,
    *,
    progress: Progress | None = None,
    chunk: int = CHUNK,
) -> RunResult:
    """Run a kernel over tape records. `params`: one value per parameter, in program order.

    `chunk` records are worked through between two calls of `progress`; it has no influence on the result.
    """
    assert chunk > 0, "a chunk holds records"
    work, total, at = Run(kernel, facts, records, account), len(records), 0
    work.start(params)
    while at < total:
        at = work.advance(at, min(at + chunk, total))
        if progress is not None:
            progress(at, total)
    return work.result()


def parameter_words(params: Sequence[int | float]) -> Words:
    """One word per parameter (at least one word, so that the address is valid)."""
    words = np.zeros(max(1, len(params)), dtype=np.int64)
    for k, value in enumerate(params):
        if isinstance(value, float):
            words[k : k + 1].view(np.float64)[0] = value
        else:
            words[k] = value
    return words


def require_started(status: int) -> None:
    """Raise `RuntimeFault` (FC0911) for what an `init` refuses; 0 is success."""
    if status != 0:
        raise fault(
            "FC0911",
            "the processor rounds differently here, or sets the smallest numbers to zero",
            "this process",
            helps=("a library in this process changed that; run flashc in a process of its own",),
            status=status,
        )


def account_words(facts: KernelFacts, account: Account, first_time: int | None = None) -> Words:
    """The simulator's block as a run begins. Timers start at `first_time`, that of the tape; None: they are kept
    elsewhere."""
    assert len(facts.bases) == len(account.terms), "every instance has terms"
    sim = np.zeros(block.sim_words(len(facts.bases), 0 if first_time is None else len(facts.timers)), dtype=np.int64)
    sim[block.CASH], sim[block.SLIPPAGE], sim[block.INSTANCES] = (
        account.cash_atoms,
        account.slippage_ticks,
        len(facts.bases),
    )
    sim[block.POINT_TIME] = block.NO_TIME
    for number, (base, terms) in enumerate(zip(facts.bases, account.terms, strict=True)):
        own = sim[block.FIRST_INSTANCE + number * block.INSTANCE_WORDS :]
        own[block.SCALE], own[block.TAKER], own[block.MAKER] = terms.scale, terms.taker_rate, terms.maker_rate
        own[block.MIN_NOTIONAL], own[block.MIN_QTY] = terms.min_notional_atoms, terms.min_qty_lots
        own[block.STREAM], own[block.PERIOD] = base.stream, base.period_ns
    if first_time is not None:
        _plan(sim, facts, first_time)
    return sim


def _plan(sim: Words, facts: KernelFacts, first_time: int) -> None:
    """The first firing of each timer: the first multiple of its period that is not before the tape."""
    schedule = Schedule(facts.in_order)
    schedule.start(first_time)
    sim[block.NOW], sim[block.WAKE_AT], sim[block.DUE] = block.NO_TIME, NEVER, schedule.due()
    sim[block.TIMERS] = len(facts.timers)
    rows = sim[block.FIRST_INSTANCE + len(facts.bases) * block.INSTANCE_WORDS :].reshape(-1, block.TIMER_WORDS)
    for row, timer, at in zip(rows, facts.in_order, schedule.firing, strict=True):
        row[block.TIMER_STREAM], row[block.TIMER_PERIOD], row[block.TIMER_NEXT] = timer.stream, timer.period_ns, at


def larger(table: Words) -> Words:
    """The same rows in a table with half as much room again."""
    found = np.empty((len(table) + len(table) // 2, *table.shape[1:]), dtype=np.int64)
    found[: len(table)] = table
    return found
