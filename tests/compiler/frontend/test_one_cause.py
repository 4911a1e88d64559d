"""One root cause, one error: what follows from a mistake is not reported beside it."""

from __future__ import annotations

import pytest
from flashc.compiler.frontend.check import check
from flashc.compiler.frontend.scope import MOST_ADVISED
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from support.checking import FILE, advice, codes, findings, only, shown, strategy


def all_codes(text: str) -> list[str]:
    """Codes of reading and of checking, as `flashc check` shows them."""
    document, found = read_document(Source(FILE, text))
    if document is not None:
        found.extend(check(document)[1])
    return [d.code for d in found]


def test_a_parameter_that_a_misspelt_name_may_mean_is_not_called_unused() -> None:
    assert codes(strategy(params="fast: 12", long="ema(close, fsat) > close")) == ["FC0102"]


def test_a_parameter_that_no_unknown_name_resembles_is_still_unused() -> None:
    assert codes(strategy(params="calm: 12", long="ema(close, fsat) > close")) == ["FC0605", "FC0102"]


def test_a_parameter_is_not_called_unused_where_an_expression_cannot_be_read() -> None:
    assert all_codes(strategy(params="fast: 12", long="ema(close, fast > close")) == ["FC0101"]


def test_an_equation_is_not_called_unused_where_a_clause_cannot_be_read() -> None:
    assert all_codes(strategy(let="calm: ema(close, 9)", long="calm + > close")) == ["FC0101"]


@pytest.mark.parametrize(
    "text",
    [
        strategy(let="calm: ema(close, 3 +)\nslow: ema(calm, 9)", long="slow > calm"),
        strategy(params='fast: "12 +"', long="ema(close, fast) > close"),
        strategy(long="twice(close) > close").replace(
            "entries:", 'fn:\n  twice: {args: {x: price}, is: "x *"}\nentries:'
        ),
    ],
)
def test_a_name_whose_definition_cannot_be_read_is_not_unknown(text: str) -> None:
    assert all_codes(text) == ["FC0101"]


@pytest.mark.parametrize("use", ["fast > close", "ema(close, fast) > close", "fast(close) > close"])
def test_a_name_defined_twice_is_reported_once(use: str) -> None:
    assert codes(strategy(params="fast: 12", let="fast: ema(close, 5)", long=use)) == ["FC0106"]


def test_a_call_of_a_name_defined_twice_is_not_checked() -> None:
    text = strategy(params="fast: 12", long="fast(close) > close")
    assert codes(text.replace("entries:", 'fn:\n  fast: {args: {x: qty}, is: "x * 2"}\nentries:')) == ["FC0106"]


@pytest.mark.parametrize("value", ["x + prev(x)", "prev(x)", "ema(x, 3) - prev(x)"])
def test_a_delay_without_a_start_is_not_a_cycle_as_well(value: str) -> None:
    assert codes(strategy(let=f"x: {value}", long="x > close")) == ["FC0312"]


def test_a_bare_clock_of_an_instrument_is_put_in_brackets() -> None:
    text = strategy(long="mid@eth.book > 1 USDC / ETH")
    found = only(text)
    assert (found.code, shown(text, found)) == ("FC0102", "eth.book")
    assert advice(found) == ("write `@(eth.book)`",)
    assert found.fixes[0].edits[0].text == "(eth.book)"


def test_a_file_full_of_unknown_names_gets_suggestions_for_a_screenful_only() -> None:
    lets = "".join(f"  v{k}: w{k} + 1.0\n" for k in range(60))
    rules = "entries:\n  a: close > open\nexits:\n  b: close < open\nsize: 9 USDC\n"
    document, _ = read_document(
        Source(FILE, f"flash: 1\nstrategy: s\ntrade: BTC/USDC\ndecide: 1m\nlet:\n{lets}{rules}")
    )
    assert document is not None
    unknown = [d for d in check(document)[1] if d.code == "FC0102"]
    assert len(unknown) == 60
    assert sum(bool(d.fixes) for d in unknown) == MOST_ADVISED


def test_an_instrument_traded_without_a_definition_is_reported_once() -> None:
    text = strategy(tail="").replace("instruments: {btc: BTC/USDC, eth: ETH/USDC}\ntrade: btc", "trade: [btc, btc]")
    (found,) = (d for d in findings(text) if d.code != "FL116")
    assert (found.code, found.helps) == ("FC0102", ("say what it is: `instruments: {btc: BTC/USDC}`",))


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("close.shift(-1)", "the value some bars ago is written `x[1]`; the future has no name"),
        ("close.ema(9)", "write `ema(...)` with the value as its first argument"),
        ("close.crossed_above(open)", "write `cross_up(...)` with the value as its first argument"),
    ],
)
def test_a_method_of_a_value_is_a_function_here(value: str, hint: str) -> None:
    assert advice(only(strategy(let=f"x: {value}", long="close > open"))) == (hint,)


def test_a_function_of_another_tool_is_known_in_capitals() -> None:
    assert advice(only(strategy(let="x: talib.EMA(close, 12)", long="close > x")))[0] == "flashc calls it `ema`"


def test_a_percent_sign_is_underlined_where_it_ends() -> None:
    text = strategy(out="pos.gain > 1%")
    document, found = read_document(Source(FILE, text))
    assert document is not None and [shown(text, d) for d in found] == ["%"]
    text = strategy().replace("size: 100 USDC", "size: 100%")
    document, _ = read_document(Source(FILE, text))
    assert document is not None
    assert [shown(text, d) for d in check(document)[1] if d.code == "FC0206"] == ["100%"]
