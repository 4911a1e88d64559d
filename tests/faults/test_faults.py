"""The list of planted faults is fresh and whole, the runner tells caught from survived, and a few are planted."""

from __future__ import annotations

import os
import select
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from faults.fault import Fault, check, passes
from faults.plant import ROOT, Outcome, line, main, plant, run_to_the_end, stale, summary, verdict
from faults.planted import FAULTS

#: The parts in which faults are planted, by the beginning of the file's path, and how many there are at least.
PARTS = {
    "compiler/passes/fold_constants.py": 2,
    "compiler/passes/algebra.py": 4,
    "compiler/passes/cse.py": 4,
    "compiler/passes/hoist_setup.py": 2,
    "compiler/passes/dead_code.py": 2,
    "compiler/passes/pack_slots.py": 1,
    "compiler/ir/dependence.py": 2,
    "compiler/lower/": 15,
    "compiler/backends/numba/": 6,
    "runtime/backtest/native_ops.py": 4,
    "compiler/backends/c/toolchain.py": 3,
    "compiler/backends/c/split.py": 2,
    "compiler/backends/c/": 10,
    "codegen_templates/": 3,
    "cython_core/include/flashc/snapshot.h": 3,
    "cython_core/include/flashc/": 15,
    "runtime/backtest/market/": 3,
    "runtime/backtest/": 10,
    "simulator/exchange/": 20,
    "simulator/rest/": 20,
    "simulator/accounts_file.py": 2,
    "runtime/mexc/": 30,
}
#: Planted in CI: they are noticed in seconds. The tests themselves run there anyway, so nobody asks if they are green.
QUICK = (
    "algebra: 1.0 / x is x",
    "hoist: what a report writes is constant",
    "c: the ticked word is not cleared",
    "c flags: the level of the machine at hand",
    "split: risk runs though nothing was decided",
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_can_be_planted(fault: Fault) -> None:
    assert not stale(fault), "the list is stale: find the text anew"
    assert fault.put != fault.find
    assert all((ROOT / name).exists() for name in fault.check.arguments if name.startswith("tests/"))


def test_every_part_has_its_faults() -> None:
    assert max(Counter(fault.name for fault in FAULTS).values()) == 1
    counts = {part: sum(fault.file.startswith(part) for fault in FAULTS) for part in PARTS}
    assert not {part: count for part, count in counts.items() if count < PARTS[part]}


def test_a_few_planted_faults_are_caught(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--jobs", "1", "--no-baseline", "--keep", str(tmp_path / "kept")]) == 0
    out = capsys.readouterr().out
    assert "5 of 5 planted faults were caught" in out
    assert all(name in out for name in QUICK)


def test_a_fault_that_nobody_notices_makes_the_command_fail(tmp_path: Path) -> None:
    harmless = Fault(
        "harmless", "compiler/lower/fields.py", "from __future__", "# changed\nfrom __future__", passes("packing")
    )
    gone = replace(harmless, name="gone", find="no such text")
    untested = Fault("untested", harmless.file, harmless.find, harmless.put, check("tests/nothing.py"))
    found = plant([harmless, gone, untested], tmp_path, baseline=False, say=False)
    assert [outcome.state for outcome in found] == ["survived", "stale", "broken"]
    text, code = summary(found)
    assert code == 1
    assert text == "0 of 3 planted faults were caught; not: harmless, gone, untested"


def test_a_check_that_is_red_without_a_fault_stops_everything(tmp_path: Path) -> None:
    fault = replace(FAULTS[0], check=check("tests/nothing.py"))
    with pytest.raises(SystemExit, match="without a fault"):
        plant([fault], tmp_path)


@pytest.mark.parametrize(
    ("code", "output", "state", "by"),
    [
        (0, "3 passed", "survived", ""),
        (1, "FAILED tests/a/test_b.py::test_c[x-1] - assert 1", "caught", "test_b.py::test_c[x-1]"),
        (1, "ERROR tests/a/test_b.py::test_c", "caught", "test_b.py::test_c"),
        (-8, "", "caught", "the process ended by signal 8"),
        (2, "ERROR tests/a/test_b.py\n1 error", "broken", "1 error"),
        (5, "no tests ran", "broken", "no tests ran"),
    ],
)
def test_the_verdict_follows_from_what_pytest_says(code: int, output: str, state: str, by: str) -> None:
    assert verdict(code, output) == (state, by)


def test_tests_without_end_are_ended_with_all_that_they_started(tmp_path: Path) -> None:
    """A pipe reads as ended once nobody is left who could write to it."""
    os.mkfifo(tmp_path / "pipe")
    pipe = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert run_to_the_end(["sh", "-c", "sleep 600 > pipe & wait"], tmp_path, os.environ, longest_s=1) is None
    ended, _, _ = select.select([pipe], [], [], 30)
    os.close(pipe)
    assert ended
    assert run_to_the_end(["sh", "-c", "echo x; exit 3"], tmp_path, os.environ) == (3, "x\n")


def test_a_line_names_who_noticed() -> None:
    outcome = Outcome(FAULTS[0], "caught", "test_passes.py::test_x", 1.25)
    assert line(outcome).endswith("test_passes.py::test_x")
    assert "NOTHING" in line(replace(outcome, state="survived"))
    assert "STALE: gone" in line(replace(outcome, state="stale", by="gone"))
