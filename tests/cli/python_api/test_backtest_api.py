"""The API goes the command's way: the same results, whatever form the data has."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import flashc
import polars as pl
import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.cli.python_api.given import parameter_text
from support.strategies import EMA_CROSS


def command(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["backtest", "s.yaml", "--data", "demo", "--json", *options]) == Exit.OK
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def same(result: flashc.Result, found: dict[str, Any]) -> None:
    """All but the time it took."""
    assert {**result.json(), "timing": 0} == {**found, "timing": 0}


def bars() -> pl.DataFrame:
    return flashc.data("demo").select(pl.col("time").dt.epoch("ns").alias("ts"), pl.exclude("time"))


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ({}, ()),
        ({"fast": 15, "slow": 40}, ("--set", "fast=15", "--set", "slow=40")),
        ({"params": {"fast": "9"}}, ("--set", "fast=9")),
        ({"fees": 0.001, "slippage": 3}, ("--fees", "0.1%", "--slippage", "3")),
        ({"fees": (0, "5bps")}, ("--fees", "0/5bps")),
        ({"from_": date(2024, 1, 2), "to": "2024-01-02T18:00"}, ("--from", "2024-01-02", "--to", "2024-01-02T18:00")),
        ({"from_": datetime(2024, 1, 2, 1, tzinfo=UTC)}, ("--from", "2024-01-02T01:00")),
        ({"engine": "ref", "to": 1704153600}, ("--engine", "ref", "--to", "1704153600")),
    ],
    ids=str,
)
def test_a_call_and_its_command_give_the_same_object(
    arguments: dict[str, Any], options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    same(flashc.load("s.yaml").backtest("demo", **arguments), command(capsys, *options))


def test_what_is_printed_and_saved_is_what_the_command_prints_and_saves(capsys: pytest.CaptureFixture[str]) -> None:
    result = flashc.load(Path("s.yaml")).backtest("demo")
    assert run(["backtest", "s.yaml", "--data", "demo"]) == Exit.OK
    printed = capsys.readouterr().out.splitlines()
    shown = str(result).splitlines()
    keep = [line for line in printed if not line.startswith(("Engine", "Run folder"))]
    assert [line for line in shown if not line.startswith("Engine")] == keep
    folder = result.save("other")
    assert printed[-1].endswith(folder.name)
    for file in sorted(Path("runs", folder.name).iterdir()):
        assert (folder / file.name).read_bytes() == file.read_bytes()


def in_pandas(frame: pl.DataFrame, zone: str | None, titles: bool) -> Any:
    pd = pytest.importorskip("pandas")
    index = pd.to_datetime(frame["ts"].to_numpy()).tz_localize("UTC")
    index = index.tz_convert(zone) if zone else index.tz_localize(None)
    columns = {name.title() if titles else name: frame[name].to_numpy() for name in frame.columns if name != "ts"}
    return pd.DataFrame(columns, index=index)


@pytest.mark.parametrize(
    "form",
    [
        lambda f: f,
        lambda f: f.lazy(),
        lambda f: f.rename({"ts": "time"}).with_columns(pl.col("time") // 10**6),
        lambda f: f.with_columns(pl.from_epoch("ts", time_unit="ns").dt.replace_time_zone("UTC")),
        lambda f: f.rename({name: name.upper() for name in f.columns}),
        lambda f: f.with_columns(pl.lit("BTC-USDC").alias("symbol")),
        lambda f: {"BTC/USDC": f},
        lambda f: {"btc": f},
        lambda f: [{"BTC/USDC": [f]}],
        lambda f: [Path("data/demo")],
        lambda f: in_pandas(f, None, True),
        lambda f: in_pandas(f, "Asia/Tokyo", False),
        lambda f: in_pandas(f, None, False).reset_index(names="date"),
        lambda f: in_pandas(f, None, False).convert_dtypes(),
        lambda f: in_pandas(f, None, False).astype("float32").astype("float64") * 0 + in_pandas(f, None, False),
    ],
)
def test_every_form_of_the_same_bars_gives_the_same_run(form: Any) -> None:
    strategy = flashc.load("s.yaml")
    found, wanted = strategy.backtest(form(bars())), strategy.backtest("demo")
    assert found.json()["trades"] == wanted.json()["trades"]
    assert found.equity.equals(wanted.equity)


def test_a_frame_is_the_file_it_would_be(tmp_path: Path) -> None:
    strategy, file = flashc.load("s.yaml"), tmp_path / "btc-usdc.parquet"
    bars().write_parquet(file)
    assert strategy.backtest(bars()).save(tmp_path).name == strategy.backtest(file).save(tmp_path).name


def test_a_strategy_from_text_is_the_strategy_from_its_file() -> None:
    text, file = flashc.loads(EMA_CROSS), flashc.load("s.yaml")
    assert text.backtest("demo").save("a").name == file.backtest("demo").save("a").name
    assert text.source == file.source == EMA_CROSS
    assert text.compile().ir_hash == file.compile("artifacts").ir_hash
    assert Path("artifacts").is_dir()


def test_several_instruments_come_as_a_dict_or_as_rows_with_a_symbol() -> None:
    text = """\
flash: 1
strategy: pair
instruments: {btc: BTC/USDC, eth: ETH/USDC}
trade: [btc, eth]
decide: 1m
let:
  quick: ema(close, 12)
  calm: ema(close, 26)
entries:
  long: cross_up(quick, calm)
exits:
  out: cross_dn(quick, calm)
size: 100 USDC
"""
    strategy, frame = flashc.loads(text), bars()
    assert strategy.check().errors == (), str(strategy.check())
    apart = strategy.backtest({"btc": frame, "ETH/USDC": frame})
    rows = pl.concat([frame.with_columns(pl.lit(s).alias("symbol")) for s in ("BTC/USDC", "ETH/USDC")])
    assert strategy.backtest(rows).json()["trades"] == apart.json()["trades"]
    assert set(apart.trades["instrument"]) == {"BTC/USDC", "ETH/USDC"}
    with pytest.raises(flashc.FlashcError, match="does not name its own"):
        strategy.backtest(frame)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (15, "15"),
        (True, "true"),
        (1e-5, "0.00001"),
        ("3h", "3h"),
        (timedelta(hours=3), "10800s"),
        (timedelta(milliseconds=1500), "1500ms"),
        (pl.Series([7]).to_numpy()[0], "7"),
    ],
)
def test_parameters_are_spelled_as_the_language_spells_them(value: Any, text: str) -> None:
    assert parameter_text("p", value) == text
