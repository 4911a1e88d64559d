"""Strategy files on books and trades: all engines agree over every observable, through both markets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.backends.c.printer import print_strategy
from flashc.compiler.backends.c.toolchain import build, find_toolchain
from flashc.cython_core.layout import KIND_BAR
from flashc.runtime.backtest.driver import KernelAddresses
from flashc.runtime.backtest.market.driver import MarketRun
from flashc.runtime.backtest.market.model import MarketModel
from flashc.runtime.backtest.result import Account, Terms
from flashc.runtime.backtest.strategy_object import load
from prove.jobs import SIZES, Job, work
from support.agreement import Tally
from support.market_feeds import tape_for
from support.source_runs import market_facts, market_source, source_disagreement


@pytest.mark.parametrize("shard", range(3))
def test_random_market_strategies_run_the_same_everywhere_and_see_no_future(shard: int) -> None:
    first = shard * SIZES["market"]
    outcome = work(Job("market", shard, first, first + SIZES["market"], 2))
    assert not outcome.failures, outcome.failures[0].message()
    assert outcome.tally.programs >= 3 and outcome.tally.by_engine["numba"] >= 1


def test_enough_of_the_random_market_files_check_and_some_read_bars_first() -> None:
    good = [source for seed in range(40) if (source := market_source(seed, 120)) is not None]
    assert len(good) >= 20, f"only {len(good)} of 40 files check"
    first = [source for source in good if source.program.streams[0].kind == "bar"]
    assert len(first) >= 3, "no file has bars before its book"
    assert all((source.records[:, 1] & 0xFF == KIND_BAR).any() for source in first), "their tapes have no bars"


def test_a_fill_that_is_heard_of_before_its_trade_sees_no_future(tmp_path: Path) -> None:
    """The venue is ahead of the feed: of the cut tape, the trade is missing that filled an order before the cut."""
    seed, path = 24, tmp_path / "strategy.so"
    source = market_source(seed)
    assert source is not None
    build(print_strategy(source.program), path, find_toolchain())
    assert source_disagreement(source, {"c": load(path).addresses}, seed, Tally()) == ("", "")


def test_a_tape_without_a_book_that_the_program_reads_is_refused() -> None:
    source = market_source(9)
    assert source is not None
    tape, facts = tape_for(source.program, 9, 50), market_facts(source.program)
    none, account = KernelAddresses(0, 0, 0), Account(1, (Terms(1, 0, 0),))
    wrong = replace(tape, books=(replace(tape.books[0], stream=0),))
    with pytest.raises(AssertionError, match=r"streams \[1\] are books that the tape does not have"):
        MarketRun(none, facts, wrong, account, MarketModel())
    assert np.array_equal(MarketRun(none, facts, tape, account, MarketModel()).sim[:1], [1])
