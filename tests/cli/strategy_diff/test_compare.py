"""Edited strategy files: every edit has the class that its author would give it, and the laws of comparing hold."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from flashc.cli.front import front_of
from flashc.cli.strategy_diff.change import MIRRORED, Change, Comparison, Kind
from flashc.cli.strategy_diff.compare import compare
from flashc.cli.strategy_diff.whole import REHASHED
from flashc.compiler.ir.hir import Checked
from flashc.dsl.formatter import format_source
from flashc.dsl.source import Source

STRATEGIES = {path.stem: path.read_text() for path in (Path(__file__).parents[3] / "strategies").glob("*.yaml")}

#: A file with everything that has a class of its own.
STRATEGIES["rich"] = """\
# a comment
flash: 1
strategy: rich
doc: Everything in one file.
trade: BTC/USDC
decide: 1m
capital: {start: 5_000 USDC, compound: 0.5, reserve: 500 USDC}
params:
  fast:  {type: int,      default: 12,       in: 2..50}
  slow:  {type: int,      default: 26,       in: 20..200, sweep: true}
  stake: {type: notional, default: 80 USDC, in: 50 USDC..100 USDC}
  stop:  {type: ratio,    default: 1 pct,    in: 0.1 pct..5 pct}
constraints:
  apart: fast < slow
let:
  quick:  ema(close, fast)
  calm:   ema(close, slow)
  gap:    (quick - calm) / atr(14) ?? 0.0
  amount: stake / 2
  unread: rsi(close, 14)
entries:
  long:
    when:
      up:   gap > 0.2
      high: close > calm
    cooldown: 5m
    size: amount + 20 USDC
    execute: wait
  more:
    when: gap > 3.0
    add: true
    at_most: 2
    size: 40 USDC
exits:
  stop: pos.gain < -stop
  half:
    when: pos.gain > 2 pct
    fraction: 50 pct
    once: true
  out: cross_dn(quick, calm)
execution:
  wait:
    style: limit
    price: close - 3 ticks
    ttl: 10m
    then: take
  take:
    style: market
risk:
  position:      {max: 4 * stake}
  notional:      {max: 300 USDC}
  day_loss:      {limit: 50 USDC, then: flatten_and_halt}
  drawdown:      {limit: 10 pct, then: halt}
  profit_lock:   {start: 40 USDC, keep: 60 pct, then: halt}
  losing_streak: {max: 5, then: pause 30m}
  order_rate:    {max: 10, per: 1m}
  band:          {max: 50 bps, from: close}
  invariants:
    small: pos.qty < 2 BTC
"""


@cache
def checked(text: str) -> Checked:
    front = front_of(Source("x.yaml", text))
    assert front.checked is not None, [d.message for d in front.diagnostics]
    return front.checked


@cache
def compared(a: str, b: str) -> Comparison:
    return compare(checked(a), checked(b), "a", "b")


def edited(name: str, *edits: tuple[str, str]) -> str:
    text = STRATEGIES[name]
    for old, new in edits:
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    return text


LOOSE, TIGHT, SIGNAL = Kind.RISK_LOOSENED, Kind.RISK_TIGHTENED, Kind.SIGNAL
EXECUTION, INPUTS, DEFAULT, COSMETIC = Kind.EXECUTION, Kind.INPUTS, Kind.DEFAULT, Kind.COSMETIC

#: file, old text, new text, what must be found beside changes of state and warm-up
CATALOGUE: list[tuple[str, str, str, set[tuple[Kind, str]]]] = [
    ("rich", "# a comment", "# another", {(COSMETIC, "text")}),
    ("rich", "Everything in one", "All in one", {(COSMETIC, "doc")}),
    ("rich", "strategy: rich", "strategy: poor", {(COSMETIC, "strategy")}),
    ("rich", "quick", "swift", {(COSMETIC, "let.quick")}),
    ("rich", "close > calm", "calm < close", {(COSMETIC, "entries.long.when.high")}),
    ("rich", "      up:  ", "      rise:", {(COSMETIC, "entries.long.up")}),
    ("rich", "wait", "rest", {(COSMETIC, "execution.wait")}),
    ("rich", "rsi(close, 14)", "rsi(close, 7)", {(COSMETIC, "let.unread")}),
    ("rich", "  unread: rsi(close, 14)\n", "", {(COSMETIC, "let.unread")}),
    ("rich", "cooldown: 5m", "cooldown: 300s", {(COSMETIC, "text")}),
    ("rich", "default: 12,", "default: 9,", {(DEFAULT, "params.fast")}),
    ("rich", "20..200", "20..300", {(DEFAULT, "params.slow.in")}),
    ("rich", ", sweep: true", "", {(DEFAULT, "params.slow.sweep")}),
    ("rich", "fast < slow", "fast < slow - 2", {(DEFAULT, "constraints.apart")}),
    ("rich", "fast", "speed", {(DEFAULT, "params.fast")}),
    ("rich", "default: 1 pct", "default: 2 pct", {(DEFAULT, "params.stop")}),
    # a parameter that sizes and limits read: both are said
    (
        "rich",
        "default: 80 USDC",
        "default: 90 USDC",
        {(DEFAULT, "params.stake"), (LOOSE, "entries.long.size"), (LOOSE, "risk.position.max")},
    ),
    ("rich", "ema(close, fast)", "sma(close, fast)", {(SIGNAL, "let.quick")}),
    ("rich", "gap > 0.2", "gap > 0.3", {(SIGNAL, "entries.long.when.up")}),
    ("rich", "      high: close > calm\n", "", {(SIGNAL, "entries.long.when.high")}),
    ("rich", "cooldown: 5m", "cooldown: 6m", {(SIGNAL, "entries.long.cooldown")}),
    ("rich", "    once: true\n", "", {(SIGNAL, "exits.half.once")}),
    ("rich", "  out: cross_dn(quick, calm)\n", "", {(SIGNAL, "exits.out")}),
    ("rich", "?? 0.0", "?? 1.0", {(SIGNAL, "let.gap")}),
    (
        "rich",
        "decide: 1m",
        "decide: 5m",
        {
            (SIGNAL, "decide"),
            (LOOSE, "risk.band.from"),
            (INPUTS, "inputs.1m bars of BTC/USDC"),
            (INPUTS, "inputs.5m bars of BTC/USDC"),
        },
    ),
    ("rich", "size: 40 USDC", "size: 60 USDC", {(LOOSE, "entries.more.size")}),
    ("rich", "size: 40 USDC", "size: 30 USDC", {(TIGHT, "entries.more.size")}),
    ("rich", "size: 40 USDC", "size: 1 pct", {(LOOSE, "entries.more.size")}),  # cannot be told
    ("rich", "stake / 2", "stake / 3", {(TIGHT, "entries.long.size")}),
    ("rich", "fraction: 50 pct", "fraction: 30 pct", {(LOOSE, "exits.half.fraction")}),
    ("rich", "at_most: 2", "at_most: 3", {(LOOSE, "entries.more.at_most")}),
    ("rich", "4 * stake", "3 * stake", {(TIGHT, "risk.position.max")}),
    ("rich", "  position:      {max: 4 * stake}\n", "", {(LOOSE, "risk.position.max")}),
    ("rich", "max: 300 USDC", "max: 310 USDC", {(LOOSE, "risk.notional.max")}),
    ("rich", "limit: 50 USDC", "limit: 49.5 USDC", {(TIGHT, "risk.day_loss.limit")}),
    ("rich", "50 USDC, then: flatten_and_halt", "50 USDC, then: halt", {(LOOSE, "risk.day_loss.then")}),
    ("rich", "10 pct, then: halt", "10 pct, then: flatten_and_halt", {(TIGHT, "risk.drawdown.then")}),
    ("rich", "start: 40 USDC", "start: 60 USDC", {(LOOSE, "risk.profit_lock.start")}),
    ("rich", "keep: 60 pct", "keep: 70 pct", {(TIGHT, "risk.profit_lock.keep")}),
    ("rich", "max: 5, then", "max: 6, then", {(LOOSE, "risk.losing_streak.max")}),
    ("rich", "pause 30m", "pause 20m", {(LOOSE, "risk.losing_streak.then")}),
    ("rich", "pause 30m", "halt", {(LOOSE, "risk.losing_streak.then")}),  # a halt may end sooner
    ("rich", "per: 1m}", "per: 2m}", {(TIGHT, "risk.order_rate.per")}),
    ("rich", "max: 10, per", "max: 11, per", {(LOOSE, "risk.order_rate.max")}),
    ("rich", "max: 50 bps, from", "max: 40 bps, from", {(TIGHT, "risk.band.max")}),
    ("rich", "pos.qty < 2 BTC", "pos.qty < 3 BTC", {(LOOSE, "risk.invariants.small")}),
    ("rich", "  invariants:\n    small: pos.qty < 2 BTC\n", "", {(LOOSE, "risk.invariants.small")}),
    ("rich", "5_000 USDC", "6_000 USDC", {(LOOSE, "capital.start")}),
    ("bollinger_breakout", "decide: 15m", "decide: 15m\ncapital: {start: 900 USDC}", {(TIGHT, "capital.start")}),
    ("spread_capture", "start: 500 USDC", "start: 5_000 USDC", {(LOOSE, "capital.start")}),  # no size is a share
    ("rich", "compound: 0.5, ", "", {(COSMETIC, "capital.compound")}),  # no size is a share
    ("lead_lag", "start: 5_000 USDC", "start: 5_000 USDC\n  compound: 50 pct", {(TIGHT, "capital.compound")}),
    ("lead_lag", "reserve: 500 USDC", "reserve: 400 USDC", {(LOOSE, "capital.reserve")}),
    ("lead_lag", "size: 40 pct", "size: 45 pct", {(LOOSE, "entries.long.size")}),
    ("rich", "reserve: 500 USDC", "reserve: 900 USDC", {(TIGHT, "capital.reserve")}),
    ("rich", "close - 3 ticks", "close - 4 ticks", {(EXECUTION, "execution.wait.price")}),
    ("rich", "ttl: 10m", "ttl: 20m", {(EXECUTION, "execution.wait.ttl")}),
    ("rich", "style: limit", "style: post_only", {(EXECUTION, "execution.wait.style")}),
    ("rich", "    then: take\n", "", {(EXECUTION, "execution.wait.then"), (EXECUTION, "execution.take.style")}),
    ("lead_lag", "{max: 1_500 USDC, shared: true}", "{max: 1_500 USDC}", {(LOOSE, "risk.position.shared")}),
    ("lead_lag", "{btc: 50 pct, eth: 50 pct}", "{btc: 50 pct, eth: 40 pct}", {(TIGHT, "capital.allocate.eth")}),
    ("revert_two", "prev(streak, 0) + 1", "prev(streak, 0) + 2", {(SIGNAL, "let.streak")}),
    ("revert_two", "{book: 1s, then", "{book: 2s, then", {(LOOSE, "risk.stale.book")}),
    ("revert_two", "ttl: 3s", "ttl: 4s", {(EXECUTION, "execution.rest.ttl")}),
    ("revert_two", "retries: 5", "retries: 4", {(EXECUTION, "execution.out.retries")}),
    ("spread_capture", "imbalance(5)", "imbalance(10)", {(SIGNAL, "let.lean"), (INPUTS, "inputs.book of BTC/USDC")}),
    (
        "spread_capture",
        "at_most: 20",
        "at_most: 30",
        {(EXECUTION, "execution.buy_low.requote.at_most"), (EXECUTION, "execution.sell_high.requote.at_most")},
    ),
    ("multi_score", "weight: 2\n", "weight: 3\n", {(SIGNAL, "entries.vote.score.trend.weight")}),
    ("multi_score", "40 USDC * entry.score", "50 USDC * entry.score", {(LOOSE, "entries.vote.size")}),
    ("multi_score", "at_least: needed", "at_least: needed + 1", {(SIGNAL, "entries.vote.at_least")}),
]

SWAPS = [
    (
        "rich",
        "  stop: pos.gain < -stop\n",
        "  half:\n    when: pos.gain > 2 pct\n    fraction: 50 pct\n    once: true\n",
    ),
    ("rich", "  quick:  ema(close, fast)\n", "  calm:   ema(close, slow)\n"),
    ("rich", "      up:   gap > 0.2\n", "      high: close > calm\n"),
    (
        "rich",
        "fast:  {type: int,      default: 12,       in: 2..50}\n  ",
        "slow:  {type: int,      default: 26,       in: 20..200, sweep: true}\n  ",
    ),
]
PAIRS = [(f, STRATEGIES[f], edited(f, (old, new))) for f, old, new, _ in CATALOGUE]


def found(comparison: Comparison) -> set[tuple[Kind, str]]:
    return {(c.kind, c.item) for c in comparison.changes if c.kind is not Kind.STATE and c.item != "inputs.warm-up"}


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"), CATALOGUE, ids=[f"{o[:20]}>{n[:20]}" for _, o, n, _ in CATALOGUE]
)
def test_an_edit_has_its_class(name: str, old: str, new: str, expected: set[tuple[Kind, str]]) -> None:
    assert found(compared(STRATEGIES[name], edited(name, (old, new)))) == expected


@pytest.mark.parametrize(("name", "first", "second"), SWAPS)
def test_order_matters_for_rules_alone(name: str, first: str, second: str) -> None:
    swapped = STRATEGIES[name].replace(first + second, second + first)
    assert swapped != STRATEGIES[name]
    kinds = {kind for kind, _ in found(compared(STRATEGIES[name], swapped))}
    assert kinds == ({SIGNAL} if "pos.gain" in first else {COSMETIC})


def test_another_instrument_is_one_gone_and_one_new() -> None:
    other = edited("rich", ("BTC/USDC", "ETH/USDC"), ("2 BTC", "2 ETH"))
    known = found(compared(STRATEGIES["rich"], other))
    assert {(LOOSE, "trade.ETH/USDC"), (TIGHT, "trade.BTC/USDC")} <= known
    assert not {kind for kind, _ in known} & {SIGNAL, EXECUTION}


def test_a_new_entry_is_one_change() -> None:
    text = edited("rich", ("exits:\n", "  third:\n    when: gap > 4.0\n    size: 50 USDC\nexits:\n"))
    assert found(compared(STRATEGIES["rich"], text)) == {(SIGNAL, "entries.third")}


def test_a_value_written_out_means_the_same_as_its_name() -> None:
    text = edited(
        "rich", ("  gap:    (quick - calm) / atr(14) ?? 0.0\n", ""), ("gap >", "((quick - calm) / atr(14) ?? 0.0) >")
    )
    assert {kind for kind, _ in found(compared(STRATEGIES["rich"], text))} == {COSMETIC}


def test_a_changed_default_says_how_warm_up_grows() -> None:
    changes = compared(STRATEGIES["ema_cross"], edited("ema_cross", ("slow: 26", "slow: 120"))).changes
    warm_up = next(c for c in changes if c.item == "inputs.warm-up")
    assert warm_up.kind is INPUTS
    assert warm_up.said.startswith("on 1m bars of BTC/USDC grows from 181 to ")


def test_a_renamed_equation_costs_its_state() -> None:
    changes = compared(STRATEGIES["ema_cross"], edited("ema_cross", ("quick", "swift"))).changes
    state = next(c for c in changes if c.kind is Kind.STATE)
    assert state.consequences[0].startswith("lost: quick/ema (id ")


def test_what_cannot_be_told_is_said() -> None:
    changes = compared(STRATEGIES["rich"], edited("rich", ("size: 40 USDC", "size: 1 pct"))).changes
    assert [c.unclear for c in changes if c.item == "entries.more.size"] == [True]


def consequences(comparison: Comparison, item: str) -> tuple[str, ...]:
    return next(c.consequences for c in comparison.changes if c.item == item)


def test_a_clause_that_is_a_name_does_not_change_with_its_equation() -> None:
    text = edited("vwap_reversion", ("session(7h, 20h)", "session(7h, 21h)"))
    assert found(compared(STRATEGIES["vwap_reversion"], text)) == {(SIGNAL, "let.liquid")}


def test_a_price_that_is_a_name_does_not_change_with_its_equation() -> None:
    named = edited(
        "rich", ("price: close - 3 ticks", "price: below"), ("  unread:", "  below: close - 3 ticks\n  unread:")
    )
    assert found(compared(named, named.replace("3 ticks", "4 ticks"))) == {(EXECUTION, "let.below")}


def test_a_size_says_which_equation_changed_it() -> None:
    named = edited("rich", ("size: amount + 20 USDC", "size: amount"))
    comparison = compared(named, named.replace("amount: stake / 2", "amount: stake / 3"))
    line = "the text is the same: it reads let.amount, stake / 2 → stake / 3"
    assert consequences(comparison, "entries.long.size") == (line,)


def test_an_equation_for_a_size_alone_is_not_called_a_name() -> None:
    text = edited("rich", ("size: 40 USDC", "size: less"), ("  unread:", "  less: 30 USDC\n  unread:"))
    said = {c.item: c.said for c in compared(STRATEGIES["rich"], text).changes}
    assert said["entries.more.size"] == "smaller size"
    assert said["let.less"] == "new equation; no clause or policy reads it"


def test_a_removed_rule_no_longer_closes_positions() -> None:
    comparison = compared(STRATEGIES["rich"], edited("rich", ("  out: cross_dn(quick, calm)\n", "")))
    assert consequences(comparison, "exits.out") == ("it no longer closes positions",)


# laws


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_file_does_not_differ_from_itself(name: str) -> None:
    assert compared(STRATEGIES[name], STRATEGIES[name]).changes == ()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_formatting_is_cosmetic(name: str) -> None:
    text = STRATEGIES[name].replace(" * ", "*").replace(",   ", ", ").replace(" > ", ">")
    for change in compared(text, format_source(Source("x.yaml", text)).text).changes:
        assert change.kind is COSMETIC


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{k}" for k in range(len(PAIRS))])
def test_the_mirror_swaps_tightened_and_loosened(pair: tuple[str, str, str]) -> None:
    forth, back = compared(pair[1], pair[2]).changes, compared(pair[2], pair[1]).changes

    def key(change: Change, mirror: bool) -> tuple[Kind, int]:
        turned = mirror and not change.unclear
        return (MIRRORED.get(change.kind, change.kind) if turned else change.kind, int(change.unclear))

    assert sorted(key(c, False) for c in forth) == sorted(key(c, True) for c in back)


def beside(item: str) -> bool:
    """Whether an item is for searches alone, which the program knows nothing of."""
    return item.startswith("constraints.") or item.endswith((".sweep", ".only_if"))


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{k}" for k in range(len(PAIRS))])
def test_programs_are_equal_exactly_when_only_names_and_layout_changed(pair: tuple[str, str, str]) -> None:
    comparison = compared(pair[1], pair[2])
    meaningless = all(c.kind in (COSMETIC, Kind.STATE) or beside(c.item) for c in comparison.changes)
    laid_out = any(REHASHED in c.consequences or c.rewritten for c in comparison.changes)
    assert comparison.ir_a and comparison.ir_b
    if comparison.ir_a == comparison.ir_b:
        assert meaningless or {c.item for c in comparison.changes} == {"capital.start"}  # cash: not in the program
    else:
        assert not meaningless or laid_out
