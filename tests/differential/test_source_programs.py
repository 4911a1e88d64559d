"""Whole strategy files: reference = Numba over every observable, and the prefix law, on random files and bars."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.layout import state_words
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest import driver, reference
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, RunResult, Terms
from support.kernels import addresses, canonical_state, import_kernel
from support.source_programs import MINUTE, random_source, random_tape

SEEDS = range(120)
MINUTES = 700
OUTPUTS = ("equity_time", "equity", "decisions", "orders", "fills", "waits", "cash", "position")


def compiled(text: str) -> Compiled | None:
    """The compiled file; None if the random expressions broke a rule of the language."""
    document, found = read_document(Source("random.yaml", text))
    assert document is not None, [d.message for d in found]
    checked, found = check(document)
    return None if checked is None else compile_checked(checked)


def differing(a: RunResult, b: RunResult) -> list[str]:
    return [name for name in OUTPUTS if not np.array_equal(getattr(a, name), getattr(b, name))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_strategy_runs_the_same_everywhere_and_sees_no_future(seed: int, tmp_path: Path) -> None:
    text = random_source(seed)
    made = compiled(text)
    if made is None:
        pytest.skip("the random file does not check")
    program = made.program
    periods = [s.period_ns for s in program.streams]
    records = random_tape(seed, periods, MINUTES)
    facts = KernelFacts(state_words(program), (Feed(0, periods[0]),))
    account = Account(10_000 * 10**8, (Terms(1, 50_000, 0, min_notional_atoms=10**8),), slippage_ticks=seed % 3)
    params = [p.default for p in program.params]
    kernel = addresses(import_kernel(program, tmp_path))

    fast = driver.run(kernel, facts, np.array(records, dtype=np.int64), params, account)
    slow = reference.run(Machine(program), facts, records, params, account)
    assert not differing(fast, slow), f"{differing(fast, slow)}\n{text}"
    assert canonical_state(program, fast.state) == slow.state.tolist(), text

    cut = random.Random(seed).randrange(1, len(records))
    part = driver.run(kernel, facts, np.array(records[:cut], dtype=np.int64), params, account)
    for name in ("equity", "decisions", "fills"):
        early, late = getattr(part, name), getattr(fast, name)
        assert np.array_equal(early, late[: len(early)]), f"{name} sees later bars\n{text}"


def test_enough_of_the_random_files_check_and_trade() -> None:
    """A generator that only writes broken or idle files would prove nothing."""
    made = [(seed, compiled(random_source(seed))) for seed in SEEDS]
    good = [(seed, c) for seed, c in made if c is not None]
    assert len(good) >= 0.7 * len(SEEDS), f"only {len(good)} of {len(SEEDS)} files check"
    traded = 0
    for seed, c in good[:20]:
        periods = [s.period_ns for s in c.program.streams]
        machine = Machine(c.program)
        account = Account(10_000 * 10**8, (Terms(1, 50_000, 0, min_notional_atoms=10**8),))
        facts = KernelFacts(state_words(c.program), (Feed(0, periods[0]),))
        params = [p.default for p in c.program.params]
        result = reference.run(machine, facts, random_tape(seed, periods, MINUTES), params, account)
        traded += len(result.fills) > 1
    assert traded >= 8, f"only {traded} of 20 files trade"
    assert MINUTE
