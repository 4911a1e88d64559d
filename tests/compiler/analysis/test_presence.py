from __future__ import annotations

import pytest
from support.checking import advice, analysed, checked, codes, findings, only, shown, strategy

BODY = "body: (close - open) / (high - low)"


@pytest.mark.parametrize(
    "expr",
    [
        "(body ?? 0.0) > 0.5",
        "present(body) and body > 0.5",
        "not present(body) or body > 0.5",
        "(if present(body) then body else 0.0) > 0.5",
        "present(body) and (close > open and body > 0.5)",
    ],
)
def test_absence_is_discharged(expr: str) -> None:
    assert codes(strategy(let=BODY, long=expr)) == []


@pytest.mark.parametrize(
    "expr",
    ["body > 0.5", "body > 0.5 and present(body)", "present(close) and body > 0.5", "not present(body) and body > 0.5"],
)
def test_absence_reaches_the_rule(expr: str) -> None:
    assert codes(strategy(let=BODY, long=expr)) == ["FC0401"]


def test_the_place_where_the_value_is_lost_is_shown() -> None:
    text = strategy(let=BODY, long="body > 0.5")
    found = only(text)
    assert shown(text, found) == "body"
    assert [label.text for label in found.secondary] == [
        "absent when (high - low) is 0"
    ] or "absent when" in found.secondary[0].text
    assert advice(found)[1] == "or require presence in the rule: `present(body) and body > 0.5`"


@pytest.mark.parametrize(
    "expr",
    [
        "(close - open) / close > 0.1",
        "ret(close, 5) > 0",
        "log(close / open) > 0",
        "sqrt(var(close, 5)) > 0",
        "volume / (volume + 1 BTC) > 0.5",
    ],
)
def test_what_is_provable_is_never_absent(expr: str) -> None:
    assert codes(strategy(long=expr)) == []


@pytest.mark.parametrize(
    "expr",
    [
        "close / volume > 1 USDC / BTC / BTC",
        "log(close / open - 1.0) > 0",
        "zscore(close, 9) > 1",
        "since(close > open) > 3",
        "corr(close, open, 9) > 0",
    ],
)
def test_what_may_be_absent_is_refused_in_a_rule(expr: str) -> None:
    assert codes(strategy(long=expr)) == ["FC0401"]


def test_stateful_functions_refuse_holes() -> None:
    assert codes(strategy(let=BODY, long="ema(body, 9) > 0")) == ["FC0402"]
    assert codes(strategy(let=BODY, long="(ema(body, 9, skip=true) ?? 0.0) > 0")) == []


def test_position_fields_exist_in_exits_only() -> None:
    assert codes(strategy(out="close < pos.entry - 3 ticks")) == []
    assert codes(strategy(let="floor_: pos.entry - 3 ticks", out="close < floor_")) == []
    assert codes(strategy(long="close > pos.entry")) == ["FC0403"]
    assert codes(strategy(let="floor_: pos.entry - 3 ticks", long="close > floor_", out="close < floor_")) == ["FC0403"]
    assert codes(strategy(long="pos.qty == 0")) == []


def test_an_order_exists_only_in_its_policy() -> None:
    assert codes(strategy(long="order.price > close")) == ["FC0403"]


def test_a_fallback_that_cannot_be_used_is_refused_with_a_safe_fix() -> None:
    found = only(strategy(long="(close ?? open) > high"))
    assert (found.code, found.fixes[0].edits[0].text) == ("FC0405", "")


def test_a_fallback_has_the_unit_of_its_value() -> None:
    assert [d.code for d in findings(strategy(let=f"{BODY} ?? 1 BTC", long="body > 1")).errors] == ["FC0404"]


def test_types_say_what_is_optional() -> None:
    result = checked(strategy(let=BODY, long="(body ?? 0.0) > 0.5"))
    assert result.facts.types[result.graph.lets["body"]].optional


def test_proofs_that_make_a_fallback_idle_are_remembered() -> None:
    tail = "fn:\n  lean:\n    args: {b: qty<i>, a: qty<i>}\n    is: (b - a) / (b + a) ?? 0.0\n"
    result = analysed(strategy(decide="book", long="lean(bid_qty, ask_qty) > 0.5", out="bid_qty > ask_qty", tail=tail))
    assert [result.built.is_inlined(i) for i in result.presence.idle] == ["lean"]


def test_a_band_lies_within_the_values_it_is_made_of() -> None:
    bands = "b: bbands(close, 20)"
    assert codes(strategy(let=bands, long="(b.upper - b.lower) / b.mid > 0.01")) == []
    assert codes(strategy(let=bands, long="close / b.upper > 1")) == []
    assert codes(strategy(let=bands, long="close / b.lower > 1")) == ["FC0401"]
