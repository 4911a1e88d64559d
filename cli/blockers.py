"""Which clauses kept a strategy from trading: the clause masks of its idle decisions, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..runtime.backtest.money import Ints


class ClauseBit(Protocol):
    """A clause of a rule set and its bit in the mask."""

    @property
    def rule(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def bit(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Blocker:
    """How often a clause did not hold, and how often it was its rule's only clause that did not."""

    rule: str
    clause: str
    false: int
    alone: int


def clause_name(rule: str, clause: str) -> str:
    """A rule of one clause gives the clause its own name, which is then said once."""
    return clause if clause == rule else f"{rule}.{clause}"


def blockers(masks: Ints, clauses: Sequence[ClauseBit]) -> list[Blocker]:
    """Counts over decisions without a signal. `masks` has a bit set for each clause that held."""
    rules = dict.fromkeys(clause.rule for clause in clauses)
    found = []
    for rule in rules:
        own = [clause for clause in clauses if clause.rule == rule]
        whole = sum(1 << clause.bit for clause in own)
        missing = ~masks & _word(whole)
        for clause in own:
            bit = _word(1 << clause.bit)
            false, alone = np.count_nonzero(missing & bit), np.count_nonzero(missing == bit)
            found.append(Blocker(rule, clause.name, int(false), int(alone)))
    return found


def _word(value: int) -> np.int64:
    """An unsigned 64-bit pattern as the int64 with the same bits."""
    return np.int64(value - (1 << 64) if value >> 63 else value)
