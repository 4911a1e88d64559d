from __future__ import annotations

import pytest
from flashc.compiler.ir.types import Dim, Kind
from support.checking import advice, checked, codes, only, shown, strategy

ACCEPTED = [
    "close - open > 3 ticks",
    "(close - open) / open > 2 bps",
    "close > 64_000 USDC / BTC",
    "volume * close > 30_000 USDC",
    "max(close - open, 0) > 0",
    "close == open",
    "volume == volume[1]",
    "n_trades == 3",
    "near(close, open, 2 ticks)",
    "ret(close, 5) > ret(eth.close, 5)",
    "var(close, 9) > 0 and sqrt(var(close, 9)) < close",
    "now - bucket(now, 1h) > 5m",
    "now - bucket(now, 1h) > 5m * 2",
    "prev(close > open, false)",
]
REJECTED = [
    ("close - open > 2 bps", "FC0201"),
    ("close > volume", "FC0201"),
    ("now > 5m", "FC0201"),
    ("close > eth.close", "FC0202"),
    ("spread > eth.spread", "FC0202"),
    ("close - open", "FC0203"),
    ("not volume", "FC0203"),
    ("(if close > open then close else 1 BTC) > close", "FC0204"),
    ("close - open > 5", "FC0206"),
    ("now - bucket(now, 1h) > 5", "FC0206"),
    ("macd(close).histogram > 0", "FC0208"),
    ("macd(close) > 0", "FC0208"),
    ("pos.entri > close", "FC0208"),
    ("ema(close, 3) == ema(close, 4)", "FC0210"),
    ("mid == bid", "FC0210"),
    ("(close > open) + 1 > 1", "FC0211"),
    ("-(close > open) > 1", "FC0211"),
    ("(if true then close else open) > close", "FC0219"),
    ("ema(close, 2.5) > close", "FC0104"),
    ("sqrt(close) > 1", "FC0201"),
    ("exp(close) > 1", "FC0201"),
]


@pytest.mark.parametrize("expr", ACCEPTED)
def test_it_fits(expr: str) -> None:
    assert codes(strategy(long=expr)) == []


@pytest.mark.parametrize(("expr", "code"), REJECTED)
def test_it_does_not_fit(expr: str, code: str) -> None:
    assert codes(strategy(long=expr)) == [code]


def test_both_sides_of_a_mixture_are_labelled() -> None:
    text = strategy(long="close - open > 2 bps")
    found = only(text)
    assert found.message == "cannot compare a price with a ratio"
    assert shown(text, found) == ">"
    assert [label.text for label in found.secondary] == ["price, USDC per BTC", "ratio"]
    assert advice(found)[0] == "divide by a price: `(close - open) / close`"


def test_a_bare_number_is_asked_for_its_unit() -> None:
    found = only(strategy(long="close - open > 5"))
    assert advice(found) == ("write `5 USDC/BTC` if that is what you mean",)


def test_venue_values_stay_on_their_grid_until_an_operation_leaves_it() -> None:
    lets = (
        "a: close - open\nb: max(high, 9)\nc: close[3]\nd: sma(close, 9)\ne: sum(volume, 9)\nf: close * 2\nh: max(a, 0)"
    )
    result = checked(strategy(let=lets, long="b > c and d > b and e > volume and f > b and h > 0"))
    grids = {name: result.facts.types[node].grid for name, node in result.graph.lets.items()}
    assert {name for name, grid in grids.items() if grid is not None} == {"a", "b", "c", "e", "h"}


def test_zero_takes_the_grid_of_what_it_meets() -> None:
    result = checked(strategy(long="close - open > 0"))
    zero = next(n for n in result.graph.nodes if n.op == "const" and n.attrs["value"] == 0)
    grid = result.facts.types[zero.id].grid
    assert grid is not None
    assert grid.unit == "tick"


def test_recursion_from_zero_takes_the_unit_of_its_value() -> None:
    result = checked(strategy(let="top: max(close, prev(top, 0))", long="close >= top"))
    made = result.facts.types[result.graph.lets["top"]]
    assert (made.kind, made.dim) == (Kind.REAL, Dim.of(USDC=1, BTC=-1))


def test_recursion_from_a_whole_number_may_become_real() -> None:
    result = checked(strategy(let="level: 0.9 * prev(level, 1) + rsi(14)", long="level > 3"))
    assert result.facts.types[result.graph.lets["level"]].kind is Kind.REAL


@pytest.mark.parametrize(
    ("args", "call", "code"),
    [
        ("{x: qty<i>}", "f(volume)", None),
        ("{x: price<btc>}", "f(close)", None),
        ("{x: qty<i>}", "f(close)", "FC0201"),
        ("{x: price<btc>}", "f(eth.close)", "FC0202"),
        ("{x: pryce}", "f(close)", "FC0102"),
    ],
)
def test_arguments_have_their_declared_type(args: str, call: str, code: str | None) -> None:
    text = strategy(long=f"{call} > {call}[1]", tail=f"fn:\n  f:\n    args: {args}\n    is: x / 2\n")
    assert {c for c in codes(text) if c != "FL116"} == ({code} if code else set())


def test_a_letter_stands_for_one_instrument_per_call() -> None:
    tail = "fn:\n  f:\n    args: {a: price<i>, b: price<i>}\n    is: a / b\n"
    assert "FC0202" in codes(strategy(long="f(close, eth.close) > 1", tail=tail))
