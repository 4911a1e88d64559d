"""`make prove`: show on generated programs and tapes that every engine means the same.

Says what it compared, and ends with 0 if no bit differed, else 1. Stopped and started again, it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from flashc.compiler.backends.c.toolchain import find_toolchain
from flashc.runtime.backtest import driver
from flashc.runtime.backtest.market import driver as market_driver
from prove.failures import keep
from prove.jobs import Failure, Job, Outcome, all_jobs, compilers, work
from prove.recorded import import_recorded
from support.agreement import Tally

_BUILD = Path(__file__).resolve().parents[2] / "build" / "prove"


def main(words: list[str] | None = None) -> int:
    options = _options().parse_args(words)
    place = options.folder / "recorded" if options.data else None
    if place is not None:
        import_recorded(options.data, place)
    proof = Proof(options.programs, options.seed, options.folder, place)
    print(f"{options.programs:,} programs from seed {options.seed}, {options.workers} processes", flush=True)
    print(f"compilers: {', '.join(toolchain.identity for toolchain in compilers())}", flush=True)
    _warm()
    proof.run(options.workers, options.minutes * 60 if options.minutes else None)
    print(proof.report())
    return 1 if proof.failed else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make prove", description=__doc__)
    parser.add_argument("--programs", type=int, default=100_000, help="generated programs in all")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many; 0: when all is done")
    parser.add_argument("--seed", type=int, default=0, help="other numbers are other programs")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes side by side")
    parser.add_argument("--folder", type=Path, default=_BUILD, help="where progress and failures are kept")
    parser.add_argument("--data", type=Path, help="folder with recorded files, for the ready strategies")
    return parser


def _warm() -> None:
    """What all jobs need, once, before the first process is forked."""
    find_toolchain()
    driver.load()
    market_driver.load()
    work(Job("fir", 0, 0, 1))


@dataclass
class Running:
    """A job in a process of its own: a crash of compiled code ends the process only."""

    job: Job
    process: BaseProcess
    answer: Connection


@dataclass
class Proof:
    """Which jobs are done, and what they found; kept in a file line by line."""

    programs: int
    seed: int
    folder: Path
    place: Path | None = None  # of recorded data sets
    tally: Tally = field(default_factory=Tally)
    done: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0
    total: int = 0

    @property
    def log(self) -> Path:
        return self.folder / f"{self.programs}-{self.seed}.jsonl"

    def run(self, workers: int, limit: float | None) -> None:
        jobs = all_jobs(self.programs, self.seed, self.place)
        self.total = len(jobs)
        self._resume()
        waiting = [job for job in jobs if job.name not in self.done]
        started, before, running = time.monotonic(), self.seconds, list[Running]()
        while running or waiting:
            in_time = limit is None or time.monotonic() - started < limit
            if not in_time:
                waiting.clear()
            while waiting and len(running) < workers:
                running.append(_start(waiting.pop(0)))
            for ended in [r for r in running if r.answer in wait([each.answer for each in running], timeout=1)]:
                running.remove(ended)
                waiting[:0] = self._ended(ended)
            self.seconds = before + time.monotonic() - started
            self._progress()

    def _ended(self, ended: Running) -> list[Job]:
        """Take up what a job found; jobs to do instead of one that crashed."""
        outcome = _answer(ended)
        if outcome is None and (halves := ended.job.halves()):
            self.total += 1
            return halves
        if outcome is None:
            crash = f"the process ended with {ended.process.exitcode}"
            outcome = Outcome(failures=[Failure(ended.job.name, ended.job.first, "crash", crash)])
        self.tally.add(outcome.tally)
        kept = [
            f"{f.engine}: {f.what.strip().splitlines()[-1 if f.engine == 'proof' else 0]} -> {keep(f, self.folder)}"
            for f in outcome.failures
        ]
        self.failed += kept
        self.done.add(ended.job.name)
        self._write({"job": ended.job.name, "tally": asdict(outcome.tally), "failed": kept, "seconds": self.seconds})
        for line in kept:
            print(f"\nDIFFERENT {line}", flush=True)
        return []

    def _resume(self) -> None:
        for row in _rows(self.log):
            self.done.add(str(row["job"]))
            self.tally.add(Tally(**row["tally"]))  # type: ignore[arg-type]
            self.failed += row["failed"]  # type: ignore[operator]
            self.seconds = float(row["seconds"])  # type: ignore[arg-type]
        if self.done:
            print(f"going on: {len(self.done):,} of {self.total:,} jobs are done ({self.log})", flush=True)

    def _write(self, row: dict[str, object]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def _progress(self) -> None:
        line = f"{len(self.done):,}/{self.total:,} jobs  {self.tally.programs:,} programs  {self.tally.words:,} words"
        text = f"{line}  {len(self.failed)} differ  {self.seconds:,.0f} s"
        if sys.stderr.isatty():
            print(f"\r{text}", end="", file=sys.stderr, flush=True)
        elif int(self.seconds) // 60 != self._minute:
            self._minute = int(self.seconds) // 60
            print(text, file=sys.stderr, flush=True)

    _minute: int = -1

    def report(self) -> str:
        """The figures of the proof so far."""
        tally, whole = self.tally, len(self.done) >= self.total
        rows = [f"  {engine:24} {count:>10,}" for engine, count in sorted(tally.by_engine.items())]
        state = "complete" if whole else f"{len(self.done):,} of {self.total:,} jobs; the same command goes on"
        return "\n".join(
            [
                f"\nprogram runs compared with the reference, {state}",
                *rows,
                f"programs {tally.programs:,}, events {tally.events:,}, words compared {tally.words:,}",
                f"failures {len(self.failed)}, seconds {self.seconds:,.0f}",
                *(f"  {line}" for line in self.failed),
            ]
        )


def _start(job: Job) -> Running:
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(job, there), daemon=True)
    process.start()
    there.close()
    return Running(job, process, here)


def _child(job: Job, answer: Connection) -> None:
    try:
        outcome = work(job)
    except Exception:  # whatever it is, it is what the proof has found
        outcome = Outcome(failures=[Failure(job.name, job.first, "proof", traceback.format_exc(limit=-4))])
    answer.send(outcome)


def _answer(ended: Running) -> Outcome | None:
    """What the job says; None if its process died before it said anything."""
    try:
        outcome: Outcome = ended.answer.recv()
    except EOFError:
        outcome = None  # type: ignore[assignment]
    ended.process.join()
    return outcome


def _rows(path: Path) -> Iterator[dict[str, object]]:
    """Whole lines of the log: the last one may be cut."""
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    return (json.loads(line) for line in lines if line.endswith("\n"))


if __name__ == "__main__":
    sys.exit(main())
