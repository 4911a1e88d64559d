"""The programs that tests run: the strategy with its tests' assertions as probes, over rows or over a market.

Tests that give the same names share one program, and so do all tests on a market: lowering is what costs time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...compiler.frontend.assertions import CheckedTest, Given
from ...compiler.frontend.check import TestedFile
from ...compiler.frontend.rows import RowPlan, rows_variant
from ...compiler.ir.hir import Checked
from ...compiler.ir.nodes import F64, Program
from ...compiler.ir.walk import renumber
from ...compiler.lower.lower import lower
from ...compiler.lower.watch import SET, WATCHED, Watch

Number = int | float | bool


@dataclass(frozen=True, slots=True)
class Probed:
    """One assertion of one instrument: the probes that hold it, and the line of the explain table that shows it."""

    number: int
    line: Mapping[str, Any]

    def value(self, probes: Mapping[int, Number]) -> bool | None:
        """Whether it holds; None while it has no value or is not warm."""
        there = probes.get(WATCHED + 2 * self.number) and probes.get(WATCHED + 2 * self.number + 1)
        return bool(probes[self.holds]) if there else None

    @property
    def holds(self) -> int:
        tree = self.line["tree"]
        return int(tree["holds"] if tree["holds"] >= 0 else tree["value"]["probe"])


@dataclass(frozen=True, slots=True)
class Watched:
    """A program that says what its assertions are at every decision.

    `clauses` are the lines of the explain table that belong to rules; `plan` is there where it runs over rows.
    """

    checked: Checked
    program: Program
    explain: Sequence[Mapping[str, Any]]
    asserted: Mapping[tuple[str, int, str], Probed]  # by test, place in `expect`, instrument
    plan: RowPlan | None
    order: tuple[str, ...]  # names of the inputs as records bring them

    @property
    def clauses(self) -> list[Mapping[str, Any]]:
        return [line for line in self.explain if line["set"] != SET]


class Programs:
    """Makes each program when it is first asked for."""

    def __init__(self, tested: TestedFile, market: bool) -> None:
        self.tested, self.market = tested, market
        self._made: dict[object, Watched] = {}

    def of(self, test: CheckedTest) -> Watched:
        """The program of a test."""
        if test.decl.kind == "rows":
            key: object = (test.aliases, frozenset(test.keys))
            return self._once(key, lambda: self._rows(test, [t for t in self.tested.tests if _shares(t, test)]))
        return self._once("market", lambda: self._market([t for t in self.tested.tests if t.decl.kind != "rows"]))

    def _once(self, key: object, make: Callable[[], Watched]) -> Watched:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _rows(self, test: CheckedTest, group: list[CheckedTest]) -> Watched:
        checked, plan = rows_variant(self.tested.instance(test.aliases[0]), test.keys, self.market)
        return _watched(checked, group, plan, lambda alias, node: node)

    def _market(self, group: list[CheckedTest]) -> Watched:
        checked, places = self.tested.checked_with_places()
        return _watched(checked, group, None, lambda alias, node: places[alias](node))


def _shares(one: CheckedTest, other: CheckedTest) -> bool:
    same = (one.aliases, set(one.keys)) == (other.aliases, set(other.keys))
    return one.decl.kind == "rows" and same


def _watched(
    checked: Checked, tests: Sequence[CheckedTest], plan: RowPlan | None, place: Callable[[str, int], int]
) -> Watched:
    watches = [
        Watch(test.decl.name.value, item.decl.index, alias, place(alias, node))
        for test in tests
        for item in test.expect
        for alias, node in item.node.items()
    ]
    lowered = lower(checked, watches=watches, rows=plan, watched=True)
    lines = [line for line in lowered.explain if line["set"] == SET]
    asserted = {
        (watch.test, watch.index, watch.alias): Probed(number, line)
        for number, (watch, line) in enumerate(zip(watches, lines, strict=True))
    }
    return Watched(checked, renumber(lowered.program), lowered.explain, asserted, plan, lowered.row_order)


def parameter_words(program: Program, given: Mapping[str, Given]) -> list[int | float]:
    """The values of a program's parameters in order: the test's, else the defaults."""
    values: list[int | float] = []
    for param in program.params:
        found = given.get(param.label)
        if found is None:
            values.append(param.default)
        else:
            values.append(float(Fraction(found.value)) if param.type == F64 else int(found.value))
    return values
