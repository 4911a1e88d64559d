"""`check` as a whole: accepted files, one root cause one error, names and calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flashc.compiler.frontend.check import check
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from support.checking import advice, checked, codes, findings, only, shown, strategy
from support.strategies import EMA_CROSS

STRATEGIES = Path(__file__).parents[2] / "data" / "strategies"
EMA = EMA_CROSS


def test_the_ten_line_strategy_checks_with_one_advice() -> None:
    assert codes(EMA) == ["FL116"]
    result = checked(EMA)
    assert [str(s.clock) for s in result.streams] == ["btc.1m"]
    assert result.instances[0].policies[result.entries[0].policy].style == "market"
    assert result.graph[result.entries[0].clauses[0].node].attrs["function"] == "cross_up"


@pytest.mark.parametrize("name", ["micro_trend", "revert_two"])
def test_the_long_examples_check_without_any_finding(name: str) -> None:
    text = (STRATEGIES / f"{name}.flash.yaml").read_text()
    document, found = read_document(Source(name, text))
    assert document is not None
    assert not found.errors
    result, more = check(document)
    assert result is not None
    assert [d.message for d in more] == []


def test_several_mistakes_are_all_found_in_one_run() -> None:
    text = strategy(
        let="quick: ema(clse, 12)\nslow: emma(close, 26)\nmixed: close + volume",
        long="close > quick and slow > mixed",
        out="close - open",
    )
    assert codes(text) == ["FC0102", "FC0103", "FC0201", "FC0203"]


def test_an_unknown_name_silences_everything_built_on_it() -> None:
    text = strategy(let="a: clse + 1\nb: a * 2\nc: b > 3", long="c and b > a", out="a < b")
    assert codes(text) == ["FC0102"]


def test_a_mixed_clock_silences_everything_built_on_it() -> None:
    text = strategy(let="a: ema(close - close@5m, 9)\nb: a / (high - low)", long="b > 1", out="b < 1")
    assert codes(text) == ["FC0304"]


def test_a_misspelt_name_is_suggested_with_its_line() -> None:
    text = strategy(let="pressure: ema(close, 9)", long="close > presure", out="close < pressure")
    found = only(text)
    assert found.code == "FC0102"
    assert shown(text, found) == "presure"
    assert advice(found) == ("did you mean `pressure`, defined at line 7?",)
    assert found.fixes[0].edits[0].text == "pressure"


@pytest.mark.parametrize(
    ("call", "ours"),
    [
        ("ta.rsi(close, 14) > 70", "rsi"),
        ("crossover(close, open)", "cross_up"),
        ("close > highest(high, 20)", "max"),
        ("close > ta.ema(close, 9)", "ema"),
    ],
)
def test_functions_of_other_tools_are_translated(call: str, ours: str) -> None:
    found = only(strategy(long=call))
    assert found.code == "FC0103"
    assert advice(found)[0].startswith(f"flashc calls it `{ours}`")


def test_a_value_that_is_called_is_explained_as_history() -> None:
    assert "close[1]" in only(strategy(long="close(1) > open")).helps[0]


def test_units_of_other_tools_are_translated() -> None:
    found = only(strategy(out="pos.age > 5 minutes"))
    assert (found.code, found.fixes[0].edits[0].text) == ("FC0105", "m")


def test_a_leading_field_may_be_left_out() -> None:
    text = strategy(let="a: rsi(14)\nb: rsi(close, 14)\nc: bbands(20, 2.0)", long="a > b", out="close > c.upper")
    result = checked(text)
    a, b = (result.graph[result.graph.lets[name]] for name in "ab")
    assert [result.graph[i].attrs.get("name") for i in a.args] == [result.graph[i].attrs.get("name") for i in b.args]


def test_implicit_fields_follow_the_arguments() -> None:
    result = checked(strategy(let="a: atr(14)", long="close > open + a"))
    node = result.graph[result.graph.lets["a"]]
    assert [result.graph[i].attrs.get("name") for i in node.args] == [None, "high", "low", "close"]


@pytest.mark.parametrize(
    ("expr", "is_window"),
    [
        ("max(close, 20)", True),
        ("max(close, look)", True),
        ("max(close, open)", False),
        ("max(close - open, 0)", False),
        ("max(x=close, n=20)", True),
    ],
)
def test_a_whole_number_makes_max_a_window(expr: str, is_window: bool) -> None:
    params = "look: {type: int, default: 5, in: 2..9}"
    result = checked(
        strategy(params=params, let=f"top: {expr}\nuse: sma(close, look)", long="close > top and close > use")
    )
    assert bool(result.graph[result.graph.lets["top"]].attrs.get("window")) is is_window


def test_named_arguments_make_max_pointwise() -> None:
    result = checked(strategy(let="top: max(a=n_trades, b=3)", long="top > 3"))
    assert not result.graph[result.graph.lets["top"]].attrs.get("window")


def test_confirm_counts_conditions() -> None:
    assert codes(strategy(long="confirm(2, close > open, volume > 1 BTC, high > low)")) == []
    assert codes(strategy(long="confirm(2)")) == ["FC0104"]


def test_each_call_of_a_function_has_its_own_nodes() -> None:
    tail = "fn:\n  smooth:\n    args: {x: price<i>}\n    returns: price<i>\n    is: ema(x, 9)\n"
    result = checked(strategy(let="a: smooth(close)\nb: smooth(open)", long="a > b", tail=tail))
    assert result.graph.lets["a"] != result.graph.lets["b"]


def test_a_function_that_calls_itself_is_refused() -> None:
    tail = "fn:\n  f:\n    args: {x: price<i>}\n    is: f(x)\n"
    assert "FC0303" in codes(strategy(long="f(close) > open", tail=tail))


def test_a_fallback_inside_a_function_may_be_idle() -> None:
    tail = "fn:\n  lean:\n    args: {b: qty<i>, a: qty<i>}\n    is: (b - a) / (b + a) ?? 0.0\n"
    text = strategy(decide="book", long="lean(bid_qty, ask_qty) > 0.5", out="lean(bid_qty, ask_qty) < 0", tail=tail)
    assert "FC0405" not in codes(text)


def test_every_traded_instrument_is_checked() -> None:
    text = strategy(long="close > 3 ticks and btc.close > open").replace("trade: btc", "trade: [btc, eth]")
    assert codes(text).count("FC0202") == 1


def test_modules_are_used_through_their_last_name() -> None:
    assert codes(strategy(long="bars.inside() and bars.position() > 0.5", tail="use: [std.bars]")) == ["FL116"]
    found = [d for d in findings(strategy(long="bars.insid()", tail="use: [std.bars]")) if d.code == "FC0103"]
    assert advice(found[0]) == ("did you mean `bars.inside`?",)


def test_a_missing_module_is_the_only_error() -> None:
    found = only(
        strategy(long="flow.lean(volume, volume) > 0.5", tail="use: [std.flwo]").replace("flow.lean", "flwo.lean")
    )
    assert (found.code, found.fixes[0].edits[0].text) == ("FC0111", "std.flow")


def test_modules_of_the_repository_are_read_beside_the_strategy(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine.yaml").write_text("fn:\n  up:\n    args: {}\n    is: close > open\n")
    file = tmp_path / "s.flash.yaml"
    assert codes(strategy(long="mine.up()", tail="use: [lib.mine]"), str(file)) == ["FL116"]


def test_checking_never_loads_numpy_or_numba(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(EMA)
    code = (
        "import sys\n"
        "from flashc.dsl.document_reader import read_document\n"
        "from flashc.dsl.source import Source\n"
        "from flashc.compiler.frontend.check import check\n"
        f"text = open({str(file)!r}).read()\n"
        "assert check(read_document(Source('s', text))[0])[0] is not None\n"
        "assert not {'numpy', 'numba', 'llvmlite', 'polars'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=180)


def test_names_in_a_function_that_nothing_calls_are_checked() -> None:
    tail = "fn:\n  half:\n    args: {x: price<i>}\n    is: x / tow + open\n"
    assert codes(strategy(tail=tail)) == ["FC0102"]


def test_what_only_labels_read_is_not_an_input() -> None:
    result = checked(strategy(let="spare: eth.mid", tail="labels:\n  up: lead(mid@1s, 300) / mid@1s - 1.0\n"))
    assert [str(s.clock) for s in result.streams] == ["btc.1m"]
