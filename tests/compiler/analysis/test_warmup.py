from __future__ import annotations

from decimal import Decimal

import pytest
from flashc.compiler.analysis.warmup import evaluate_term, larger, plus, scale, settle_ticks, ticks_needed
from hypothesis import given
from hypothesis import strategies as st
from support.checking import analysed, strategy

MILLIONTH = Decimal("1e-6")


def needed(expr: str, decide: str = "1m", params: str = "", **values: int) -> dict[str, int]:
    out = "pos.age > 1h"
    result = analysed(strategy(let=f"v: {expr}", decide=decide, params=params, long="present(v)", out=out))
    node = result.built.graph.lets["v"]
    return {str(c): n for c, n in ticks_needed(result.built, result.facts.warmups[node], values).items()}


@pytest.mark.parametrize(
    ("length", "ticks"),
    [(34, 235), (120, 829), (1, 1)],
)
def test_an_ema_settles_as_the_language_guide_says(length: int, ticks: int) -> None:
    assert settle_ticks("ema", length, MILLIONTH) == ticks


@pytest.mark.parametrize(("length", "ticks"), [(10, 160 + 1), (20, 315 + 7), (50, 791 + 13), (200, 3221 - 7)])
def test_settling_to_the_last_bit_is_near_what_was_measured(length: int, ticks: int) -> None:
    assert abs(settle_ticks("ema", length, None) - ticks) <= 25


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("close", {"btc.1m": 1}),
        ("close[3]", {"btc.1m": 4}),
        ("sma(close, 20)", {"btc.1m": 20}),
        ("sma(close[3], 20)", {"btc.1m": 23}),
        ("sma(sma(close, 20), 10)", {"btc.1m": 29}),
        ("efficiency(close, 30)@5m", {"btc.5m": 31}),
        ("ema(close, 34)", {"btc.1m": 235}),
        ("dema(close, 34)", {"btc.1m": 469}),
        ("atr(14)", {"btc.1m": 188}),
        ("macd(close, 12, 26, 9).hist", {"btc.1m": 1 + 179 + 61}),
        ("hma(close, 16)", {"btc.1m": 19}),
        ("max(close, open)", {"btc.1m": 1}),
        ("close + sma(close, 9)@5m", {"btc.1m": 1, "btc.5m": 9}),
        ("sma(sma(close, 9)@5m, 4)@5m", {"btc.5m": 12}),
        ("sma((close + sma(close, 9)@5m)@1m, 4)", {"btc.1m": 53, "btc.5m": 9}),
        ("prev(close, 0)", {"btc.1m": 1}),
    ],
)
def test_ticks_before_the_first_value(expr: str, expected: dict[str, int]) -> None:
    assert needed(expr) == expected


def test_lengths_are_evaluated_for_the_parameters_given() -> None:
    params = "look: {type: int, default: 5, in: 2..50}"
    assert needed("sma(close, look)", params=params, look=5) == {"btc.1m": 5}
    assert needed("sma(close, 2 * look)", params=params, look=50) == {"btc.1m": 100}


def test_time_windows_count_panes_and_convert_upward() -> None:
    flow = "zscore(sum(trade.signed_qty, 1s, pane=100ms)@100ms, 600)"
    assert needed(flow, decide="book")["100ms"] == 609


def test_recursion_needs_what_its_other_parts_need() -> None:
    lets = "slow: sma(close, 9)\n  v: if close > slow then prev(v, 0) + 1 else 0"
    result = analysed(strategy(let=lets.replace("\n  ", "\n"), long="v > 3"))
    node = result.built.graph.lets["v"]
    assert {str(c): n for c, n in ticks_needed(result.built, result.facts.warmups[node], {}).items()} == {"btc.1m": 9}


terms = st.recursive(
    st.integers(1, 50).map(lambda n: ("const", n)) | st.integers(0, 2).map(lambda i: ("param", i)),
    lambda inner: st.tuples(st.sampled_from([plus, larger]), inner, inner).map(lambda t: t[0](t[1], t[2])),
    max_leaves=6,
)


@given(terms, terms, st.integers(1, 9), st.integers(1, 9))
def test_simplified_terms_mean_the_same(a: tuple[object, ...], b: tuple[object, ...], up: int, down: int) -> None:
    def value(term: tuple[object, ...]) -> int:
        return evaluate_term(term, lambda i: 3 + i, MILLIONTH)

    assert value(plus(a, b)) == value(a) + value(b)
    assert value(larger(a, b)) == max(value(a), value(b))
    assert value(scale(a, up, down)) == -(-value(a) * up // down)
