"""Whole strategy files on bars: all engines agree over every observable, and keep the prefix law."""

from __future__ import annotations

import pytest
from flashc.compiler.evaluate.evaluator import Machine
from prove.jobs import SIZES, Job, work
from support.source_runs import bar_source

FILES, NUMBA = 120, 2


@pytest.mark.parametrize("shard", range(FILES // SIZES["source"]))
def test_random_strategies_run_the_same_everywhere_and_see_no_future(shard: int) -> None:
    first = shard * SIZES["source"]
    outcome = work(Job("source", shard, first, first + SIZES["source"], NUMBA))
    assert not outcome.failures, outcome.failures[0].message()
    assert outcome.tally.programs >= 5 and outcome.tally.by_engine["numba"] >= 1


def test_enough_of_the_random_files_check_and_trade() -> None:
    """A generator that only writes broken or idle files would prove nothing."""
    good = [source for source in map(bar_source, range(FILES)) if source is not None]
    assert len(good) >= 0.7 * FILES, f"only {len(good)} of {FILES} files check"
    traded = sum(len(source.reference(Machine(source.program)).fills) > 1 for source in good[:20])
    assert traded >= 8, f"only {traded} of 20 files trade"
