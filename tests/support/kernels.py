"""Runs compiled programs one event at a time, so that tests can compare them with the reference interpreter."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from flashc.compiler.backends.numba.printer import kernel_name, print_kernel
from flashc.compiler.evaluate.evaluator import Machine, Out
from flashc.compiler.evaluate.numbers import NAN_BITS
from flashc.compiler.ir.layout import offsets, state_words
from flashc.compiler.ir.nodes import F64, Program
from flashc.cython_core import layout as memory
from flashc.runtime.backtest.driver import KernelAddresses, parameter_words
from flashc.runtime.backtest.market.book import book_clear, book_set
from flashc.runtime.backtest.market.book_layout import new_book
from flashc.runtime.backtest.native_ops import int_words
from numba import njit
from support.fir_programs import Case
from support.fir_tapes import HIGH, LOW, Books

_ADDRESS, _COUNT = ctypes.c_void_p, ctypes.c_int64
_INIT = ctypes.CFUNCTYPE(_COUNT, *[_ADDRESS] * 4)
_EVENTS = ctypes.CFUNCTYPE(_COUNT, _ADDRESS, _COUNT, *[_ADDRESS] * 5)
_REPORT = ctypes.CFUNCTYPE(_COUNT, *[_ADDRESS] * 5)


def import_kernel(program: Program, folder: Path, *, cache: bool = False) -> ModuleType:
    """Print, write and import the kernel of a program; without Numba's disk cache unless asked."""
    text = print_kernel(program)
    path = folder / f"{kernel_name(text)}.py"
    path.write_text(text.replace('"cache": ENABLED', f'"cache": {cache}'))
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


def addresses(module: ModuleType) -> KernelAddresses:
    return KernelAddresses(module.init.address, module.events.address, module.report.address)


class NativeMachine:
    """Machine code behind the interface of the reference interpreter; `keeper` owns the code.

    `ticks` are the lowest and the highest price of its books.
    """

    def __init__(
        self, program: Program, kernel: KernelAddresses, keeper: object = None, ticks: tuple[int, int] = (LOW, HIGH)
    ) -> None:
        self.program, self.kernel, self.keeper = program, kernel, keeper
        self.words = np.zeros(state_words(program), dtype=np.int64)
        # one intent more than a kernel may write: whoever writes there is found out
        self._out = np.zeros(memory.OUT_WORDS + memory.INTENT_WORDS, dtype=np.int64)
        self._io = np.zeros(memory.IO_WORDS, dtype=np.int64)
        self.books = {k: new_book(*ticks) for k, s in enumerate(program.streams) if s.kind == "book"}
        for number, block in self.books.items():
            self._io[memory.IO_FIRST_BOOK + number] = block.ctypes.data
        self._record = np.zeros(memory.WORDS_PER_RECORD, dtype=np.int64)
        self._rows = np.zeros((program.instance_count, memory.DECISION_WORDS), dtype=np.int64)
        self._traces = np.zeros((program.instance_count, max(1, len(program.traces))), dtype=np.int64)
        self._floats = float_words(program)
        self._init, self._events, self._report = _INIT(kernel.init), _EVENTS(kernel.events), _REPORT(kernel.report)
        state, out, io = (own.ctypes.data for own in (self.words, self._out, self._io))
        self._of_event = (self._record.ctypes.data, 1, state, state, out, self._rows.ctypes.data, io)
        self._of_report = (self._record.ctypes.data, state, state, out, io)

    def init(self, params: Sequence[int | float] = ()) -> None:
        """Garbage first: `init` must set every word itself."""
        self.words[:] = -1
        for block in self.books.values():
            _clear(block.ctypes.data)
        values = parameter_words(tuple(params) or tuple(p.default for p in self.program.params))
        at, state = values.ctypes.data, self.words.ctypes.data
        refused = self._init(at, at, state, state)
        assert refused == 0, f"init refused: {refused}"

    def follow(self, record: Sequence[int]) -> None:
        """Apply a record to the book of its stream."""
        book, kind = self.books.get(record[memory.HEAD] >> memory.STREAM_SHIFT & 0xFFFF), record[memory.HEAD] & 0xFF
        if book is not None and kind == memory.KIND_RESET:
            _clear(book.ctypes.data)
        if book is not None and kind == memory.KIND_LEVEL:
            _set(book.ctypes.data, record[memory.SIDE], record[memory.PRICE], record[memory.QTY])

    def event(self, record: Sequence[int]) -> Out:
        self._record[:] = record
        for block in (self._out, self._rows, self._traces):
            block.fill(-1)
        start = self._traces.ctypes.data
        self._io[memory.IO_TRACE] = start
        taken = self._events(*self._of_event)
        assert taken == 1, "one record in, one record taken"
        out = self._out[: memory.OUT_FIRST_INTENT].tolist()
        made = self._rows[: out[memory.OUT_DECIDED]].tolist()
        last = [out[memory.OUT_REASON], out[memory.OUT_MASK]]
        assert last == (made[-1][1:] if made else [0, 0]), "the out block repeats the last row"
        traced = self._traces[: len(made)].tolist() if self.program.traces else []
        assert self._io[memory.IO_TRACE] - start == 8 * sum(map(len, traced)), "a row per decision"
        intents = self._intents(out[memory.OUT_INTENTS])
        return Out(tuple(map(tuple, made)), intents, out[memory.OUT_WAKE], tuple(map(tuple, traced)))

    def _intents(self, count: int) -> tuple[tuple[int, ...], ...]:
        assert (self._out[memory.OUT_WORDS :] == -1).all(), "nothing is written behind the out block"
        table = self._out[memory.OUT_FIRST_INTENT :].reshape(-1, memory.INTENT_WORDS)
        return tuple(map(tuple, table[:count].tolist()))

    def report(self, record: Sequence[int]) -> Out:
        self._record[:] = record
        self._out.fill(-1)
        self._report(*self._of_report)
        assert self._out[memory.OUT_DECIDED] == 0, "a report decides nothing"
        return Out((), self._intents(int(self._out[memory.OUT_INTENTS])), int(self._out[memory.OUT_WAKE]))

    @property
    def state(self) -> list[int]:
        return _canonical(self.words, self._floats)

    def load_state(self, words: Sequence[int]) -> None:
        self.words[:] = words


class KernelMachine(NativeMachine):
    """A Numba kernel, compiled here."""

    def __init__(
        self, program: Program, folder: Path, *, cache: bool = False, ticks: tuple[int, int] = (LOW, HIGH)
    ) -> None:
        self.module = import_kernel(program, folder, cache=cache)
        super().__init__(program, addresses(self.module), self.module, ticks)


def float_words(program: Program) -> np.ndarray:
    """Which words of the state are floats: bool[state words]."""
    found = np.zeros(state_words(program), dtype=bool)
    at = offsets(program)
    for slot in program.slots:
        if slot.type == F64:
            found[at[slot.name] : at[slot.name] + slot.words] = True
    return found


def canonical_state(program: Program, words: np.ndarray) -> list[int]:
    """The state as signed words, with one pattern for every NaN in a float slot."""
    return _canonical(words, float_words(program))


def _canonical(words: np.ndarray, floats: np.ndarray) -> list[int]:
    result = words.copy()
    result[floats & np.isnan(result.view(np.float64))] = NAN_BITS
    return result.tolist()


@njit
def _set(at: int, side: int, tick: int, lots: int) -> int:
    return book_set(int_words(at), side, tick, lots)


@njit
def _clear(at: int) -> None:
    book_clear(int_words(at))


Step = tuple[Out, Out, list[int]]


def steps(machine: Machine | NativeMachine, case: Case) -> list[Step]:
    """Outcome of each event of a case and of its report, and the state then; first after init."""
    books = Books(machine.program.streams, ticks=case.ticks)
    if isinstance(machine, Machine):
        machine.books = books.books
    follow = machine.follow if isinstance(machine, NativeMachine) else books.follow
    machine.init(case.params)
    seen: list[Step] = [(Out(), Out(), machine.state)]
    for number, record in enumerate(case.records):
        follow(record)
        out, told = machine.event(record), Out()
        if number in case.reports:
            told = machine.report(case.reports[number])
        seen.append((out, told, machine.state))
    return seen
