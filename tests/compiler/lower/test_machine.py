"""The position machine, scene by scene: the test plays the exchange and checks what the machine sends next."""

from __future__ import annotations

from flashc.cython_core import layout as memory
from support.stage import CANCELLED, MINUTE, Stage

DAY = 1440 * MINUTE
BARS = "flash: 1\nstrategy: stage\ntrade: BTC/USDC\ndecide: 1m\n"
UP_DOWN = "entries:\n  up: close > 100 USDC/BTC\nexits:\n  down: close < 90 USDC/BTC\nsize: 0.5 BTC\n"


class TestScores:
    TEXT = BARS + (
        "entries:\n  up:\n    score:\n      high:\n        when: close > 100 USDC/BTC\n        weight: 2\n"
        "      higher:\n        when: close > 200 USDC/BTC\n        weight: 1.5\n    at_least: 3\n"
        "    require:\n      sane: close < 1_000 USDC/BTC\n    size: 100 USDC * entry.score\n"
        "exits:\n  down: close < 90 USDC/BTC\n"
    )

    def test_an_entry_needs_its_score(self) -> None:
        stage = Stage(self.TEXT)
        stage.bar(150)
        assert stage.reasons == ["no_entry"]

    def test_the_score_can_set_the_size(self) -> None:
        stage = Stage(self.TEXT)
        stage.bar(250)
        assert stage.said == [("buy", 1_400_000)]  # 350 USDC at 250

    def test_a_required_clause_stands_above_the_score(self) -> None:
        stage = Stage(self.TEXT)
        stage.bar(2_000)
        assert stage.reasons == ["no_entry"]


class TestPartsOfAPosition:
    TEXT = BARS + (
        "entries:\n  up:\n    when: {c: 'close > 100 USDC/BTC'}\n    size: 0.5 BTC\n"
        "  more:\n    when: {c: 'close > 300 USDC/BTC'}\n    add: true\n    at_most: 2\n    size: 0.1 BTC\n"
        "exits:\n  half:\n    when: {c: 'close > 200 USDC/BTC'}\n    fraction: 0.5\n    once: true\n"
        "  down:\n    when: {c: 'close < 90 USDC/BTC'}\n"
    )

    def stage(self) -> Stage:
        stage = Stage(self.TEXT)
        stage.bar(150)
        stage.fill(500_000, 15_000)
        return stage

    def test_an_exit_may_sell_a_part_and_only_once(self) -> None:
        stage = self.stage()
        stage.bar(250)
        stage.fill(250_000, 25_000)
        stage.bar(250)
        assert stage.said == [("buy", 500_000), ("sell", 250_000)]
        assert stage.reasons[-1] == "no_exit"

    def test_what_is_left_goes_by_the_next_exit(self) -> None:
        stage = self.stage()
        stage.bar(250)
        stage.fill(250_000, 25_000)
        stage.bar(80)
        assert stage.said[-1] == ("sell", 250_000)

    def test_an_exit_that_sold_nothing_may_fire_again(self) -> None:
        stage = self.stage()
        stage.bar(250)
        stage.reject()
        stage.bar(250)
        assert stage.said[-2:] == [("sell", 250_000), ("sell", 250_000)]

    def test_an_entry_may_add_so_often(self) -> None:
        stage = self.stage()
        stage.bar(250)
        stage.fill(250_000, 25_000)
        for _ in range(3):
            sent = len(stage.orders)
            stage.bar(350)
            if len(stage.orders) > sent:
                stage.fill(100_000, 35_000)
        assert [o for o in stage.said if o == ("buy", 100_000)] == [("buy", 100_000)] * 2
        assert stage.slot("account/qty") == 450_000

    def test_a_new_position_starts_with_fresh_counts(self) -> None:
        stage = self.stage()
        stage.bar(250)
        stage.fill(250_000, 25_000)
        stage.bar(80)
        stage.fill(250_000, 8_000)
        stage.bar(150)
        stage.fill(500_000, 15_000)
        stage.bar(250)
        assert stage.said[-1] == ("sell", 250_000)


def test_best_and_worst_are_the_highest_high_and_the_lowest_low_since_the_entry() -> None:
    for rule, spreads in (
        ("pos.worst < 130 USDC/BTC", [(15, 0), (25, 1)]),
        ("pos.best > 170 USDC/BTC", [(15, 0), (25, 1)]),
    ):
        stage = Stage(BARS + UP_DOWN.replace("close < 90 USDC/BTC", rule))
        stage.bar(150, spread=40)
        stage.fill(500_000, 15_000)
        for spread, sells in spreads:
            stage.bar(150, spread=spread)
            assert stage.said[1:] == [("sell", 500_000)] * sells


class TestLimits:
    def stage(self, risk: str, more: str = "") -> Stage:
        return Stage(BARS + UP_DOWN + more + "risk:\n" + risk)

    def trade(self, stage: Stage, out: int) -> None:
        """In at 150, out at `out` ticks."""
        stage.bar(150)
        if stage.reasons[-1] != "entered":
            return
        stage.fill(stage.order()[memory.I_QTY], 15_000)
        stage.bar(80)
        stage.fill(stage.order()[memory.I_QTY], out)

    def test_a_losing_streak_pauses_entries(self) -> None:
        stage = self.stage("  losing_streak: {max: 2, then: pause 30m}\n")
        for _ in range(3):
            self.trade(stage, 14_000)
        assert stage.reasons[-1] == "losing_streak"
        for _ in range(30):
            stage.bar(95)
        self.trade(stage, 14_000)
        assert stage.said[-1][0] == "sell"

    def test_a_winner_ends_the_streak(self) -> None:
        stage = self.stage("  losing_streak: {max: 2, then: pause 30m}\n")
        for out in (14_000, 16_000, 14_000, 16_000):
            self.trade(stage, out)
        assert "losing_streak" not in stage.reasons

    def test_a_drawdown_halts_for_good(self) -> None:
        stage = self.stage("  drawdown: {limit: 10 pct, then: halt}\n", "capital:\n  start: 100 USDC\n")
        self.trade(stage, 10_000)  # loses 25 of 100
        for _ in range(1500):
            stage.bar(95)
        self.trade(stage, 16_000)
        assert stage.reasons[-1] == "drawdown"

    def test_a_drawdown_may_flatten(self) -> None:
        stage = self.stage("  drawdown: {limit: 10 pct, then: flatten_and_halt}\n", "capital:\n  start: 100 USDC\n")
        stage.bar(150)
        stage.fill(500_000, 15_000)
        stage.bar(100)
        assert stage.said[-1] == ("sell", 500_000)
        assert stage.reasons[-1] == "drawdown"

    def test_fees_are_part_of_what_is_lost(self) -> None:
        stage = self.stage("  drawdown: {limit: 10 pct, then: flatten_and_halt}\n", "capital:\n  start: 100 USDC\n")
        stage.bar(150)
        stage.fill(500_000, 15_000, fee=11 * 10**8)
        stage.bar(150)
        assert stage.reasons[-1] == "drawdown"

    def test_what_is_lost_over_midnight_is_lost_on_the_new_day(self) -> None:
        stage = self.stage("  day_loss: {limit: 20 USDC, then: flatten_and_halt}\n")
        stage.bar(150)
        stage.fill(500_000, 15_000)
        while stage.now % DAY != DAY - MINUTE:
            stage.bar(150)
        stage.bar(100)  # closes at midnight, 25 USDC lower
        assert stage.reasons[-2:] == ["no_exit", "day_loss"]

    def test_an_order_rate_holds_back_what_is_too_much(self) -> None:
        stage = self.stage("  order_rate: {max: 2, per: 10m}\n")
        self.trade(stage, 14_000)
        self.trade(stage, 14_000)
        assert stage.reasons[-1] == "order_rate"
        assert len(stage.orders) == 2
        for _ in range(10):
            stage.bar(95)
        stage.bar(150)
        assert len(stage.orders) == 3

    def test_an_invariant_counts_the_order_that_it_judges(self) -> None:
        bound = "  invariants:\n    bounded: pos.notional + working.notional <= 70 USDC\n"
        stage = self.stage(bound)
        stage.bar(150)  # 0.5 BTC at 150 is 75
        assert stage.reasons == ["invariant"]
        stage.bar(130)
        assert stage.reasons[-1] == "entered"

    def test_locked_profit_ends_the_day(self) -> None:
        stage = self.stage("  profit_lock: {start: 20 USDC, keep: 50 pct, then: halt}\n")
        self.trade(stage, 20_000)  # wins 25
        self.trade(stage, 12_000)  # gives 15 back
        self.trade(stage, 16_000)
        assert stage.reasons[-1] == "halted"

    def test_a_position_limit_shrinks(self) -> None:
        stage = self.stage("  position: {max: 30 USDC}\n")
        stage.bar(150)
        assert stage.said == [("buy", 200_000)]

    def test_the_largest_order_shrinks_an_entry(self) -> None:
        stage = self.stage("  notional: {max: 30 USDC}\n")
        stage.bar(150)
        assert stage.said == [("buy", 200_000)]
        assert stage.reasons == ["entered"]

    def test_an_order_is_counted_at_its_own_price(self) -> None:
        text = (BARS + UP_DOWN).replace("up: close > 100 USDC/BTC", "up: {when: close > 100 USDC/BTC, execute: low}")
        low = "execution:\n  low: {style: limit, price: close * 0.5}\n"
        stage = Stage(text + low + "risk: {notional: {max: 30 USDC}}\n")
        stage.bar(150)
        assert (stage.said, stage.order()[memory.I_PRICE]) == ([("buy", 400_000)], 7_500)

    def test_the_largest_order_may_be_too_little_for_the_venue(self) -> None:
        stage = self.stage("  notional: {max: 0.5 USDC}\n")
        stage.bar(150)
        assert (stage.said, stage.reasons) == ([], ["order_notional"])

    def test_the_largest_order_holds_back_no_exit(self) -> None:
        text = BARS + UP_DOWN.replace("close < 90 USDC/BTC", "close > 400 USDC/BTC")
        stage = Stage(text + "risk: {notional: {max: 30 USDC}}\n")
        stage.bar(150)
        stage.fill(200_000, 15_000)
        stage.bar(500)  # 100 USDC
        assert stage.said[-1] == ("sell", 200_000)

    def test_the_largest_order_bounds_each_addition_by_itself(self) -> None:
        text = BARS + UP_DOWN.replace(
            "up: close > 100 USDC/BTC", "up: {when: close > 100 USDC/BTC, add: true, at_most: 1}"
        )
        stage = Stage(text + "risk: {notional: {max: 30 USDC}}\n")
        stage.bar(150)
        stage.fill(200_000, 15_000)
        stage.bar(150)
        assert stage.said == [("buy", 200_000)] * 2


def test_there_is_no_order_before_the_first() -> None:
    stage = Stage(BARS + UP_DOWN.replace("close > 100 USDC/BTC", "(order.age ?? 0s) > 1s"))
    stage.bar(150)
    assert stage.reasons == ["no_entry"]


class TestCapital:
    def test_a_size_may_be_a_share_of_the_equity(self) -> None:
        stage = Stage(BARS + UP_DOWN.replace("0.5 BTC", "25 pct") + "capital:\n  start: 300 USDC\n")
        stage.bar(150)
        assert stage.said == [("buy", 500_000)]
        stage.fill(500_000, 15_000)
        stage.bar(80)
        stage.fill(500_000, 21_000)  # wins 30
        stage.bar(150)
        assert stage.said[-1] == ("buy", 550_000)

    def test_a_fixed_stake_does_not_grow(self) -> None:
        text = BARS + UP_DOWN.replace("0.5 BTC", "25 pct") + "capital:\n  start: 300 USDC\n  compound: 0\n"
        stage = Stage(text)
        stage.bar(150)
        stage.fill(500_000, 15_000)
        stage.bar(80)
        stage.fill(500_000, 21_000)
        stage.bar(150)
        assert stage.said[-1] == ("buy", 500_000)

    def test_a_reserve_is_never_touched(self) -> None:
        stage = Stage(BARS + UP_DOWN + "capital:\n  start: 100 USDC\n  reserve: 40 USDC\n")
        stage.bar(150)
        ((_, lots),) = stage.said
        assert lots * 15_000 <= 60 * 10**8
        assert lots > 390_000


class TestSeveralInstruments:
    TEXT = (
        "flash: 1\nstrategy: two\ninstruments: {btc: BTC/USDC, eth: ETH/USDC}\ntrade: [btc, eth]\ndecide: 1m\n"
        + UP_DOWN.replace("100 USDC/BTC", "open * 1.5")
        .replace("90 USDC/BTC", "open * 0.5")
        .replace("0.5 BTC", "60 USDC")
        + "risk:\n  position: {max: 100 USDC, shared: true}\n"
    )

    def test_each_has_its_position_and_all_share_the_risk(self) -> None:
        text = self.TEXT.replace("close > open * 1.5", "close >= open").replace("close < open * 0.5", "close < open")
        stage = Stage(text)
        stage.bar(150, "btc", last=False)
        stage.bar(20, "eth")
        assert [o[memory.I_INSTRUMENT] for o in stage.orders] == [0, 1]
        assert stage.orders[1][memory.I_QTY] * 2_000 * 10 <= 40 * 10**8, "what btc leaves"
        stage.fill(stage.orders[0][memory.I_QTY], 15_000, tag=1)
        assert stage.slot("account.btc/qty") > 0
        assert stage.slot("account.eth/qty") == 0

    def test_reports_reach_the_instrument_that_they_are_about(self) -> None:
        text = self.TEXT.replace("close > open * 1.5", "close >= open").replace("close < open * 0.5", "close < open")
        stage = Stage(text)
        stage.bar(150, "btc", last=False)
        stage.bar(20, "eth")
        stage.end(CANCELLED, tag=2)
        assert stage.slot("account.btc/working") == 1
        assert stage.slot("account.eth/working") == 0
