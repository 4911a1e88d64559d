"""One way to run a backtest, whichever executor does the work. Importing this module loads neither NumPy nor Numba."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .result import Account, KernelFacts, RunResult

if TYPE_CHECKING:
    from .reference import Machine
    from .result import Words

Progress = Callable[[int, int], None]  # (records done, records in all)


class Engine(Protocol):
    """Runs one compiled strategy over a tape.

    `records` is int64[n, 8]; `params` has one value per parameter, in program order. Engines agree bit for bit.
    """

    @property
    def name(self) -> str: ...

    def run(
        self, records: Words, params: Sequence[int | float], account: Account, progress: Progress | None = None
    ) -> RunResult: ...


@dataclass(frozen=True, slots=True)
class NumbaEngine:
    """The kernel file of an artefact. `load` first when compiling should not count as running."""

    kernel: Path
    facts: KernelFacts
    name: str = "numba"

    def load(self) -> None:
        """Compile the kernel, or take it from the disk cache. Raises `kernel_loader.KernelError`."""
        from .kernel_loader import load

        load(self.kernel)

    def run(
        self, records: Words, params: Sequence[int | float], account: Account, progress: Progress | None = None
    ) -> RunResult:
        """As `Engine.run`. Raises `kernel_loader.KernelError`."""
        from . import driver
        from .kernel_loader import load

        kernel = load(self.kernel)
        return driver.run(kernel.addresses, self.facts, records, params, account, progress=progress)


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """The definition, in Python: `machine` makes a fresh reference interpreter of the strategy's program."""

    machine: Callable[[], Machine]
    facts: KernelFacts
    name: str = "reference"

    def run(
        self, records: Words, params: Sequence[int | float], account: Account, progress: Progress | None = None
    ) -> RunResult:
        """As `Engine.run`; progress is told at the end only."""
        from . import reference

        result = reference.run(self.machine(), self.facts, records.tolist(), params, account)
        if progress is not None:
            progress(len(records), len(records))
        return result
