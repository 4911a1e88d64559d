"""A failure made small and kept: a random program shrinks to a few operations and becomes a permanent case."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.nodes import Program
from prove.jobs import Failure
from support.agreement import first_difference
from support.c_batches import Batch
from support.case_files import CASES, case_text
from support.fir_programs import Case
from support.kernels import KernelMachine, NativeMachine, steps
from support.shrink import smallest

Build = Callable[[Program, Path], NativeMachine]


def keep(failure: Failure, folder: Path, cases: Path = CASES) -> Path:
    """Write a failure where it is found again: a case that CI replays, or a file in `folder` for a person."""
    if failure.case is None or (build := builder(failure.engine)) is None or "drivers" in failure.what:
        return _described(failure, folder)
    small = shrunk(failure.case, build)
    if small is None:
        return _described(failure, folder)
    cases.mkdir(parents=True, exist_ok=True)
    path = cases / f"found_{_word(failure.engine)}_{failure.seed}.fir"
    path.write_text(case_text(small, f"{failure.engine}: found in a random program, number {failure.seed}"))
    return path


def _described(failure: Failure, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_word(failure.job)}_{failure.seed}_{_word(failure.engine)}.txt"
    case = "" if failure.case is None else case_text(failure.case, "not shrunk")
    path.write_text(f"{failure.job}, number {failure.seed}, {failure.engine}\n{failure.what}\n\n{failure.text}\n{case}")
    return path


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def builder(engine: str) -> Build | None:
    """How a program is made to run on an engine; None if the engine is none that runs event by event."""
    if engine == "numba":
        return KernelMachine
    if not engine.startswith("c ") or "sanitized" in engine:
        return None
    if engine == "c live":
        return lambda program, folder: Batch([program], folder).live_machine(0)
    level = engine.removeprefix("c ")
    return lambda program, folder: Batch([program], folder, extra=(level,)).machine(0)


def shrunk(case: Case, build: Build) -> Case | None:
    """A smaller case that still differs after some event; None if this one does not."""

    def differs(candidate: Case) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            machine = build(candidate.program, Path(folder))
            return bool(first_difference(steps(Machine(candidate.program), candidate), steps(machine, candidate)))

    if not differs(case):
        return None
    case = _shorter(case, differs)
    program = smallest(case.program, lambda candidate: differs(replace(case, program=candidate)))
    return _shorter(replace(case, program=program), differs)


def _shorter(case: Case, differs: Callable[[Case], bool]) -> Case:
    """The fewest records from the start that show it."""
    low, high = 0, len(case.records)
    while low < high:
        middle = (low + high) // 2
        part = replace(case, records=case.records[:middle])
        low, high = (low, middle) if differs(part) else (middle + 1, high)
    records = case.records[:high]
    return replace(case, records=records, reports={k: r for k, r in case.reports.items() if k < len(records)})
