"""Frames, pictures and texts of a result."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import flashc
import numpy as np
import polars as pl
import pytest
from flashc.cli.python_api.drawing import Line, Mark, panes, small, thinned
from flashc.cli.python_api.tables import NAMES, moments


@pytest.fixture(scope="module")
def result(place: Path) -> flashc.Result:
    return flashc.load(place / "s.yaml").backtest(place / "data" / "demo", fast=10)


def test_the_frames_say_what_the_exact_object_says(result: flashc.Result) -> None:
    exact = result.json()["trades"]
    assert isinstance(exact, list)
    assert len(exact) == len(result.trades) > 10
    for row, wanted in zip(result.trades.iter_rows(named=True), exact, strict=True):
        for name in ("qty", "entry_price", "exit_price", "fees", "pnl"):
            assert row[name] == float(wanted[name])
        for name in ("instrument", "side", "entry_rule", "exit_rule"):
            assert row[name] == wanted[name]
    times = result.trades["entry_time"].to_physical().to_list()
    assert times == [trade["entry_ts"] for trade in exact]


def test_fills_orders_equity_and_decisions_belong_together(result: flashc.Result) -> None:
    fills, orders, equity = result.fills, result.orders, result.equity
    assert fills["order"].is_in(orders["order"].implode()).all()
    assert set(orders["status"]) <= {"filled", "sent"}
    assert (orders["style"] == "market").all()
    assert orders["reject"].null_count() == len(orders)
    signed = fills["qty"] * fills["side"].replace_strict({"buy": 1, "sell": -1})
    assert np.allclose(signed.cum_sum(), fills["position"])
    assert equity["equity"][-1] == pytest.approx(10_000 + result.metrics["net_pnl"])
    assert -equity["drawdown"].min() == pytest.approx(result.metrics["max_drawdown"])
    decided = result.decisions.filter(pl.col("rule").is_not_null())
    assert set(decided["reason"]) == {"entered", "exited"}
    assert set(decided["rule"]) == {"entries.long", "exits.out"}
    assert result.decisions["reason"][0] == "not_armed"


def test_a_time_of_zero_is_no_time() -> None:
    assert moments(np.array([0, 10**18])).null_count() == 1


@pytest.mark.parametrize("name", NAMES)
def test_pandas_has_the_same_columns(result: flashc.Result, name: str) -> None:
    pytest.importorskip("pandas")
    frame, wanted = result.to_pandas(name), getattr(result, name)
    assert list(frame.columns) == wanted.columns
    assert len(frame) == len(wanted)
    times = [column for column in wanted.columns if wanted[column].dtype == pl.Datetime]
    for column in times:
        assert str(frame[column].dtype) == "datetime64[ns, UTC]"


def test_a_table_that_is_none_is_named(result: flashc.Result) -> None:
    with pytest.raises(flashc.FlashcError, match="there is no table `tardes`"):
        result.to_pandas("tardes")


def test_it_shows_itself_in_a_terminal_and_in_a_notebook(result: flashc.Result) -> None:
    assert repr(result).splitlines()[0] == "ema_cross on BTC/USDC  (fast 10, slow 26)"
    assert "Net profit" in repr(result)
    page = ET.fromstring(result._repr_html_())
    assert page.find("{http://www.w3.org/2000/svg}svg") is not None
    assert len(page.findall("table/tr")) >= 10


def test_the_picture_holds_price_equity_drawdown_and_every_mark(result: flashc.Result, tmp_path: Path) -> None:
    picture = result.plot()
    root = ET.fromstring(picture.svg)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"ema_cross on BTC/USDC", "BTC/USDC", "equity, USDC", "drawdown, %"} <= set(texts)
    marks = list(root.iter("{http://www.w3.org/2000/svg}title"))
    assert len(marks) == 2 * len(result.trades)
    assert picture.save(tmp_path / "p.svg").read_text() == picture._repr_svg_()
    with pytest.raises(flashc.FlashcError, match="does not trade `ETH/USDC`"):
        result.plot("ETH/USDC")


def test_the_report_is_the_command_s_page(result: flashc.Result, tmp_path: Path) -> None:
    page = result.report(tmp_path / "new" / "out.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "cross_up" in page


def test_a_decision_explains_itself(result: flashc.Result) -> None:
    at = result.trades["entry_time"][0]
    assert "entered" in result.explain(at)
    assert repr(result.explain("2024-01-01T09:00")).startswith("ema_cross at 2024-01-01 09:00 UTC\n")
    with pytest.raises(flashc.FlashcError, match="FC1104"):
        result.explain("2020-01-01")


def test_parameters_are_numbers_and_texts_with_units() -> None:
    text = """\
flash: 1
strategy: s
trade: BTC/USDC
decide: 1m
params:
  far: 0.5
  hold: 3h
  allowed: true
entries:
  long: allowed and close > far * sma(close, 5)
exits:
  out: pos.age > hold
size: 100 USDC
"""
    strategy = flashc.loads(text)
    assert strategy.params == {"far": 0.5, "hold": "3h", "allowed": True}
    assert repr(strategy) == "<Strategy s(far=0.5, hold='3h', allowed=True)>"
    again = strategy.backtest("demo", **strategy.params)
    assert again.json()["trades"] == strategy.backtest("demo").json()["trades"]


def test_a_run_without_trades_has_empty_frames() -> None:
    quiet = flashc.load("s.yaml").backtest("demo", to="2024-01-01T02:00")
    assert len(quiet.trades) == len(quiet.fills) == len(quiet.orders) == 0
    assert quiet.trades.schema == flashc.load("s.yaml").backtest("demo").trades.schema
    assert quiet.plot().svg
    assert quiet.metrics["win_rate"] is None


def test_thinning_keeps_the_extremes() -> None:
    values = np.sin(np.arange(100_000) / 50.0)
    values[777], values[90_001] = 9.0, -9.0
    kept = thinned(values)
    assert {0, 777, 90_001, 99_999} <= set(kept.tolist())
    assert len(kept) <= 1600


def test_pictures_of_little_data_are_valid() -> None:
    none = np.zeros(0, np.int64)
    ET.fromstring(panes("nothing", [Line("none", none, none.astype(float), 50)]).svg)
    one = Line("a & b", np.array([5]), np.array([1.0]), 50)
    assert "a &amp; b" in panes("one", [one], [Mark(5, 1.0, True, "<here>")]).svg
    assert small(none.astype(float), "none") == ""
