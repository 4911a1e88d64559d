"""The reference interpreter and the native engines give the same bits on random programs and tapes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.agreement import Tally, disagreement
from support.fir_programs import budgeted_case
from support.kernels import KernelMachine

#: How many programs: compiling them takes all the time, so more are for a night (`FLASHC_RANDOM_PROGRAMS=10000`).
PROGRAMS, SHARDS = int(os.environ.get("FLASHC_RANDOM_PROGRAMS", "1000")), 40


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_programs_give_the_same_bits_and_keep_the_prefix_law(shard: int, tmp_path: Path) -> None:
    for seed in range(shard, PROGRAMS, SHARDS):
        case = budgeted_case(seed)
        engine, what = disagreement(case, {"numba": KernelMachine(case.program, tmp_path)}, seed, Tally())
        assert not what, f"{engine}, seed {seed}: {what}\n{case.text()}"
