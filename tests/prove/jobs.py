"""What a proof consists of: numbered jobs, each a function of its number alone, each some seconds of work.

| kind     | a job is                                                                                    |
|----------|---------------------------------------------------------------------------------------------|
| fir      | 40 random programs and tapes in one C file; one of them through Numba too. Every other job   |
|          | after all passes; every tenth with large programs, and none through Numba                   |
| source   | 10 random strategy files on bars, in one C file; one through Numba too                      |
| market   | 5 random strategy files on books and trades, the same                                       |
| passes   | each step of the compiler validated: random programs, random files, a ready strategy        |
| sanitize | one of gcc and clang, at -O0 or -O2, with the address and undefined behaviour sanitizers:    |
|          | random programs; the first four jobs have the ready strategies and permanent cases as well   |
| recorded | a ready strategy over recorded data, where there is some (`--data`)                         |
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from flashc.compiler.backends.c.toolchain import Toolchain, find_toolchain
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.layout import state_words
from flashc.compiler.ir.nodes import Program
from flashc.compiler.ir.walk import renumber
from flashc.compiler.lower.lower import lower
from flashc.compiler.passes import PASSES
from flashc.compiler.validation.generated import generated_tape
from flashc.compiler.validation.translation import Chain, Tape, armed
from flashc.runtime.backtest.market.reference_book import Book
from prove.recorded import recorded_differences
from prove.replayed import SANITIZED, replay_differences
from support.agreement import Tally, disagreement, first_difference
from support.c_batches import BACKTEST, Batch
from support.case_files import all_cases, read_case
from support.fir_programs import SIZES as PROGRAM_SIZES
from support.fir_programs import Case, budgeted_case, random_program
from support.kernels import KernelMachine, NativeMachine, addresses, import_kernel, steps
from support.market_sources import random_market_source
from support.source_programs import random_source
from support.source_runs import (
    RandomSource,
    bar_source,
    checked_source,
    market_source,
    source_disagreement,
)

STRATEGIES = sorted((Path(__file__).resolve().parents[2] / "strategies").glob("*.yaml"))
SIZES = {"fir": 40, "source": 10, "market": 5, "passes": 20, "sanitize": 10}
SHARES = {"source": 0.01, "market": 0.005, "passes": 0.01, "sanitize": 0.003}  # of the programs; fir has the rest
LARGE = (12, 20, 30)  # operations per segment; else `fir_programs.SIZES`
#: gcc guesses wrong about uninitialised words at -O1; at -O2, which users get, such a warning is an error.
_LESS = ("-O1", "-Wno-unknown-warning-option", "-Wno-maybe-uninitialized", BACKTEST)
#: Optimisation of a batch by its number: what users get, with and without the live functions, and two others.
LEVELS = (("-O2",), _LESS, ("-O2", BACKTEST), _LESS, ("-O0",), _LESS)
_BUILDS = 4  # two compilers at two levels
EVENTS = 1000  # of a tape that a step of the compiler is validated on


@dataclass(frozen=True, slots=True)
class Job:
    """`first`..`stop` are the numbers of its programs; one of `numba` runs through Numba as well."""

    kind: str
    number: int
    first: int
    stop: int
    numba: int = 40
    part: bool = False  # of a job that crashed
    place: Path | None = None  # of recorded data

    def takes_numba(self, k: int) -> bool:
        """Whether the k-th program does."""
        return k % self.numba == self.number % self.numba

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.number}" + (f" {self.first}-{self.stop}" if self.part else "")

    def halves(self) -> list[Job]:
        """The same programs in two jobs; none if there is but one."""
        middle = (self.first + self.stop) // 2
        parts = ((self.first, middle), (middle, self.stop))
        return (
            [replace(self, first=first, stop=stop, part=True) for first, stop in parts]
            if self.stop - self.first > 1
            else []
        )


@dataclass
class Failure:
    """Something that differs. `case` is kept for shrinking; `text` is what to read of a source file."""

    job: str
    seed: int
    engine: str
    what: str
    case: Case | None = None
    text: str = ""

    def message(self) -> str:
        """For people: what, and on what."""
        case = "" if self.case is None else self.case.text()
        return f"{self.job}, number {self.seed}, {self.engine}: {self.what}\n{self.text}{case}"


@dataclass
class Outcome:
    tally: Tally = field(default_factory=Tally)
    failures: list[Failure] = field(default_factory=list)


def all_jobs(programs: int, seed: int = 0, place: Path | None = None) -> list[Job]:
    """All jobs of a proof over so many generated programs, kinds mixed evenly. Another `seed`, other programs.

    `place` has recorded data sets: the ready strategies run on them first.
    """
    counts = {kind: max(SIZES[kind], int(share * programs)) for kind, share in SHARES.items()}
    counts["sanitize"] = max(_BUILDS * SIZES["sanitize"], counts["sanitize"])
    counts["fir"] = max(SIZES["fir"], programs - sum(counts.values()))
    placed: list[tuple[float, Job]] = []
    for kind, count in counts.items():
        size, base = SIZES[kind], seed * 10**9
        for number in range(-(-count // size)):
            stop = min(count, (number + 1) * size)
            job = Job(kind, number, base + number * size, base + stop, size)
            placed.append((number * size / count, job))
    recorded = [Job("recorded", k, k, k + 1, place=place) for k in range(len(STRATEGIES))] if place else []
    return [*recorded, *(job for _, job in sorted(placed, key=lambda each: (each[0], each[1].kind)))]


def work(job: Job) -> Outcome:
    """Do one job."""
    with tempfile.TemporaryDirectory(prefix="flashc-prove-") as folder:
        return _WORK[job.kind](job, Path(folder))


# --- random programs ---------------------------------------------------------------------------------------------------


def _fir(job: Job, folder: Path) -> Outcome:
    done, seeds = Outcome(), range(job.first, job.stop)
    sizes, numba = (LARGE, False) if job.number % 10 == 9 else (PROGRAM_SIZES, True)
    cases = [budgeted_case(seed, sizes, optimised=job.number % 2 == 1) for seed in seeds]
    extra = LEVELS[job.number % len(LEVELS)]
    batch = Batch([case.program for case in cases], folder, extra=extra)
    for k, (seed, case) in enumerate(zip(seeds, cases, strict=True)):
        machines: dict[str, NativeMachine] = {f"c {extra[0]}": batch.machine(k)}
        if numba and job.takes_numba(seed):
            machines["numba"] = KernelMachine(case.program, folder)
        engine, what = disagreement(case, machines, seed, done.tally)
        if not what and BACKTEST not in extra:
            engine, what = "c live", _live(case, batch, k, done.tally)
        if what:
            done.failures.append(Failure(job.name, seed, engine, what, case))
    return done


def _live(case: Case, batch: Batch, number: int, tally: Tally) -> str:
    """How `event`, `risk`, `after`, `save` and `load` differ from the reference."""
    expected, got = steps(Machine(case.program), case), steps(batch.live_machine(number), case)
    tally.steps(got)
    tally.by_engine["c live"] = tally.by_engine.get("c live", 0) + 1
    return first_difference(expected, got)


# --- random files ------------------------------------------------------------------------------------------------------


def _sources(job: Job, folder: Path) -> Outcome:
    done, make = Outcome(), bar_source if job.kind == "source" else market_source
    made = [(seed, make(seed)) for seed in range(job.first, job.stop)]
    good: list[tuple[int, RandomSource]] = [(seed, source) for seed, source in made if source is not None]
    if not good:
        return done
    batch = Batch([source.program for _, source in good], folder, extra=("-O2", BACKTEST))
    modules: list[ModuleType] = []  # own what Numba compiled
    for k, (seed, source) in enumerate(good):
        kernels = {"c -O2": batch.kernel(k)}
        if job.takes_numba(seed):
            modules.append(import_kernel(source.program, folder))
            kernels["numba"] = addresses(modules[-1])
        engine, what = source_disagreement(source, kernels, seed, done.tally)
        if what:
            done.failures.append(Failure(job.name, seed, engine, what, text=source.text))
    return done


# --- steps of the compiler ---------------------------------------------------------------------------------------------


def _passes(job: Job, folder: Path) -> Outcome:
    done = Outcome()
    for seed in range(job.first, job.stop):
        _validate(done, job, seed, random_program(random.Random(seed), 12), f"random program {seed}", 120)
    for write in (random_source, random_market_source):
        checked = checked_source(write(job.first))
        if checked is not None:
            _validate(done, job, job.first, lower(checked, ()).program, write(job.first), EVENTS // 2)
    file = STRATEGIES[job.number % len(STRATEGIES)]
    checked = checked_source(file.read_text())
    assert checked is not None, f"{file.name} checks"
    _validate(done, job, job.first, lower(checked, ()).program, file.name, EVENTS)
    return done


def _validate(done: Outcome, job: Job, seed: int, program: Program, text: str, events: int) -> None:
    """Follow a program through all steps; what changes is a failure of the step."""
    tape = generated_tape(program, random.Random(seed), events, Book, warm=seed % 3 != 0)
    chain = Chain(tape, Book)
    chain.follow(program)
    for name, run in (("renumber", renumber), *((step.name, step.run) for step in PASSES)):
        program = renumber(run(program))
        found = chain.follow(program)
        if found:
            done.failures.append(Failure(job.name, seed, name, found, text=text))
            return
    done.tally.programs += 1
    done.tally.events += len(tape.happenings) * (chain.steps + 1)
    done.tally.words += chain.words
    done.tally.by_engine["passes"] = done.tally.by_engine.get("passes", 0) + 1


# --- sanitizers --------------------------------------------------------------------------------------------------------


def compilers() -> list[Toolchain]:
    """gcc and clang, as far as they are installed."""
    names = ("gcc", next((name for name in ("clang", "clang-14") if shutil.which(name)), ""))
    return [find_toolchain(name) for name in names if name and shutil.which(name)]


def _sanitize(job: Job, folder: Path) -> Outcome:
    done, found = Outcome(), compilers()
    cases = [budgeted_case(seed) for seed in range(job.first, job.stop)]
    if job.number < _BUILDS:
        cases += [read_case(path) for path in all_cases()] + [ready_case(path, 200) for path in STRATEGIES]
    toolchain, level = found[job.number % 2 % len(found)], ("-O0", "-O2")[job.number // 2 % 2]
    engine = f"{toolchain.family} {level} sanitized"
    for number, what in replay_differences(cases, folder, toolchain, (level, *SANITIZED)):
        done.failures.append(Failure(job.name, job.first, engine, f"program {number}: {what}", cases[number]))
    done.tally.programs, done.tally.by_engine = len(cases), {engine: len(cases)}
    done.tally.events = sum(len(case.records) + len(case.reports) for case in cases)
    done.tally.words = sum(len(case.records) * state_words(case.program) for case in cases)
    return done


def _recorded(job: Job, folder: Path) -> Outcome:
    assert job.place is not None, "there is recorded data"
    file, done = STRATEGIES[job.number], Outcome()
    done.tally.events, found = recorded_differences(file, job.place)
    done.tally.programs, done.tally.by_engine = 1, {"recorded data": 1}
    done.failures += [Failure(job.name, job.first, "recorded", f"{file.stem}: {what}") for what in found]
    return done


def ready_case(path: Path, events: int, seed: int = 7) -> Case:
    """A ready strategy on a generated tape."""
    checked = checked_source(path.read_text())
    assert checked is not None, f"{path.name} checks"
    program = renumber(lower(checked, ()).program)
    for step in PASSES:
        program = renumber(step.run(program))
    return case_of(program, generated_tape(program, random.Random(seed), events, Book, warm=True))


def case_of(program: Program, tape: Tape) -> Case:
    """A generated tape as a case; of several reports after one record the first stays."""
    records: list[tuple[int, ...]] = []
    reports: dict[int, list[int]] = {}
    for happening in tape.happenings:
        if happening.is_report:
            reports.setdefault(len(records) - 1, list(happening.record))
        else:
            records.append(happening.record)
    return Case(armed(program), tape.params, tuple(records), reports, _ticks(records))


def _ticks(records: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The prices of book levels among the records."""
    prices = [record[4] for record in records if record[1] & 0xFF == 2] or [1]
    return min(prices), max(prices)


_WORK = {
    "fir": _fir,
    "source": _sources,
    "market": _sources,
    "passes": _passes,
    "sanitize": _sanitize,
    "recorded": _recorded,
}
