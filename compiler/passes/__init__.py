"""FIR -> FIR, bit-preserving: one module per pass, and the order in which they run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..ir.nodes import Program
from ..ir.verify import Problem
from ..ir.verify import verify as problems_of
from ..ir.walk import renumber
from . import algebra, cse, dead_code, fold_constants, hoist_setup, pack_slots, schedule


@dataclass(frozen=True, slots=True)
class Pass:
    """`run` takes a program that verifies and gives one that verifies and behaves the same."""

    name: str
    run: Callable[[Program], Program]
    summary: str


FOLD = Pass("fold_constants", fold_constants.run, "compute what is known at compile time")
ALGEBRA = Pass("algebra", algebra.run, "apply identities that hold bit for bit")
CSE = Pass("cse", cse.run, "share equal computations and reads")
HOIST = Pass("hoist_setup", hoist_setup.run, "move what depends on parameters only to setup")
DEAD = Pass("dead_code", dead_code.run, "remove values and state that reach no outcome")
PACK = Pass("pack_slots", pack_slots.run, "lay out hot state first")
SCHEDULE = Pass("schedule", schedule.run, "run what intents need first, probes last")

#: The order of compilation. A pass may stand more than once.
PASSES: tuple[Pass, ...] = (FOLD, ALGEBRA, FOLD, CSE, HOIST, CSE, DEAD, PACK, SCHEDULE)

OnPass = Callable[[str, Program, float], None]


class InvalidProgramError(Exception):
    """A program that does not verify: before the first pass a fault of lowering, after a pass a fault of that pass."""

    def __init__(self, stage: str, problems: list[Problem]) -> None:
        super().__init__(f"{stage}: " + "; ".join(map(str, problems[:5])))
        self.stage = stage
        self.problems = problems


def run_passes(
    program: Program, passes: Iterable[Pass] = PASSES, *, verify: bool = True, on_pass: OnPass | None = None
) -> Program:
    """Run the passes in order and number the values anew.

    `on_pass(name, program, seconds)` is called after each pass. With `verify`, the program is checked before the first
    and after each pass; raises `InvalidProgramError`.
    """
    if verify:
        _check("input", program)
    for step in passes:
        started = time.perf_counter()
        program = renumber(step.run(program))
        seconds = time.perf_counter() - started
        if verify:
            _check(step.name, program)
        if on_pass is not None:
            on_pass(step.name, program, seconds)
    return program


def _check(stage: str, program: Program) -> None:
    problems = problems_of(program)
    if problems:
        raise InvalidProgramError(stage, problems)
