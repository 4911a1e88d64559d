"""The reference interpreter and the Numba kernel give the same bits on random programs and tapes."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.layout import state_words
from flashc.compiler.ir.printer import print_program
from flashc.cython_core.layout import FLAG_INSTANT_END, FLAG_SHIFT, HEAD, KIND_BAR, TIME
from flashc.runtime.backtest import driver, reference
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, Terms
from support.fir_programs import Case, random_case
from support.kernels import KernelMachine, Step, addresses, canonical_state, steps

KINDS = ("bar", "timer")
#: How many programs: compiling them takes all the time, so more are for a night (`FLASHC_RANDOM_PROGRAMS=10000`).
PROGRAMS, SHARDS = int(os.environ.get("FLASHC_RANDOM_PROGRAMS", "1000")), 40
RECORDS = 30
#: Operations per segment, drawn for each program. Small programs compile fast; long ones mix more.
SIZES = (1, 1, 2, 2, 2, 3, 3, 4, 5, 8)


def make(seed: int) -> Case:
    rng = random.Random(seed)
    return random_case(rng, rng.choice(SIZES), RECORDS)


def explain(seed: int, case: Case, what: str) -> str:
    return f"seed {seed}: {what}\nparams {case.params}\n{print_program(case.program)}"


def first_difference(expected: list[Step], got: list[Step]) -> str:
    for number, (a, b) in enumerate(zip(expected, got, strict=True)):
        if a[:2] != b[:2]:
            return f"after event {number}: {a[:2]} became {b[:2]}"
        if a[2] != b[2]:
            words = [f"word {k}: {x} became {y}" for k, (x, y) in enumerate(zip(a[2], b[2], strict=True)) if x != y]
            return f"after event {number}: " + ", ".join(words[:4])
    return ""


def same_run(a: object, b: object) -> list[str]:
    """Names of the parts in which two run results differ; the states are compared by the caller."""
    names = ("equity_time", "equity", "decisions", "orders", "fills", "waits", "cash", "position")
    return [n for n in names if not np.array_equal(getattr(a, n), getattr(b, n))]


def bars_of(records: Sequence[Sequence[int]]) -> list[list[int]]:
    """The bars as a tape has them: the last one of each time ends the instant."""
    rows = [list(r) for r in records if r[HEAD] & 0xFF == KIND_BAR]
    for row, following in zip(rows, [*rows, None][1:], strict=True):
        row[HEAD] &= ~(FLAG_INSTANT_END << FLAG_SHIFT)
        row[HEAD] |= (following is None or following[TIME] != row[TIME]) * FLAG_INSTANT_END << FLAG_SHIFT
    return rows


def _for_bars(case: Case) -> bool:
    """Whether the driver of bars takes the program."""
    kinds = {s.kind for s in case.program.streams}
    return kinds <= set(KINDS) and "bar" in kinds


def _bounded(case: Case) -> int:
    """Records for the drivers: a program that answers reports and wakes at random may send orders without end."""
    return 2 if any(s.trigger == "manage" for s in case.program.segments) else RECORDS


def _whole_instants(case: Case, cut: int) -> int:
    """The cut, moved back to where a time ends."""
    while cut > 0 and case.records[cut - 1][TIME] == case.records[cut][TIME]:
        cut -= 1
    return cut


def run_both(case: Case, kernel: KernelMachine, records: int) -> tuple[list[str], object]:
    """Differences between the compiled driver and its twin over the first records, and the compiled result."""
    feeds = {
        kind: [Feed(k, s.period_ns) for k, s in enumerate(case.program.streams) if s.kind == kind] for kind in KINDS
    }
    count = case.program.instance_count
    bases = tuple(feeds["bar"][i % len(feeds["bar"])] for i in range(count))
    facts = KernelFacts(state_words(case.program), bases, tuple(feeds["timer"]))
    account = Account(10**13, (Terms(1, 50_000, 10_000, min_notional_atoms=5),) * count, slippage_ticks=1)
    rows = bars_of(case.records[:records])
    tape = np.array(rows, dtype=np.int64).reshape(-1, 8)
    fast = driver.run(addresses(kernel.module), facts, tape, case.params, account, chunk=7)
    slow = reference.run(Machine(case.program), facts, rows, case.params, account)
    differ = same_run(fast, slow)
    if canonical_state(case.program, fast.state) != slow.state.tolist():
        differ.append("state")
    return differ, fast


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_programs_give_the_same_bits_and_keep_the_prefix_law(shard: int, tmp_path: Path) -> None:
    for seed in range(shard, PROGRAMS, SHARDS):
        case = make(seed)
        kernel = KernelMachine(case.program, tmp_path)
        expected, got = steps(Machine(case.program), case), steps(kernel, case)
        assert expected == got, explain(seed, case, first_difference(expected, got))
        cut = random.Random(seed).randrange(RECORDS)
        part = steps(kernel, replace(case, records=case.records[:cut]))
        assert part == got[: cut + 1], explain(seed, case, f"the first {cut} events see later ones")
        if not _for_bars(case):
            continue
        records = _bounded(case)
        differ, whole = run_both(case, kernel, records)
        assert not differ, explain(seed, case, f"the drivers differ in {differ}")
        _, start = run_both(case, kernel, _whole_instants(case, cut % records))
        for name in ("equity", "decisions", "fills"):
            early, late = getattr(start, name), getattr(whole, name)
            assert np.array_equal(early, late[: len(early)]), explain(seed, case, f"{name} sees later records")
