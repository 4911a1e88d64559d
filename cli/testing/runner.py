"""Tests of one file, run: programs, witnesses, verdicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...compiler.frontend.assertions import CheckedTest
from ...compiler.frontend.check import TestedFile
from ...compiler.lower.machine.slots import FLATTENERS
from ...compiler.venues.profile import InstrumentProfile, profile
from ...dsl.diagnostics import Diagnostic, Label
from ...dsl.document import Document
from ..front import Front
from .coverage import Coverage
from .golden import compare
from .judge import Judge, judges
from .lawful import Laws
from .needs import rows_needed
from .programs import Programs, Watched
from .rows import RowRun
from .seen import Order, Seen


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    keyword: str = ""
    laws: bool = True


@dataclass(slots=True)
class TestRun:
    """One test that was run. `held_laws` are the names of the laws that held on its tape."""

    __test__ = False
    test: CheckedTest
    seconds: float = 0.0
    decisions: int = 0
    armed: int = 0
    orders: list[Order] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)
    held_laws: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.test.decl.name.value

    @property
    def passed(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class FileRun:
    """The tests of one file. `coverage` is None where nothing was run."""

    path: Path
    front: Front
    runs: tuple[TestRun, ...]
    coverage: Coverage | None
    facts: dict[str, InstrumentProfile]

    @property
    def findings(self) -> list[Diagnostic]:
        return [*self.front.diagnostics, *(d for run in self.runs for d in run.findings)]


@dataclass(slots=True)
class Hearing:
    """Everybody who listens to one test."""

    watched: Watched
    run: TestRun
    judges: Sequence[Judge]
    coverage: Coverage

    def decided(self, seen: Seen) -> None:
        """One decision, to all."""
        self.run.decisions += 1
        self.run.armed += seen.reason != "not_armed"
        for judge in self.judges:
            judge.decides(seen)
        if seen.reason != "not_armed":
            self.coverage.decided(self.watched, seen)

    def ordered(self, order: Order) -> None:
        """One order that was wanted."""
        self.run.orders.append(order)


def run_file(path: Path, front: Front, asked: Asked, on_test: Callable[[TestRun], None]) -> FileRun:
    """Run the tests of a file that is free of errors. `on_test` hears of each test when it is done."""
    tested, document = front.tested, front.document
    if tested is None or document is None or front.checked is None:
        return FileRun(path, front, (), None, {})
    facts = traded_facts(document)
    programs, coverage = Programs(tested, is_market(tested)), Coverage(front.checked)
    laws, runs = Laws(front) if asked.laws else None, []
    for test in tested.tests:
        if asked.keyword.lower() in test.decl.name.value.lower():
            begun = time.perf_counter()
            run = _run(test, programs, coverage, facts, front, laws)
            run.seconds = time.perf_counter() - begun
            on_test(run)
            runs.append(run)
    return FileRun(path, front, tuple(runs), coverage, facts)


def is_market(tested: TestedFile) -> bool:
    """Whether the strategy's orders meet books."""
    checked, _ = tested.checked_with_places()
    return any(stream.clock.kind == "book" for stream in checked.streams)


def instrument_facts(document: Document) -> dict[str, InstrumentProfile]:
    """What the venue pins of each instrument of the file, by alias."""
    known = profile(document.venue.value).instruments
    return {i.alias.value: known[i.symbol.value] for i in document.instruments}


def traded_facts(document: Document) -> dict[str, InstrumentProfile]:
    """What the venue pins of each traded instrument, by alias."""
    found = instrument_facts(document)
    return {t.value: found[t.value] for t in document.trade}


def rule_names(document: Document) -> list[str]:
    """By rule number, as `compiler/artifact.py` names them."""
    entries = [f"entries.{rule.name.value}" for rule in document.entries]
    exits = [f"exits.{rule.name.value}" for rule in document.exits]
    return [*entries, *exits, *(f"risk.{name}" for name in FLATTENERS)]


def _run(
    test: CheckedTest,
    programs: Programs,
    coverage: Coverage,
    facts: dict[str, InstrumentProfile],
    front: Front,
    laws: Laws | None,
) -> TestRun:
    watched = programs.of(test)
    run = TestRun(test)
    jury = judges(test, watched)
    hearing = Hearing(watched, run, jury, coverage)
    assert front.document is not None
    rules = rule_names(front.document)
    if test.decl.kind == "rows":
        grids = instrument_facts(front.document)
        made = RowRun(test, watched, facts[test.aliases[0]], grids, rules, hearing)
        made.run()
        run.findings += made.findings
    else:
        from .market import run_market_test

        found, run.held_laws = run_market_test(test, watched, front, rules, hearing, laws)
        run.findings += found
    if not run.findings:
        run.findings += _verdicts(run, watched, jury, facts)
    return run


def _verdicts(
    run: TestRun, watched: Watched, jury: Sequence[Judge], facts: dict[str, InstrumentProfile]
) -> list[Diagnostic]:
    if not run.armed:
        return [_never_armed(run, watched)]
    found = [judge.finding() for judge in jury]
    return [d for d in (*found, compare(run.test, run.orders, facts)) if d is not None]


def _never_armed(run: TestRun, watched: Watched) -> Diagnostic:
    """FC0804: what the test brings is too short for the strategy to decide anything."""
    rows = run.test.decl.kind == "rows"
    what = "rows end" if rows else "data end"
    help_ = "give the value of the name in `let` itself" if rows else "take more data, or an earlier `from`"
    return Diagnostic(
        "FC0804",
        f"the {what} before the warm-up does",
        Label(run.test.decl.name.span, "nothing was decided in this test"),
        notes=("what counts ticks counts rows, as far as rows do not give its value", *rows_needed(run.test, watched))
        if rows
        else (),
        helps=(help_,),
    )
