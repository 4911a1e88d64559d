"""The reference interpreter, C and Numba give the same bits on random programs and tapes.

C runs all of them; Numba, which compiles a hundred times longer, every fifth. `make prove` runs many more.
"""

from __future__ import annotations

import os

import pytest
from prove.jobs import SIZES, Job, work

#: How many programs, and one of how many goes through Numba as well.
PROGRAMS = int(os.environ.get("FLASHC_RANDOM_PROGRAMS", "2000"))
NUMBA = int(os.environ.get("FLASHC_RANDOM_NUMBA", "5"))
SHARDS = -(-PROGRAMS // SIZES["fir"])


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_programs_give_the_same_bits_and_keep_the_prefix_law(shard: int) -> None:
    size = SIZES["fir"]
    outcome = work(Job("fir", shard, shard * size, (shard + 1) * size, NUMBA))
    assert not outcome.failures, outcome.failures[0].message()
    assert outcome.tally.programs == size
    assert outcome.tally.by_engine.get("numba", 0) in (0, size // NUMBA), "large programs run without Numba"
