"""The tests that stand in the ready strategies: they pass, and each exit has one by rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.cli.front import read_front
from flashc.cli.testing.runner import Asked, run_file

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "strategies").glob("*.yaml"))
#: The least share of clauses that the tests of a ready strategy see.
LEAST_PERCENT = 83.0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_tests_of_a_ready_strategy_pass(path: Path) -> None:
    front = read_front(path)
    found = run_file(path, front, Asked(laws=False), lambda run: None)
    assert not [f"{run.name}: {d.code} {d.message} {d.notes}" for run in found.runs for d in run.findings]
    kinds = {run.test.decl.kind for run in found.runs}
    assert {"rows", "generate"} <= kinds
    assert front.document is not None
    fired = {order.rule for run in found.runs if run.test.decl.kind == "rows" for order in run.orders}
    assert fired >= {f"exits.{rule.name.value}" for rule in front.document.exits}, "an exit has no test by rows"
    assert found.coverage is not None
    assert found.coverage.percent >= LEAST_PERCENT
