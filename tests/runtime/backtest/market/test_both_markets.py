"""The native market and its slow twin, run on the same random tapes with the same random orders: all tables equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flashc.runtime.backtest import result as names
from flashc.runtime.backtest.market.driver import MarketRun, run_market
from flashc.runtime.backtest.market.model import QUEUE_MODELS, Latency, MarketModel
from flashc.runtime.backtest.market.reference_market import run_market_reference
from flashc.runtime.backtest.restart import carry_over_books
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, RunResult, Terms
from support.market_tapes import NativeScript, Script, random_tape

SAMPLES = Latency((0, 5_000_000, 200_000_000, 1), (1_000_000,), (2_000_000, 0, 90_000_000))
TIMERS = (Feed(8, 10_000_000), Feed(9, 100_000_000))


def both(seed: int, model: MarketModel, books: int = 1, cash: int = 10**9, messages: int = 400) -> RunResult:
    """The result, after a look at everything that the strategy saw and that the run left behind."""
    tape, streams = random_tape(seed, messages, books), tuple(range(0, 2 * books, 2))
    facts = KernelFacts(1, tuple(Feed(stream) for stream in streams), TIMERS, market=True)
    account = Account(cash, tuple(Terms(7, 50_000, 10_000, 2_000, 2) for _ in streams))
    slow = Script(seed + 1, streams)
    reference = run_market_reference(slow, facts, tape, (), account, model)
    fast = Script(seed + 1, streams)
    native = NativeScript(fast)
    result = run_market(native.addresses, facts, tape, (), account, model, chunk=57)
    assert fast.seen == slow.seen
    for name in ("decisions", "orders", "fills", "equity_time", "equity", "position"):
        assert np.array_equal(getattr(result, name), getattr(reference, name)), name
    assert result.cash == reference.cash
    return result


@pytest.mark.parametrize("queue", QUEUE_MODELS)
@pytest.mark.parametrize("latency", [Latency(), Latency((3_000_000,), (1_000_000,), (2_000_000,)), SAMPLES])
def test_every_queue_model_with_every_kind_of_latency(queue: str, latency: Latency) -> None:
    for seed in range(3):
        result = both(seed, MarketModel(latency, queue))
        assert len(result.fills) > 10


@pytest.mark.parametrize("seed", range(4))
def test_two_books_with_refill_impact_and_band(seed: int) -> None:
    model = MarketModel(SAMPLES, "prob_log2", 3.0, 50_000_000, 0.7, 400_000)
    result = both(seed, model, books=2, cash=400_000)
    reasons = result.rejects()
    assert reasons["price_band"]
    assert reasons["insufficient_balance"]
    assert reasons["would_cross"]


def test_a_run_in_other_memory_goes_on_with_its_books_orders_and_timers() -> None:
    tape, facts = random_tape(3, 400), KernelFacts(1, (Feed(0),), TIMERS, market=True)
    account, model = Account(10**9, (Terms(7, 50_000, 10_000),)), MarketModel(SAMPLES)
    whole, stopped = Script(4), Script(4)
    straight, native = NativeScript(whole), NativeScript(stopped)
    expected = run_market(straight.addresses, facts, tape, (), account, model)

    def started() -> MarketRun:
        work = MarketRun(native.addresses, facts, tape, account, model)
        work.start(())
        return work

    work, total = started(), len(tape.records)
    for stop in (total // 3, total // 2):
        work.advance(stop)
        work = carry_over_books(work, started())
    while work.advance(total) >= 0:
        pass
    assert stopped.seen == whole.seen
    assert np.array_equal(work.result().fills, expected.fills)


def test_two_instances_share_a_queue() -> None:
    tape = random_tape(5, 400)
    facts = KernelFacts(1, (Feed(0), Feed(0)), (), market=True)
    account = Account(10**9, (Terms(7, 50_000, 10_000),) * 2)
    slow, fast = Script(6, (0, 0)), Script(6, (0, 0))
    reference = run_market_reference(slow, facts, tape, (), account, MarketModel())
    native = NativeScript(fast)
    result = run_market(native.addresses, facts, tape, (), account, MarketModel())
    assert fast.seen == slow.seen
    assert np.array_equal(result.fills, reference.fills)


@pytest.mark.parametrize("seed", range(6))
def test_the_sum_of_the_fills_is_the_position_and_what_they_cost_left_the_cash(seed: int) -> None:
    result = both(seed, replace(MarketModel(), queue="prob_log"), messages=600)
    fills = result.fills
    assert (fills[:, names.F_SIDE] * fills[:, names.F_QTY]).sum() == result.position[0]
    spent = (fills[:, names.F_SIDE] * fills[:, names.F_VALUE] + fills[:, names.F_FEE]).sum()
    assert result.cash == 10**9 - spent
    for order in result.orders:
        mine = fills[fills[:, names.F_ORDER] == order[names.O_NUMBER]]
        assert mine[:, names.F_QTY].sum() == order[names.O_FILLED]
        assert order[names.O_FILLED] <= order[names.O_QTY]
