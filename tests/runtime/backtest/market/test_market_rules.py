"""The rules of the market, one scenario each, for the reference and for the compiled market.

A scenario is a tape of book messages and trades, and a script of intents by the time at which the strategy sends them
(a wake at that time sends them). Reports are read as the strategy gets them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from flashc.cython_core.layout import (
    FLAG_INSTANT_END,
    FLAG_MESSAGE_END,
    KIND_BAR,
    KIND_DONE,
    KIND_FILL,
    KIND_LEVEL,
    KIND_REJECT,
    KIND_TIMER,
    KIND_WAKE,
    NEVER,
    STYLE_CANCEL,
    STYLE_FOK,
    STYLE_IOC,
    STYLE_LIMIT,
    STYLE_MARKET,
    STYLE_POST_ONLY,
    head,
)
from flashc.runtime.backtest import result as names
from flashc.runtime.backtest.market.driver import run_market
from flashc.runtime.backtest.market.model import BookFeed, Latency, MarketModel, MarketTape
from flashc.runtime.backtest.market.reference_market import run_market_reference
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, RunResult, Terms
from flashc.runtime.backtest.sim_words import MAX_WAKES
from support.market_tapes import NativeScript, Out, Script, TapeWriter

BOOK, TRADES = 0, 1
SECOND = 10**9
RISK_AVERSE = MarketModel(queue="risk_averse")
Sent = dict[int, list[list[int]]]
Run = Callable[[TapeWriter, Sent, MarketModel], "Seen"]


class Seen:
    """What a run left behind, and the reports that the strategy got: (time, kind, side, qty, price, tag)."""

    def __init__(self, result: RunResult, script: Scripted) -> None:
        self.result = result
        self.reports = [(r[0], r[1] & 0xFF, r[2], r[3], r[4], r[7]) for r in script.seen if r[1] & 0xFF in (16, 17, 18)]

    @property
    def fills(self) -> list[tuple[int, ...]]:
        """(venue time, side, qty, price, maker)."""
        picked = (names.F_VENUE_TIME, names.F_SIDE, names.F_QTY, names.F_PRICE, names.F_MAKER)
        return [tuple(int(row[k]) for k in picked) for row in self.result.fills]

    def status(self, number: int = 1) -> str:
        row = self.result.orders[number - 1]
        return names.REJECTS[row[names.O_REJECT]] or names.STATUS[row[names.O_STATUS]]


class Scripted(Script):
    """Sends given intents at given times."""

    def __init__(self, sent: Sent) -> None:
        super().__init__(0)
        self.sent = sent

    def _say(self, record: Sequence[int], *, decided: bool) -> Out:
        self.seen.append(list(record))
        if record[1] & 0xFF == KIND_WAKE:
            return Out(intents=self.sent.pop(record[0]), wake=min(self.sent, default=NEVER))
        return Out(wake=min(self.sent, default=NEVER))


@pytest.fixture(params=["reference", "native"])
def run(request: pytest.FixtureRequest) -> Run:
    def go(tape: TapeWriter, sent: Sent, model: MarketModel = RISK_AVERSE) -> Seen:
        script = Scripted({time: [list(i) for i in intents] for time, intents in sent.items()})
        facts = KernelFacts(1, (Feed(BOOK),), (), market=True)
        account = Account(10**8, (Terms(1, 50_000, 10_000, 5, 1),))
        given = MarketTape(tape.words(), (BookFeed(BOOK, 1, 1000, TRADES),))
        if request.param == "reference":
            return Seen(run_market_reference(script, facts, given, (), account, model), script)
        native = NativeScript(script)
        return Seen(run_market(native.addresses, facts, given, (), account, model), script)

    return go


def tape(*rows: tuple[int, Sequence[tuple[int, int, int]]]) -> TapeWriter:
    """Messages (time, levels), received at once; a trade is a level of side 0: (0, tick, lots that were sold if below 0).

    The book begins at time 0 with bids 99: 10, 98: 20 and asks 101: 10, 102: 20, 104: 5.
    """
    writer = TapeWriter()
    writer.levels(0, 0, BOOK, ((1, 99, 10), (1, 98, 20), (-1, 101, 10), (-1, 102, 20), (-1, 104, 5)), reset=True)
    for time, levels in rows:
        for side, tick, lots in levels:
            if side == 0:
                writer.trade(time, time, TRADES, 1 if lots > 0 else -1, tick, abs(lots))
        changes = [level for level in levels if level[0]]
        if changes:
            writer.levels(time, time, BOOK, changes)
    return writer


def test_wakes_without_end_let_the_tape_go_on_and_never_go_back_in_time() -> None:
    """A strategy that asks for a wake whenever it hears anything."""

    class Restless(Script):
        def _say(self, record: Sequence[int], *, decided: bool) -> Out:
            self.seen.append(list(record))
            return Out(wake=0)

    writer = tape((1000, ((1, 98, 5), (1, 97, 5))), (5000, ((1, 98, 6),)), (5000, ((1, 98, 7),)), (9000, ((1, 98, 8),)))
    facts, account = KernelFacts(1, (Feed(BOOK),), (), market=True), Account(10**8, (Terms(1, 50_000, 10_000),))
    given = MarketTape(writer.words(), (BookFeed(BOOK, 1, 1000, TRADES),))
    slow, fast = Restless(0), Restless(0)
    run_market_reference(slow, facts, given, (), account, RISK_AVERSE)
    native = NativeScript(fast)
    run_market(native.addresses, facts, given, (), account, RISK_AVERSE)
    times = [record[0] for record in slow.seen]
    assert times == sorted(times)
    for time in (0, 1000, 5000):
        assert times.count(time + MAX_WAKES) == 1
        assert time + MAX_WAKES + 1 not in times
    told = [r for r in slow.seen if not (r[1] & 0xFF == KIND_LEVEL and not r[1] >> 8 & FLAG_MESSAGE_END)]
    assert [r[:2] for r in fast.seen] == [r[:2] for r in told]


def test_a_wake_ends_the_instant_of_a_timer() -> None:
    facts, account = KernelFacts(1, (Feed(BOOK),), (Feed(8, 50),), market=True), Account(1, (Terms(1, 0, 0),))
    given = MarketTape(tape((140, ((1, 90, 1),))).words(), (BookFeed(BOOK, 1, 1000, TRADES),))
    slow, fast = Scripted({50: []}), Scripted({50: []})
    run_market_reference(slow, facts, given, (), account, RISK_AVERSE)
    native = NativeScript(fast)
    run_market(native.addresses, facts, given, (), account, RISK_AVERSE)
    for script in (slow, fast):
        own = [(time, word & 0xFF, word >> 8 & FLAG_INSTANT_END) for time, word, *_ in script.seen if 0 < time < 140]
        assert own == [(50, KIND_TIMER, 0), (50, KIND_WAKE, 1), (100, KIND_TIMER, 1)]


LATER = (100, ((1, 90, 1),))  # a change that touches nothing


def order(side: int, style: int, qty: int, price: int = 0, tag: int = 1) -> list[int]:
    return [side, style, qty, price, 0, 3, tag, 0]


def cancel(tag: int = 1, expired: int = 0) -> list[int]:
    return [0, STYLE_CANCEL, 0, 0, 0, expired, tag, 0]


# --- taking


def test_a_market_order_walks_the_book_and_each_price_is_a_fill(run: Run) -> None:
    seen = run(tape(LATER), {5: [order(1, STYLE_MARKET, 32)]})
    assert seen.fills == [(5, 1, 10, 101, 0), (5, 1, 20, 102, 0), (5, 1, 2, 104, 0)]
    assert [r[1] for r in seen.reports] == [KIND_FILL] * 3 + [KIND_DONE]
    assert seen.result.position.tolist() == [32]


def test_what_a_market_order_cannot_fill_is_cancelled(run: Run) -> None:
    seen = run(tape(LATER), {5: [order(1, STYLE_MARKET, 40)]})
    assert seen.status() == "cancelled"
    assert seen.reports[-1] == (5, KIND_DONE, 1, 5, 0, 1)
    assert seen.result.orders[0][names.O_FILLED] == 35


def test_an_ioc_order_stops_at_its_price_and_a_limit_order_rests_there(run: Run) -> None:
    seen = run(tape(LATER), {5: [order(1, STYLE_IOC, 15, 101)]})
    assert (seen.fills, seen.status()) == ([(5, 1, 10, 101, 0)], "cancelled")
    seen = run(tape(LATER), {5: [order(1, STYLE_LIMIT, 15, 101)]})
    assert (seen.fills, seen.status()) == ([(5, 1, 10, 101, 0)], "resting")


def test_a_fok_order_fills_whole_or_not_at_all(run: Run) -> None:
    seen = run(tape(LATER), {5: [order(1, STYLE_FOK, 31, 102)]})
    assert (seen.fills, seen.status()) == ([], "cancelled")
    seen = run(tape(LATER), {5: [order(1, STYLE_FOK, 30, 102)]})
    assert (len(seen.fills), seen.status()) == (2, "filled")


def test_post_only_is_refused_where_it_would_take_and_rests_one_tick_away(run: Run) -> None:
    assert run(tape(LATER), {5: [order(1, STYLE_POST_ONLY, 5, 101)]}).status() == "would_cross"
    assert run(tape(LATER), {5: [order(1, STYLE_POST_ONLY, 5, 100)]}).status() == "resting"


def test_what_is_taken_stays_away_until_the_feed_sets_the_level(run: Run) -> None:
    twice = {
        5: [order(1, STYLE_MARKET, 4)],
        6: [order(1, STYLE_MARKET, 8, tag=2)],
        20: [order(1, STYLE_IOC, 5, 101, 3)],
    }
    seen = run(tape((10, ((-1, 101, 10),)), LATER), twice)
    assert seen.fills == [(5, 1, 4, 101, 0), (6, 1, 6, 101, 0), (6, 1, 2, 102, 0), (20, 1, 5, 101, 0)]


def test_half_of_what_was_taken_is_back_after_a_half_life(run: Run) -> None:
    model = replace(RISK_AVERSE, refill_half_life_ns=10)
    seen = run(tape(LATER), {5: [order(1, STYLE_MARKET, 10)], 15: [order(1, STYLE_IOC, 10, 101, 2)]}, model)
    assert seen.fills == [(5, 1, 10, 101, 0), (15, 1, 5, 101, 0)]


def test_impact_makes_later_lots_dearer(run: Run) -> None:
    seen = run(tape(LATER), {5: [order(1, STYLE_MARKET, 20)]}, replace(RISK_AVERSE, impact=1.0))
    assert seen.fills == [(5, 1, 10, 104, 0), (5, 1, 10, 106, 0)]  # + round(sqrt(10)), + round(sqrt(20))


def test_orders_below_the_minimum_without_the_money_or_out_of_the_band_are_refused(run: Run) -> None:
    def status(given: list[int], **changes: int) -> str:
        return run(tape(LATER), {5: [given]}, replace(RISK_AVERSE, **changes)).status()

    assert status(order(1, STYLE_LIMIT, 1, 1)) == "below_minimum"
    assert status(order(1, STYLE_LIMIT, 10**7, 99)) == "insufficient_balance"
    assert status(order(-1, STYLE_LIMIT, 1, 99)) == "not_held"
    assert status(order(1, STYLE_LIMIT, 1, 89), band_parts=10_000_000) == "price_band"
    assert status(order(1, STYLE_LIMIT, 1, 90), band_parts=10_000_000) == "resting"


# --- resting


def bid(qty: int = 5, price: int = 99) -> Sent:
    return {5: [order(1, STYLE_POST_ONLY, qty, price)]}


def test_a_trade_at_the_price_fills_after_the_lots_ahead(run: Run) -> None:
    seen = run(tape((10, ((0, 99, -10),)), (20, ((0, 99, -2),)), (30, ((0, 99, -9),))), bid())
    assert seen.fills == [(20, 1, 2, 99, 1), (30, 1, 3, 99, 1)]
    assert seen.result.orders[0][names.O_QUEUE] == 10
    assert seen.status() == "filled"


def test_a_trade_beyond_the_price_fills_no_more_than_was_traded(run: Run) -> None:
    assert run(tape((10, ((0, 98, -3),))), bid()).fills == [(10, 1, 3, 99, 1)]
    assert run(tape((10, ((0, 98, -8),))), bid()).fills == [(10, 1, 5, 99, 1)]


def test_a_trade_on_the_other_side_fills_nothing(run: Run) -> None:
    assert run(tape((10, ((0, 99, 50), (0, 101, 50)))), bid()).fills == []


def test_asks_that_cross_a_resting_bid_fill_it_as_far_as_they_reach(run: Run) -> None:
    cross = (10, ((1, 99, 0), (-1, 99, 3)))
    seen = run(tape(cross, (20, ((1, 97, 4),)), (30, ((-1, 99, 4),))), bid())
    assert seen.fills == [(10, 1, 3, 99, 1), (30, 1, 2, 99, 1)]


def test_a_book_that_crosses_within_a_message_fills_nothing(run: Run) -> None:
    within = (10, ((-1, 99, 3), (-1, 99, 0)))
    assert run(tape(within, LATER), bid()).fills == []


def test_a_level_change_that_a_trade_explains_moves_the_queue_once(run: Run) -> None:
    """9 traded, the level falls from 10 to 1: nobody has cancelled, 1 lot is ahead."""
    seen = run(tape((10, ((0, 99, -9), (1, 99, 1))), (20, ((0, 99, -2),))), bid(), replace(RISK_AVERSE, queue="fifo_optimistic"))  # fmt: skip
    assert seen.fills == [(20, 1, 1, 99, 1)]


@pytest.mark.parametrize(
    ("queue", "power", "fill"),
    [
        ("risk_averse", 3.0, 0),  # 10 ahead, 10 behind; 8 are cancelled
        ("prob_power", 3.0, 2),  # half of them ahead: 6 are left ahead
        ("prob_log", 3.0, 2),
        ("prob_log2", 3.0, 2),
        ("fifo_optimistic", 3.0, 6),  # all ahead: 2 left
    ],
)
def test_queue_models_share_the_cancels_between_front_and_back(run: Run, queue: str, power: float, fill: int) -> None:
    rows = ((10, ((1, 99, 20),)), (20, ((1, 99, 12),)), (30, ((0, 99, -8),)))
    seen = run(tape(*rows), bid(20), MarketModel(queue=queue, power=power))
    expected = {"prob_log2": 8 - (10 - (1 - np.log(11) / np.log(21)) * 8)}.get(queue, fill)
    assert sum(f[2] for f in seen.fills) == int(max(0, expected))


def test_never_more_is_ahead_than_the_level_holds(run: Run) -> None:
    seen = run(tape((10, ((1, 99, 2),)), (20, ((0, 99, -3),))), bid())
    assert seen.fills == [(20, 1, 1, 99, 1)]


def test_own_orders_share_a_queue(run: Run) -> None:
    two = {5: [order(1, STYLE_POST_ONLY, 5, 99), order(1, STYLE_POST_ONLY, 5, 99, 2)]}
    seen = run(tape((10, ((0, 99, -17),))), two)
    assert [f[2] for f in seen.fills] == [5, 2]


def test_the_better_price_comes_first(run: Run) -> None:
    two = {5: [order(1, STYLE_POST_ONLY, 5, 99), order(1, STYLE_POST_ONLY, 5, 100, 2)]}
    seen = run(tape((10, ((0, 98, -7),))), two)
    assert [f[2:4] for f in seen.fills] == [(5, 100), (2, 99)]


# --- time


def test_requests_and_responses_take_their_time(run: Run) -> None:
    model = replace(RISK_AVERSE, latency=Latency((7,), (3,), (11,)))
    seen = run(tape((40, ((1, 98, 3),)), LATER), {5: [order(1, STYLE_MARKET, 1)]}, model)
    row = seen.result.orders[0]
    assert (row[names.O_TIME], row[names.O_ARRIVED]) == (5, 12)
    assert seen.fills == [(12, 1, 1, 101, 0)]
    assert [r[:2] for r in seen.reports] == [(23, KIND_FILL), (23, KIND_DONE)]


def test_samples_are_replayed_in_order_and_no_request_overtakes(run: Run) -> None:
    model = replace(RISK_AVERSE, latency=Latency((20, 1), (0,), (0,)))
    sent = {at: [order(1, STYLE_POST_ONLY, 1, 99, at)] for at in (5, 6, 40)}
    orders = run(tape(LATER), sent, model).result.orders
    assert orders[:, names.O_ARRIVED].tolist() == [25, 25, 60]


def test_an_order_meets_the_book_of_its_arrival(run: Run) -> None:
    model = replace(RISK_AVERSE, latency=Latency((10,), (0,), (0,)))
    seen = run(tape((12, ((-1, 101, 0),)), LATER), {5: [order(1, STYLE_MARKET, 1)]}, model)
    assert seen.fills == [(15, 1, 1, 102, 0)]


def test_a_fill_before_the_cancel_arrives_wins(run: Run) -> None:
    model = replace(RISK_AVERSE, latency=Latency((0,), (10,), (0,)))
    sold = (12, ((0, 98, -9),))
    seen = run(tape(sold, LATER), {5: [order(1, STYLE_POST_ONLY, 5, 99)], 6: [cancel()]}, model)
    assert seen.status() == "filled"
    assert [r[1] for r in seen.reports] == [KIND_FILL, KIND_DONE]
    seen = run(tape((17, sold[1]), LATER), {5: [order(1, STYLE_POST_ONLY, 5, 99)], 6: [cancel()]}, model)
    assert (seen.status(), seen.fills) == ("cancelled", [])
    assert seen.reports == [(16, KIND_DONE, 1, 5, 99, 1)]


def test_a_cancel_at_the_end_of_a_life_says_expired(run: Run) -> None:
    seen = run(tape(LATER), {5: [order(1, STYLE_POST_ONLY, 5, 99)], 9: [cancel(expired=1)]})
    assert seen.status() == "expired"


def test_the_venue_trades_on_events_that_the_strategy_has_not_received_yet(run: Run) -> None:
    writer = tape()
    writer.trade(90, 10, TRADES, -1, 98, 9)
    seen = run(writer, bid())
    assert seen.fills == [(10, 1, 5, 99, 1)]
    assert seen.reports[0][0] == 10


def test_an_order_on_an_empty_side_ends_or_rests(run: Run) -> None:
    empty = (3, ((-1, 101, 0), (-1, 102, 0), (-1, 104, 0)))
    assert run(tape(empty, LATER), {5: [order(1, STYLE_MARKET, 5)]}).status() == "cancelled"
    assert run(tape(empty, LATER), {5: [order(1, STYLE_POST_ONLY, 5, 500)]}).status() == "resting"


def test_the_equity_curve_has_a_point_per_second_at_the_mid(run: Run) -> None:
    rows = ((SECOND + 1, ((1, 98, 5),)), (3 * SECOND, ((-1, 101, 7),)))
    result = run(tape(*rows), {5: [order(1, STYLE_MARKET, 3)]}).result
    assert result.equity_time.tolist() == [SECOND, 2 * SECOND, 4 * SECOND]
    assert result.equity.tolist() == [result.cash + 300] * 3


def test_bars_before_the_market_give_no_points(run: Run) -> None:
    writer = tape((5 * SECOND, ((1, 98, 5),)))
    for row in writer.records:
        row[0] = max(row[0], 4 * SECOND)
    writer.records.insert(0, [SECOND, head(KIND_BAR, 0, 7), 1, 1, 1, 1, 1, 1])
    assert run(writer, {}).result.equity_time.tolist() == [5 * SECOND, 6 * SECOND]


def test_a_refusal_is_told_with_its_reason(run: Run) -> None:
    seen = run(tape(LATER), {5: [order(-1, STYLE_MARKET, 5)]})
    assert seen.reports == [(5, KIND_REJECT, -1, 5, 0, 1)]
