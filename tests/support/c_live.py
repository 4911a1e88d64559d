"""A program compiled to C, driven as a live process drives it: `event`, `risk`, `after`, and stopped and taken up."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from flashc.compiler.evaluate.evaluator import Out
from flashc.compiler.ir.nodes import Program
from flashc.cython_core import layout as memory
from flashc.runtime.backtest import snapshots
from flashc.runtime.backtest.strategy_object import StrategyObject
from support.c_machine import CMachine

_STEP = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 5)
_AFTER = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 6)
BAD_EVENT = 2


class LiveMachine(CMachine):
    """Every record goes through the three calls of a live process, and before every `every`-th the state is saved, the
    memory filled with other words, and the snapshot taken up."""

    def __init__(self, program: Program, folder: Path, *, every: int, ticks: tuple[int, int]) -> None:
        super().__init__(program, folder, ticks=ticks)
        assert isinstance(self.keeper, object)
        self.strategy: StrategyObject = self.keeper.keeper  # type: ignore[attr-defined]
        table = self.strategy.table
        self._live = _STEP(table.event), _STEP(table.risk), _AFTER(table.after)
        self._frame = np.zeros(table.frame_bytes // 8 + 1, dtype=np.int64)
        self._every, self._seen, self._given = every, 0, ()
        self.unknown = 0

    def init(self, params: Sequence[int | float] = ()) -> None:
        self._given, self._seen = tuple(params), 0
        super().init(params)

    def event(self, record: Sequence[int]) -> Out:
        self._seen += 1
        if self._seen % self._every == 0:
            self._restart()
        self._record[:] = record
        for block in (self._out, self._rows, self._traces, self._frame):
            block.fill(-1)
        self._io[memory.IO_TRACE] = self._traces.ctypes.data
        event, risk, after = self._live
        at = (self._record, self.words, self._frame, self._out, self._rows, self._io)
        rec, st, frame, out, rows, io = (own.ctypes.data for own in at)
        if event(rec, st, frame, out, io) == BAD_EVENT:
            self.unknown += 1
            return super().event(record)
        assert risk(rec, st, frame, out, io) == 0
        sent = self._wishes()
        assert after(rec, st, frame, out, rows, io) == 0
        assert self._wishes() == sent, "what is sent does not wait for the rest"
        made = self._rows[: self._out[memory.OUT_DECIDED]].tolist()
        traced = self._traces[: len(made)].tolist() if self.program.traces else []
        return Out(tuple(map(tuple, made)), *sent, tuple(map(tuple, traced)))

    def _wishes(self) -> tuple[tuple[tuple[int, ...], ...], int]:
        return self._intents(int(self._out[memory.OUT_INTENTS])), int(self._out[memory.OUT_WAKE])

    def _restart(self) -> None:
        kept, books = snapshots.save(self.strategy, self.words), [block.copy() for block in self.books.values()]
        super().init(self._given)
        for block, copy in zip(self.books.values(), books, strict=True):
            block[:] = copy
        assert snapshots.restore(self.strategy, self.words, kept) is snapshots.Taken.WHOLE
