"""Cases that are kept: what once failed, and what is nasty by design. All engines, all state, as bits; sanitizers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flashc.compiler.backends.c.toolchain import find_toolchain
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.nodes import Item, Program, When
from flashc.compiler.ir.verify import verify
from flashc.compiler.ir.walk import map_segments, operations
from flashc.compiler.passes import run_passes
from prove import failures, replayed
from prove.failures import keep
from prove.jobs import STRATEGIES, Failure, ready_case
from prove.replayed import SANITIZED, replay_differences
from support.agreement import first_difference
from support.c_batches import Batch
from support.case_files import all_cases, case_text, parse_case, read_case
from support.fir_programs import budgeted_case, same
from support.kernels import KernelMachine, steps

PATHS = all_cases()
names = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    programs = [read_case(path).program for path in PATHS]
    return Batch(programs, tmp_path_factory.mktemp("cases"))


@names
def test_a_kept_case_gives_the_same_bits_on_every_engine(path: Path, batch: Batch, tmp_path: Path) -> None:
    case, number = read_case(path), PATHS.index(path)
    assert verify(case.program) == []
    expected = steps(Machine(case.program), case)
    engines = {
        "c": batch.machine(number, case.ticks),
        "c live": batch.live_machine(number, case.ticks),
        "numba": KernelMachine(case.program, tmp_path, ticks=case.ticks),
    }
    for name, machine in engines.items():
        assert first_difference(expected, steps(machine, case)) == "", name


@names
def test_passes_change_nothing_about_a_kept_case(path: Path) -> None:
    case = read_case(path)
    assert same(case.program, run_passes(case.program), case)


def test_sanitizers_find_nothing_in_kept_cases_and_a_strategy(tmp_path: Path) -> None:
    """The generated code runs here without Python, in a small C program."""
    cases = [*map(read_case, PATHS), *map(budgeted_case, range(6)), ready_case(_strategy("ema_cross"), 200)]
    assert replay_differences(cases, tmp_path, find_toolchain("gcc"), ("-O1", *SANITIZED)) == []


def test_replaying_notices_another_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases, right = [budgeted_case(1), budgeted_case(2)], replayed.digests
    monkeypatch.setattr(replayed, "digests", lambda case: [*right(case)[:5], 0])
    found = replay_differences(cases, tmp_path, find_toolchain("gcc"), ("-O0",))
    assert [(number, what.partition(" (")[0]) for number, what in found] == [(0, "after 5 events")]


def test_replaying_notices_a_word_too_far(tmp_path: Path) -> None:
    found = replay_differences([budgeted_case(1)], tmp_path, find_toolchain("gcc"), ("-O0", *SANITIZED, "-DSHORT_BY=1"))
    assert "AddressSanitizer" in found[0][1]


def test_a_case_as_text_is_the_case() -> None:
    for seed in range(20):
        case = budgeted_case(seed)
        text = case_text(case, "why\nin two lines")
        assert case_text(parse_case(text), "why\nin two lines") == text, "compared as text: a NaN is not itself"
        assert parse_case(text).reports == case.reports


def test_a_failure_shrinks_to_a_few_operations_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: an engine that subtracts the wrong way round."""
    monkeypatch.setattr(failures, "builder", lambda engine: lambda program, folder: Machine(reversed_minus(program)))
    for seed in range(200):
        case = budgeted_case(seed)
        if first_difference(steps(Machine(case.program), case), steps(Machine(reversed_minus(case.program)), case)):
            kept = read_case(keep(Failure("fir/0", seed, "c -O2", "differs", case), tmp_path, tmp_path / "cases"))
            count = sum(1 for segment in kept.program.segments for _ in operations(segment.body))
            assert count <= 6 and len(kept.records) <= len(case.records)
            assert not verify(kept.program)
            return
    raise AssertionError("no random program subtracts")


def reversed_minus(program: Program) -> Program:
    def changed(body: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(
            When(i.condition, changed(i.body)) if isinstance(i, When) else replace(i, args=i.args[::-1]) if i.name in ("fsub", "isub") else i
            for i in body
        )  # fmt: skip

    return map_segments(program, lambda segment: changed(segment.body))


def test_what_does_not_shrink_is_described(tmp_path: Path) -> None:
    path = keep(Failure("source/3", 31, "numba", "the drivers differ in ['fills']", text="flash: 1"), tmp_path)
    assert path.parent == tmp_path and "flash: 1" in path.read_text() and "numba" in path.read_text()


def _strategy(name: str) -> Path:
    return next(path for path in STRATEGIES if path.stem == name)
