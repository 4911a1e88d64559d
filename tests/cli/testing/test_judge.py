"""Assertions: what each kind asks of the decisions, and what is shown when it is not kept."""

from __future__ import annotations

import pytest
from suite import CROSS, messages, one

ROWS = """    start: {qty: 0.5 BTC, entry: 100 USDC/BTC}
    params: {least: 50 pct}
    rows:
      - {t: 0s, quick: 2 USDC/BTC, calm: 1 USDC/BTC, close: 100 USDC/BTC}
      - {t: 1m, close: 98 USDC/BTC}
      - {t: 2m, close: 99 USDC/BTC}
    expect:
"""


def found(*lines: str) -> list[str]:
    return messages(one(ROWS + "".join(f"      {line}\n" for line in lines)))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("- at: 1m", "  holds: close < 99 USDC/BTC"), ""),
        (("- at: 2m", "  holds: close < 99 USDC/BTC"), "this does not hold at 2m"),
        (("- always: close > 97 USDC/BTC",), ""),
        (("- always: close > 98 USDC/BTC",), "this is false at 1m"),
        (("- never: close < 98 USDC/BTC",), ""),
        (("- never: close < 99 USDC/BTC",), "this is true at 1m"),
        (("- eventually: close < 99 USDC/BTC",), ""),
        (("- eventually: close < 99 USDC/BTC", "  within: 1m"), ""),
        (("- eventually: close < 99 USDC/BTC", "  within: 30s"), "this never became true within 30s"),
        (("- count: close < 100 USDC/BTC", "  in: 2..2"), ""),
        (("- count: close < 100 USDC/BTC", "  in: 3..4"), "this was true at 2 of 3 decisions, not 3..4"),
        (("- count: close < 100 USDC/BTC", "  in: 0..1"), "this was true at 2 of 3 decisions, not 0..1"),
    ],
)
def test_each_kind_asks_what_it_says(lines: tuple[str, ...], message: str) -> None:
    assert found(*lines) == ([f"FC0805 {message}"] if message else [])


def test_a_condition_without_a_value_says_nothing_about_that_decision() -> None:
    assert found("- never: order.notional > 1 USDC") == []


def test_an_always_that_never_had_a_value_has_shown_nothing() -> None:
    assert found("- always: order.notional < 1 USDC") == ["FC0805 it never had a value, so nothing was shown"]


def test_a_false_assertion_shows_its_values_the_decision_and_the_clauses_that_were_asked() -> None:
    (finding,) = one(ROWS + "      - at: 1m\n        holds: pos.gain > -1 pct and fired(exits.out)\n").findings
    assert finding.notes == (
        "at 1m",
        "✘ pos.gain > -1 pct and fired(exits.out)",
        "    ✘ pos.gain -2 pct > -1 pct, short by 1 pct",
        "    ✘ fired(exits.out) is false",
        "the strategy: no exit",
        "✘ exits.stop.stop: pos.gain -2 pct < -least = -50 pct (least 50 pct), short by 48 pct",
        "✘ exits.out.out: quick 2.00 < calm 1.00, short by 1.00 USDC/BTC",
        "✘ exits.trail.trail: close 98.00 < pos.best - 5 USDC/BTC = 95.00 (pos.best 100.00), short by 3.00 USDC/BTC",
    )
    assert [label.text for label in finding.secondary] == ["this row"]


def test_watching_changes_nothing_of_what_is_decided() -> None:
    text = CROSS.replace("size: 100 USDC", "size: 100 USDC\ncapital: {start: 1_000 USDC}")
    lines = "    generate: {kind: walk, seed: 3, length: 6h}\n"
    alone = one(lines + "    intents: []\n", text)
    probed = one(
        lines + "    expect:\n      - never: order.notional > 500 USDC or pos.adds > 3 or day.pnl > 9 USDC\n", text
    )
    assert alone.orders == probed.orders
    assert len(alone.orders) > 3
