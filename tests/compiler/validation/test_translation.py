"""No step of the compiler changes what a program does: ready strategies, random files, random programs."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.nodes import Op, Program, When
from flashc.compiler.ir.walk import map_segments, renumber
from flashc.compiler.lower.lower import lower
from flashc.compiler.passes import PASSES
from flashc.compiler.validation.generated import generated_tape
from flashc.compiler.validation.translation import Chain, Tape, behaviour, validate
from flashc.cython_core.layout import NEVER
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest.market.reference_book import Book
from support.fir_programs import random_program
from support.market_sources import random_market_source
from support.source_programs import random_source

FILES = sorted((Path(__file__).resolve().parents[3] / "strategies").glob("*.yaml"))
EVENTS = 250


def lowered(text: str) -> Program | None:
    """The program as it comes out of lowering; None if the file does not check."""
    document, _ = read_document(Source("s.yaml", text))
    assert document is not None
    checked, _ = check(document)
    return None if checked is None else lower(checked, ()).program


def assert_every_step_keeps_the_meaning(program: Program, seed: int, *, warm: bool = True) -> Tape:
    tape = generated_tape(program, random.Random(seed), EVENTS, Book, warm=warm)
    chain = Chain(tape, Book)
    chain.follow(program)
    assert chain.follow(renumber(program)) == ""
    for step in PASSES:
        program = renumber(step.run(program))
        found = chain.follow(program)
        assert not found, f"{step.name}: {found}"
    return tape


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_no_step_changes_a_ready_strategy(file: Path) -> None:
    program = lowered(file.read_text())
    assert program is not None
    assert_every_step_keeps_the_meaning(program, 3)


@pytest.mark.parametrize("seed", range(6))
def test_no_step_changes_a_random_file(seed: int) -> None:
    for write in (random_source, random_market_source):
        program = lowered(write(seed))
        if program is not None:
            assert_every_step_keeps_the_meaning(program, seed, warm=bool(seed % 2))


def test_no_step_changes_a_random_program() -> None:
    for seed in range(20):
        assert_every_step_keeps_the_meaning(random_program(random.Random(seed), 12), seed)


def test_generated_tapes_trade() -> None:
    """A tape on which nothing is decided or sent would show nothing."""
    decided = sent = told = 0
    for seed, file in enumerate(FILES):
        program = lowered(file.read_text())
        assert program is not None
        tape = generated_tape(program, random.Random(seed), EVENTS, Book, warm=True)
        outcomes = behaviour(program, tape, Book).outcomes
        decided += sum(len(decisions) for decisions, *_ in outcomes)
        sent += sum(len(intents) for _, intents, *_ in outcomes)
        told += sum(happening.is_report for happening in tape.happenings)
    assert decided > 1000 and sent > 5 and told > 5


@pytest.mark.parametrize("name", ["fmin", "ilt", "store.f", "clause"])
def test_a_step_that_changes_something_is_found(name: str) -> None:
    """Planted: operands the wrong way round, and effects that are lost."""

    def plant(program: Program) -> Program:
        return map_segments(program, lambda segment: tuple(x for item in segment.body for x in changed(item)))

    def changed(item: Op | When) -> tuple[Op | When, ...]:
        if isinstance(item, When):
            return (When(item.condition, tuple(x for inner in item.body for x in changed(inner))),)
        if item.name != name:
            return (item,)
        return (replace(item, args=item.args[::-1]),) if item.result is not None else ()

    found = 0
    for seed in range(30):
        program = random_program(random.Random(seed), 12)
        tape = generated_tape(program, random.Random(seed), 60, Book)
        assert validate(program, lambda same: same, tape, Book) == ""
        found += validate(program, plant, tape, Book) != ""
    assert found >= 1


def test_a_tape_has_what_the_program_reads() -> None:
    program = lowered((FILES[0].parent / "spread_capture.yaml").read_text())
    assert program is not None
    tape = generated_tape(program, random.Random(1), 400, Book, warm=True)
    kinds = {h.record[1] & 0xFF for h in tape.happenings}
    assert {2, 4, 5} <= kinds, "levels, resets and timers"
    times = [h.record[0] for h in tape.happenings]
    assert times == sorted(times) and times[-1] < NEVER
