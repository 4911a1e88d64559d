"""What trying a law brought, and how two runs are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...compiler.evaluate.numbers import NAN_BITS
from ...compiler.ir.layout import offsets
from ...compiler.ir.nodes import F64
from ...runtime.backtest.result import DECISION_COLUMNS, FILL_COLUMNS, ORDER_COLUMNS
from ...runtime.market_data.moments import moment_text

if TYPE_CHECKING:
    from ...compiler.ir.nodes import Program
    from ...runtime.backtest.result import RunResult, Words

#: Tables of a run with their columns; the column of time comes first in what is told.
TABLES = {"decisions": DECISION_COLUMNS, "orders": ORDER_COLUMNS, "fills": FILL_COLUMNS}
NUMBERS = ("waits", "cash")
_LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class LawResult:
    """Whether a law held. `compared` counts the comparisons, 0 if the law says nothing about this strategy.

    `where` says what was compared, or why nothing was; `difference` is the first one found, empty if the law held.
    """

    name: str
    held: bool
    compared: int
    where: str
    difference: str = ""

    @property
    def message(self) -> str:
        """One line for FC0806."""
        return f"the law `{self.name}` is broken: {self.difference}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same in two runs; `time` is None for what has none."""

    time: int | None
    place: str
    one: str
    other: str

    def __str__(self) -> str:
        at = "at the end" if self.time is None else f"at {moment_text(self.time)}"
        return f"{at}: {self.place} is {self.one} and {self.other}"


def told(name: str, found: Iterable[tuple[str, Difference | None]], where: str) -> LawResult:
    """A law from its comparisons: (what was compared, its difference). It ends at the first that differs."""
    count = 0
    for what, difference in found:
        count += 1
        if difference is not None:
            return LawResult(name, False, count, where, f"{what}: {difference}")
    return LawResult(name, True, count, where)


def silent(name: str, why: str) -> LawResult:
    """A law that says nothing about this strategy."""
    return LawResult(name, True, 0, why)


def first_difference(program: Program, one: RunResult, other: RunResult) -> Difference | None:
    """The earliest value of any table in which two runs differ; then the state at the end."""
    found = [table_difference(name, getattr(one, name), getattr(other, name)) for name in TABLES]
    found.append(curve_difference(one, other))
    earliest = min((d for d in found if d is not None), key=_time, default=None)
    return earliest or _ends(program, one, other)


def _time(difference: Difference) -> int:
    return _LATEST if difference.time is None else difference.time


def table_difference(name: str, one: Words, other: Words) -> Difference | None:
    """The first cell in which two tables of a run differ; a missing row differs."""
    columns = TABLES[name]
    both = min(len(one), len(other))
    wrong = np.argwhere(one[:both] != other[:both])
    if len(wrong):
        row, column = (int(k) for k in wrong[0])
        pair = str(one[row, column]), str(other[row, column])
        return Difference(_row_time(name, one[row]), f"{name}[{row}].{columns[column]}", *pair)
    if len(one) == len(other):
        return None
    longer = one if len(one) > both else other
    return Difference(_row_time(name, longer[both]), f"rows of {name}", str(len(one)), str(len(other)))


def _row_time(name: str, row: Sequence[int]) -> int:
    return int(row[TABLES[name].index("time")])


def curve_difference(one: RunResult, other: RunResult) -> Difference | None:
    """The first point in which two equity curves differ."""
    both = min(len(one.equity), len(other.equity))
    wrong = np.flatnonzero(
        (one.equity[:both] != other.equity[:both]) | (one.equity_time[:both] != other.equity_time[:both])
    )
    if len(wrong):
        at = int(wrong[0])
        return Difference(int(one.equity_time[at]), f"equity[{at}]", _point(one, at), _point(other, at))
    if len(one.equity) == len(other.equity):
        return None
    longer = one if len(one.equity) > both else other
    time = int(longer.equity_time[both])
    return Difference(time, "points of equity", str(len(one.equity)), str(len(other.equity)))


def _point(run: RunResult, at: int) -> str:
    return f"{run.equity[at]} atoms ({moment_text(int(run.equity_time[at]))})"


def _ends(program: Program, one: RunResult, other: RunResult) -> Difference | None:
    """What differs when both runs have ended: waits, cash, positions, the words of the state."""
    for name in NUMBERS:
        if getattr(one, name) != getattr(other, name):
            return Difference(None, name, str(getattr(one, name)), str(getattr(other, name)))
    if not np.array_equal(one.position, other.position):
        return Difference(None, "position", str(one.position.tolist()), str(other.position.tolist()))
    return state_difference(program, one.state, other.state)


def state_difference(program: Program, one: Words, other: Words) -> Difference | None:
    """The first word in which two states differ, with the label of its slot."""
    first, second = canonical(program, one), canonical(program, other)
    wrong = np.flatnonzero(first != second)
    if not len(wrong):
        return None
    at = int(wrong[0])
    place = offsets(program)
    slot = next((s for s in program.slots if place[s.name] <= at < place[s.name] + s.words), None)
    if slot is None:
        return Difference(None, "a word of the clock", str(first[at]), str(second[at]))
    shown = (_word(w, slot.type == F64) for w in (first[at], second[at]))
    return Difference(None, f"state {slot.label}[{at - place[slot.name]}]", *shown)


def _word(word: np.int64, is_float: bool) -> str:
    return float(np.array([word]).view(np.float64)[0]).hex() if is_float else str(int(word))


def canonical(program: Program, words: Words) -> Words:
    """The state with one pattern for every NaN: which one an engine leaves is not part of any meaning."""
    result, place = np.array(words, dtype=np.int64), offsets(program)
    for slot in program.slots:
        if slot.type == F64:
            part = result[place[slot.name] :][: slot.words]
            part[np.isnan(part.view(np.float64))] = NAN_BITS
    return result
