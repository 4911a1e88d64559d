"""Runs printed kernels one event at a time, so that tests can compare them with the reference interpreter."""

from __future__ import annotations

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
from support.fir_tapes import HIGH, LOW, Books


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


class KernelMachine:
    """A compiled kernel behind the interface of the reference interpreter."""

    def __init__(self, program: Program, folder: Path, *, cache: bool = False) -> None:
        self.program = program
        self.module = import_kernel(program, folder, cache=cache)
        self.words = np.zeros(state_words(program), dtype=np.int64)
        self._out = np.zeros(memory.OUT_WORDS, dtype=np.int64)
        self._io = np.zeros(memory.IO_WORDS, dtype=np.int64)
        self.books = {k: new_book(LOW, HIGH) for k, s in enumerate(program.streams) if s.kind == "book"}
        for number, block in self.books.items():
            self._io[memory.IO_FIRST_BOOK + number] = block.ctypes.data
        self._record = np.zeros(memory.WORDS_PER_RECORD, dtype=np.int64)
        self._init, self._events, self._report = (
            f.ctypes for f in (self.module.init, self.module.events, self.module.report)
        )

    def init(self, params: Sequence[int | float] = ()) -> None:
        """Garbage first: `init` must set every word itself."""
        self.words[:] = -1
        for block in self.books.values():
            _clear(block.ctypes.data)
        values = parameter_words(tuple(params) or tuple(p.default for p in self.program.params))
        self._init(*_pointers(self._init, values, values, self.words, self.words))

    def follow(self, record: Sequence[int]) -> None:
        """Apply a record to the book of its stream."""
        book, kind = self.books.get(record[memory.HEAD] >> memory.STREAM_SHIFT & 0xFFFF), record[memory.HEAD] & 0xFF
        if book is not None and kind == memory.KIND_RESET:
            _clear(book.ctypes.data)
        if book is not None and kind == memory.KIND_LEVEL:
            _set(book.ctypes.data, record[memory.SIDE], record[memory.PRICE], record[memory.QTY])

    def event(self, record: Sequence[int]) -> Out:
        self._record[:] = record
        self._out[:] = -1
        rows = np.full((self.program.instance_count, memory.DECISION_WORDS), -1, dtype=np.int64)
        traces = np.full((len(rows), max(1, len(self.program.traces))), -1, dtype=np.int64)
        self._io[memory.IO_TRACE] = traces.ctypes.data
        arrays = (self._record, self.words, self.words, self._out, rows, self._io)
        kinds = [t for k, t in enumerate(self._events.argtypes) if k != 1]
        pointers = [a.ctypes.data_as(t) for a, t in zip(arrays, kinds, strict=True)]
        taken = self._events(pointers[0], 1, *pointers[1:])
        assert taken == 1, "one record in, one record taken"
        made = rows[: self._out[memory.OUT_DECIDED]].tolist()
        last = [int(self._out[memory.OUT_REASON]), int(self._out[memory.OUT_MASK])]
        assert last == (made[-1][1:] if made else [0, 0]), "the out block repeats the last row"
        traced = traces[: len(made)].tolist() if self.program.traces else []
        assert self._io[memory.IO_TRACE] - traces.ctypes.data == 8 * sum(map(len, traced)), "a row per decision"
        return Out(tuple(map(tuple, made)), self._intents(), int(self._out[memory.OUT_WAKE]), tuple(map(tuple, traced)))

    def _intents(self) -> tuple[tuple[int, ...], ...]:
        table = self._out[memory.OUT_FIRST_INTENT :].reshape(memory.MAX_INTENTS, memory.INTENT_WORDS)
        return tuple(tuple(row) for row in table[: self._out[memory.OUT_INTENTS]].tolist())

    def report(self, record: Sequence[int]) -> Out:
        self._record[:] = record
        self._out[:] = -1
        self._report(*_pointers(self._report, self._record, self.words, self.words, self._out, self._io))
        assert self._out[memory.OUT_DECIDED] == 0, "a report decides nothing"
        return Out((), self._intents(), int(self._out[memory.OUT_WAKE]))

    @property
    def state(self) -> list[int]:
        return canonical_state(self.program, self.words)

    def load_state(self, words: Sequence[int]) -> None:
        self.words[:] = words


def _pointers(function: object, *arrays: np.ndarray) -> list[object]:
    return [array.ctypes.data_as(kind) for array, kind in zip(arrays, function.argtypes, strict=True)]  # type: ignore[attr-defined]


def canonical_state(program: Program, words: np.ndarray) -> list[int]:
    """The state as signed words, with one pattern for every NaN in a float slot."""
    result = words.copy()
    for slot in program.slots:
        if slot.type == F64:
            at = offsets(program)[slot.name]
            part = result[at : at + slot.words]
            part[np.isnan(part.view(np.float64))] = NAN_BITS
    return [int(w) for w in result]


@njit
def _set(at: int, side: int, tick: int, lots: int) -> int:
    return book_set(int_words(at), side, tick, lots)


@njit
def _clear(at: int) -> None:
    book_clear(int_words(at))


Step = tuple[Out, Out, list[int]]


def steps(machine: Machine | KernelMachine, case: object) -> list[Step]:
    """Outcome of each event of a case (`fir_programs.Case`) and of its report, and the state then; first after init."""
    books = Books(machine.program.streams)
    if isinstance(machine, Machine):
        machine.books = books.books
    follow = machine.follow if isinstance(machine, KernelMachine) else books.follow
    machine.init(case.params)  # type: ignore[attr-defined]
    seen: list[Step] = [(Out(), Out(), machine.state)]
    for number, record in enumerate(case.records):  # type: ignore[attr-defined]
        follow(record)
        out, told = machine.event(record), Out()
        if number in case.reports:  # type: ignore[attr-defined]
            told = machine.report(case.reports[number])  # type: ignore[attr-defined]
        seen.append((out, told, machine.state))
    return seen
