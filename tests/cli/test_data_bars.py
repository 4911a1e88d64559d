"""`flashc data bars`: whole command lines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.runtime.market_data.fetch.progress import FetchProgress
from flashc.runtime.market_data.fetch.ranges import Ranges
from flashc.runtime.market_data.moments import NS_PER_DAY
from flashc.runtime.market_data.store.sets import append, save
from flashc.runtime.market_data.synth.book import BookParameters, generate_book

DAY = 1_704_067_200 * 10**9


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def market():
    """A book and trades, from half a minute before midnight to three minutes after it."""
    return generate_book(BookParameters(duration_s=210, start_ns=DAY - 30 * 10**9, levels=5, events_per_s=20), "btc_l2")


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    assert run(["data", "bars", *arguments, "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["datasets"]
    return found


def test_bars_of_trades_and_longer_bars_are_named_after_their_source(market, capsys) -> None:
    save(market)
    minutes = made(capsys, "btc_l2", "--period", "1m")
    assert (minutes["name"], minutes["bars"], minutes["period_ns"]) == ("btc_1m", 2, 60 * 10**9)
    longer = made(capsys, "btc_1m@0", "--period", "2min")
    assert (longer["name"], longer["bars"], longer["from"]) == ("btc_2m", 1, DAY)


def test_what_a_fetch_has_covered_makes_whole_bars(market, capsys) -> None:
    trades = replace(market, name="btc_trades", book=None)
    fetched = FetchProgress("BTCUSDC", "trades", covered=Ranges.of([(DAY, DAY + NS_PER_DAY)]))
    append(trades, update=lambda before: {**before, "fetch": fetched.json()})
    found = made(capsys, "btc_trades", "--period", "1d")
    assert (found["bars"], found["from"]) == (1, DAY)


def test_bars_follow_trades_that_grow(market, capsys) -> None:
    half = len(market.trades) // 2
    first, rest = (
        replace(market, name="t", book=None, trades=market.trades.take(part))
        for part in (slice(half), slice(half, None))
    )
    append(first)
    before = made(capsys, "t", "--period", "1s", "--append")
    append(rest)
    assert made(capsys, "t", "--period", "1s", "--append")["bars"] > before["bars"]
    whole = made(capsys, "t", "--period", "1s", "--name", "at_once")
    assert whole["content_hash"] == made(capsys, "t", "--period", "1s", "--append")["content_hash"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "--period", "1m"], "FC1011"),
        (["nothing"], "--period"),
        (["nothing", "--period", "7m"], "must divide a day"),
        (["nothing", "--period", "1m", "--append", "--replace"], "exclude each other"),
    ],
)
def test_wrong_use(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "bars", *arguments]) == 2
    assert words in capsys.readouterr().err
