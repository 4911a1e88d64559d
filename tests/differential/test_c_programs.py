"""Random programs compiled to C give the bits of the reference: by stretches, and by the calls of a live process with
snapshots between."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
from flashc.compiler.passes import run_passes
from support.agreement import Tally, disagreement
from support.c_live import LiveMachine
from support.fir_programs import Case, random_case
from support.kernels import NativeMachine
from support.order_budget import within_budget

#: A compiler works for a tenth of a second on each; more are for a night.
PROGRAMS, SHARDS = int(os.environ.get("FLASHC_RANDOM_C_PROGRAMS", "48")), 8
SIZES, RECORDS = (3, 5, 8, 12, 20), 40


def case_of(seed: int) -> Case:
    """A random program after all passes: then its segments have a part that may wait."""
    rng = random.Random(f"c {seed}")
    case = random_case(rng, rng.choice(SIZES), RECORDS)
    answers = any(s.trigger == "manage" for s in case.program.segments)
    return replace(case, program=run_passes(within_budget(case.program) if answers else case.program))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_random_program_in_c_gives_the_bits_of_the_reference(shard: int, tmp_path: Path) -> None:
    unknown = 0
    for seed in range(shard, PROGRAMS, SHARDS):
        case = case_of(seed)
        live = LiveMachine(case.program, tmp_path, every=7, ticks=case.ticks)
        plain = NativeMachine(case.program, live.kernel, live.keeper, case.ticks)
        engine, what = disagreement(case, {"c": plain, "live": live}, seed, Tally())
        assert not what, f"{engine}, seed {seed}: {what}\n{case.text()}"
        unknown += live.unknown
    assert unknown < PROGRAMS * RECORDS // 10, "most records go through the calls of a live process"
