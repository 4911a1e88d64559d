"""Where an expression is being read: local names, the ambient clock, the instrument that bare names mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ..ir.types import Clock

#: A poisoned local: its error was reported where it arose.
Local = int | None


@dataclass(frozen=True, slots=True)
class Environment:
    """`functions` are the user functions being inlined, outermost first. `side` is the direction of the order that is
    spoken of: +1 buys, -1 sells, 0 where there is none. `scored` names the entry whose score can be read.
    `in_test`: an assertion, which may ask what fired."""

    ambient: Clock | None
    instrument: str
    locals: Mapping[str, Local] = field(default_factory=lambda: MappingProxyType({}))
    functions: tuple[str, ...] = ()
    in_label: bool = False
    module: str = ""
    side: int = 0
    scored: str = ""
    in_test: bool = False

    def at(self, clock: Clock) -> Environment:
        return replace(self, ambient=clock)

    def on(self, instrument: str) -> Environment:
        """The same place with another instrument's bars."""
        clock = self.ambient
        if clock is not None and clock.instrument:
            clock = replace(clock, instrument=instrument)
        return replace(self, instrument=instrument, ambient=clock)
