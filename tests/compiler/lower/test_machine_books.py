"""Execution policies on an order book: the test plays the exchange and checks what the machine sends next."""

from __future__ import annotations

import pytest
from flashc.cython_core import layout as memory
from support.stage import CANCELLED, EXPIRED, SECOND, Stage

BOOK = "flash: 1\nstrategy: stage\ntrade: BTC/USDC\ndecide: book\n"


class TestPoliciesOnBooks:
    TEXT = BOOK + (
        "entries:\n  up:\n    when: {c: bid > 100 USDC/BTC}\n    size: 0.5 BTC\n    execute: join\n"
        "exits:\n  stop:\n    when: {c: bid < 80 USDC/BTC}\n    execute: cross\n"
        "  late:\n    when: {c: pos.age > 10s}\n    execute: offer\n"
        "execution:\n  join:\n    style: post_only\n    price: bid\n    ttl: 900ms\n"
        "    requote: {when: 'bid - order.price >= 2 ticks', at_most: 2}\n"
        "  offer: {style: post_only, price: ask, ttl: 2s, then: cross}\n"
        "  cross: {style: ioc, price: bid, retries: 1}\n"
    ).replace("{c: bid", "{c: 'bid").replace("BTC}\n", "BTC'}\n").replace("{c: pos.age > 10s}", "{c: 'pos.age > 10s'}")

    def stage(self, *, held: bool = False) -> Stage:
        stage = Stage(self.TEXT)
        stage.quote(15_000, 15_001)
        if held:
            stage.fill(500_000, 15_000)
        return stage

    def test_a_quote_rests_at_the_bid(self) -> None:
        order = self.stage().order()
        assert order[memory.I_STYLE] == memory.STYLE_POST_ONLY
        assert order[memory.I_PRICE] == 15_000

    def test_the_ttl_ends_by_a_cancel(self) -> None:
        stage = self.stage()
        assert stage.wake == stage.now + 900_000_000
        stage.wake_up()
        assert stage.said[-1] == ("cancel", 0)
        assert stage.orders[-1][memory.I_RULE] == 1
        stage.end(EXPIRED)
        assert len(stage.orders) == 2, "a policy without `then` ends here"
        stage.quote(15_000, 15_001)
        assert stage.said[-1] == ("buy", 500_000)

    def test_a_fill_that_overtakes_the_cancel_counts(self) -> None:
        stage = self.stage()
        stage.wake_up()
        stage.fill(500_000, 15_000)
        assert stage.slot("account/qty") == 500_000
        stage.quote(15_000, 15_001, 100)
        assert stage.reasons[-1] == "no_exit"

    def test_a_requote_cancels_and_follows_the_price_at_most_so_often(self) -> None:
        stage = self.stage()
        for k in (1, 2):
            stage.quote(15_000 + 2 * k, 15_010, 1000)
            assert stage.said[-1] == ("cancel", 0)
            stage.end(CANCELLED)
            assert stage.order()[memory.I_PRICE] == 15_000 + 2 * k
        stage.quote(15_010, 15_020, 1000)
        assert stage.said[-1] != ("cancel", 0)

    def test_a_requote_sends_only_what_is_left(self) -> None:
        stage = self.stage()
        stage.fill(200_000, 15_000)
        stage.quote(15_002, 15_010, 1000)
        stage.end(CANCELLED)
        assert stage.said == [("buy", 500_000), ("cancel", 0), ("buy", 300_000)]

    def test_then_takes_what_the_first_policy_left_and_retries_try_again(self) -> None:
        stage = self.stage(held=True)
        stage.quote(15_000, 15_001, 11 * SECOND)
        stage.fill(100_000, 15_001)
        stage.wake_up()
        stage.end(EXPIRED)
        assert stage.said[-1] == ("sell", 400_000)
        assert stage.order()[memory.I_STYLE] == memory.STYLE_IOC
        stage.fill(100_000, 15_000)
        stage.end(CANCELLED)
        assert stage.said[-1] == ("sell", 300_000), "one retry"
        stage.end(CANCELLED)
        assert len([o for o in stage.said if o[0] == "sell"]) == 3, "and no more"

    def test_a_stronger_exit_takes_over_a_weaker_one(self) -> None:
        stage = self.stage(held=True)
        stage.quote(15_000, 15_001, 11 * SECOND)
        assert stage.said[-1] == ("sell", 500_000)
        stage.quote(7_000, 7_001)
        assert stage.said[-1] == ("cancel", 0)
        stage.end(CANCELLED)
        assert stage.order()[memory.I_STYLE] == memory.STYLE_IOC
        assert stage.order()[memory.I_PRICE] == 7_000

    def test_a_weaker_exit_waits(self) -> None:
        stage = self.stage(held=True)
        stage.quote(7_000, 7_001)
        sent = len(stage.orders)
        stage.quote(7_000, 7_001, 11 * SECOND)
        assert len(stage.orders) == sent
        assert stage.reasons[-1] == "in_flight"

    def test_an_exit_cancels_an_entry_that_is_partly_filled(self) -> None:
        stage = self.stage()
        stage.fill(200_000, 15_000)
        stage.quote(7_000, 7_001, 1000)
        assert stage.said[-1] == ("cancel", 0)
        stage.end(CANCELLED)
        assert stage.said[-1] == ("sell", 200_000)

    def test_a_rest_too_small_to_be_sold_counts_as_nothing(self) -> None:
        stage = self.stage()
        stage.fill(2, 15_000)
        stage.quote(7_000, 7_001, 1000)
        stage.end(CANCELLED)
        assert stage.slot("account/dust") == 1
        stage.quote(15_000, 15_001, 1000)
        assert stage.said[-1] == ("buy", 500_000), "flat again"


class TestQueueAhead:
    TEXT = BOOK + (
        "let: {last: trade.price}\n"
        "entries:\n  up: {when: 'bid > 100 USDC/BTC and last > 1 USDC/BTC', size: 0.5 BTC, execute: join}\n"
        "exits:\n  out: {when: 'pos.age > 10s', execute: offer}\n"
        "execution:\n  join:\n    style: limit\n    price: bid - 2 ticks\n"
        "    requote: {when: order.queue_ahead > 0.3 BTC, at_most: 1}\n"
        "  offer: {style: ioc, price: bid}\n"
    )
    BIDS = {15_002: 10, 15_000: 250_000, 14_000: 10}  # noqa: RUF012 - levels, never changed
    ASKS = {15_003: 10}  # noqa: RUF012

    def stage(self, text: str = TEXT) -> Stage:
        stage = Stage(text)
        stage.trade(1, 10, 15_003)
        stage.depth(self.BIDS, self.ASKS)
        assert stage.order()[memory.I_PRICE] == 15_000
        return stage

    def test_it_starts_with_what_stands_at_the_price(self) -> None:
        assert self.stage().slot("account/queue") == 250_000

    def test_nothing_stands_before_a_better_price(self) -> None:
        assert self.stage_at("bid + 0 ticks", {15_002: 10}) == 10
        assert self.stage_at("ask - 1 ticks", {15_001: 10}) == 0

    def stage_at(self, price: str, bids: dict[int, int]) -> int:
        stage = Stage(self.TEXT.replace("bid - 2 ticks", price))
        stage.trade(1, 10, 15_003)
        stage.depth(bids, self.ASKS)
        assert len(stage.orders) == 1
        return stage.slot("account/queue")

    def test_what_lies_beyond_the_levels_of_the_venue_is_not_seen(self) -> None:
        depth = next(s.depth for s in Stage(self.TEXT).program.streams if s.kind == "book")
        above = {15_000 - k: 10 for k in range(depth)}
        assert self.stage_at("bid - 100 ticks", above | {14_900: 70}) == 0
        assert self.stage_at("bid - 100 ticks", {15_000: 10, 14_900: 70}) == 70

    def test_trades_at_its_price_shorten_it(self) -> None:
        stage = self.stage()
        stage.trade(-1, 100_000, 15_000)
        assert stage.slot("account/queue") == 150_000
        stage.trade(1, 50_000, 15_000)  # bought: not from this side
        stage.trade(-1, 50_000, 15_002)  # a better price
        assert stage.slot("account/queue") == 150_000
        stage.trade(-1, 400_000, 15_000)
        assert stage.slot("account/queue") == 0

    def test_a_trade_beyond_its_price_has_taken_everything(self) -> None:
        stage = self.stage()
        stage.trade(-1, 1, 14_999)
        assert stage.slot("account/queue") == 0

    def test_it_is_never_more_than_what_stands_there(self) -> None:
        stage = self.stage()
        for lots, expected in ((200_000, 200_000), (900_000, 200_000), (50_000, 50_000)):
            stage.depth(self.BIDS | {15_000: lots}, self.ASKS)
            assert stage.slot("account/queue") == expected
        stage.depth({15_002: 10}, self.ASKS)
        assert stage.slot("account/queue") == 0

    def test_a_fill_means_the_front(self) -> None:
        stage = self.stage()
        stage.fill(1, 15_000)
        assert stage.slot("account/queue") == 0

    def test_a_sale_waits_behind_the_asks(self) -> None:
        text = self.TEXT.replace("offer: {style: ioc, price: bid}", "offer: {style: post_only, price: ask}")
        stage = self.stage(text)
        stage.fill(500_000, 15_000)
        stage.depth(self.BIDS, {15_003: 70}, 11 * SECOND)
        assert stage.said[-1] == ("sell", 500_000)
        assert stage.slot("account/queue") == 70
        stage.trade(1, 20, 15_003)
        assert stage.slot("account/queue") == 50

    def test_an_order_that_never_rests_has_none(self) -> None:
        stage = self.stage()
        stage.fill(500_000, 15_000)
        stage.depth(self.BIDS, self.ASKS, 11 * SECOND)
        assert stage.order()[memory.I_STYLE] == memory.STYLE_IOC
        assert stage.slot("account/queue") == 0

    def test_a_long_queue_is_left(self) -> None:
        stage = Stage(self.TEXT)
        stage.trade(1, 10, 15_003)
        stage.depth({15_002: 10, 15_000: 300_001}, self.ASKS)
        assert stage.said == [("buy", 500_000)]
        stage.depth({15_002: 10, 15_000: 300_001, 14_999: 5}, {15_003: 10})
        assert stage.said[-1] == ("cancel", 0)
        stage.end(CANCELLED)
        stage.depth({15_002: 10, 15_000: 300_001}, self.ASKS)
        assert stage.slot("account/queue") == 300_001

    def test_without_trades_the_book_alone_tells(self) -> None:
        text = self.TEXT.replace("let: {last: trade.price}\n", "").replace(" and last > 1 USDC/BTC", "")
        stage = Stage(text)
        stage.depth(self.BIDS, self.ASKS)
        assert stage.slot("account/queue") == 250_000
        stage.depth(self.BIDS | {15_000: 7}, self.ASKS)
        assert stage.slot("account/queue") == 7

    def test_who_does_not_read_it_keeps_nothing(self) -> None:
        text = self.TEXT.replace("order.queue_ahead > 0.3 BTC", "order.age > 3s")
        assert not [s for s in Stage(text).program.slots if s.label.endswith("queue")]


@pytest.mark.parametrize("guard", ["stale: {book: 2s, then: block_entries}"])
def test_stale_inputs_block_entries(guard: str) -> None:
    text = TestPoliciesOnBooks.TEXT.replace("decide: book", "decide: 250ms") + f"risk:\n  {guard}\n"
    stage = Stage(text)
    stage.quote(15_000, 15_001)
    timer = next(n for n, s in enumerate(stage.program.streams) if s.kind == "timer")
    stage.now += 3 * SECOND
    stage._event([stage.now, memory.head(memory.KIND_TIMER, memory.FLAG_INSTANT_END, timer), 0, 0, 0, 0, 0, 0])
    assert stage.reasons == ["stale"]
