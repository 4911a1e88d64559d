"""Many generated strategies in one translation unit: what the C engine is proved with, at a few milliseconds a program.

The printer's names are the same in every text, so each program's are numbered. The text between the headers stays as it
is printed.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from flashc.compiler.backends.c.printer import print_strategy
from flashc.compiler.backends.c.toolchain import INCLUDE, Toolchain, find_toolchain, flags
from flashc.compiler.ir.nodes import Program
from flashc.runtime.backtest.driver import KernelAddresses
from flashc.runtime.backtest.strategy_object import Table
from support.fir_tapes import HIGH, LOW
from support.kernels import NativeMachine

_WORD, _AT = ctypes.c_int64, ctypes.c_void_p
BACKTEST = "-DFS_BACKTEST"  # leaves out what only a live process calls: a third of the compiler's work
#: Random programs compare values with themselves; what comes out of the passes does not.
PLAIN = ("-Wno-tautological-compare",)
ENTRY = "flash_strategy_v1"
_MEMBERS = ("needs", "slots", "table")  # names that are members of structures as well
_DEFINED = re.compile(r"^(?:static|FS_INLINE|\} )[^=;({]*?\b(\w+)(?=\(|;|\[| =)", re.MULTILINE)
_FIXED = frozenset({"fs_strategy"})


def batch_text(programs: Sequence[Program]) -> str:
    """One translation unit; program k is reached through `flash_strategy_v1_k`."""
    return "\n".join(_numbered(print_strategy(program), k) for k, program in enumerate(programs))


def _numbered(text: str, number: int) -> str:
    names = sorted({ENTRY, *_DEFINED.findall(text)} - _FIXED)
    for name in _MEMBERS:
        text = re.sub(rf"(?<![.\w>]){name}\b(?= *[\[\],;)]| = |$)", f"{name}_{number}", text, flags=re.MULTILINE)
    macros = [name for name in names if name not in _MEMBERS]
    # The headers are included once, before any name is another.
    headers = re.findall(r"^#include .*$", text, re.MULTILINE)
    begin = [f"#define {name} {name}_{number}" for name in macros]
    end = [f"#undef {name}" for name in macros]
    return "\n".join([*headers, *begin, text, *end, ""])


class Batch:
    """A shared object with many programs; keep it while its machines are used."""

    def __init__(
        self, programs: Sequence[Program], folder: Path, toolchain: Toolchain | None = None, extra: Sequence[str] = ()
    ) -> None:
        self.programs = tuple(programs)
        path = folder / "batch.so"
        compile_text(batch_text(programs), path, toolchain or find_toolchain(), extra)
        self.library = ctypes.CDLL(str(path))
        path.unlink()

    def table(self, number: int) -> Table:
        entry = getattr(self.library, f"{ENTRY}_{number}")
        entry.restype = ctypes.POINTER(Table)
        found: Table = entry().contents
        return found

    def kernel(self, number: int) -> KernelAddresses:
        own = self.table(number)
        return KernelAddresses(own.init, own.events, own.report)

    def machine(self, number: int, ticks: tuple[int, int] = (LOW, HIGH)) -> NativeMachine:
        return NativeMachine(self.programs[number], self.kernel(number), self, ticks)

    def live_machine(self, number: int, ticks: tuple[int, int] = (LOW, HIGH)) -> NativeMachine:
        """Only of a batch that is compiled without `BACKTEST`."""
        return LiveMachine(self.programs[number], self.table(number), self, ticks)


class LiveMachine(NativeMachine):
    """The functions that a live process calls: `event`, `risk`, `after`, and a snapshot now and then."""

    def __init__(self, program: Program, table: Table, keeper: object, ticks: tuple[int, int] = (LOW, HIGH)) -> None:
        super().__init__(program, KernelAddresses(table.init, table.events, table.report), keeper, ticks)
        self._frame = np.full(-(-table.frame_bytes // 8), -1, dtype=np.int64)
        self._snapshot = np.full(table.snapshot_bytes // 8, -1, dtype=np.int64)
        record, state, frame, out, io = (
            own.ctypes.data for own in (self._record, self.words, self._frame, self._out, self._io)
        )
        first, after = ctypes.CFUNCTYPE(_WORD, *[_AT] * 5), ctypes.CFUNCTYPE(_WORD, *[_AT] * 6)
        rows = self._rows.ctypes.data
        self._live = [first(table.event), first(table.risk), after(table.after)]
        self._given = [(record, state, frame, out, io)] * 2 + [(record, state, frame, out, rows, io)]
        self._save = ctypes.CFUNCTYPE(_WORD, _AT, _AT)(table.save)
        self._load = ctypes.CFUNCTYPE(_WORD, _AT, _AT, _WORD)(table.load)
        self._events = self._three  # type: ignore[assignment]
        self._count = 0

    def _three(self, *_: object) -> int:
        """One record: as many as `events` takes."""
        for function, given in zip(self._live, self._given, strict=True):
            refused = function(*given)
            assert refused == 0, f"a live function refused: {refused}"
        self._count += 1
        if self._count % 7 == 0:
            self._restart()
        return 1

    def _restart(self) -> None:
        """Through a snapshot into memory full of something else."""
        at, kept = self._snapshot.ctypes.data, self.words.copy()
        saved = self._save(self.words.ctypes.data, at)
        assert saved == 0, f"save refused: {saved}"
        self.words[:] = -1
        loaded = self._load(self.words.ctypes.data, at, 8 * len(self._snapshot))
        assert loaded == 0, f"load refused: {loaded}"
        assert np.array_equal(self.words, kept), "a snapshot carries every word"


class CMachine(NativeMachine):
    """One program compiled to C, alone."""

    def __init__(self, program: Program, folder: Path, *, ticks: tuple[int, int] = (LOW, HIGH)) -> None:
        batch = Batch([program], folder)
        super().__init__(program, batch.kernel(0), batch, ticks)


def compile_text(text: str, target: Path, toolchain: Toolchain, extra: Sequence[str] = ()) -> None:
    """As `toolchain.build`, without its checks: those are for objects with one strategy."""
    words = [
        toolchain.path,
        *flags(toolchain),
        "-pipe",
        *PLAIN,
        *extra,
        "-I",
        str(INCLUDE),
        "-x",
        "c",
        "-",
        "-o",
        str(target),
    ]
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]
