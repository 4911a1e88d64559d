"""`make prove`: what it will do is fixed by its numbers; it goes on where it was; crashes and differences are kept."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from prove import __main__ as prove
from prove import jobs
from prove.jobs import Failure, Job, Outcome, all_jobs
from support.agreement import Tally


def one_program(job: Job, folder: Path) -> Outcome:
    return Outcome(Tally(job.stop - job.first, 30, 100, {"c": job.stop - job.first}))


def crash_at(seed: int) -> Callable[[Job, Path], Outcome]:
    def run(job: Job, folder: Path) -> Outcome:
        if job.first <= seed < job.stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return one_program(job, folder)

    return run


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    made = [Job("fir", number, 4 * number, 4 * number + 4) for number in range(3)]
    monkeypatch.setattr(prove, "all_jobs", lambda programs, seed, place: made)
    monkeypatch.setitem(jobs._WORK, "fir", one_program)
    return made


def test_jobs_are_a_function_of_the_numbers_and_cover_every_program_once() -> None:
    made = all_jobs(2000)
    assert made == all_jobs(2000)
    assert {job.name for job in made} != {job.name for job in all_jobs(4000)}
    assert sum(job.stop - job.first for job in made) == 2000
    for kind in jobs.SIZES:
        own = sorted((job.first, job.stop) for job in made if job.kind == kind)
        assert own[0][0] == 0 and all(a[1] == b[0] for a, b in itertools.pairwise(own)), kind
    assert all(job.first >= 3 * 10**9 for job in all_jobs(2000, 3))


def test_a_proof_goes_on_where_it_was(few: list[Job], tmp_path: Path) -> None:
    proof = prove.Proof(12, 0, tmp_path)
    proof.run(2, None)
    assert proof.tally.programs == 12 and not proof.failed
    lines = proof.log.read_text().splitlines(keepends=True)
    proof.log.write_text(lines[0] + lines[1][:20])
    again = prove.Proof(12, 0, tmp_path)
    again.run(2, 0)
    assert again.tally.programs == 4 and "1 of 3 jobs; the same command goes on" in again.report()
    proof.log.write_text(lines[0])
    again = prove.Proof(12, 0, tmp_path)
    again.run(1, None)
    assert again.tally.programs == 12 and "complete" in again.report()


def test_a_crash_is_narrowed_down_to_its_program(
    few: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs._WORK, "fir", crash_at(6))
    proof = prove.Proof(12, 0, tmp_path)
    proof.run(2, None)
    assert len(proof.failed) == 1 and "the process ended with -9" in proof.failed[0]
    assert (tmp_path / "fir_1_6_7_6_crash.txt").is_file()
    assert proof.tally.programs == 11


def test_an_error_of_the_proof_itself_is_a_failure(
    few: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(job: Job, folder: Path) -> Outcome:
        raise AssertionError("one record in, one record taken")

    monkeypatch.setitem(jobs._WORK, "fir", broken)
    proof = prove.Proof(12, 0, tmp_path)
    proof.run(2, None)
    assert len(proof.failed) == 3 and "one record in, one record taken" in proof.failed[0]


def test_what_differs_makes_the_command_fail(
    few: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prove, "_warm", lambda: None)
    words = ["--programs", "12", "--workers", "1", "--folder", str(tmp_path)]
    assert prove.main(words) == 0
    assert "programs 12, events 90, words compared 300" in capsys.readouterr().out
    found = Failure("fir/0", 1, "numba", "the drivers differ in ['fills']")
    monkeypatch.setitem(jobs._WORK, "fir", lambda job, folder: Outcome(failures=[found]))
    assert prove.main([*words, "--seed", "1"]) == 1
    assert "DIFFERENT numba: the drivers differ in ['fills']" in capsys.readouterr().out
