"""The reference interpreter and the Numba kernel give the same bits on random programs and tapes."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.layout import state_words
from flashc.compiler.ir.printer import print_program
from flashc.runtime.backtest import driver, reference
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, Terms
from support.fir_programs import Case, random_case
from support.kernels import KernelMachine, Step, addresses, canonical_state, steps

PROGRAMS, SHARDS = 2000, 40
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
        if a[0] != b[0]:
            return f"after event {number}: {a[0]} became {b[0]}"
        if a[1] != b[1]:
            words = [f"word {k}: {x} became {y}" for k, (x, y) in enumerate(zip(a[1], b[1], strict=True)) if x != y]
            return f"after event {number}: " + ", ".join(words[:4])
    return ""


def same_run(a: object, b: object) -> list[str]:
    """Names of the parts in which two run results differ; the states are compared by the caller."""
    names = ("equity_time", "equity", "decisions", "orders", "fills", "waits", "cash", "position")
    return [n for n in names if not np.array_equal(getattr(a, n), getattr(b, n))]


def run_both(case: Case, kernel: KernelMachine, records: int) -> tuple[list[str], object]:
    """Differences between the compiled driver and its twin over the first records, and the compiled result."""
    facts = KernelFacts(state_words(case.program), (Feed(0, case.program.streams[0].period_ns),))
    account = Account(10**13, (Terms(1, 50_000, 10_000, min_notional_atoms=5),), slippage_ticks=1)
    rows = [list(r) for r in case.records[:records]]
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
        differ, whole = run_both(case, kernel, RECORDS)
        assert not differ, explain(seed, case, f"the drivers differ in {differ}")
        _, start = run_both(case, kernel, cut)
        for name in ("equity", "decisions", "fills"):
            early, late = getattr(start, name), getattr(whole, name)
            assert np.array_equal(early, late[: len(early)]), explain(seed, case, f"{name} sees later records")
