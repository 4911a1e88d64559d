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


@pytest.mark.parametrize("guard", ["stale: {book: 2s, then: block_entries}"])
def test_stale_inputs_block_entries(guard: str) -> None:
    text = TestPoliciesOnBooks.TEXT.replace("decide: book", "decide: 250ms") + f"risk:\n  {guard}\n"
    stage = Stage(text)
    stage.quote(15_000, 15_001)
    timer = next(n for n, s in enumerate(stage.program.streams) if s.kind == "timer")
    stage.now += 3 * SECOND
    stage._event([stage.now, memory.head(memory.KIND_TIMER, memory.FLAG_INSTANT_END, timer), 0, 0, 0, 0, 0, 0])
    assert stage.reasons == ["stale"]
