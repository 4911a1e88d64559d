"""Whole strategy files: all engines agree over every observable, and keep the prefix law, on random files and bars."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.compiler.evaluate.evaluator import Machine
from support.agreement import Tally
from support.kernels import addresses, import_kernel
from support.source_runs import bar_source, source_disagreement

SEEDS = range(120)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_strategy_runs_the_same_everywhere_and_sees_no_future(seed: int, tmp_path: Path) -> None:
    source = bar_source(seed)
    if source is None:
        pytest.skip("the random file does not check")
    kernels = {"numba": addresses(import_kernel(source.program, tmp_path))}
    engine, what = source_disagreement(source, kernels, seed, Tally())
    assert not what, f"{engine}: {what}\n{source.text}"


def test_enough_of_the_random_files_check_and_trade() -> None:
    """A generator that only writes broken or idle files would prove nothing."""
    good = [source for source in map(bar_source, SEEDS) if source is not None]
    assert len(good) >= 0.7 * len(SEEDS), f"only {len(good)} of {len(SEEDS)} files check"
    traded = sum(len(source.reference(Machine(source.program)).fills) > 1 for source in good[:20])
    assert traded >= 8, f"only {traded} of 20 files trade"
