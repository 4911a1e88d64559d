"""Faults in combination: the laws of `tests/storms` hold for some seeds. `make storms` tries as many as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest
from storms.plan import plan
from storms.storm import storm


@pytest.mark.parametrize("seed", [13, 2])
def test_whatever_comes_together_the_client_is_never_wrong_and_agrees_in_the_end(seed: int, tmp_path: Path) -> None:
    assert storm(plan(seed), tmp_path) == []


def test_a_seed_is_one_plan() -> None:
    assert plan(7) == plan(7) != plan(8)
