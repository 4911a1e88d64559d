"""Strategy files on books and trades: reference = Numba over every observable, through both markets."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.layout import state_words
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.cython_core.layout import QTY, TIME
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest.market.driver import run_market
from flashc.runtime.backtest.market.model import Latency, MarketModel, MarketTape
from flashc.runtime.backtest.market.reference_market import run_market_reference
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, RunResult, Terms
from support.kernels import addresses, canonical_state, import_kernel
from support.market_sources import random_market_source
from support.market_tapes import random_tape

SEEDS = range(8)
LOTS = 20_000  # per lot of the random tapes: then a few dollars can be traded
MODEL = MarketModel(Latency((3_000_000,), (1_000_000,), (2_000_000,)), "prob_log")
OUTPUTS = ("decisions", "orders", "fills", "equity_time", "equity", "position")


def compiled(seed: int) -> Compiled | None:
    document, found = read_document(Source("random.yaml", random_market_source(seed)))
    assert document is not None, [d.message for d in found]
    checked, found = check(document)
    return None if checked is None else compile_checked(checked)


def facts_of(made: Compiled) -> KernelFacts:
    streams = made.program.streams
    book = next(k for k, s in enumerate(streams) if s.kind == "book")
    timers = tuple(Feed(k, s.period_ns) for k, s in enumerate(streams) if s.kind == "timer")
    return KernelFacts(state_words(made.program), (Feed(book),), timers, market=True)


def tape_of(seed: int, messages: int) -> MarketTape:
    tape = random_tape(seed, messages)
    tape.records[:, QTY] *= LOTS
    return tape


def native(made: Compiled, tape: MarketTape, kernel: ModuleType) -> RunResult:
    account = Account(100 * 10**8, (Terms(1, 50_000, 0, 10**8),))
    params = [p.default for p in made.program.params]
    return run_market(addresses(kernel), facts_of(made), tape, params, account, MODEL, chunk=57)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_market_strategy_runs_the_same_everywhere_and_sees_no_future(seed: int, tmp_path: Path) -> None:
    made = compiled(seed)
    if made is None:
        pytest.skip("the random file does not check")
    tape = tape_of(seed, 700)
    account = Account(100 * 10**8, (Terms(1, 50_000, 0, 10**8),))
    params = [p.default for p in made.program.params]
    kernel = import_kernel(made.program, tmp_path)
    fast = native(made, tape, kernel)
    slow = run_market_reference(Machine(made.program), facts_of(made), tape, params, account, MODEL)
    for name in OUTPUTS:
        assert np.array_equal(getattr(fast, name), getattr(slow, name)), name
    assert canonical_state(made.program, fast.state) == slow.state.tolist()

    cut = random.Random(seed).randrange(1, len(tape.records))
    while cut < len(tape.records) and tape.records[cut, TIME] == tape.records[cut - 1, TIME]:
        cut += 1
    part = native(made, replace(tape, records=tape.records[:cut].copy()), kernel)
    until = tape.records[cut - 1, TIME]
    for name in ("decisions", "fills"):
        early, late = (t[t[:, 1 if name == "fills" else 0] < until] for t in (getattr(part, name), getattr(fast, name)))
        assert np.array_equal(early[:, :3], late[:, :3]), f"{name} sees later records"


def test_enough_of_the_random_market_files_check() -> None:
    good = [seed for seed in range(40) if compiled(seed) is not None]
    assert len(good) >= 20, f"only {len(good)} of 40 files check"
