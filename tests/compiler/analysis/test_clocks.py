from __future__ import annotations

import pytest
from support.checking import advice, checked, codes, findings, only, shown, strategy

REJECTED = [
    ("1m", "close[-1] > close", ["FC0301"]),
    ("1m", "ema(close - close@5m, 12) > 0", ["FC0304"]),
    ("1m", "cross_up(close, pos.entry)", ["FC0304"]),
    ("book", "close > 1 USDC / BTC", ["FC0305"]),
    ("1m", "close@250ms > open", ["FC0306"]),
    ("1m", "forming(100ms).close > close", ["FC0306"]),
    ("1m", "ema(5, 3) > 1", ["FC0307"]),
    ("1m", "close@0m > open", ["FC0307"]),
    ("1m", "close@90s > open", ["FC0308"]),
    ("trade", "median(trade.price, 10s, pane=1s) > trade.price", ["FC0309"]),
    ("1m", "sum(volume, 10s, pane=1s) > 1 BTC", ["FC0309"]),
    ("trade", "sum(trade.qty, 1s, pane=300ms) > 1 BTC", ["FC0310"]),
    ("1h", "close@1m > open@1m", ["FC0311"]),
    ("1m", "prev(close) > open", ["FC0312"]),
]


@pytest.mark.parametrize(("decide", "expr", "expected"), REJECTED)
def test_it_is_refused(decide: str, expr: str, expected: list[str]) -> None:
    out = "pos.age > 1h"
    assert [c for c in codes(strategy(decide=decide, long=expr, out=out)) if c.startswith("FC")] == expected


@pytest.mark.parametrize(
    "expr",
    [
        "close > close@5m",
        "ema(close@5m, 12) > close",
        "(close@1m)@1h > close",
        "eth.close > eth.open",
        "ema((close - close@5m)@1m, 9) > 0",
    ],
)
def test_pointwise_values_may_mix_clocks(expr: str) -> None:
    assert codes(strategy(long=expr)) == []


def test_the_parts_of_a_mixture_are_labelled_with_their_clocks() -> None:
    text = strategy(long="ema(close - close@5m, 12) > 0")
    found = only(text)
    assert found.message == "a window of 12 counts ticks of two different clocks"
    assert [label.text for label in found.secondary] == ["ticks on btc.1m", "ticks on btc.5m"]
    assert advice(found) == ("say which: `(close - close@5m)@1m`",)


def test_a_slower_value_keeps_its_own_clock() -> None:
    result = checked(strategy(let="slow: ema(close, 9)@5m", long="close > slow"))
    assert [str(c) for c in result.facts.clocks[result.graph.lets["slow"]]] == ["btc.5m"]
    assert [str(s.clock) for s in result.streams] == ["btc.1m", "btc.5m"]


def test_bars_of_another_instrument_keep_their_clock() -> None:
    result = checked(strategy(let="other: ema(eth.close, 9)@1m", long="eth.close > other"))
    assert [str(c) for c in result.facts.clocks[result.graph.lets["other"]]] == ["eth.1m"]


def test_equal_bars_of_two_instruments_tick_with_the_last() -> None:
    result = checked(strategy(let="both: (ret(close, 1) - ret(eth.close, 1))@1m", long="both > 0"))
    assert [str(c) for c in result.facts.clocks[result.graph.lets["both"]]] == ["eth.1m"]


def test_a_counter_counts_the_bars_it_is_written_under() -> None:
    result = checked(strategy(let="bars: prev(bars, 0) + 1", long="bars > 9"))
    assert [str(c) for c in result.facts.clocks[result.graph.lets["bars"]]] == ["btc.1m"]


def test_a_cycle_is_drawn_once() -> None:
    text = strategy(let="a: b + 1\nb: c + 1\nc: a + 1", long="a > b", out="c > 1")
    found = only(text)
    assert found.code == "FC0303"
    assert found.notes == ("the cycle: a -> b -> c -> a",)
    assert len(found.secondary) == 3


def test_history_of_itself_is_a_cycle_too() -> None:
    found = only(strategy(let="a: a[1] + 1", long="a > 1"))
    assert (found.code, advice(found)[0]) == (
        "FC0303",
        "read the value of one tick ago, with a value for the first tick: `prev(a, 0)`",
    )


def test_the_path_of_a_future_value_is_drawn() -> None:
    text = strategy(let="next: lead(close, 5)\nbetter: next - close", long="better > 0")
    found = only(text)
    assert found.code == "FC0302"
    assert shown(text, found) == "lead(close, 5)"
    assert found.notes[0] == "the path: long <- better <- next"


def test_labels_may_look_ahead_and_rules_may_not_read_them() -> None:
    labels = "labels:\n  up: lead(close, 5) / close - 1.0"
    assert "FC0302" not in codes(strategy(tail=labels))
    assert [d.code for d in findings(strategy(long="up > 0", tail=labels)).errors] == ["FC0302"]
