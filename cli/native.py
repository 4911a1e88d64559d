"""The C object of a strategy: from the cache, or from the C compiler, which may work while something else happens."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..compiler.backends.c.printer import print_strategy
from ..compiler.backends.c.toolchain import BrokenCode, Started, build_hash, find_toolchain
from ..compiler.ir.layout import state_words
from ..runtime.cache_root import cache_root
from ..runtime.errors import RuntimeFault

if TYPE_CHECKING:
    from ..compiler.pipeline import Compiled
    from ..runtime.backtest.kernel_loader import Kernel

#: Leaves out what only a live process calls, and with it a third of the compiler's work. What is left is the same.
BACKTEST = ("-DFS_BACKTEST",)


class Object:
    """One object, named in the cache by the hash of all that decides its bytes; beside it the hash of its bytes."""

    def __init__(self, compiled: Compiled) -> None:
        """Look into the cache, else start the compiler. Raises `FlashcError` (FC0909)."""
        self._compiled = compiled
        self.toolchain = find_toolchain()
        self._text = print_strategy(compiled.program, ir_hash=compiled.ir_hash)
        self._build = build_hash(self._text, self.toolchain, BACKTEST)
        self._path = cache_root() / "objects" / f"strategy-{self._build[:40]}.so"
        self._started = None if self.ready else self._start()

    @property
    def ready(self) -> bool:
        """Whether the cache has it."""
        return self._record.is_file() and self._path.is_file()

    @property
    def _record(self) -> Path:
        return self._path.with_suffix(".sha256")

    def _start(self) -> Started:
        return Started(self._text, self._path, self.toolchain, BACKTEST)

    def stop(self) -> None:
        """Another engine was chosen."""
        if self._started is not None:
            self._started.stop()
            self._started = None

    def kernel(self) -> Kernel:
        """Wait for the compiler and load the object. A damaged one of the cache is made again.

        Raises `FlashcError` (FC0912) if what flashc generated does not compile.
        """
        started, self._started = self._started, None
        if started is None:
            try:
                return self._load()
            except RuntimeFault:
                started = self._start()
        self._finish(started)
        return self._load()

    def _finish(self, started: Started) -> None:
        try:
            started.finish()
        except BrokenCode as broken:
            raise self._report(broken) from None
        partial = self._record.with_suffix(f".{sha256(self._text.encode()).hexdigest()[:8]}.partial")
        partial.write_text(sha256(self._path.read_bytes()).hexdigest(), encoding="ascii")
        partial.replace(self._record)

    def _report(self, broken: BrokenCode) -> Exception:
        from ..compiler.backends.c.bundle import report, write_bundle

        compiled = self._compiled
        folder = write_bundle(cache_root(), compiled.program, self._text, self.toolchain, broken, __version__)
        return report(folder, broken, compiled.checked.document.source.path)

    def _load(self) -> Kernel:
        from ..runtime.backtest.strategy_object import Expected, load

        recorded = self._record.read_text(encoding="ascii", errors="replace")
        program, ir_hash = self._compiled.program, self._compiled.ir_hash
        return load(self._path, Expected(recorded, ir_hash, None, self._build, state_words(program)))
