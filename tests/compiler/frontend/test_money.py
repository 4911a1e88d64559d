"""Scores, parts, additions, capital and limits, as lowering sees them."""

from __future__ import annotations

import pytest
from flashc.compiler.ir.hir import Checked, Instance
from support.checking import advice, checked, codes, only, strategy

SCORED = """\

    score:
      up: {when: close > open, weight: 2}
      calm: {when: range14 < 9 USDC/BTC, weight: light}
      late: {when: hour(now) > 12, weight: 0.5}
    at_least: 2.5
    require:
      busy: volume > 1 BTC
    size: clamp(40 USDC * entry.score, 50 USDC, 200 USDC)"""
PARTS = """\
close < open
  half:
    when: pos.gain > 1 pct
    fraction: share
    once: true"""
PARAMS = "light: {type: real, default: 1.0, in: 0.5..1.5}\nshare: {type: ratio, default: 50 pct, in: 10 pct..90 pct}"
MONEY = """\
capital:
  start: 20_000 USDC
  allocate: {btc: 60 pct, eth: 0.3}
  compound: 50 pct
  reserve: 1_000 USDC
  reinvest_after: 500 USDC
risk:
  position: {max: account.equity * 0.5}
  notional: {max: 8_000 USDC}
  drawdown: {limit: 6 pct}
  profit_lock: {start: 40 USDC, keep: 60 pct, then: block_entries}
  losing_streak: {max: 4, then: pause 30m}
  max_open: 1
  order_rate: {max: 4, per: 1s}
  band: {max: 25 bps}
  stale: {book: 1s}
  invariants: {bounded: pos.notional + working.notional <= 520 USDC}
"""


def one(result: Checked) -> Instance:
    return result.instances[0]


def value(result: Checked, node: int | None) -> object:
    assert node is not None
    return result.graph[node].attrs["value"]


class TestScores:
    result = checked(strategy(let="range14: atr(14)", params=PARAMS, long=SCORED, out=PARTS))

    def test_required_clauses_come_first_and_have_no_weight(self) -> None:
        rule = one(self.result).entries[0]
        assert [c.name for c in rule.clauses] == ["busy", "up", "calm", "late"]
        assert [w is None for w in rule.weights] == [True, False, False, False]
        assert value(self.result, rule.weights[1]) == 2

    def test_what_is_needed_is_a_node(self) -> None:
        assert value(self.result, one(self.result).entries[0].at_least) == 2.5

    def test_the_score_can_be_read_by_the_size(self) -> None:
        (score,) = [n for n in self.result.graph.nodes if n.attrs.get("source") == "entry"]
        assert (score.attrs["name"], score.attrs["rule"]) == ("score", "long")
        known = self.result.facts.intervals[score.id]
        assert (known.low, known.high) == (2.5, 4.0)

    def test_an_exit_of_a_part(self) -> None:
        whole, half = one(self.result).exits
        assert (whole.fraction, half.rule.once) == (None, True)
        assert half.fraction is not None
        assert self.result.graph[half.fraction].attrs["name"] == "share"

    @pytest.mark.parametrize(("needed", "found"), [("5", "never"), ("0", "always"), ("4", "")])
    def test_a_score_out_of_reach_is_pointed_out(self, needed: str, found: str) -> None:
        text = strategy(let="range14: atr(14)", params=PARAMS, long=SCORED.replace("2.5", needed), out=PARTS)
        assert [d for d in codes(text) if d == "FL102"] == (["FL102"] if found else [])

    def test_a_score_counts_no_clause_of_another_entry_as_equal(self) -> None:
        text = strategy(
            long="close > open\n  scored:\n    score: {a: {when: close > open, weight: 1}}\n    at_least: 1"
        )
        assert "FL115" not in codes(text)


class TestAdditions:
    ADDS = "\n    when: close > open and pos.adds < 2\n    add: true\n    at_most: 3"

    def test_an_entry_may_add(self) -> None:
        rule = one(checked(strategy(long=self.ADDS))).entries[0].rule
        assert (rule.add, rule.at_most.value if rule.at_most else 0) == (True, 3)

    def test_it_may_read_the_position_with_a_fallback(self) -> None:
        assert codes(strategy(long=self.ADDS.replace("pos.adds < 2", "(pos.gain ?? 1.0) > 1 pct"))) == []
        assert codes(strategy(long=self.ADDS.replace("pos.adds < 2", "pos.gain > 1 pct"))) == ["FC0401"]


class TestMoney:
    result = checked(strategy(tail=MONEY).replace("trade: btc", "trade: [btc, eth]"))

    def test_each_instrument_has_its_share(self) -> None:
        shares = [value(self.result, i.allocate) for i in self.result.instances]
        assert [float(s) for s in shares] == [0.6, 0.3]  # type: ignore[arg-type]

    def test_the_capital(self) -> None:
        capital = self.result.capital
        nodes = (capital.start, capital.compound, capital.reserve, capital.reinvest_after)
        assert [float(value(self.result, n)) for n in nodes] == [20_000, 0.5, 1_000, 500]  # type: ignore[arg-type]

    def test_the_limits(self) -> None:
        risk = one(self.result).risk
        assert risk.drawdown is not None
        assert (risk.drawdown.then, float(value(self.result, risk.drawdown.node))) == ("flatten_and_halt", 0.06)  # type: ignore[arg-type]
        assert risk.profit_lock is not None
        assert risk.profit_lock.then == "block_entries"
        assert float(value(self.result, risk.profit_lock.keep)) == 0.6  # type: ignore[arg-type]
        assert (risk.losing_streak, value(self.result, risk.losing_pause)) == (4, 30 * 60 * 10**9)
        assert (risk.max_open, risk.order_rate, value(self.result, risk.order_per)) == (1, 4, 10**9)
        assert [c.name for c in risk.invariants] == ["bounded"]

    def test_a_band_on_bars_is_around_the_last_close(self) -> None:
        names = []
        for instance in self.result.instances:
            assert instance.risk.band_reference is not None
            node = self.result.graph[instance.risk.band_reference]
            names.append(f"{node.attrs['instrument']}.{node.attrs['name']}")
        assert names == ["btc.close", "eth.close"]

    def test_a_limit_may_follow_the_account(self) -> None:
        assert one(self.result).risk.position_max is not None

    def test_the_largest_order(self) -> None:
        assert value(self.result, one(self.result).risk.order_max) == 8_000

    def test_a_streak_that_halts_has_no_pause(self) -> None:
        result = checked(strategy(tail="risk: {losing_streak: {max: 3}}"))
        assert (one(result).risk.losing_streak, one(result).risk.losing_pause) == (3, None)


def test_a_decision_may_be_held_back() -> None:
    text = strategy(decide="{clock: book, min_gap: 20ms}", long="mid > bid", out="mid < ask")
    assert checked(text).min_gap_ns == 20 * 10**6
    assert checked(strategy()).min_gap_ns == 0


def test_bars_may_wait_for_late_trades() -> None:
    assert checked(strategy(tail="lateness: 2s")).lateness_ns == 2 * 10**9
    assert checked(strategy(tail="lateness: 0s")).lateness_ns == 0
    assert checked(strategy()).lateness_ns == checked(strategy(tail="lateness: 250ms")).lateness_ns == 250 * 10**6


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("lateness: 11s", "FC0218"),
        ("lateness: -1s", "FC0218"),
        ("lateness: 3", "FC0206"),
        ("lateness: 3 USDC", "FC0201"),
        ("lateness: if close > open then 1s else 2s", "FC0207"),
        ("capital: {allocate: {sol: 1}}", "FC0102"),
        ("capital: {allocate: {btc: 1.5}}", "FC0218"),
        ("capital: {compound: 50}", "FC0218"),
        ("capital: {reserve: 10_000 USDC}", "FC0218"),
        ("capital: {reinvest_after: 5 BTC}", "FC0201"),
        ("capital: {reinvest_after: -5 USDC}", "FC0218"),
        ("capital: {compound: close / open}", "FC0207"),
        ("capital: {start: 0 USDC}", "FC0218"),
        ("capital: {start: 30_000_000_000 USDC}", "FC0218"),
        ("risk: {day_loss: {limit: -5 USDC}}", "FC0218"),
        ("risk: {profit_lock: {start: 0 USDC, keep: 60 pct}}", "FC0218"),
        ("risk: {drawdown: {limit: 6}}", "FC0218"),
        ("risk: {drawdown: {limit: 6 USDC}}", "FC0201"),
        ("risk: {max_open: 0}", "FC0218"),
        ("risk: {losing_streak: {max: 0}}", "FC0218"),
        ("risk: {losing_streak: {max: 2, then: pause 30 x}}", "FC0105"),
        ("risk: {profit_lock: {start: 40, keep: 60 pct}}", "FC0206"),
        ("risk: {invariants: {a: pos.gain > 0}}", "FC0401"),
        ("risk: {order_rate: {max: 3, per: 1s * (if close > open then 1 else 2)}}", "FC0207"),
    ],
)
def test_numbers_mean_something(block: str, code: str) -> None:
    assert [c for c in codes(strategy(tail=block)) if c.startswith("FC")] == [code]


def test_no_limit_is_beyond_what_an_account_can_hold() -> None:
    assert "FC0218" in codes(strategy(tail="risk: {day_loss: {limit: 1e25 USDC}}"))


def test_every_traded_instrument_has_a_share() -> None:
    text = strategy(tail="capital: {allocate: {btc: 1}}").replace("trade: btc", "trade: [btc, eth]")
    assert [c for c in codes(text) if c.startswith("FC")] == ["FC0009"]


def test_a_share_that_was_meant_in_percent() -> None:
    assert advice(only(strategy(tail="risk: {drawdown: {limit: 6}}"))) == ("a share is written as `6 pct` or `0.06`",)


def test_a_policy_of_entries_reads_no_position() -> None:
    rule = "\n    when: close > open\n    execute: r"
    policy = "execution:\n  r: {style: limit, price: pos.entry}\nrisk: {position: {max: 400 USDC}}"
    assert codes(strategy(out=rule, tail=policy)) == []
    assert codes(strategy(long=rule, tail=policy)) == ["FC0401"]
