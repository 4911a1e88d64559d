"""`flashc compile --paranoid`: after each stage the program still does the same, shown on generated events."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from ..compiler.pipeline import BrokenProgram
from ..compiler.validation.generated import generated_tape
from ..compiler.validation.translation import Chain
from ..runtime.backtest.market.reference_book import Book

if TYPE_CHECKING:
    from ..compiler.ir.hir import Checked
    from ..compiler.ir.nodes import Program

EVENTS = 1000  # of each tape
#: Whether the program is armed from the first event on, by tape.
_TAPES = (True, True, False)


class Validator:
    """Sees the program after each stage and compares it with the one before, on generated tapes."""

    def __init__(self, checked: Checked) -> None:
        from ..compiler.lower.lower import lower

        lowered = lower(checked, ()).program  # its values are not numbered anew yet
        tapes = [generated_tape(lowered, random.Random(k), EVENTS, Book, warm=warm) for k, warm in enumerate(_TAPES)]
        self.events = sum(len(tape.happenings) for tape in tapes)
        self._chains = [Chain(tape, Book) for tape in tapes]
        self._follow("lower", lowered)

    def summary(self) -> str:
        return f"{self._chains[0].steps} steps validated on {self.events:,} generated events: no bit differs"

    def stage(self, name: str, program: Program) -> None:
        """Raises `BrokenProgram` if the stage changed what the program does."""
        if name != "kernel":  # the printers are compared by the tests
            self._follow(name, program)

    def _follow(self, name: str, program: Program) -> None:
        for chain in self._chains:
            found = chain.follow(program)
            if found:
                raise BrokenProgram(f"{name} changed what the program does: {found}")
